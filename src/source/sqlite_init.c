#include "source/sql.h"
#include "source/sqlite_internal.h"
#include "sql_sqlite.h"

/* Creates the tables, or adapts what is there. The SQL itself is in sql/sqlite. */

/* SQLite has no ADD COLUMN IF NOT EXISTS: what is missing is listed here. */
static char *list_columns(const AkLite *lite)
{
    static const struct {
        const char *name, *definition;
    } wanted[] = {
        {"hash", "hash TEXT"},
        {"s3_object_key", "s3_object_key TEXT"},
        {"s3_archived_at", "s3_archived_at TEXT"},
        /* the runbook orders by created_at; a virtual copy of ts costs no writer anything */
        {"created_at", "created_at TEXT GENERATED ALWAYS AS (ts) VIRTUAL"},
    };
    GString *sql = g_string_new(NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++)
        if (!ak_lite_has(&lite->table, wanted[i].name))
            g_string_append_printf(sql, "ALTER TABLE \"%s\" ADD COLUMN %s;\n\n", lite->name,
                                   wanted[i].definition);
    return g_string_free(sql, FALSE);
}

static gboolean has_prev_index(AkLite *lite, gboolean *out_has, GError **error)
{
    static const char what[] = "look for indexes";
    g_autoptr(LiteStmt) stmt =
        ak_lite_prepare(lite, what,
                        "SELECT 1 FROM pragma_index_list(?) l, pragma_index_info(l.name) i "
                        "WHERE i.seqno = 0 AND i.name = 'prev_hash' AND l.partial = 0",
                        error);

    if (stmt == NULL)
        return FALSE;
    ak_lite_bind_text(stmt, 1, lite->name);
    return ak_lite_step(lite, what, stmt, out_has, error);
}

static gboolean build_sql(AkLite *lite, AkBuf *sql, GError **error)
{
    const LiteTable *table = &lite->table;
    g_autofree char *columns = list_columns(lite);
    g_autofree char *tenant =
        lite->column != NULL ? g_strdup_printf("\"%s\", ", lite->column) : g_strdup("");
    g_autofree char *of_tenant = g_strdup_printf("_%s", lite->column);
    g_autofree char *index = g_strdup_printf("CREATE INDEX IF NOT EXISTS \"%s_auditkeep_prev\" "
                                             "ON \"%s\" (prev_hash);\n",
                                             lite->name, lite->name);
    gboolean is_indexed = !table->exists;
    AkSqlName names[] = {
        {"@events@", lite->name},
        {"@add_columns@", columns},
        {"@tenant@", tenant},
        {"@of_tenant@", lite->column != NULL ? of_tenant : ""},
        {"@ts@", table->exists ? table->ts : "created_at"},
        {"@prev_index@", index},
        {NULL, NULL},
    };

    if (!table->exists && lite->column != NULL) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "cannot make table '%s' with column '%s': a table of many chains is your own",
                    lite->name, lite->column);
        return FALSE;
    }
    if (table->exists && !has_prev_index(lite, &is_indexed, error))
        return FALSE;
    if (is_indexed)
        names[5].value = "-- prev_hash is indexed already";
    ak_sql_append(sql, ak_sql_sqlite_schema, names);
    ak_buf_append_byte(sql, '\n');
    ak_sql_append(sql, ak_sql_sqlite_seal, names);
    ak_buf_append_byte(sql, '\n');
    ak_sql_append(sql, ak_sql_sqlite_sink, names);
    ak_buf_append_byte(sql, '\n');
    ak_sql_append(sql, ak_sql_sqlite_acceptance, names);
    ak_buf_append_byte(sql, '\n');
    ak_sql_append(sql, table->exists ? ak_sql_sqlite_adapt : ak_sql_sqlite_table, names);
    ak_buf_append_byte(sql, '\n');
    ak_sql_append(sql, ak_sql_sqlite_indexes, names);
    return TRUE;
}

static gboolean run_statement(const char *statement, gpointer data, GError **error)
{
    return ak_lite_run(data, "create or adapt the tables", statement, error);
}

gboolean ak_lite_init(AkSource *source, gboolean apply, AkBuf *sql, GError **error)
{
    AkLite *lite = (AkLite *)source;
    gsize start = sql->len;
    gboolean is_done;

    if (apply && !ak_lite_connect(lite, TRUE, error))
        return FALSE;
    (void)sqlite3_finalize(g_steal_pointer(&lite->insert));
    ak_lite_table_clear(&lite->table);
    if (!ak_lite_table_load(lite, error) ||
        (lite->table.exists && !ak_lite_table_need(lite, error)) || !build_sql(lite, sql, error))
        return FALSE;
    is_done = !apply ||
              ak_sql_each(ak_view(sql->data + start, sql->len - start), run_statement, lite, error);
    ak_lite_table_clear(&lite->table);
    return is_done;
}

static gboolean has_own_tables(AkLite *lite, gboolean *out_has, GError **error)
{
    static const char what[] = "read auditkeep's own tables";
    g_autoptr(LiteStmt) stmt = ak_lite_prepare(
        lite, what, "SELECT 1 FROM sqlite_schema WHERE name = 'auditkeep_sink'", error);

    return stmt != NULL && ak_lite_step(lite, what, stmt, out_has, error);
}

gboolean ak_lite_check(AkSource *source, GError **error)
{
    static const char *const columns[] = {"hash", "s3_object_key", "s3_archived_at", "created_at"};
    AkLite *lite = (AkLite *)source;
    gboolean has_tables;

    if (!ak_lite_table_need(lite, error))
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(columns); i++) {
        if (!ak_lite_has(&lite->table, columns[i])) {
            g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                        "cannot use table '%s' in '%s': it has no column '%s'; hint: run "
                        "'auditkeep init'",
                        lite->name, lite->path, columns[i]);
            return FALSE;
        }
    }
    if (!has_own_tables(lite, &has_tables, error))
        return FALSE;
    if (!has_tables) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "table '%s' in '%s' was not prepared; hint: run 'auditkeep init'", lite->name,
                    lite->path);
        return FALSE;
    }
    return TRUE;
}
