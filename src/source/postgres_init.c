#include "source/postgres_internal.h"
#include "source/sql.h"
#include "sql_postgres.h"

/* Creates the tables, or adapts what is there. The SQL itself is in sql/postgres. */

/* Is there a valid index, without a condition, that begins with @column? */
static gboolean has_index(AkPg *pg, const char *column, gboolean *out_has, GError **error)
{
    PgParams params = {0};
    g_autoptr(PGresult) result = NULL;

    ak_pg_add_text(&params, pg->table.events);
    ak_pg_add_text(&params, column);
    result = ak_pg_query(pg, "look for indexes",
                         "SELECT EXISTS (SELECT FROM pg_index i JOIN pg_attribute a "
                         "ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] "
                         "WHERE i.indrelid = to_regclass($1) AND a.attname = $2 AND i.indisvalid "
                         "AND i.indpred IS NULL)",
                         &params, error);
    if (result == NULL)
        return FALSE;
    *out_has = *PQgetvalue(result, 0, 0) != 0;
    return TRUE;
}

/* An interrupted CREATE INDEX CONCURRENTLY leaves an index that is never used. */
static char *drop_invalid(AkPg *pg, GError **error)
{
    PgParams params = {0};
    g_autoptr(PGresult) result = NULL;
    GString *sql;

    ak_pg_add_text(&params, pg->table.events);
    result = ak_pg_query(pg, "look for indexes",
                         "SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c "
                         "ON c.oid = i.indexrelid WHERE i.indrelid = to_regclass($1) "
                         "AND NOT i.indisvalid AND c.relname LIKE '%\\_auditkeep\\_%'",
                         &params, error);
    if (result == NULL)
        return NULL;
    sql = g_string_new(NULL);
    for (int row = 0; row < PQntuples(result); row++)
        g_string_append_printf(sql, "DROP INDEX CONCURRENTLY IF EXISTS %s;\n\n",
                               PQgetvalue(result, row, 0));
    return g_string_free(sql, FALSE);
}

/* The index that links are looked up by. A hash index: docs/pointer.md. */
static char *prev_index(AkPg *pg, const char *table, GError **error)
{
    gboolean has = FALSE;

    if (pg->table.exists && !has_index(pg, "prev_hash", &has, error))
        return NULL;
    if (has || !pg->table.exists)
        return g_strdup("-- prev_hash is indexed already");
    return g_strdup_printf("CREATE INDEX CONCURRENTLY IF NOT EXISTS \"%s_auditkeep_prev\"\n"
                           "    ON %s USING hash (prev_hash);\n",
                           table, pg->table.events);
}

/* A table that is there keeps its guards; one that links cannot be read from is refused. */
static gboolean check_adaptable(AkPg *pg, GError **error)
{
    if (pg->table.exists || pg->column == NULL)
        return !pg->table.exists || ak_pg_table_need(pg, error);
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                "cannot make table '%s' with column '%s': a table of many chains is your own",
                pg->name, pg->column);
    return FALSE;
}

static gboolean build_sql(AkPg *pg, AkBuf *sql, GError **error)
{
    const PgTable *table = &pg->table;
    const char *bare = strrchr(pg->name, '.') != NULL ? strrchr(pg->name, '.') + 1 : pg->name;
    g_autofree char *literal = g_strdup_printf("'%s'", table->events);
    g_autofree char *tenant =
        pg->column != NULL ? g_strdup_printf("\"%s\", ", pg->column) : g_strdup("");
    g_autofree char *of_tenant = g_strdup_printf("_%s", pg->column);
    g_autofree char *invalid = drop_invalid(pg, error);
    g_autofree char *prev = invalid != NULL ? prev_index(pg, bare, error) : NULL;
    const AkSqlName names[] = {
        {"@events@", table->events},
        {"@events_literal@", literal},
        {"@schema@", table->schema},
        {"@table@", bare},
        {"@drop_invalid@", invalid},
        {"@prev_index@", prev},
        {"@tenant@", tenant},
        {"@of_tenant@", pg->column != NULL ? of_tenant : ""},
        {"@ts@", table->exists ? table->ts : "created_at"},
        {NULL, NULL},
    };
    gboolean lacks_created_at =
        table->exists && (ak_pg_type(table, "created_at") == NULL || table->is_alias);

    if (prev == NULL)
        return FALSE;
    ak_sql_append(sql, ak_sql_postgres_schema, names);
    ak_buf_append_byte(sql, '\n');
    ak_sql_append(sql, table->exists ? ak_sql_postgres_adapt : ak_sql_postgres_table, names);
    ak_buf_append_byte(sql, '\n');
    if (lacks_created_at) {
        ak_sql_append(sql, ak_sql_postgres_created_at, names);
        ak_buf_append_byte(sql, '\n');
    }
    ak_sql_append(sql, ak_sql_postgres_indexes, names);
    ak_buf_append_byte(sql, '\n');
    ak_sql_append(sql, ak_sql_postgres_acceptance, names);
    ak_buf_append_byte(sql, '\n');
    ak_sql_append(sql, ak_sql_postgres_procedures, names);
    ak_buf_append_byte(sql, '\n');
    ak_sql_append(sql, ak_sql_postgres_wake, names);
    ak_buf_append_byte(sql, '\n');
    ak_sql_append(sql, ak_sql_postgres_seal, names);
    ak_buf_append_byte(sql, '\n');
    ak_sql_append(sql, ak_sql_postgres_sink, names);
    ak_buf_append_byte(sql, '\n');
    ak_sql_append(sql, ak_sql_postgres_roles, names);
    return TRUE;
}

static gboolean run_statement(const char *statement, gpointer data, GError **error)
{
    return ak_pg_run(data, "create or adapt the tables", statement, error);
}

gboolean ak_pg_init(AkSource *source, gboolean apply, AkBuf *sql, GError **error)
{
    AkPg *pg = (AkPg *)source;
    gsize start = sql->len;
    guint timeout_ms = pg->timeout_ms;
    gboolean is_done;

    ak_pg_table_clear(&pg->table); /* it may have changed since */
    if (!ak_pg_table_load(pg, error) || !check_adaptable(pg, error) || !build_sql(pg, sql, error))
        return FALSE;
    pg->timeout_ms = 0; /* an index of a large table takes its time */
    is_done = !apply ||
              ak_sql_each(ak_view(sql->data + start, sql->len - start), run_statement, pg, error);
    pg->timeout_ms = timeout_ms;
    ak_pg_table_clear(&pg->table);
    return is_done;
}

gboolean ak_pg_check(AkSource *source, GError **error)
{
    static const char *const columns[] = {"hash", "s3_object_key", "s3_archived_at", "created_at"};
    AkPg *pg = (AkPg *)source;
    PgParams params = {0};
    g_autoptr(PGresult) result = NULL;

    if (!ak_pg_table_need(pg, error))
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(columns); i++) {
        if (ak_pg_type(&pg->table, columns[i]) == NULL) {
            g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                        "cannot use table '%s' at '%s': it has no column '%s'; hint: run "
                        "'auditkeep init'",
                        pg->name, pg->address, columns[i]);
            return FALSE;
        }
    }
    ak_pg_add_text(&params, pg->table.events);
    result = ak_pg_query(pg, "read auditkeep's own tables",
                         "SELECT EXISTS (SELECT FROM auditkeep.source WHERE events = $1), "
                         "to_regproc('auditkeep.sink_move') IS NOT NULL",
                         &params, error);
    if (result == NULL)
        return FALSE;
    if (*PQgetvalue(result, 0, 0) == 0 || *PQgetvalue(result, 0, 1) == 0) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "table '%s' at '%s' was not prepared; hint: run 'auditkeep init'", pg->name,
                    pg->address);
        return FALSE;
    }
    return TRUE;
}
