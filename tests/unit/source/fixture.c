#include "fixture.h"

#include "chain/check.h"
#include "util/hex.h"
#include "util/time.h"

TestRow test_row_after(const TestRow *prev, guint n, const char *payload)
{
    g_autoptr(AkSha256) sha = ak_sha256_new();
    TestRow row = {.ts_usec = T0 + (gint64)n * AK_USEC_PER_SEC};
    guint8 digest[AK_SHA256_LEN];

    g_snprintf(row.id, sizeof row.id, "0000ab00-0000-4000-8000-%012u", n);
    g_strlcpy(row.payload, payload, sizeof row.payload);
    if (prev != NULL)
        memcpy(row.prev, prev->hash, sizeof row.prev);
    g_assert_true(ak_chain_hash(sha, ak_view_str(payload), ak_view_str(row.prev), digest));
    ak_hex_encode(digest, sizeof digest, row.hash);
    return row;
}

TestRow test_row(guint n)
{
    TestRow row = test_row_after(NULL, 0, "{\"n\":0}");

    for (guint i = 1; i <= n; i++) {
        char payload[32];

        g_snprintf(payload, sizeof payload, "{\"n\":%u}", i);
        row = test_row_after(&row, i, payload);
    }
    return row;
}

void insert_row(Backend *backend, Variant variant, const TestRow *row)
{
    static const struct {
        const char *columns, *values;
        gboolean has_hash;
        const char *ts;
    } shapes[N_VARIANTS] = {
        [VARIANT_OWN] = {"signature, signer_id", "'c2ln', 'key-1'", TRUE, "created_at"},
        [VARIANT_KERNEL] = {"signature, signer_id, metadata, kafka_offset",
                            "'c2ln', 'key-1', '{\"m\":1}', 7", TRUE, "ts"},
        [VARIANT_MEMORY] = {"signature, manifest_signature_id, memory_node_id",
                            "'c2ln', 'key-1', '11111111-2222-4333-8444-555555555555'", TRUE,
                            "created_at"},
        [VARIANT_AGENT] = {"signature, signer_kid, actor_id", "'c2ln', 'key-1', 'actor-1'", FALSE,
                           "created_at"},
    };
    char ts[AK_TIME_MAX];
    g_autofree char *prev =
        row->prev[0] != '\0' ? g_strdup_printf("'%s'", row->prev) : g_strdup("NULL");
    g_autofree char *hash = g_strdup_printf("'%s', ", row->hash);
    g_autofree char *sql = NULL;

    (void)ak_time_format_seconds(row->ts_usec, ts);
    sql = g_strdup_printf("INSERT INTO audit_events (id, event_type, payload, prev_hash, %s%s, %s) "
                          "VALUES ('%s', 'login', '%s', %s, %s%s, '%.19s.000000Z')",
                          shapes[variant].has_hash ? "hash, " : "", shapes[variant].columns,
                          shapes[variant].ts, row->id, row->payload, prev,
                          shapes[variant].has_hash ? hash : "", shapes[variant].values, ts);
    backend_sql(backend, sql);
}

void insert_chain(Backend *backend, Variant variant, guint count)
{
    for (guint i = 0; i < count; i++) {
        TestRow row = test_row(i);

        insert_row(backend, variant, &row);
    }
}

AkSource *open_source(const Backend *backend)
{
    g_autoptr(GError) error = NULL;
    AkSourceConfig config = {.url = backend_url(backend)};
    AkSource *source = ak_source_open(&config, &error);

    g_assert_no_error(error);
    return source;
}

AkSource *open_prepared(Backend *backend, Variant variant)
{
    g_autoptr(GError) error = NULL;
    g_auto(AkBuf) sql = {0};
    AkSource *source = open_source(backend);

    if (variant != VARIANT_OWN)
        backend_sql(backend, backend_ddl(variant));
    (void)source->driver->init(source, TRUE, &sql, &error);
    g_assert_no_error(error);
    return source;
}

AkWalkStep walk_from(AkSource *source, const AkCursor *from, gint64 from_ts_usec, GString *numbers,
                     AkWalkFault *fault)
{
    g_autoptr(AkWalk) walk = ak_walk_new(source, from, from_ts_usec);
    guint64 index = (guint64)(from->index + 1);

    for (;;) {
        g_autoptr(GError) error = NULL;
        AkWalkStep step;
        AkRow row;

        (void)!ak_walk_next(walk, &step, &row, &error);
        g_assert_no_error(error);
        if (step != AK_WALK_EVENT) {
            *fault = *ak_walk_fault(walk);
            return step;
        }
        g_assert_cmpuint(row.event.index, ==, index++);
        g_assert_cmpuint(row.event.id.len, ==, 36);
        g_string_append_printf(numbers, "%s%u", numbers->len > 0 ? " " : "",
                               (guint)g_ascii_strtoull(row.event.id.data + 24, NULL, 10));
    }
}

AkWalkStep walk_all(AkSource *source, GString *numbers, AkWalkFault *fault)
{
    AkCursor start = AK_CURSOR_START;

    return walk_from(source, &start, G_MININT64, numbers, fault);
}

void fill_segment(AkSegmentRow *segment, guint first, guint last)
{
    TestRow from = test_row(first), to = test_row(last);

    *segment = (AkSegmentRow){
        .first_index = first,
        .last_index = last,
        .day = ak_time_day(T0),
        .first_ts_usec = from.ts_usec,
        .last_ts_usec = to.ts_usec,
        .retain_until_usec = T0 + 7 * 365 * AK_USEC_PER_DAY,
        .key = g_strdup_printf("audit/2025/02/01/main-%012u-%012u.ndjson.zst", first, last),
        .version = g_strdup("v1"),
        .object_bytes = 123,
    };
    memcpy(segment->first_id, from.id, sizeof from.id);
    memcpy(segment->last_id, to.id, sizeof to.id);
    memcpy(segment->prev_hash, from.prev, sizeof from.prev);
    memcpy(segment->last_hash, to.hash, sizeof to.hash);
    memset(segment->content_sha256, 1, AK_SHA256_LEN);
    memset(segment->object_sha256, 2, AK_SHA256_LEN);
    memset(segment->root, 3, AK_SHA256_LEN);
    ak_buf_append(&segment->edge, "edge\0of it", 10);
}

gboolean commit_rows(AkSource *source, guint64 epoch, const AkSegmentRow *segment, guint first,
                     guint last, guint64 *marked, GError **error)
{
    char ids[MAX_ROWS][37], hashes[MAX_ROWS][65];
    guint64 locators[MAX_ROWS];
    AkRowRefs refs = {(const char(*)[37])ids, locators, (const char(*)[65])hashes,
                      last - first + 1};

    for (guint i = first; i <= last; i++) {
        TestRow row = test_row(i);

        memcpy(ids[i - first], row.id, sizeof row.id);
        memcpy(hashes[i - first], row.hash, sizeof row.hash);
        locators[i - first] = G_MAXUINT32; /* wrong: rows may have moved since they were read */
    }
    return source->driver->commit(source, epoch, segment, &refs, marked, error);
}
