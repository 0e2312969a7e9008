#include "source/postgres_internal.h"

#include "util/hex.h"
#include "util/time.h"

/*
 * Reading. A scan is a binary COPY: of what libpq offers it costs the least on both sides
 * (docs/pointer.md). The few rows that are looked up come as ordinary results and go through the
 * same decoder.
 */

enum { TRAILER = -1, MAX_ID = 36 };

/* Draining more rows than this costs more than asking the server to stop. */
enum { DRAIN_ROWS = 10000 };

static const char zeros_hash[] = "0000000000000000000000000000000000000000000000000000000000000000";

static gboolean fail_oversize(const AkPg *pg, AkView id, guint64 size, GError **error)
{
    g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                "cannot read event '%.*s': it has %" G_GUINT64_FORMAT " bytes, more than the "
                "limit of %" G_GSIZE_FORMAT "; hint: --max-event-bytes",
                (int)id.len, id.data, size, pg->max_event_bytes);
    return FALSE;
}

static AkView format_uuid(AkPg *pg, AkView raw)
{
    static const guint8 lengths[] = {4, 2, 2, 2, 6};
    const guint8 *in = (const guint8 *)raw.data;
    char *out = pg->id;

    for (gsize i = 0; i < G_N_ELEMENTS(lengths); i++) {
        if (i > 0)
            *out++ = '-';
        ak_hex_encode(in, lengths[i], out);
        in += lengths[i];
        out += 2 * lengths[i];
    }
    *out = '\0';
    return ak_view(pg->id, MAX_ID);
}

static gboolean decode_id(AkPg *pg, AkView raw, AkView *out, GError **error)
{
    if (pg->table.is_uuid && raw.len == 16) {
        *out = format_uuid(pg, raw);
        return TRUE;
    }
    *out = raw;
    if (raw.data != NULL && raw.len <= MAX_ID && raw.len > 0)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                "cannot use the event with id '%.*s': an id has 1 to %d characters",
                (int)MIN(raw.len, 80), raw.data != NULL ? raw.data : "", MAX_ID);
    return FALSE;
}

/* jsonb is sent as its text after a version byte. */
static AkView decode_jsonb(AkView raw)
{
    return raw.data != NULL && raw.len > 0 && raw.data[0] == 1 ? ak_view(raw.data + 1, raw.len - 1)
                                                               : raw;
}

static gboolean decode_row(AkPg *pg, const AkView col[PG_N_COLS], AkRow *out, GError **error)
{
    AkEvent *event = &out->event;
    const char *ctid = col[PG_COL_CTID].data;
    gsize size;

    *event = (AkEvent){
        .event_type = col[PG_COL_EVENT_TYPE],
        .payload = pg->table.is_verbatim ? col[PG_COL_PAYLOAD] : decode_jsonb(col[PG_COL_PAYLOAD]),
        .prev_hash = col[PG_COL_PREV_HASH],
        .hash = col[PG_COL_HASH],
        .signature = col[PG_COL_SIGNATURE],
        .signer_id = col[PG_COL_SIGNER],
        .metadata = col[PG_COL_METADATA],
        .extra = decode_jsonb(col[PG_COL_EXTRA]),
        .is_verbatim = pg->table.is_verbatim,
    };
    out->locator = (guint64)ak_pg_be32(ctid) << 16 | (guint8)ctid[4] << 8 | (guint8)ctid[5];
    out->is_archived = col[PG_COL_ARCHIVED].data[0] != 0;
    if (col[PG_COL_TS].data != NULL)
        event->ts_usec = ak_pg_time_from(col[PG_COL_TS].data);
    if (!decode_id(pg, col[PG_COL_ID], &event->id, error))
        return FALSE;
    if (col[PG_COL_OVERSIZE].data != NULL)
        return fail_oversize(pg, event->id, ak_pg_be64(col[PG_COL_OVERSIZE].data), error);
    size = event->payload.len + event->metadata.len + event->extra.len;
    if (G_UNLIKELY(size > pg->max_event_bytes))
        return fail_oversize(pg, event->id, size, error);
    return TRUE;
}

static void append_time(GString *sql, gint64 usec)
{
    if (usec == G_MAXINT64 || usec == G_MININT64)
        g_string_append(sql, usec > 0 ? "'infinity'::timestamptz" : "'-infinity'::timestamptz");
    else
        g_string_append_printf(
            sql, "('epoch'::timestamptz + %" G_GINT64_FORMAT " * '1 microsecond'::interval)", usec);
}

static gboolean append_position(AkPg *pg, const AkScanPos *from, GString *sql, GError **error)
{
    char *literal;

    if (from->id[0] == '\0') {
        if (from->ts_usec == G_MININT64)
            return TRUE;
        g_string_append_printf(sql, "WHERE e.\"%s\" >= ", pg->table.ts);
        append_time(sql, from->ts_usec);
        return TRUE;
    }
    literal = PQescapeLiteral(pg->conn, from->id, strlen(from->id));
    if (literal == NULL)
        return ak_pg_fail(pg, "scan the events", NULL, error);
    g_string_append_printf(sql, "WHERE (e.\"%s\", e.id) > (", pg->table.ts);
    append_time(sql, from->ts_usec);
    g_string_append_printf(sql, ", %s)", literal);
    PQfreemem(literal);
    return TRUE;
}

gboolean ak_pg_scan_begin(AkSource *source, const AkScanPos *from, guint64 limit, GError **error)
{
    AkPg *pg = (AkPg *)source;
    g_autoptr(GString) sql = g_string_new("COPY (");
    g_autoptr(PGresult) result = NULL;

    g_assert(!pg->is_scanning);
    if (!ak_pg_table_need(pg, error))
        return FALSE;
    g_string_append(sql, pg->table.select);
    if (!append_position(pg, from, sql, error))
        return FALSE;
    g_string_append_printf(
        sql, " ORDER BY e.\"%s\", e.id LIMIT %" G_GUINT64_FORMAT ") TO STDOUT (FORMAT binary)",
        pg->table.ts, MIN(limit, (guint64)G_MAXINT64));
    result = ak_pg_call(pg, "scan the events", sql->str, NULL, error);
    if (result == NULL)
        return FALSE;
    if (PQresultStatus(result) != PGRES_COPY_OUT)
        return ak_pg_fail(pg, "scan the events", result, error);
    pg->is_scanning = TRUE;
    pg->is_scan_started = FALSE;
    pg->is_scan_done = FALSE;
    pg->scan_limit = limit;
    return TRUE;
}

/* After the last row: the server's verdict on the whole COPY. */
static gboolean finish_copy(AkPg *pg, GError **error)
{
    AkPatience patience = ak_patience_new(pg->stop, pg->timeout_ms);
    gboolean is_ok = TRUE;
    PGresult *result;

    pg->is_scan_done = TRUE;
    for (;;) {
        if (!ak_pg_next_result(pg, "scan the events", &patience, &result, is_ok ? error : NULL))
            return FALSE;
        if (result == NULL)
            return is_ok;
        if (PQresultStatus(result) != PGRES_COMMAND_OK && is_ok)
            is_ok = ak_pg_fail(pg, "scan the events", result, error);
        PQclear(result);
    }
}

/* The next piece of the COPY; *out_len 0 at its end. */
static gboolean fetch(AkPg *pg, int *out_len, GError **error)
{
    PQfreemem(pg->scan_row);
    pg->scan_row = NULL;
    if (!ak_pg_copy_next(pg, "scan the events", &pg->scan_row, out_len, error))
        return FALSE;
    if (*out_len > 0)
        return TRUE;
    *out_len = 0;
    return finish_copy(pg, error);
}

static gboolean fail_protocol(const AkPg *pg, GError **error)
{
    g_set_error(error, AK_ERROR, AK_ERROR_INTERNAL,
                "cannot scan the events at '%s': the server's COPY data is malformed", pg->address);
    return FALSE;
}

/* A tuple: the count of its fields, then length and bytes of each; -1 is NULL. */
static gboolean split_tuple(const AkPg *pg, const char *at, gsize len, AkView col[PG_N_COLS],
                            GError **error)
{
    const char *end = at + len;

    for (gsize i = 0; i < PG_N_COLS; i++) {
        gint32 size;

        if (end - at < 4)
            return fail_protocol(pg, error);
        size = (gint32)ak_pg_be32(at);
        at += 4;
        col[i] = AK_VIEW_NULL;
        if (size < 0)
            continue;
        if (end - at < size)
            return fail_protocol(pg, error);
        col[i] = ak_view(at, (gsize)size);
        at += size;
    }
    return col[PG_COL_CTID].len == 6 && col[PG_COL_ARCHIVED].len == 1 ? TRUE
                                                                      : fail_protocol(pg, error);
}

gboolean ak_pg_scan_next(AkSource *source, AkRow *out, gboolean *out_found, GError **error)
{
    enum { HEADER = 19 }; /* signature, flags, length of the extension (0) */
    AkPg *pg = (AkPg *)source;
    AkView col[PG_N_COLS];
    const char *at;
    int len;

    *out_found = FALSE;
    while (!pg->is_scan_done) {
        if (!fetch(pg, &len, error))
            return FALSE;
        at = pg->scan_row;
        if (len > 0 && !pg->is_scan_started) {
            if (len < HEADER)
                return fail_protocol(pg, error);
            pg->is_scan_started = TRUE;
            at += HEADER;
            len -= HEADER;
        }
        if (len < 2 || (gint16)((guint8)at[0] << 8 | (guint8)at[1]) == TRAILER)
            continue;
        if (!split_tuple(pg, at + 2, (gsize)len - 2, col, error) ||
            !decode_row(pg, col, out, error))
            return FALSE;
        *out_found = TRUE;
        return TRUE;
    }
    return TRUE;
}

gboolean ak_pg_scan_end(AkSource *source, GError **error)
{
    AkPg *pg = (AkPg *)source;
    AkPatience patience = ak_patience_new(pg->stop, pg->timeout_ms);
    int len = 0;

    /* waited for, lest it hits the next statement */
    if (pg->is_scanning && !pg->is_scan_done && pg->scan_limit > DRAIN_ROWS)
        ak_pg_cancel(pg, &patience);
    while (pg->is_scanning && !pg->is_scan_done)
        if (!fetch(pg, &len, NULL))
            break;
    PQfreemem(pg->scan_row);
    pg->scan_row = NULL;
    pg->is_scanning = FALSE;
    /* that the rows were cut short is what was wanted; a connection that is gone is not */
    if (PQstatus(pg->conn) == CONNECTION_BAD)
        return ak_pg_fail(pg, "scan the events", NULL, error);
    return TRUE;
}

static gboolean find(AkPg *pg, const char *condition, const PgParams *params, AkRowFunc func,
                     gpointer data, GError **error)
{
    g_autofree char *sql = g_strconcat(pg->table.select, condition, NULL);
    g_autoptr(PGresult) result = ak_pg_query(pg, "look up an event", sql, params, error);

    if (result == NULL)
        return FALSE;
    for (int row = 0; row < PQntuples(result); row++) {
        AkView col[PG_N_COLS];
        AkRow found;

        for (int i = 0; i < PG_N_COLS; i++)
            col[i] = PQgetisnull(result, row, i)
                         ? AK_VIEW_NULL
                         : ak_view(PQgetvalue(result, row, i), (gsize)PQgetlength(result, row, i));
        if (!decode_row(pg, col, &found, error) || !func(&found, data, error))
            return FALSE;
    }
    return TRUE;
}

gboolean ak_pg_find_by_prev(AkSource *source, const char *hash, AkRowFunc func, gpointer data,
                            GError **error)
{
    AkPg *pg = (AkPg *)source;
    g_autofree char *upper = g_ascii_strup(hash, -1);
    PgParams params = {0};

    if (!ak_pg_table_need(pg, error))
        return FALSE;
    if (hash[0] == '\0') {
        ak_pg_add_string(&params, zeros_hash);
        return find(pg, "WHERE e.prev_hash IS NULL", NULL, func, data, error) &&
               find(pg, "WHERE e.prev_hash IN ('', $1)", &params, func, data, error);
    }
    ak_pg_add_string(&params, hash);
    ak_pg_add_string(&params, upper);
    return find(pg, "WHERE e.prev_hash IN ($1, $2)", &params, func, data, error);
}

gboolean ak_pg_find_by_id(AkSource *source, const char (*ids)[37], gsize count, AkRowFunc func,
                          gpointer data, GError **error)
{
    AkPg *pg = (AkPg *)source;
    g_auto(AkBuf) array = {0};
    PgParams params = {0};

    if (!ak_pg_table_need(pg, error))
        return FALSE;
    ak_pg_array_begin(&array, PG_TEXT, count);
    for (gsize i = 0; i < count; i++)
        ak_pg_array_element(&array, ak_view_str(ids[i]));
    ak_pg_add_bytes(&params, PG_TEXT_ARRAY, array.data, array.len);
    return count == 0 ||
           find(pg, pg->table.is_uuid ? "WHERE e.id = ANY ($1::uuid[])" : "WHERE e.id = ANY ($1)",
                &params, func, data, error);
}

gboolean ak_pg_find_by_hash(AkSource *source, const char *hash, AkRowFunc func, gpointer data,
                            GError **error)
{
    AkPg *pg = (AkPg *)source;
    g_autofree char *upper = g_ascii_strup(hash, -1);
    PgParams params = {0};

    if (!ak_pg_table_need(pg, error))
        return FALSE;
    if (ak_pg_type(&pg->table, "hash") == NULL)
        return TRUE;
    ak_pg_add_string(&params, hash);
    ak_pg_add_string(&params, upper);
    return find(pg, "WHERE e.hash IN ($1, $2)", &params, func, data, error);
}

gboolean ak_pg_find_leaf(AkPg *pg, AkRowFunc func, gpointer data, GError **error)
{
    g_autofree char *condition = NULL;

    if (!ak_pg_table_need(pg, error))
        return FALSE;
    if (ak_pg_type(&pg->table, "hash") != NULL)
        condition =
            g_strdup_printf("WHERE NOT EXISTS (SELECT FROM %s s WHERE s.prev_hash = e.hash) "
                            "ORDER BY e.\"%s\" DESC, e.id DESC LIMIT 1",
                            pg->table.events, pg->table.ts);
    else
        condition = g_strdup_printf("ORDER BY e.\"%s\" DESC, e.id DESC LIMIT 1", pg->table.ts);
    return find(pg, condition, NULL, func, data, error);
}
