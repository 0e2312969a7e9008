#include "source/postgres_internal.h"

/* Lease and pointer of downstream sinks: what moves, moves in the procedures of
 * sql/postgres/sink.sql. */

gboolean ak_pg_sink_acquire(AkSource *source, const char *sink, const char *holder, guint ttl_ms,
                            guint64 *out_epoch, GError **error)
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
    ak_pg_add_text(&params, sink);
    ak_pg_add_text(&params, holder);
    ak_pg_add_int4(&params, (gint32)MIN(ttl_ms, (guint)G_MAXINT32));
    result =
        ak_pg_query(pg, "take a sink's lease",
                    "SELECT auditkeep.sink_acquire($1, $2, $3, $4, $5, $6, $7)", &params, error);
    if (result == NULL)
        return FALSE;
    *out_epoch = ak_pg_be64(PQgetvalue(result, 0, 0));
    return TRUE;
}

static void add_sink(PgParams *params, const AkPg *pg, const char *sink, guint64 epoch)
{
    ak_pg_add_text(params, pg->chain);
    ak_pg_add_text(params, sink);
    ak_pg_add_int8(params, (gint64)epoch);
}

gboolean ak_pg_sink_renew(AkSource *source, const char *sink, guint64 epoch, guint ttl_ms,
                          GError **error)
{
    AkPg *pg = (AkPg *)source;
    PgParams params = {0};
    g_autoptr(PGresult) result = NULL;

    add_sink(&params, pg, sink, epoch);
    ak_pg_add_int4(&params, (gint32)MIN(ttl_ms, (guint)G_MAXINT32));
    result = ak_pg_query(pg, "renew a sink's lease", "SELECT auditkeep.sink_renew($1, $2, $3, $4)",
                         &params, error);
    return result != NULL;
}

static void append_numbers(AkBuf *buf, const gint64 *numbers, gsize count)
{
    ak_pg_array_begin(buf, PG_INT8, count);
    for (gsize i = 0; i < count; i++) {
        guint64 number = GUINT64_TO_BE((guint64)numbers[i]);

        ak_pg_array_element(buf, ak_view((const char *)&number, sizeof number));
    }
}

static void append_ids(AkBuf *buf, const AkSinkMove *move)
{
    ak_pg_array_begin(buf, PG_TEXT, move->count);
    for (gsize i = 0; i < move->count; i++)
        ak_pg_array_element(buf, ak_view_str(move->ids[i]));
}

gboolean ak_pg_sink_move(AkSource *source, const char *sink, guint64 epoch, const AkSinkMove *move,
                         GError **error)
{
    AkPg *pg = (AkPg *)source;
    g_auto(AkBuf) ids = {0}, partitions = {0}, offsets = {0}, produced = {0};
    PgParams params = {0};
    g_autoptr(PGresult) result = NULL;

    add_sink(&params, pg, sink, epoch);
    ak_pg_add_int8(&params, move->to.index);
    ak_pg_add_text(&params, move->to.id);
    ak_pg_add_text(&params, move->to.hash);
    ak_pg_add_time(&params, move->ts_usec);
    ak_pg_add_text(&params, move->topic);
    append_ids(&ids, move);
    append_numbers(&partitions, move->partitions, move->count);
    append_numbers(&offsets, move->offsets, move->count);
    append_numbers(&produced, move->produced_usec, move->count);
    ak_pg_add_bytes(&params, PG_TEXT_ARRAY, ids.data, ids.len);
    ak_pg_add_bytes(&params, PG_INT8_ARRAY, partitions.data, partitions.len);
    ak_pg_add_bytes(&params, PG_INT8_ARRAY, offsets.data, offsets.len);
    ak_pg_add_bytes(&params, PG_INT8_ARRAY, produced.data, produced.len);
    result =
        ak_pg_query(pg, "move a sink's pointer",
                    "SELECT auditkeep.sink_move($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
                    &params, error);
    return result != NULL;
}

gboolean ak_pg_sink_fail(AkSource *source, const char *sink, guint64 epoch, const char *text,
                         GError **error)
{
    AkPg *pg = (AkPg *)source;
    PgParams params = {0};
    g_autoptr(PGresult) result = NULL;

    add_sink(&params, pg, sink, epoch);
    ak_pg_add_text(&params, text);
    result = ak_pg_query(pg, "record a sink's error", "SELECT auditkeep.sink_fail($1, $2, $3, $4)",
                         &params, error);
    return result != NULL;
}

static char *text_at(const PGresult *result, int row, int col)
{
    return PQgetisnull(result, row, col) ? NULL : g_strdup(PQgetvalue(result, row, col));
}

static gint64 time_at(const PGresult *result, int row, int col, gint64 otherwise)
{
    return PQgetisnull(result, row, col) ? otherwise
                                         : ak_pg_time_from(PQgetvalue(result, row, col));
}

static void read_sink(const PGresult *result, int row, AkSinkState *out)
{
    *out = (AkSinkState){
        .name = text_at(result, row, 0),
        .epoch = ak_pg_be64(PQgetvalue(result, row, 1)),
        .holder = text_at(result, row, 2),
        .lease_until_usec = time_at(result, row, 3, 0),
        .is_lease_held = *PQgetvalue(result, row, 4) != 0,
        .at.index = (gint64)ak_pg_be64(PQgetvalue(result, row, 5)),
        .ts_usec = time_at(result, row, 8, G_MININT64),
        .moved_usec = time_at(result, row, 9, 0),
        .error = text_at(result, row, 10),
        .error_usec = time_at(result, row, 11, 0),
    };
    g_strlcpy(out->at.id, PQgetvalue(result, row, 6), sizeof out->at.id);
    g_strlcpy(out->at.hash, PQgetvalue(result, row, 7), sizeof out->at.hash);
}

gboolean ak_pg_sinks(AkSource *source, AkSinkStateFunc func, gpointer data, GError **error)
{
    AkPg *pg = (AkPg *)source;
    PgParams params = {0};
    g_autoptr(PGresult) result = NULL;

    ak_pg_add_text(&params, pg->chain);
    result = ak_pg_query(pg, "read the sinks",
                         "SELECT sink, epoch, holder, lease_until, "
                         "coalesce(holder IS NOT NULL AND lease_until > clock_timestamp(), false), "
                         "at_index, at_id, at_hash, at_ts, moved_at, error, error_at "
                         "FROM auditkeep.sink WHERE chain = $1 ORDER BY sink",
                         &params, error);
    if (result == NULL)
        return FALSE;
    for (int row = 0; row < PQntuples(result); row++) {
        g_auto(AkSinkState) state = {0};

        read_sink(result, row, &state);
        if (!func(&state, data, error))
            return FALSE;
    }
    return TRUE;
}
