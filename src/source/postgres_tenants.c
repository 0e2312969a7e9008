#include "source/postgres_internal.h"

/* Finding chains: the tenants of a table, what a query names, and who has something to archive. */

/* Values that are equal must have one text, or a tenant would get two chains. */
static gboolean check_column(AkPg *pg, GError **error)
{
    static const char *const exact[] = {"text",     "character varying", "uuid",
                                        "smallint", "integer",           "bigint"};
    const char *type = ak_pg_type(&pg->table, pg->column);
    PgParams params = {0};
    g_autoptr(PGresult) result = NULL;
    gboolean is_exact = FALSE;

    for (gsize i = 0; i < G_N_ELEMENTS(exact); i++)
        is_exact |= g_str_equal(type, exact[i]);
    ak_pg_add_text(&params, pg->table.events);
    ak_pg_add_text(&params, pg->column);
    result = ak_pg_query(pg, "look at the tenants' column",
                         "SELECT EXISTS (SELECT FROM pg_attribute a JOIN pg_collation c "
                         "ON c.oid = a.attcollation WHERE a.attrelid = to_regclass($1) "
                         "AND a.attname = $2 AND NOT c.collisdeterministic)",
                         &params, error);
    if (result == NULL)
        return FALSE;
    if (is_exact && *PQgetvalue(result, 0, 0) == 0)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                "cannot make a chain of each value of column '%s': its type '%s', or its "
                "collation, knows equal values with different texts; hint: --chains-query",
                pg->column, type);
    return FALSE;
}

/* Rows without a tenant would be in no chain, and nobody would notice. */
static gboolean warn_of_nulls(AkPg *pg, GError **error)
{
    g_autofree char *sql = g_strdup_printf("SELECT EXISTS (SELECT FROM %s WHERE \"%s\" IS NULL)",
                                           pg->table.events, pg->column);
    g_autoptr(PGresult) result =
        ak_pg_query(pg, "look for events without a tenant", sql, NULL, error);

    if (result == NULL)
        return FALSE;
    if (*PQgetvalue(result, 0, 0) != 0)
        g_warning("table '%s' has events without a value in '%s': they are in no chain; hint: a "
                  "chain of --chains-query or of the configuration file can take them",
                  pg->name, pg->column);
    return TRUE;
}

static gboolean each_value(const PGresult *result, AkTenantFunc func, gpointer data, GError **error)
{
    for (int row = 0; row < PQntuples(result); row++)
        if (!func(PQgetvalue(result, row, 0), data, error))
            return FALSE;
    return TRUE;
}

/*
 * The distinct values of @column in rows of @events that meet @condition, as v(x): each is found by
 * one step through an index. The cast keeps a varchar's length out of the recursion's types.
 */
static char *distinct(const char *events, const char *column, gboolean is_text,
                      const char *condition)
{
    const char *cast = is_text ? "::text" : "";

    return g_strdup_printf("WITH RECURSIVE v(x) AS ((SELECT %s%s FROM %s WHERE %s IS NOT NULL %s "
                           "ORDER BY %s%s LIMIT 1) UNION ALL "
                           "SELECT (SELECT %s%s FROM %s WHERE %s%s > v.x %s ORDER BY %s%s LIMIT 1) "
                           "FROM v WHERE v.x IS NOT NULL) ",
                           column, cast, events, column, condition, column, cast, column, cast,
                           events, column, cast, condition, column, cast);
}

gboolean ak_pg_tenants(AkSource *source, guint64 limit, AkTenantFunc func, gpointer data,
                       GError **error)
{
    AkPg *pg = (AkPg *)source;
    g_autofree char *column = g_strdup_printf("\"%s\"", pg->column);
    g_autofree char *values = NULL, *sql = NULL;
    PgParams params = {0};
    g_autoptr(PGresult) result = NULL;
    const char *type;

    if (!ak_pg_table_need(pg, error) || !check_column(pg, error) || !warn_of_nulls(pg, error))
        return FALSE;
    type = ak_pg_type(&pg->table, pg->column);
    values = distinct(pg->table.events, column,
                      g_str_equal(type, "text") || g_str_equal(type, "character varying"), "");
    sql = g_strconcat(values,
                      "SELECT x::text COLLATE \"C\" FROM v WHERE x IS NOT NULL UNION "
                      "SELECT where_value COLLATE \"C\" FROM auditkeep.binding JOIN "
                      "auditkeep.chain USING (chain) "
                      "WHERE events = $1 AND where_column = $2 ORDER BY 1 LIMIT $3",
                      NULL);
    ak_pg_add_text(&params, pg->table.events);
    ak_pg_add_text(&params, pg->column);
    ak_pg_add_int8(&params, (gint64)MIN(limit, (guint64)G_MAXINT64));
    result = ak_pg_query(pg, "find the tenants", sql, &params, error);
    return result != NULL && each_value(result, func, data, error);
}

gboolean ak_pg_named(AkSource *source, const char *sql, guint64 limit, AkNamedFunc func,
                     gpointer data, GError **error)
{
    AkPg *pg = (AkPg *)source;
    static const char what[] = "run the query of --chains-query";
    g_autoptr(PGresult) result = ak_pg_call(pg, what, sql, NULL, error); /* as text */

    if (result == NULL)
        return FALSE;
    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        (void)ak_pg_fail(pg, what, result, error);
        return FALSE;
    }
    if (PQnfields(result) != 4) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "the query of --chains-query gives %d columns, not the four name, table, "
                    "column and value",
                    PQnfields(result));
        return FALSE;
    }
    for (int row = 0; row < PQntuples(result) && (guint64)row < limit; row++) {
        const char *texts[4];

        for (int i = 0; i < 4; i++)
            texts[i] = PQgetisnull(result, row, i) ? NULL : PQgetvalue(result, row, i);
        if (!func(texts[0], texts[1], texts[2], texts[3], data, error))
            return FALSE;
    }
    return TRUE;
}

/* "schema.table" or "table", quoted; NULL when libpq refuses it. */
static char *quote_name(AkPg *pg, const char *name)
{
    g_auto(GStrv) parts = g_strsplit(name, ".", 2);
    GString *quoted = g_string_new(NULL);

    for (guint i = 0; parts[i] != NULL; i++) {
        char *part = PQescapeIdentifier(pg->conn, parts[i], strlen(parts[i]));

        g_string_append_printf(quoted, "%s%s", i > 0 ? "." : "", part != NULL ? part : "");
        PQfreemem(part);
    }
    return g_string_free(quoted, FALSE);
}

/* varchar needs the cast, other types must not have it: the server says which it is. */
static gboolean is_text_column(AkPg *pg, const char *table, const char *column, gboolean *out_is,
                               GError **error)
{
    PgParams params = {0};
    g_autoptr(PGresult) result = NULL;

    ak_pg_add_text(&params, table);
    ak_pg_add_text(&params, column);
    result = ak_pg_query(pg, "look at the tenants' column",
                         "SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass($1) "
                         "AND attname = $2 AND atttypid IN ('text'::regtype, 'varchar'::regtype))",
                         &params, error);
    if (result == NULL)
        return FALSE;
    *out_is = *PQgetvalue(result, 0, 0) != 0;
    return TRUE;
}

gboolean ak_pg_pending(AkSource *source, const char *table, const char *column, AkTenantFunc func,
                       gpointer data, GError **error)
{
    AkPg *pg = (AkPg *)source;
    g_autofree char *events = quote_name(pg, table);
    g_autofree char *quoted = NULL, *values = NULL, *sql = NULL;
    g_autoptr(PGresult) result = NULL;
    gboolean is_text;

    if (column == NULL) {
        sql = g_strdup_printf("SELECT ''::text WHERE EXISTS (SELECT FROM %s WHERE s3_archived_at "
                              "IS NULL)",
                              events);
    } else {
        if (!is_text_column(pg, events, column, &is_text, error))
            return FALSE;
        quoted = PQescapeIdentifier(pg->conn, column, strlen(column));
        values = distinct(events, quoted, is_text, "AND s3_archived_at IS NULL");
        PQfreemem(g_steal_pointer(&quoted));
        sql = g_strconcat(values, "SELECT x::text FROM v WHERE x IS NOT NULL", NULL);
    }
    result = ak_pg_query(pg, "look for pending events", sql, NULL, error);
    return result != NULL && each_value(result, func, data, error);
}

gboolean ak_pg_note_trouble(AkSource *source, const char *what, GError **error)
{
    AkPg *pg = (AkPg *)source;
    PgParams params = {0};
    g_autoptr(PGresult) result = NULL;

    ak_pg_add_text(&params, pg->chain);
    ak_pg_add_text(&params, what);
    result = ak_pg_query(pg, "note how the writer ended", "SELECT auditkeep.note_trouble($1, $2)",
                         &params, error);
    return result != NULL;
}
