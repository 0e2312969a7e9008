#include "source/sqlite_internal.h"
#include "util/time.h"

static void copy_text(LiteStmt *stmt, int at, char *out, gsize size)
{
    const char *text = (const char *)sqlite3_column_text(stmt, at);

    g_strlcpy(out, text != NULL ? text : "", size);
}

static void copy_digest(LiteStmt *stmt, int at, guint8 out[AK_SHA256_LEN])
{
    const void *bytes = sqlite3_column_blob(stmt, at);

    if (sqlite3_column_bytes(stmt, at) == AK_SHA256_LEN)
        memcpy(out, bytes, AK_SHA256_LEN);
}

void ak_lite_read_segment(LiteStmt *stmt, AkSegmentRow *out)
{
    *out = (AkSegmentRow){
        .first_index = (guint64)sqlite3_column_int64(stmt, 0),
        .last_index = (guint64)sqlite3_column_int64(stmt, 1),
        .day = sqlite3_column_int64(stmt, 6),
        .first_ts_usec = sqlite3_column_int64(stmt, 7),
        .last_ts_usec = sqlite3_column_int64(stmt, 8),
        .retain_until_usec = sqlite3_column_int64(stmt, 9),
        .key = g_strdup((const char *)sqlite3_column_text(stmt, 11)),
        .is_archived = sqlite3_column_type(stmt, 12) != SQLITE_NULL,
        .archived_usec = sqlite3_column_int64(stmt, 12),
        .version = g_strdup((const char *)sqlite3_column_text(stmt, 13)),
        .object_bytes = (guint64)sqlite3_column_int64(stmt, 14),
    };
    copy_text(stmt, 2, out->first_id, sizeof out->first_id);
    copy_text(stmt, 3, out->last_id, sizeof out->last_id);
    copy_text(stmt, 4, out->prev_hash, sizeof out->prev_hash);
    copy_text(stmt, 5, out->last_hash, sizeof out->last_hash);
    copy_digest(stmt, 10, out->content_sha256);
    copy_digest(stmt, 15, out->object_sha256);
    copy_digest(stmt, 16, out->root);
    ak_buf_append(&out->edge, sqlite3_column_blob(stmt, 17), (gsize)sqlite3_column_bytes(stmt, 17));
}

gboolean ak_lite_segments(AkSource *source, guint64 from_index, AkSegmentFunc func, gpointer data,
                          GError **error)
{
    static const char what[] = "read the segments";
    AkLite *lite = (AkLite *)source;
    g_autoptr(LiteStmt) stmt = NULL;
    gboolean has_row;

    if (!ak_lite_connect(lite, FALSE, error))
        return FALSE;
    stmt = ak_lite_prepare(
        lite, what, AK_LITE_SEGMENT "WHERE chain = ?1 AND last_index >= ?2 ORDER BY first_index",
        error);
    if (stmt == NULL)
        return FALSE;
    ak_lite_bind_text(stmt, 1, lite->chain);
    (void)sqlite3_bind_int64(stmt, 2, (gint64)MIN(from_index, (guint64)G_MAXINT64));
    for (;;) {
        g_auto(AkSegmentRow) segment = {0};

        if (!ak_lite_step(lite, what, stmt, &has_row, error))
            return FALSE;
        if (!has_row)
            return TRUE;
        ak_lite_read_segment(stmt, &segment);
        if (!func(&segment, data, error))
            return FALSE;
    }
}

static gboolean read_chain(AkLite *lite, AkChainState *out, GError **error)
{
    static const char what[] = "read the chain's state";
    g_autoptr(LiteStmt) stmt = ak_lite_prepare(
        lite, what,
        "SELECT archived_index, archived_id, archived_hash, archived_usec, holder, epoch, "
        "lease_until_usec, lease_until_usec > " AK_LITE_NOW ", "
        "(SELECT count(*) FROM auditkeep_segment s WHERE s.chain = c.chain "
        "AND s.archived_usec IS NULL), t.what, t.usec FROM auditkeep_chain c "
        "LEFT JOIN auditkeep_trouble t ON t.chain = c.chain AND t.usec > c.archived_usec "
        "WHERE c.chain = ?1",
        error);
    gboolean has_row;

    out->archived = AK_CURSOR_START;
    if (stmt == NULL)
        return FALSE;
    ak_lite_bind_text(stmt, 1, lite->chain);
    if (!ak_lite_step(lite, what, stmt, &has_row, error))
        return FALSE;
    if (!has_row)
        return TRUE;
    out->archived.index = sqlite3_column_int64(stmt, 0);
    copy_text(stmt, 1, out->archived.id, sizeof out->archived.id);
    copy_text(stmt, 2, out->archived.hash, sizeof out->archived.hash);
    out->archived_usec = sqlite3_column_int64(stmt, 3);
    out->epoch = (guint64)sqlite3_column_int64(stmt, 5);
    out->planned = (guint)sqlite3_column_int64(stmt, 8);
    out->trouble = g_strdup((const char *)sqlite3_column_text(stmt, 9));
    out->trouble_usec = sqlite3_column_int64(stmt, 10);
    if (sqlite3_column_type(stmt, 4) != SQLITE_NULL) {
        out->holder = g_strdup((const char *)sqlite3_column_text(stmt, 4));
        out->lease_until_usec = sqlite3_column_int64(stmt, 6);
        out->is_lease_held = sqlite3_column_int(stmt, 7) != 0;
    }
    return TRUE;
}

gboolean ak_lite_count_pending(AkSource *source, AkChainState *out, GError **error)
{
    static const char what[] = "count the pending events";
    AkLite *lite = (AkLite *)source;
    g_autofree char *sql = NULL;
    g_autoptr(LiteStmt) stmt = NULL;
    gboolean has_row;

    if (!ak_lite_check(source, error))
        return FALSE;
    sql =
        g_strdup_printf("SELECT (SELECT count(*) FROM %s WHERE s3_archived_at IS NULL), id, \"%s\" "
                        "FROM %s WHERE s3_archived_at IS NULL ORDER BY created_at, id LIMIT 1",
                        lite->table.rows, lite->table.ts, lite->table.rows);
    stmt = ak_lite_prepare(lite, what, sql, error);
    if (stmt == NULL || !ak_lite_step(lite, what, stmt, &has_row, error))
        return FALSE;
    if (!has_row)
        return TRUE;
    out->pending = (guint64)sqlite3_column_int64(stmt, 0);
    copy_text(stmt, 1, out->oldest_pending_id, sizeof out->oldest_pending_id);
    if (sqlite3_column_type(stmt, 2) != SQLITE_NULL)
        (void)ak_time_parse(ak_view_str((const char *)sqlite3_column_text(stmt, 2)),
                            &out->oldest_pending_usec);
    return TRUE;
}

gboolean ak_lite_state(AkSource *source, AkChainState *out, GError **error)
{
    AkLite *lite = (AkLite *)source;

    *out = (AkChainState){0};
    if (ak_lite_check(source, error) && read_chain(lite, out, error))
        return TRUE;
    ak_chain_state_clear(out);
    return FALSE;
}
