#include "source/head.h"
#include "source/postgres_internal.h"

/*
 * Appending. One transaction at a time per table: the advisory lock is the queue of all auditkeep
 * appenders, so that each sees the head that the one before left.
 */

static gboolean find_head(AkPg *pg, AkSourceHead *head, GError **error)
{
    /* Start where this connection left off; others may have appended since. */
    if (pg->head[0] != '\0') {
        memcpy(head->hash, pg->head, sizeof head->hash);
        head->ts_usec = pg->head_ts_usec;
    } else if (!ak_pg_find_leaf(pg, ak_source_head_take, head, error)) {
        return FALSE;
    }
    return ak_source_head_follow(&pg->base, head, error);
}

gboolean ak_pg_append_begin(AkSource *source, char out_prev[65], gint64 *out_ts_usec,
                            GError **error)
{
    AkPg *pg = (AkPg *)source;
    AkSourceHead head = {"", G_MININT64};
    g_autoptr(PGresult) locked = NULL;
    PgParams params = {0};

    if (!ak_pg_table_need(pg, error) ||
        !ak_pg_run(pg, "begin to append", "BEGIN ISOLATION LEVEL READ COMMITTED", error))
        return FALSE;
    ak_pg_add_text(&params, pg->table.events);
    locked = ak_pg_query(pg, "lock the chain to append",
                         "SELECT pg_advisory_xact_lock(hashtextextended('auditkeep ' || $1, 0)), "
                         "set_config('enable_hashjoin', 'off', true), "
                         "set_config('enable_mergejoin', 'off', true)",
                         &params, error);
    if (locked == NULL || !find_head(pg, &head, error)) {
        (void)ak_pg_append_end(source, FALSE, NULL);
        return FALSE;
    }
    memcpy(out_prev, head.hash, sizeof head.hash);
    *out_ts_usec = head.ts_usec;
    memcpy(pg->pending_head, head.hash, sizeof head.hash);
    pg->pending_ts_usec = head.ts_usec;
    return TRUE;
}

/* A column of the INSERT: where its values are in the event, and its type in the table. */
typedef struct {
    const char *name;
    gsize offset;     /* of an AkView in AkEvent */
    const char *type; /* NULL: the table does not have it */
} Column;

enum { N_COLUMNS = 8 };

static void list_columns(const PgTable *table, Column out[N_COLUMNS])
{
    const Column all[N_COLUMNS] = {
        {"id", offsetof(AkEvent, id), NULL},
        {"event_type", offsetof(AkEvent, event_type), NULL},
        {"payload", offsetof(AkEvent, payload), NULL},
        {"prev_hash", offsetof(AkEvent, prev_hash), NULL},
        {"hash", offsetof(AkEvent, hash), NULL},
        {"signature", offsetof(AkEvent, signature), NULL},
        {"metadata", offsetof(AkEvent, metadata), NULL},
        {table->signer != NULL ? table->signer : "signer_id", offsetof(AkEvent, signer_id), NULL},
    };

    memcpy(out, all, sizeof all);
    for (gsize i = 0; i < N_COLUMNS; i++)
        out[i].type = ak_pg_type(table, out[i].name);
}

/* What an event brings and the table has no place for would be lost; a hash can be computed. */
static gboolean check_columns(const AkPg *pg, const Column columns[N_COLUMNS], const AkEvent *event,
                              GError **error)
{
    for (gsize i = 0; i < N_COLUMNS; i++) {
        const AkView *value = (const AkView *)((const char *)event + columns[i].offset);

        if (columns[i].type == NULL && value->data != NULL && value != &event->hash) {
            g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                        "cannot append event '%.*s': table '%s' has no column '%s'",
                        (int)event->id.len, event->id.data, pg->name, columns[i].name);
            return FALSE;
        }
    }
    return TRUE;
}

/* INSERT … SELECT … FROM unnest(one array per column, times last). */
static char *build_insert(const AkPg *pg, const Column columns[N_COLUMNS])
{
    const PgTable *table = &pg->table;
    GString *sql = g_string_new(NULL);
    guint n = 0;

    g_string_append_printf(sql, "INSERT INTO %s (", table->events);
    for (gsize i = 0; i < N_COLUMNS; i++)
        if (columns[i].type != NULL)
            g_string_append_printf(sql, "\"%s\", ", columns[i].name);
    if (table->tenant != NULL)
        g_string_append_printf(sql, "\"%s\", ", pg->column);
    g_string_append_printf(sql, "\"%s\") SELECT ", table->ts);
    for (gsize i = 0; i < N_COLUMNS; i++)
        if (columns[i].type != NULL)
            g_string_append_printf(sql, "u.\"%s\"::%s, ", columns[i].name, columns[i].type);
    if (table->tenant != NULL)
        g_string_append_printf(sql, "%s, ", table->tenant);
    g_string_append(sql, "'epoch'::timestamptz + u.at * '1 microsecond'::interval FROM unnest(");
    for (gsize i = 0; i < N_COLUMNS; i++)
        if (columns[i].type != NULL)
            g_string_append_printf(sql, "$%u::text[], ", ++n);
    g_string_append_printf(sql, "$%u::bigint[]) u(", n + 1);
    for (gsize i = 0; i < N_COLUMNS; i++)
        if (columns[i].type != NULL)
            g_string_append_printf(sql, "\"%s\", ", columns[i].name);
    g_string_append(sql, "at)");
    return g_string_free(sql, FALSE);
}

static void append_array(AkBuf *buf, const AkEvent *events, gsize count, gsize offset)
{
    ak_pg_array_begin(buf, PG_TEXT, count);
    for (gsize i = 0; i < count; i++)
        ak_pg_array_element(buf, *(const AkView *)((const char *)&events[i] + offset));
}

static void append_times(AkBuf *buf, const AkEvent *events, gsize count)
{
    ak_pg_array_begin(buf, PG_INT8, count);
    for (gsize i = 0; i < count; i++) {
        guint64 number = GUINT64_TO_BE((guint64)events[i].ts_usec);

        ak_pg_array_element(buf, ak_view((const char *)&number, sizeof number));
    }
}

/* "Key (id)=(…) already exists." → which event; the constraint says what it repeats. */
static gboolean fail_insert(AkPg *pg, const PGresult *result, GError **error)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
    const char *from = detail != NULL ? strstr(detail, ")=(") : NULL;
    const char *to = from != NULL ? strchr(from + 3, ')') : NULL;

    if (g_strcmp0(state, "23505") != 0 || to == NULL || !g_str_has_prefix(from - 2, "id"))
        return ak_pg_fail(pg, "append events", result, error);
    g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT,
                "cannot append event '%.*s': there is one with this id already; hint: leave out "
                "what was appended before",
                (int)(to - from - 3), from + 3);
    return FALSE;
}

gboolean ak_pg_append_rows(AkSource *source, const AkEvent *events, gsize count, GError **error)
{
    AkPg *pg = (AkPg *)source;
    Column columns[N_COLUMNS];
    AkBuf arrays[N_COLUMNS + 1] = {{0}};
    gsize n = 0;
    PgParams params = {0};
    g_autofree char *sql = NULL;
    g_autoptr(PGresult) result = NULL;

    list_columns(&pg->table, columns);
    for (gsize i = 0; i < count; i++)
        if (!check_columns(pg, columns, &events[i], error))
            return FALSE;
    if (count == 0)
        return TRUE;
    sql = build_insert(pg, columns);
    for (gsize i = 0; i < N_COLUMNS; i++)
        if (columns[i].type != NULL)
            append_array(&arrays[n++], events, count, columns[i].offset);
    append_times(&arrays[n++], events, count);
    for (gsize i = 0; i < n; i++)
        ak_pg_add_bytes(&params, i + 1 < n ? PG_TEXT_ARRAY : PG_INT8_ARRAY, arrays[i].data,
                        arrays[i].len);
    result = ak_pg_call(pg, "append events", sql, &params, error);
    for (gsize i = 0; i < n; i++)
        ak_buf_clear(&arrays[i]);
    if (result == NULL)
        return FALSE;
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        return fail_insert(pg, result, error);
    g_strlcpy(pg->pending_head, "", sizeof pg->pending_head);
    if (events[count - 1].hash.len == 64)
        memcpy(pg->pending_head, events[count - 1].hash.data, 64);
    pg->pending_head[64] = '\0';
    pg->pending_ts_usec = events[count - 1].ts_usec;
    return TRUE;
}

gboolean ak_pg_append_end(AkSource *source, gboolean commit, GError **error)
{
    AkPg *pg = (AkPg *)source;
    gboolean is_failed = PQtransactionStatus(pg->conn) == PQTRANS_INERROR;

    if (!commit || is_failed) {
        if (!ak_pg_run(pg, "roll back", "ROLLBACK", error))
            return FALSE;
        if (!commit)
            return TRUE;
        g_set_error(error, AK_ERROR, AK_ERROR_INTERNAL,
                    "cannot append events at '%s': an error before was passed over", pg->address);
        return FALSE;
    }
    if (!ak_pg_run(pg, "append events", "COMMIT", error)) {
        pg->head[0] = '\0';
        return FALSE;
    }
    memcpy(pg->head, pg->pending_head, sizeof pg->head);
    pg->head_ts_usec = pg->pending_ts_usec;
    return TRUE;
}
