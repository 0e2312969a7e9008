#include "verify/seal.h"

#include "segment/seal.h"
#include "util/ordered.h"
#include "util/time.h"
#include "verify/remember.h"

#include <openssl/crypto.h>

enum { DEFAULT_GRACE_MS = 15 * 60 * 1000 };

/* The seals are read in parallel and looked at in order. */
typedef struct {
    const AkSegmentContext *context;
    const GPtrArray *seals, *entries; /* AkCatalogEntry */
    const AkSegmentFact *facts;       /* of the entries */
    const AkChoice *choice;
    AkVerifyReport *report;
    GHashTable *places; /* key → number of the entry, from 1 */
    guint next;
    guint64 covered;   /* indexes that the entries reach */
    AkSealPosition at; /* where the seals have come to */
    gboolean is_well;  /* up to there */
} Pass;

/* A seal under check. */
typedef struct {
    AkSegmentCheck *check;
    gboolean is_read;
    AkSeal seal;
} SealCheck;

static gpointer next_seal(gpointer data, GError **error)
{
    Pass *pass = data;
    SealCheck *one;

    for (; pass->next < pass->seals->len; pass->next++) {
        if (pass->choice->seals[pass->next] != AK_READING_NONE)
            break;
        pass->report->known_objects++;
    }
    if (pass->next >= pass->seals->len)
        return NULL;
    one = g_new0(SealCheck, 1);
    one->check =
        ak_segment_check_new(pass->context, g_ptr_array_index(pass->seals, pass->next), TRUE);
    one->check->number = pass->next++;
    return one;
}

static void free_seal(gpointer data)
{
    SealCheck *one = data;

    ak_segment_check_free(one->check);
    ak_seal_clear(&one->seal);
    g_free(one);
}

static void read_seal(gpointer data)
{
    SealCheck *one = data;
    AkSegmentCheck *check = one->check;
    const AkCatalogEntry *entry = check->entry;
    g_auto(AkBuf) bytes = {0};
    g_autoptr(GError) error = NULL;

    if (!ak_segment_check_object(check, &bytes))
        return;
    one->is_read = ak_seal_parse(ak_buf_view(&bytes), &one->seal, &error);
    if (!one->is_read) {
        ak_found_object(&check->found, AK_FAULT_OBJECT_CORRUPT, entry->key, "%s", error->message);
    } else if (strcmp(one->seal.chain, check->context->config->chain) != 0 ||
               one->seal.day != entry->day) {
        ak_found_object(&check->found, AK_FAULT_OBJECT_CORRUPT, entry->key,
                        "the seal does not fit its key");
        one->is_read = FALSE;
    }
}

static void format_day(gint64 day, char out[AK_TIME_MAX])
{
    (void)ak_time_format(day * AK_USEC_PER_DAY, out);
    out[10] = '\0';
}

/* Days from @from to @to have no seal; of these, those that were asked for count. */
static void report_unsealed(const Pass *pass, gint64 from, gint64 to, AkFoundList *found)
{
    const AkVerifyConfig *config = pass->context->config;
    char first[AK_TIME_MAX], last[AK_TIME_MAX];

    if (config->since_usec != G_MININT64)
        from = MAX(from, ak_time_day(config->since_usec));
    if (config->until_usec != G_MAXINT64)
        to = MIN(to, ak_time_day(config->until_usec - 1));
    if (from > to || config->is_unsealed_ok)
        return;
    format_day(from, first);
    format_day(to, last);
    if (from == to)
        ak_found_object(found, AK_FAULT_DAY_UNSEALED, NULL, "no seal covers the day %s", first);
    else
        ak_found_object(found, AK_FAULT_DAY_UNSEALED, NULL, "no seal covers the days %s to %s",
                        first, last);
}

/* The facts of a segment that is not the listed one say nothing about the seal. */
static const AkSegmentFact *check_fact(SealCheck *one, const AkSealSegment *listed,
                                       const AkSegmentFact *fact)
{
    if ((fact->has_footer &&
         CRYPTO_memcmp(fact->content_sha256, listed->content_sha256, AK_SHA256_LEN) != 0) ||
        (fact->has_object &&
         CRYPTO_memcmp(fact->object_sha256, listed->object_sha256, AK_SHA256_LEN) != 0)) {
        ak_found_object(&one->check->found, AK_FAULT_OBJECT_CORRUPT, listed->key,
                        "its bytes are not those that the seal of its day lists");
        return NULL;
    }
    return fact;
}

/* What the seal lists has to be there; a hole among the segments was reported before. */
static const AkSegmentFact *check_listed(const Pass *pass, SealCheck *one, GHashTable *keys)
{
    const AkSegmentFact *fact = NULL;

    for (guint i = 0; i < one->seal.segments->len; i++) {
        const AkSealSegment *listed = &g_array_index(one->seal.segments, AkSealSegment, i);
        guint place = GPOINTER_TO_UINT(g_hash_table_lookup(pass->places, listed->key));

        (void)g_hash_table_add(keys, (gpointer)(guintptr)listed->key);
        fact = place > 0 ? &pass->facts[place - 1] : NULL;
        if (fact != NULL)
            fact = check_fact(one, listed, fact);
        else if (listed->first_index >= pass->covered)
            ak_found_object(&one->check->found, AK_FAULT_OBJECT_MISSING, listed->key,
                            "the seal of its day lists it, the archive does not have it");
    }
    return fact;
}

static const AkSegmentFact *check_segments(const Pass *pass, SealCheck *one)
{
    g_autoptr(GHashTable) keys = g_hash_table_new(g_str_hash, g_str_equal);
    const AkSegmentFact *last = check_listed(pass, one, keys);

    for (guint i = 0; i < pass->entries->len; i++) {
        const AkCatalogEntry *entry = g_ptr_array_index(pass->entries, i);

        if (entry->day >= one->seal.first_day && entry->day <= one->seal.day &&
            !g_hash_table_contains(keys, entry->key))
            ak_found_object(&one->check->found, AK_FAULT_OBJECT_EXTRA, entry->key,
                            "it is filed under a sealed day, and the seal does not list it");
    }
    return last;
}

static void check_checkpoint(const Pass *pass, SealCheck *one, const AkSegmentFact *last)
{
    const AkNoteKey *note_key = pass->context->note_key;
    AkView note = ak_view_str(one->seal.checkpoint);
    AkFoundList *found = &one->check->found;
    const char *key = one->check->entry->key;
    g_autoptr(GError) error = NULL;
    AkCheckpoint checkpoint;

    if (!ak_checkpoint_parse(note, &checkpoint, &error) ||
        (note_key != NULL && !ak_checkpoint_verify(note, note_key, &error)))
        ak_found_object(found, AK_FAULT_CHECKPOINT_INVALID, key, "%s", error->message);
    else if ((pass->at.size != 0 && checkpoint.size != pass->at.size) ||
             (last != NULL && last->has_root &&
              CRYPTO_memcmp(checkpoint.root, last->root, AK_SHA256_LEN) != 0) ||
             (one->seal.segments->len == 0 && pass->at.has_last &&
              CRYPTO_memcmp(checkpoint.root, pass->at.root, AK_SHA256_LEN) != 0))
        ak_found_object(found, AK_FAULT_CHECKPOINT_INVALID, key,
                        "the checkpoint is not about the tree up to that day");
}

/* Does it go on where the seal before it ended, and end where its last segment does? */
static void check_links(const Pass *pass, SealCheck *one, const AkSegmentFact *last)
{
    const AkSeal *seal = &one->seal;
    const char *why = NULL;

    if (seal->first_day < pass->at.next_day)
        why = "it covers days that the seal before it covers";
    else if (pass->at.has_last && seal->first_day == pass->at.next_day &&
             strcmp(seal->prev_hash, pass->at.last_hash) != 0)
        why = "it does not follow the seal before it";
    else if (last != NULL && last->has_footer && strcmp(seal->last_hash, last->last_hash) != 0)
        why = "it ends with another event than its last segment";
    if (why != NULL)
        ak_found_object(&one->check->found, AK_FAULT_OBJECT_CORRUPT, one->check->entry->key, "%s",
                        why);
}

static void move_on(Pass *pass, const AkSeal *seal)
{
    AkCheckpoint checkpoint;

    pass->at.next_day = MAX(pass->at.next_day, seal->day + 1);
    (void)g_strlcpy(pass->at.last_hash, seal->last_hash, sizeof pass->at.last_hash);
    pass->at.has_last = ak_checkpoint_parse(ak_view_str(seal->checkpoint), &checkpoint, NULL);
    if (pass->at.has_last)
        memcpy(pass->at.root, checkpoint.root, AK_SHA256_LEN);
}

static void check_seal(Pass *pass, SealCheck *one)
{
    const AkSeal *seal = &one->seal;
    const AkSegmentFact *last;
    guint n = seal->segments->len;

    if (pass->at.next_day == G_MININT64)
        pass->at.next_day = seal->first_day;
    if (seal->first_day > pass->at.next_day) {
        report_unsealed(pass, pass->at.next_day, seal->first_day - 1, &one->check->found);
        pass->at.has_last = FALSE;
        pass->at.size = 0;
    }
    last = check_segments(pass, one);
    if (n > 0)
        pass->at.size = g_array_index(seal->segments, AkSealSegment, n - 1).last_index + 1;
    check_checkpoint(pass, one, last);
    check_links(pass, one, last);
    move_on(pass, seal);
}

/* The next verification goes on behind the last seal up to which all was well. */
static void note_position(Pass *pass, const SealCheck *one)
{
    AkLedger *ledger = pass->context->config->ledger;

    if (ledger == NULL)
        return;
    ak_remember_object(ledger, one->check);
    pass->is_well &= ak_found_count_faults(&one->check->found) == 0;
    if (pass->is_well && pass->at.next_day > ledger->seals.next_day)
        ledger->seals = pass->at;
}

static gboolean take_seal(gpointer data, gpointer user_data, GError **error)
{
    SealCheck *one = data;
    Pass *pass = user_data;

    if (one->check->error != NULL) {
        g_propagate_error(error, g_steal_pointer(&one->check->error));
        return FALSE;
    }
    if (one->is_read && one->check->number >= pass->choice->n_known_seals)
        check_seal(pass, one);
    note_position(pass, one);
    ak_segment_check_show(one->check, one->is_read ? one->seal.first_day : one->check->entry->day);
    ak_found_report(&one->check->found, pass->context->config, pass->report);
    return TRUE;
}

/* The exporter seals when the grace time is over; it takes as long again before that counts. */
static gint64 last_due_day(const AkVerifyConfig *config)
{
    gint64 now = config->now_usec != 0 ? config->now_usec : g_get_real_time();
    guint grace_ms = config->seal_grace_ms != 0 ? config->seal_grace_ms : DEFAULT_GRACE_MS;

    return ak_time_day(now - 2 * (grace_ms * 1000LL)) - 1;
}

gboolean ak_seals_check(const AkSegmentContext *context, const GPtrArray *seals,
                        const GPtrArray *entries, const AkSegmentFact *facts,
                        const AkChoice *choice, AkVerifyReport *report, GError **error)
{
    g_autoptr(GHashTable) places = g_hash_table_new(g_str_hash, g_str_equal);
    g_auto(AkFoundList) found = {0};
    Pass pass = {context,        seals,  entries, facts,
                 choice,         report, places,  .at.next_day = G_MININT64,
                 .is_well = TRUE};
    AkOrdered ordered = {
        context->config->threads, &pass, next_seal, read_seal, take_seal, free_seal};

    for (guint i = 0; i < entries->len; i++) {
        AkCatalogEntry *entry = g_ptr_array_index(entries, i);

        (void)g_hash_table_insert(places, entry->key, GUINT_TO_POINTER(i + 1));
        pass.covered = MAX(pass.covered, entry->last_index + 1);
        if (i == 0)
            pass.at.next_day = entry->day;
    }
    report->has_days = pass.at.next_day != G_MININT64;
    report->first_day = pass.at.next_day;
    report->due_day = last_due_day(context->config);
    if (choice->is_resumed && choice->n_known_seals > 0)
        pass.at = context->config->ledger->seals;
    if (!ak_ordered_run(&ordered, error))
        return FALSE;
    if (pass.at.next_day != G_MININT64)
        report_unsealed(&pass, pass.at.next_day, report->due_day, &found);
    ak_found_report(&found, context->config, report);
    return TRUE;
}
