#include "source/sqlite_internal.h"
#include "util/time.h"

enum { MAX_ID = 36 };

static const char what[] = "read the events";

static AkView column(LiteStmt *stmt, int at)
{
    const char *text = (const char *)sqlite3_column_text(stmt, at);

    /* the length is that of the text only after it was asked for */
    return ak_view(text, text != NULL ? (gsize)sqlite3_column_bytes(stmt, at) : 0);
}

static gboolean fail_oversize(const AkLite *lite, const char *id, GError **error)
{
    g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                "cannot read event '%s': it has more than the limit of %" G_GSIZE_FORMAT
                " bytes; hint: --max-event-bytes",
                id, lite->max_event_bytes);
    return FALSE;
}

static gboolean decode_row(const AkLite *lite, LiteStmt *stmt, AkRow *out, GError **error)
{
    AkEvent *event = &out->event;
    AkView ts = column(stmt, LITE_COL_TS);

    *event = (AkEvent){
        .id = column(stmt, LITE_COL_ID),
        .event_type = column(stmt, LITE_COL_EVENT_TYPE),
        .payload = column(stmt, LITE_COL_PAYLOAD),
        .prev_hash = column(stmt, LITE_COL_PREV_HASH),
        .hash = column(stmt, LITE_COL_HASH),
        .signature = column(stmt, LITE_COL_SIGNATURE),
        .signer_id = column(stmt, LITE_COL_SIGNER),
        .metadata = column(stmt, LITE_COL_METADATA),
        .extra = column(stmt, LITE_COL_EXTRA),
        .is_verbatim = TRUE,
    };
    out->locator = (guint64)sqlite3_column_int64(stmt, LITE_COL_ROWID);
    out->is_archived = sqlite3_column_int(stmt, LITE_COL_ARCHIVED) != 0;
    if (event->id.len == 0 || event->id.len > MAX_ID) {
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                    "cannot use the event with id '%.*s': an id has 1 to %d characters",
                    (int)MIN(event->id.len, 80), event->id.data != NULL ? event->id.data : "",
                    MAX_ID);
        return FALSE;
    }
    if (ts.data != NULL && !ak_time_parse(ts, &event->ts_usec)) {
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                    "cannot read event '%s': its time is not of the form 2025-02-01T00:00:00Z",
                    event->id.data);
        return FALSE;
    }
    if (event->payload.len + event->metadata.len + event->extra.len > lite->max_event_bytes)
        return fail_oversize(lite, event->id.data, error);
    return TRUE;
}

/* A row that SQLite would not read for its size: which one is it? */
static gboolean name_oversize(AkLite *lite, const char *rest, const char *const args[2],
                              GError **error)
{
    g_autofree char *sql = g_strdup_printf("SELECT e.id FROM %s e %s", lite->table.rows, rest);
    g_autoptr(LiteStmt) stmt = ak_lite_prepare(lite, what, sql, error);
    gboolean has_row;

    if (stmt == NULL)
        return FALSE;
    for (int i = 0; i < MIN(2, sqlite3_bind_parameter_count(stmt)); i++)
        ak_lite_bind_text(stmt, i + 1, args[i]);
    if (!ak_lite_step(lite, what, stmt, &has_row, error))
        return FALSE;
    return fail_oversize(lite, has_row ? (const char *)sqlite3_column_text(stmt, 0) : "?", error);
}

/* The time of the row at @from as it is stored; a table of others may write it in another form. */
static gboolean stored_time(AkLite *lite, const AkScanPos *from, char **out, GError **error)
{
    char standard[AK_LITE_TIME_LEN + 1];
    g_autofree char *sql =
        g_strdup_printf("SELECT \"%s\" FROM \"%s\" WHERE id = ?", lite->table.ts, lite->name);
    g_autoptr(LiteStmt) stmt = ak_lite_prepare(lite, what, sql, error);
    gboolean has_row;

    if (stmt == NULL)
        return FALSE;
    ak_lite_bind_text(stmt, 1, from->id);
    if (!ak_lite_step(lite, what, stmt, &has_row, error))
        return FALSE;
    if (has_row && sqlite3_column_type(stmt, 0) != SQLITE_NULL) {
        *out = g_strdup((const char *)sqlite3_column_text(stmt, 0));
        return TRUE;
    }
    ak_lite_format_time(from->ts_usec, standard);
    *out = g_strdup(standard);
    return TRUE;
}

gboolean ak_lite_scan_begin(AkSource *source, const AkScanPos *from, guint64 limit, GError **error)
{
    AkLite *lite = (AkLite *)source;
    gboolean is_start = from->id[0] == '\0' && from->ts_usec == G_MININT64;
    g_autofree char *sql = NULL;

    g_assert(lite->scan == NULL);
    if (!ak_lite_table_need(lite, error))
        return FALSE;
    g_strlcpy(lite->from_id, from->id, sizeof lite->from_id);
    if (!is_start && !stored_time(lite, from, &lite->from_ts, error))
        return FALSE;
    g_strlcpy(lite->at_id, from->id, sizeof lite->at_id);
    g_strlcpy(lite->at_ts, is_start ? "" : lite->from_ts, sizeof lite->at_ts);
    sql = g_strdup_printf("%s%s%s%s ORDER BY e.\"%s\", e.id LIMIT ?3", lite->table.select,
                          is_start ? "" : "WHERE (e.\"", is_start ? "" : lite->table.ts,
                          is_start ? "" : "\", e.id) > (?1, ?2)", lite->table.ts);
    lite->scan = ak_lite_prepare(lite, what, sql, error);
    if (lite->scan == NULL) {
        g_clear_pointer(&lite->from_ts, g_free);
        return FALSE;
    }
    if (!is_start) {
        ak_lite_bind_text(lite->scan, 1, lite->from_ts);
        ak_lite_bind_text(lite->scan, 2, lite->from_id);
    }
    (void)sqlite3_bind_int64(lite->scan, 3, (gint64)MIN(limit, (guint64)G_MAXINT64));
    return TRUE;
}

/* The row after the one that the scan is at cannot be read. */
static gboolean fail_scan(AkLite *lite, GError **error)
{
    const char *args[2] = {lite->at_ts, lite->at_id};
    gboolean is_start = lite->at_ts[0] == '\0';
    g_autofree char *rest = NULL;

    if (sqlite3_errcode(lite->db) != SQLITE_TOOBIG)
        return ak_lite_fail(lite, what, error);
    rest = g_strdup_printf("%s%s%s ORDER BY e.\"%s\", e.id LIMIT 1", is_start ? "" : "WHERE (e.\"",
                           is_start ? "" : lite->table.ts, is_start ? "" : "\", e.id) > (?1, ?2)",
                           lite->table.ts);
    return name_oversize(lite, rest, args, error);
}

gboolean ak_lite_scan_next(AkSource *source, AkRow *out, gboolean *out_found, GError **error)
{
    AkLite *lite = (AkLite *)source;
    int code = sqlite3_step(lite->scan);
    const char *ts;

    *out_found = code == SQLITE_ROW;
    if (code == SQLITE_DONE)
        return TRUE;
    if (code != SQLITE_ROW)
        return fail_scan(lite, error);
    if (!decode_row(lite, lite->scan, out, error))
        return FALSE;
    ts = (const char *)sqlite3_column_text(lite->scan, LITE_COL_TS);
    g_strlcpy(lite->at_id, out->event.id.data, sizeof lite->at_id);
    g_strlcpy(lite->at_ts, ts != NULL ? ts : "", sizeof lite->at_ts);
    return TRUE;
}

gboolean ak_lite_scan_end(AkSource *source, GError **error)
{
    AkLite *lite = (AkLite *)source;

    (void)sqlite3_finalize(g_steal_pointer(&lite->scan));
    g_clear_pointer(&lite->from_ts, g_free);
    return TRUE;
}

static gboolean find(AkLite *lite, const char *condition, const char *const args[2], AkRowFunc func,
                     gpointer data, GError **error)
{
    g_autofree char *sql = g_strconcat(lite->table.select, condition, NULL);
    g_autoptr(LiteStmt) stmt = ak_lite_prepare(lite, what, sql, error);

    if (stmt == NULL)
        return FALSE;
    for (int i = 0; i < MIN(2, sqlite3_bind_parameter_count(stmt)); i++)
        ak_lite_bind_text(stmt, i + 1, args[i]);
    for (;;) {
        int code = sqlite3_step(stmt);
        AkRow row;

        if (code == SQLITE_DONE)
            return TRUE;
        if (code != SQLITE_ROW)
            return sqlite3_errcode(lite->db) == SQLITE_TOOBIG
                       ? name_oversize(lite, condition, args, error)
                       : ak_lite_fail(lite, what, error);
        if (!decode_row(lite, stmt, &row, error) || !func(&row, data, error))
            return FALSE;
    }
}

gboolean ak_lite_find_by_prev(AkSource *source, const char *hash, AkRowFunc func, gpointer data,
                              GError **error)
{
    static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";
    AkLite *lite = (AkLite *)source;
    g_autofree char *upper = g_ascii_strup(hash, -1);
    const char *args[2] = {hash, hash[0] == '\0' ? zeros : upper};

    if (!ak_lite_table_need(lite, error))
        return FALSE;
    if (hash[0] == '\0' && !find(lite, "WHERE e.prev_hash IS NULL", args, func, data, error))
        return FALSE;
    return find(lite, "WHERE e.prev_hash IN (?1, ?2)", args, func, data, error);
}

gboolean ak_lite_find_by_id(AkSource *source, const char (*ids)[37], gsize count, AkRowFunc func,
                            gpointer data, GError **error)
{
    AkLite *lite = (AkLite *)source;

    if (!ak_lite_table_need(lite, error))
        return FALSE;
    for (gsize i = 0; i < count; i++) {
        const char *args[2] = {ids[i], NULL};

        if (!find(lite, "WHERE e.id = ?1", args, func, data, error))
            return FALSE;
    }
    return TRUE;
}

gboolean ak_lite_find_by_hash(AkSource *source, const char *hash, AkRowFunc func, gpointer data,
                              GError **error)
{
    AkLite *lite = (AkLite *)source;
    g_autofree char *upper = g_ascii_strup(hash, -1);
    const char *args[2] = {hash, upper};

    if (!ak_lite_table_need(lite, error))
        return FALSE;
    return !ak_lite_has(&lite->table, "hash") ||
           find(lite, "WHERE e.hash IN (?1, ?2)", args, func, data, error);
}

gboolean ak_lite_find_leaf(AkLite *lite, AkRowFunc func, gpointer data, GError **error)
{
    static const char *const no_args[2] = {NULL, NULL};
    g_autofree char *condition = NULL;

    if (!ak_lite_table_need(lite, error))
        return FALSE;
    if (ak_lite_has(&lite->table, "hash"))
        condition =
            g_strdup_printf("WHERE NOT EXISTS (SELECT 1 FROM \"%s\" s WHERE s.prev_hash = e.hash) "
                            "ORDER BY e.\"%s\" DESC, e.id DESC LIMIT 1",
                            lite->name, lite->table.ts);
    else
        condition = g_strdup_printf("ORDER BY e.\"%s\" DESC, e.id DESC LIMIT 1", lite->table.ts);
    return find(lite, condition, no_args, func, data, error);
}
