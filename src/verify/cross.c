#include "verify/cross.h"

#include "chain/link.h"
#include "util/hex.h"

typedef struct {
    AkChecker *checker;
    AkView chain;
    const AkArchivedLine *lines;
    GHashTable *positions; /* id → line number + 1 */
    gboolean *is_seen;
    const char *key;
    AkFoundList *found;
    AkCanonical *scratch;
    AkBuf payload, expected;
} Cross;

/* The row as the exporter would write it, in place of @archived. */
static void write_expected(Cross *cross, const AkRow *row, const AkEnvelope *archived)
{
    AkEvent event = row->event;
    AkCheckResult result;
    char hash[2 * AK_SHA256_LEN];

    ak_buf_truncate(&cross->payload, 0);
    ak_buf_truncate(&cross->expected, 0);
    event.index = archived->event.index;
    ak_checker_check(cross->checker, &event, &cross->payload, &result);
    if (event.hash.data == NULL && result.has_hash) {
        ak_hex_encode(result.hash, AK_SHA256_LEN, hash);
        event.hash = ak_view(hash, sizeof hash);
    }
    /* the fault mark is the exporter's finding, not the row's */
    ak_envelope_write(cross->scratch, &event, cross->chain, result.canonical, &result.info,
                      archived->faults, &cross->expected);
}

static gboolean same_text(AkView a, AkView b)
{
    return (a.data == NULL) == (b.data == NULL) && ak_view_equal(a, b);
}

static void report_difference(Cross *cross, const AkEnvelope *archived)
{
    g_auto(AkArena) arena = {0};
    g_autoptr(GString) members = g_string_new(NULL);
    AkEnvelope row;
    gboolean is_hash;
    const AkEvent *a = &archived->event, *b = &row.event;

    if (!ak_envelope_parse(ak_buf_view(&cross->expected), &arena, &row, NULL))
        return;
    const struct {
        const char *name;
        gboolean is_same;
    } members_of[] = {
        {"payload", same_text(a->payload, b->payload)},
        {"hash", same_text(a->hash, b->hash)},
        {"prevHash", same_text(a->prev_hash, b->prev_hash)},
        {"eventType", same_text(a->event_type, b->event_type)},
        {"ts", a->ts_usec == b->ts_usec},
        {"signature", same_text(a->signature, b->signature)},
        {"signerId", same_text(a->signer_id, b->signer_id)},
        {"metadata", same_text(a->metadata, b->metadata)},
        {"extra", same_text(a->extra, b->extra)},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(members_of); i++)
        if (!members_of[i].is_same)
            g_string_append_printf(members, "%s%s", members->len > 0 ? ", " : "",
                                   members_of[i].name);
    is_hash = !members_of[0].is_same || !members_of[1].is_same || !members_of[2].is_same;
    ak_found_event(cross->found, is_hash ? AK_FAULT_HASH_MISMATCH : AK_FAULT_ENVELOPE_CHANGED,
                   "cross", a, cross->key, "the row differs from the archived event in: %s",
                   members->len > 0 ? members->str : "its spelling");
}

static gboolean compare_row(const AkRow *row, gpointer data, GError **error)
{
    Cross *cross = data;
    char id[37];
    gsize position;
    const AkArchivedLine *line;

    ak_id_copy(row->event.id, id);
    position = GPOINTER_TO_SIZE(g_hash_table_lookup(cross->positions, id));
    if (position == 0)
        return TRUE;
    line = &cross->lines[position - 1];
    cross->is_seen[position - 1] = TRUE;
    write_expected(cross, row, &line->envelope);
    if (!ak_view_equal(ak_buf_view(&cross->expected), line->line))
        report_difference(cross, &line->envelope);
    return TRUE;
}

static void report_missing(const Cross *cross, gsize count)
{
    for (gsize i = 0; i < count; i++)
        if (!cross->is_seen[i])
            ak_found_event(cross->found, AK_FAULT_ROW_MISSING, "cross",
                           &cross->lines[i].envelope.event, cross->key,
                           "the archived event has no row in the source");
}

gboolean ak_cross_check(AkSource *source, AkChecker *checker, AkView chain,
                        const AkArchivedLine *lines, gsize count, const char *key,
                        AkFoundList *found, GError **error)
{
    g_autoptr(GHashTable) positions = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(AkCanonical) scratch = ak_canonical_new();
    g_autofree char(*ids)[37] = g_malloc0_n(count, sizeof *ids);
    g_autofree gboolean *is_seen = g_new0(gboolean, count);
    Cross cross = {checker, chain, lines, positions, is_seen, key, found, scratch, {0}, {0}};
    gboolean is_read;

    for (gsize i = 0; i < count; i++) {
        ak_id_copy(lines[i].envelope.event.id, ids[i]);
        g_hash_table_insert(positions, ids[i], GSIZE_TO_POINTER(i + 1));
    }
    is_read = source->driver->find_by_id(source, (const char(*)[37])ids, count, compare_row, &cross,
                                         error);
    if (is_read)
        report_missing(&cross, count);
    ak_buf_clear(&cross.payload);
    ak_buf_clear(&cross.expected);
    return is_read;
}
