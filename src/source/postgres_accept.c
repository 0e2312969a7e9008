#include "source/postgres_internal.h"

/* What people accepted; the procedures of sql/postgres/acceptance.sql guard it. */

gboolean ak_pg_accept(AkSource *source, const AkAcceptance *acceptance, AkView statement,
                      GError **error)
{
    AkPg *pg = (AkPg *)source;
    PgParams params = {0};
    g_autoptr(PGresult) result = NULL;

    if (!ak_pg_table_need(pg, error))
        return FALSE;
    ak_pg_add_text(&params, pg->chain);
    ak_pg_add_text(&params, pg->table.events);
    ak_pg_add_int8(&params, (gint64)acceptance->index);
    ak_pg_add_text(&params, ak_break_name(acceptance->kind));
    ak_pg_add_text(&params, acceptance->head_hash);
    ak_pg_add_text(&params, acceptance->event_id);
    ak_pg_add_text(&params, acceptance->event_prev);
    ak_pg_add_text(&params, acceptance->rejected_id);
    ak_pg_add_text(&params, acceptance->reason);
    ak_pg_add_text(&params, acceptance->accepted_by);
    ak_pg_add_time(&params, acceptance->accepted_usec);
    ak_pg_add_bytes(&params, PG_TEXT, statement.data, statement.len);
    result = ak_pg_query(pg, "accept a break of the chain",
                         "SELECT auditkeep.accept_break($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, "
                         "$11, $12)",
                         &params, error);
    return result != NULL;
}

gboolean ak_pg_acceptances(AkSource *source, AkStatementFunc func, gpointer data, GError **error)
{
    AkPg *pg = (AkPg *)source;
    PgParams params = {0};
    g_autoptr(PGresult) result = NULL;

    ak_pg_add_text(&params, pg->chain);
    result = ak_pg_query(pg, "read the acceptances",
                         "SELECT statement FROM auditkeep.acceptance WHERE chain = $1 "
                         "ORDER BY at_index, accepted_at",
                         &params, error);
    if (result == NULL)
        return FALSE;
    for (int row = 0; row < PQntuples(result); row++)
        if (!func(ak_view(PQgetvalue(result, row, 0), (gsize)PQgetlength(result, row, 0)), data,
                  error))
            return FALSE;
    return TRUE;
}
