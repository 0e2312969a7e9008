#include "verify/choice.h"

#include "util/time.h"

/* The choice in the making. */
typedef struct {
    const AkVerifyConfig *config;
    const GPtrArray *entries, *seals;
    AkChoice *choice;
    guint64 bytes_left;
    GRand *rand;
} Maker;

/* An object that may be read again. */
typedef struct {
    const AkLedgerObject *known;
    guint8 *reading; /* its place in the choice */
} Candidate;

void ak_choice_clear(AkChoice *choice)
{
    g_free(choice->segments);
    g_free(choice->seals);
}

const AkLedgerObject *ak_choice_known(const AkVerifyConfig *config, const AkCatalogEntry *entry)
{
    const AkLedgerObject *known =
        config->ledger != NULL ? ak_ledger_find(config->ledger, entry->key) : NULL;

    return known != NULL && known->size == entry->size &&
                   known->modified_usec == entry->modified_usec &&
                   g_strcmp0(known->version, entry->version) == 0
               ? known
               : NULL;
}

/* The last one may exceed the limit: an object larger than that has its turn, too. */
static gboolean take_bytes(Maker *maker, gsize size)
{
    if (maker->bytes_left == 0)
        return FALSE;
    maker->bytes_left -= MIN(maker->bytes_left, size);
    return TRUE;
}

/* ---- without a ledger ---- */

/* A random choice without repetition (Floyd), reproducible from the seed. */
static gboolean *draw_sample(Maker *maker)
{
    guint n = maker->entries->len;
    guint count = (guint)MIN(maker->config->sample, n);
    gboolean *is_drawn = g_new0(gboolean, n);

    for (guint j = n - count; j < n; j++) {
        guint drawn = (guint)g_rand_int_range(maker->rand, 0, (gint32)j + 1);

        is_drawn[is_drawn[drawn] ? j : drawn] = TRUE;
    }
    return is_drawn;
}

static gboolean is_in_range(const AkVerifyConfig *config, const AkCatalogEntry *entry)
{
    gint64 start = entry->day * AK_USEC_PER_DAY, end = start + AK_USEC_PER_DAY;

    return end > config->since_usec && start < config->until_usec;
}

static void choose_afresh(Maker *maker)
{
    AkChoice *choice = maker->choice;
    g_autofree gboolean *is_drawn = maker->config->sample > 0 ? draw_sample(maker) : NULL;

    for (guint i = 0; i < maker->entries->len; i++) {
        const AkCatalogEntry *entry = g_ptr_array_index(maker->entries, i);

        choice->segments[i] = is_in_range(maker->config, entry) &&
                                      (is_drawn == NULL || is_drawn[i]) &&
                                      take_bytes(maker, entry->size)
                                  ? AK_READING_FULL
                                  : AK_READING_END;
    }
    memset(choice->seals, AK_READING_FULL, maker->seals->len);
}

/* ---- with one ---- */

/* Does the archive begin with exactly the segments that the ledger's tree is made of? */
static gboolean count_known(const Maker *maker, guint *out_n)
{
    guint64 size = maker->config->ledger->tree.size, expected = 0;

    for (*out_n = 0; expected < size; (*out_n)++) {
        const AkCatalogEntry *entry;

        if (*out_n >= maker->entries->len)
            return FALSE;
        entry = g_ptr_array_index(maker->entries, *out_n);
        if (entry->first_index != expected || ak_choice_known(maker->config, entry) == NULL)
            return FALSE;
        expected = entry->last_index + 1;
    }
    return expected == size && size > 0;
}

static gboolean count_known_seals(const Maker *maker, guint *out_n)
{
    gint64 next_day = maker->config->ledger->seals.next_day;

    for (*out_n = 0; *out_n < maker->seals->len; (*out_n)++) {
        const AkCatalogEntry *seal = g_ptr_array_index(maker->seals, *out_n);

        if (seal->day >= next_day)
            break;
        if (ak_choice_known(maker->config, seal) == NULL)
            return FALSE;
    }
    return TRUE;
}

static void add_candidates(const Maker *maker, const GPtrArray *entries, guint n, guint8 *readings,
                           GArray *candidates)
{
    for (guint i = 0; i < n; i++) {
        Candidate candidate = {ak_choice_known(maker->config, g_ptr_array_index(entries, i)),
                               &readings[i]};

        if (candidate.known->n_faults > 0)
            readings[i] = AK_READING_FULL;
        else
            g_array_append_val(candidates, candidate);
    }
}

static gint by_age(gconstpointer a, gconstpointer b)
{
    gint64 left = ((const Candidate *)a)->known->read_usec;
    gint64 right = ((const Candidate *)b)->known->read_usec;

    return (left > right) - (left < right);
}

static void shuffle(Maker *maker, GArray *candidates)
{
    for (guint i = candidates->len; i > 1; i--) {
        Candidate *one = &g_array_index(candidates, Candidate, i - 1);
        Candidate *other = &g_array_index(candidates, Candidate,
                                          (guint)g_rand_int_range(maker->rand, 0, (gint32)i));
        Candidate kept = *one;

        *one = *other;
        *other = kept;
    }
}

/* Of equal age chance decides (the sort is stable): nobody knows what is read next. */
static void rotate(Maker *maker)
{
    const AkVerifyConfig *config = maker->config;
    AkChoice *choice = maker->choice;
    g_autoptr(GArray) candidates = g_array_new(FALSE, FALSE, sizeof(Candidate));
    guint64 wanted = config->sample > 0 ? config->sample : config->read_limit > 0 ? G_MAXUINT64 : 0;

    add_candidates(maker, maker->entries, choice->n_known, choice->segments, candidates);
    add_candidates(maker, maker->seals, choice->n_known_seals, choice->seals, candidates);
    shuffle(maker, candidates);
    g_array_sort(candidates, by_age);
    for (guint i = 0; i < MIN(wanted, candidates->len); i++) {
        const Candidate *candidate = &g_array_index(candidates, Candidate, i);

        if (!take_bytes(maker, candidate->known->size))
            break;
        *candidate->reading = AK_READING_FULL;
    }
}

static void choose_what_is_new(Maker *maker)
{
    AkChoice *choice = maker->choice;

    for (guint i = choice->n_known; i < maker->entries->len; i++) {
        const AkCatalogEntry *entry = g_ptr_array_index(maker->entries, i);

        choice->segments[i] = take_bytes(maker, entry->size) ? AK_READING_FULL : AK_READING_END;
    }
    for (guint i = choice->n_known_seals; i < maker->seals->len; i++)
        choice->seals[i] = AK_READING_FULL;
    rotate(maker);
}

void ak_choice_make(const AkVerifyConfig *config, const GPtrArray *entries, const GPtrArray *seals,
                    AkChoice *out)
{
    guint32 seed[2] = {(guint32)config->seed, (guint32)(config->seed >> 32)};
    g_autoptr(GRand) rand = g_rand_new_with_seed_array(seed, G_N_ELEMENTS(seed));
    Maker maker = {
        config, entries, seals, out, config->read_limit > 0 ? config->read_limit : G_MAXUINT64,
        rand};

    *out = (AkChoice){.segments = g_new0(guint8, entries->len + 1),
                      .seals = g_new0(guint8, seals->len + 1)};
    out->is_resumed = config->ledger != NULL && config->is_incremental &&
                      count_known(&maker, &out->n_known) &&
                      count_known_seals(&maker, &out->n_known_seals);
    if (out->is_resumed) {
        choose_what_is_new(&maker);
        return;
    }
    out->n_known = out->n_known_seals = 0;
    choose_afresh(&maker);
}
