#include "source/postgres_internal.h"

/* The lease, the plans and the pointer: what moves, moves in the procedures of sql/postgres. */

gboolean ak_pg_lease_acquire(AkSource *source, const char *holder, guint ttl_ms, guint64 *out_epoch,
                             GError **error)
{
    AkPg *pg = (AkPg *)source;
    PgParams params = {0};
    g_autoptr(PGresult) result = NULL;

    if (!ak_pg_table_need(pg, error))
        return FALSE;
    ak_pg_add_text(&params, pg->chain);
    ak_pg_add_text(&params, pg->table.events);
    ak_pg_add_text(&params, pg->column);
    ak_pg_add_text(&params, pg->value);
    ak_pg_add_text(&params, holder);
    ak_pg_add_int4(&params, (gint32)MIN(ttl_ms, (guint)G_MAXINT32));
    result = ak_pg_query(pg, "take the lease",
                         "SELECT auditkeep.lease_acquire($1, $2, $3, $4, $5, $6)", &params, error);
    if (result == NULL)
        return FALSE;
    *out_epoch = ak_pg_be64(PQgetvalue(result, 0, 0));
    return TRUE;
}

gboolean ak_pg_lease_renew(AkSource *source, guint64 epoch, guint ttl_ms, GError **error)
{
    AkPg *pg = (AkPg *)source;
    PgParams params = {0};
    g_autoptr(PGresult) result = NULL;

    ak_pg_add_text(&params, pg->chain);
    ak_pg_add_int8(&params, (gint64)epoch);
    ak_pg_add_int4(&params, (gint32)MIN(ttl_ms, (guint)G_MAXINT32));
    result = ak_pg_query(pg, "renew the lease", "SELECT auditkeep.lease_renew($1, $2, $3)", &params,
                         error);
    return result != NULL;
}

gboolean ak_pg_lease_release(AkSource *source, guint64 epoch, GError **error)
{
    AkPg *pg = (AkPg *)source;
    PgParams params = {0};
    g_autoptr(PGresult) result = NULL;

    ak_pg_add_text(&params, pg->chain);
    ak_pg_add_int8(&params, (gint64)epoch);
    result = ak_pg_query(pg, "release the lease", "SELECT auditkeep.lease_release($1, $2)", &params,
                         error);
    return result != NULL;
}

gboolean ak_pg_plan(AkSource *source, guint64 epoch, const AkSegmentRow *segment, GError **error)
{
    AkPg *pg = (AkPg *)source;
    PgParams params = {0};
    g_autoptr(PGresult) result = NULL;

    ak_pg_add_text(&params, pg->chain);
    ak_pg_add_int8(&params, (gint64)epoch);
    ak_pg_add_int8(&params, (gint64)segment->first_index);
    ak_pg_add_int8(&params, (gint64)segment->last_index);
    ak_pg_add_text(&params, segment->first_id);
    ak_pg_add_text(&params, segment->last_id);
    ak_pg_add_text(&params, segment->prev_hash);
    ak_pg_add_text(&params, segment->last_hash);
    ak_pg_add_int4(&params, (gint32)segment->day);
    ak_pg_add_time(&params, segment->first_ts_usec);
    ak_pg_add_time(&params, segment->last_ts_usec);
    ak_pg_add_time(&params, segment->retain_until_usec);
    ak_pg_add_bytes(&params, PG_BYTEA, segment->content_sha256, AK_SHA256_LEN);
    ak_pg_add_text(&params, segment->key);
    result = ak_pg_query(pg, "plan a segment",
                         "SELECT auditkeep.plan_segment($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, "
                         "$11, $12, $13, $14)",
                         &params, error);
    return result != NULL;
}

/* ctid is four bytes of block and two of offset; a locator is the same as a number. */
static void append_tids(AkBuf *buf, const AkRowRefs *rows)
{
    ak_pg_array_begin(buf, PG_TID, rows->count);
    for (gsize i = 0; i < rows->count; i++) {
        guint64 number = GUINT64_TO_BE(rows->locators[i] << 16);

        ak_pg_array_element(buf, ak_view((const char *)&number, 6));
    }
}

static void append_ids(AkBuf *buf, const AkRowRefs *rows)
{
    ak_pg_array_begin(buf, PG_TEXT, rows->count);
    for (gsize i = 0; i < rows->count; i++)
        ak_pg_array_element(buf, ak_view_str(rows->ids[i]));
}

/* Only a hash that is there is worth filling in. */
static void append_hashes(AkBuf *buf, const AkRowRefs *rows)
{
    ak_pg_array_begin(buf, PG_TEXT, rows->count);
    for (gsize i = 0; i < rows->count; i++)
        ak_pg_array_element(buf, rows->hashes[i][0] != '\0' ? ak_view_str(rows->hashes[i])
                                                            : AK_VIEW_NULL);
}

gboolean ak_pg_commit(AkSource *source, guint64 epoch, const AkSegmentRow *segment,
                      const AkRowRefs *rows, guint64 *out_marked, GError **error)
{
    AkPg *pg = (AkPg *)source;
    g_auto(AkBuf) ids = {0}, tids = {0}, hashes = {0};
    AkView edge = ak_buf_view(&segment->edge);
    PgParams params = {0};
    g_autoptr(PGresult) result = NULL;

    if (!ak_pg_table_need(pg, error))
        return FALSE;
    append_ids(&ids, rows);
    if (rows->locators != NULL)
        append_tids(&tids, rows);
    if (rows->hashes != NULL && pg->table.is_hash_nullable)
        append_hashes(&hashes, rows);
    ak_pg_add_text(&params, pg->chain);
    ak_pg_add_int8(&params, (gint64)epoch);
    ak_pg_add_int8(&params, (gint64)segment->first_index);
    ak_pg_add_int8(&params, (gint64)segment->last_index);
    ak_pg_add_bytes(&params, PG_BYTEA, segment->content_sha256, AK_SHA256_LEN);
    ak_pg_add_text(&params, segment->version);
    ak_pg_add_int8(&params, (gint64)segment->object_bytes);
    ak_pg_add_bytes(&params, PG_BYTEA, segment->object_sha256, AK_SHA256_LEN);
    ak_pg_add_bytes(&params, PG_BYTEA, segment->root, AK_SHA256_LEN);
    ak_pg_add_bytes(&params, PG_BYTEA, edge.data, edge.len);
    ak_pg_add_bytes(&params, PG_TEXT_ARRAY, ids.data, ids.len);
    ak_pg_add_bytes(&params, PG_TID_ARRAY, tids.data, tids.len);
    ak_pg_add_bytes(&params, PG_TEXT_ARRAY, hashes.data, hashes.len);
    result = ak_pg_query(pg, "move the pointer",
                         "SELECT auditkeep.commit_segment($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, "
                         "$11, $12, $13)",
                         &params, error);
    if (result == NULL)
        return FALSE;
    *out_marked = ak_pg_be64(PQgetvalue(result, 0, 0));
    return TRUE;
}

static void copy_text(const PGresult *result, int row, int col, char *out, gsize size)
{
    g_strlcpy(out, PQgetvalue(result, row, col), size);
}

static void copy_digest(const PGresult *result, int row, int col, guint8 out[AK_SHA256_LEN])
{
    if (PQgetlength(result, row, col) == AK_SHA256_LEN)
        memcpy(out, PQgetvalue(result, row, col), AK_SHA256_LEN);
}

static void read_segment(const PGresult *result, int row, AkSegmentRow *out)
{
    *out = (AkSegmentRow){
        .first_index = ak_pg_be64(PQgetvalue(result, row, 0)),
        .last_index = ak_pg_be64(PQgetvalue(result, row, 1)),
        .day = (gint32)ak_pg_be32(PQgetvalue(result, row, 6)),
        .first_ts_usec = ak_pg_time_from(PQgetvalue(result, row, 7)),
        .last_ts_usec = ak_pg_time_from(PQgetvalue(result, row, 8)),
        .retain_until_usec = ak_pg_time_from(PQgetvalue(result, row, 9)),
        .key = g_strdup(PQgetvalue(result, row, 11)),
        .is_archived = !PQgetisnull(result, row, 12),
    };
    copy_text(result, row, 2, out->first_id, sizeof out->first_id);
    copy_text(result, row, 3, out->last_id, sizeof out->last_id);
    copy_text(result, row, 4, out->prev_hash, sizeof out->prev_hash);
    copy_text(result, row, 5, out->last_hash, sizeof out->last_hash);
    copy_digest(result, row, 10, out->content_sha256);
    if (!out->is_archived)
        return;
    out->archived_usec = ak_pg_time_from(PQgetvalue(result, row, 12));
    out->version = PQgetisnull(result, row, 13) ? NULL : g_strdup(PQgetvalue(result, row, 13));
    out->object_bytes = ak_pg_be64(PQgetvalue(result, row, 14));
    copy_digest(result, row, 15, out->object_sha256);
    copy_digest(result, row, 16, out->root);
    ak_buf_append(&out->edge, PQgetvalue(result, row, 17), (gsize)PQgetlength(result, row, 17));
}

gboolean ak_pg_segments(AkSource *source, guint64 from_index, AkSegmentFunc func, gpointer data,
                        GError **error)
{
    enum { PAGE = 1000 };
    AkPg *pg = (AkPg *)source;
    int count;

    do {
        PgParams params = {0};
        g_autoptr(PGresult) result = NULL;

        ak_pg_add_text(&params, pg->chain);
        ak_pg_add_int8(&params, (gint64)from_index);
        ak_pg_add_int8(&params, PAGE);
        result = ak_pg_query(
            pg, "read the segments",
            "SELECT first_index, last_index, first_id, last_id, prev_hash, last_hash, day, "
            "first_ts, last_ts, retain_until, content_sha256, key, archived_at, version, "
            "object_bytes, object_sha256, root, edge FROM auditkeep.segment "
            "WHERE chain = $1 AND first_index >= coalesce((SELECT max(first_index) FROM "
            "auditkeep.segment WHERE chain = $1 AND first_index <= $2 AND last_index >= $2), $2) "
            "ORDER BY first_index LIMIT $3",
            &params, error);
        if (result == NULL)
            return FALSE;
        count = PQntuples(result);
        for (int row = 0; row < count; row++) {
            g_auto(AkSegmentRow) segment = {0};

            read_segment(result, row, &segment);
            from_index = segment.last_index + 1;
            if (!func(&segment, data, error))
                return FALSE;
        }
    } while (count == PAGE);
    return TRUE;
}

static gboolean read_chain(AkPg *pg, AkChainState *out, GError **error)
{
    PgParams params = {0};
    g_autoptr(PGresult) result = NULL;

    ak_pg_add_text(&params, pg->chain);
    result =
        ak_pg_query(pg, "read the chain's state",
                    "SELECT archived_index, archived_id, archived_hash, archived_at, holder, "
                    "epoch, lease_until, coalesce(lease_until > clock_timestamp(), false), "
                    "(SELECT count(*) FROM auditkeep.segment s WHERE s.chain = c.chain AND "
                    "s.archived_at IS NULL AND s.first_index > c.archived_index), t.what, t.at "
                    "FROM auditkeep.chain c LEFT JOIN auditkeep.trouble t ON t.chain = c.chain "
                    "AND (c.archived_at IS NULL OR t.at > c.archived_at) "
                    "WHERE c.chain = $1",
                    &params, error);
    if (result == NULL)
        return FALSE;
    out->archived = AK_CURSOR_START;
    if (PQntuples(result) == 0)
        return TRUE;
    out->archived.index = (gint64)ak_pg_be64(PQgetvalue(result, 0, 0));
    copy_text(result, 0, 1, out->archived.id, sizeof out->archived.id);
    copy_text(result, 0, 2, out->archived.hash, sizeof out->archived.hash);
    if (!PQgetisnull(result, 0, 3))
        out->archived_usec = ak_pg_time_from(PQgetvalue(result, 0, 3));
    out->epoch = ak_pg_be64(PQgetvalue(result, 0, 5));
    if (!PQgetisnull(result, 0, 4)) {
        out->holder = g_strdup(PQgetvalue(result, 0, 4));
        out->lease_until_usec = ak_pg_time_from(PQgetvalue(result, 0, 6));
    }
    out->is_lease_held = *PQgetvalue(result, 0, 7) != 0;
    out->planned = (guint)ak_pg_be64(PQgetvalue(result, 0, 8));
    if (!PQgetisnull(result, 0, 9)) {
        out->trouble = g_strdup(PQgetvalue(result, 0, 9));
        out->trouble_usec = ak_pg_time_from(PQgetvalue(result, 0, 10));
    }
    return TRUE;
}

gboolean ak_pg_count_pending(AkSource *source, AkChainState *out, GError **error)
{
    AkPg *pg = (AkPg *)source;
    const PgTable *table = &pg->table;
    g_autofree char *tenant = NULL;
    g_autofree char *sql = NULL;
    g_autoptr(PGresult) result = NULL;

    if (!ak_pg_table_need(pg, error))
        return FALSE;
    tenant = table->tenant != NULL ? g_strdup_printf(" AND \"%s\" = %s", pg->column, table->tenant)
                                   : g_strdup("");
    sql = g_strdup_printf(
        "SELECT (SELECT count(*) FROM %s WHERE s3_archived_at IS NULL%s), id::text, \"%s\" "
        "FROM %s WHERE s3_archived_at IS NULL%s ORDER BY created_at, id LIMIT 1",
        table->events, tenant, table->ts, table->events, tenant);
    result = ak_pg_query(pg, "count the pending events", sql, NULL, error);
    if (result == NULL)
        return FALSE;
    if (PQntuples(result) == 0)
        return TRUE;
    out->pending = ak_pg_be64(PQgetvalue(result, 0, 0));
    copy_text(result, 0, 1, out->oldest_pending_id, sizeof out->oldest_pending_id);
    if (!PQgetisnull(result, 0, 2))
        out->oldest_pending_usec = ak_pg_time_from(PQgetvalue(result, 0, 2));
    return TRUE;
}

gboolean ak_pg_state(AkSource *source, AkChainState *out, GError **error)
{
    AkPg *pg = (AkPg *)source;

    *out = (AkChainState){0};
    if (ak_pg_table_need(pg, error) && read_chain(pg, out, error))
        return TRUE;
    ak_chain_state_clear(out);
    return FALSE;
}
