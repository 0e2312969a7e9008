#include "source/postgres_internal.h"

/* Day seals: what moves, moves in the procedures of sql/postgres/seal.sql. */

gboolean ak_pg_seal_plan(AkSource *source, guint64 epoch, const AkSealRow *seal, GError **error)
{
    AkPg *pg = (AkPg *)source;
    PgParams params = {0};
    g_autoptr(PGresult) result = NULL;

    ak_pg_add_text(&params, pg->chain);
    ak_pg_add_int8(&params, (gint64)epoch);
    ak_pg_add_int4(&params, (gint32)seal->day);
    ak_pg_add_int4(&params, (gint32)seal->first_day);
    ak_pg_add_int8(&params, (gint64)seal->last_index);
    ak_pg_add_text(&params, seal->key);
    ak_pg_add_bytes(&params, PG_BYTEA, seal->sha256, AK_SHA256_LEN);
    ak_pg_add_time(&params, seal->retain_until_usec);
    result =
        ak_pg_query(pg, "plan a seal", "SELECT auditkeep.seal_plan($1, $2, $3, $4, $5, $6, $7, $8)",
                    &params, error);
    return result != NULL;
}

gboolean ak_pg_seal_commit(AkSource *source, guint64 epoch, const AkSealRow *seal, GError **error)
{
    AkPg *pg = (AkPg *)source;
    PgParams params = {0};
    g_autoptr(PGresult) result = NULL;

    ak_pg_add_text(&params, pg->chain);
    ak_pg_add_int8(&params, (gint64)epoch);
    ak_pg_add_int4(&params, (gint32)seal->day);
    ak_pg_add_bytes(&params, PG_BYTEA, seal->sha256, AK_SHA256_LEN);
    ak_pg_add_text(&params, seal->version);
    result = ak_pg_query(pg, "record a seal", "SELECT auditkeep.seal_commit($1, $2, $3, $4, $5)",
                         &params, error);
    return result != NULL;
}

static void read_seal(const PGresult *result, int row, AkSealRow *out)
{
    *out = (AkSealRow){
        .day = (gint32)ak_pg_be32(PQgetvalue(result, row, 0)),
        .first_day = (gint32)ak_pg_be32(PQgetvalue(result, row, 1)),
        .last_index = ak_pg_be64(PQgetvalue(result, row, 2)),
        .key = g_strdup(PQgetvalue(result, row, 3)),
        .retain_until_usec = ak_pg_time_from(PQgetvalue(result, row, 5)),
        .is_archived = !PQgetisnull(result, row, 6),
    };
    if (PQgetlength(result, row, 4) == AK_SHA256_LEN)
        memcpy(out->sha256, PQgetvalue(result, row, 4), AK_SHA256_LEN);
    if (!out->is_archived)
        return;
    out->archived_usec = ak_pg_time_from(PQgetvalue(result, row, 6));
    out->version = PQgetisnull(result, row, 7) ? NULL : g_strdup(PQgetvalue(result, row, 7));
}

gboolean ak_pg_seals(AkSource *source, gint64 from_day, AkSealFunc func, gpointer data,
                     GError **error)
{
    AkPg *pg = (AkPg *)source;
    PgParams params = {0};
    g_autoptr(PGresult) result = NULL;

    ak_pg_add_text(&params, pg->chain);
    ak_pg_add_int4(&params, (gint32)CLAMP(from_day, G_MININT32, G_MAXINT32));
    result = ak_pg_query(pg, "read the seals",
                         "SELECT day, first_day, last_index, key, sha256, retain_until, "
                         "archived_at, version FROM auditkeep.seal WHERE chain = $1 AND day >= $2 "
                         "ORDER BY day",
                         &params, error);
    if (result == NULL)
        return FALSE;
    for (int row = 0; row < PQntuples(result); row++) {
        g_auto(AkSealRow) seal = {0};

        read_seal(result, row, &seal);
        if (!func(&seal, data, error))
            return FALSE;
    }
    return TRUE;
}
