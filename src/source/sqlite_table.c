#include "source/sqlite_internal.h"

/* What the schema says about the table of the events, and the SELECT that follows from it. */

void ak_lite_table_clear(LiteTable *table)
{
    if (table->columns != NULL)
        g_hash_table_unref(table->columns);
    g_free(table->select);
    g_free(table->rows);
    g_free(table->tenant);
    *table = (LiteTable){0};
}

gboolean ak_lite_has(const LiteTable *table, const char *column)
{
    return column != NULL && g_hash_table_contains(table->columns, column);
}

static const char *first_of(const LiteTable *table, const char *const *names, gsize count)
{
    for (gsize i = 0; i < count; i++)
        if (ak_lite_has(table, names[i]))
            return names[i];
    return NULL;
}

/* Columns that have a place of their own, and those that change after the export. */
static gboolean is_placed(const LiteTable *table, const char *name)
{
    static const char *const own[] = {"id",   "event_type", "payload",  "prev_hash",
                                      "hash", "signature",  "metadata", "created_at"};
    static const char *const prefixes[] = {"s3_", "kafka_", "stream_", "last_stream_"};

    for (gsize i = 0; i < G_N_ELEMENTS(own); i++)
        if (g_str_equal(name, own[i]))
            return TRUE;
    for (gsize i = 0; i < G_N_ELEMENTS(prefixes); i++)
        if (g_str_has_prefix(name, prefixes[i]))
            return TRUE;
    return g_strcmp0(name, table->ts) == 0 || g_strcmp0(name, table->signer) == 0;
}

/* A JSON object of the columns with no other place, without those that are NULL. Integers beyond a
 * double would lose digits in canonical JSON, and JSON has no bytes: they go as strings. */
static void append_extra(const LiteTable *table, GString *sql)
{
    g_autoptr(GList) names = g_hash_table_get_keys(table->columns);
    gsize start = sql->len;

    names = g_list_sort(names, (GCompareFunc)(void (*)(void))strcmp);
    for (GList *at = names; at != NULL; at = at->next) {
        char *row;

        if (is_placed(table, at->data))
            continue;
        row = sqlite3_mprintf(
            "SELECT %Q AS k, CASE typeof(e.\"%w\") WHEN 'blob' THEN hex(e.\"%w\") "
            "WHEN 'integer' THEN iif(abs(e.\"%w\") > 9007199254740991, CAST(e.\"%w\" AS TEXT), "
            "e.\"%w\") ELSE e.\"%w\" END AS v",
            at->data, at->data, at->data, at->data, at->data, at->data, at->data);
        g_string_append_printf(
            sql, "%s%s",
            sql->len > start ? " UNION ALL " : "(SELECT json_group_object(k, v) FROM (", row);
        sqlite3_free(row);
    }
    g_string_append(sql, sql->len > start ? ") WHERE v IS NOT NULL HAVING count(*) > 0)" : "NULL");
}

static void append_column(const LiteTable *table, const char *column, GString *sql)
{
    if (ak_lite_has(table, column))
        g_string_append_printf(sql, "e.\"%s\", ", column);
    else
        g_string_append(sql, "NULL, ");
}

static char *build_select(const AkLite *lite)
{
    const LiteTable *table = &lite->table;
    GString *sql = g_string_new("SELECT e.rowid, ");

    append_column(table, table->ts, sql);
    append_column(table, "id", sql);
    append_column(table, "event_type", sql);
    append_column(table, "payload", sql);
    append_column(table, "prev_hash", sql);
    append_column(table, "hash", sql);
    append_column(table, "signature", sql);
    append_column(table, table->signer, sql);
    append_column(table, "metadata", sql);
    append_extra(table, sql);
    g_string_append_printf(
        sql, ", %s FROM %s e ",
        ak_lite_has(table, "s3_archived_at") ? "e.s3_archived_at IS NOT NULL" : "0", table->rows);
    return g_string_free(sql, FALSE);
}

static const char *missing_column(const LiteTable *table)
{
    static const char *const needed[] = {"id", "payload", "prev_hash"};

    for (gsize i = 0; i < G_N_ELEMENTS(needed); i++)
        if (!ak_lite_has(table, needed[i]))
            return needed[i];
    return table->ts == NULL ? "created_at" : NULL;
}

static gboolean check_name(const AkLite *lite, GError **error)
{
    const char *at = lite->name;

    while (g_ascii_isalnum(*at) || *at == '_')
        at++;
    if (*at == '\0' && at > lite->name && !g_ascii_isdigit(lite->name[0]))
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                "cannot use table '%s': a name is letters, digits and '_'", lite->name);
    return FALSE;
}

static gboolean read_columns(AkLite *lite, GError **error)
{
    LiteTable *table = &lite->table;
    g_autoptr(LiteStmt) stmt =
        ak_lite_prepare(lite, "read the table's columns",
                        "SELECT name, \"notnull\", hidden FROM pragma_table_xinfo(?)", error);
    gboolean has_row;

    if (stmt == NULL)
        return FALSE;
    ak_lite_bind_text(stmt, 1, lite->name);
    for (;;) {
        const char *name;

        if (!ak_lite_step(lite, "read the table's columns", stmt, &has_row, error))
            return FALSE;
        if (!has_row)
            return TRUE;
        name = (const char *)sqlite3_column_text(stmt, 0);
        g_hash_table_add(table->columns, g_strdup(name));
        if (g_str_equal(name, "hash"))
            table->is_hash_nullable = sqlite3_column_int(stmt, 1) == 0;
        /* generated: our copy of ts */
        if (g_str_equal(name, "created_at"))
            table->is_alias = sqlite3_column_int(stmt, 2) != 0;
        table->exists = TRUE;
    }
}

/* The column that tells the tenants apart has to be one of the table's: its name goes into SQL. */
static gboolean load_tenant(AkLite *lite, GError **error)
{
    LiteTable *table = &lite->table;
    char *literal;

    if (lite->column == NULL) {
        table->rows = g_strdup_printf("\"%s\"", lite->name);
        return TRUE;
    }
    if (!ak_lite_has(table, lite->column) || strchr(lite->column, '"') != NULL) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "cannot tell chain '%s' apart: table '%s' has no column '%s'; "
                    "hint: --where-column",
                    lite->chain, lite->name, lite->column);
        return FALSE;
    }
    literal = sqlite3_mprintf("%Q", lite->value);
    table->tenant = g_strdup(literal);
    table->rows = g_strdup_printf("(SELECT rowid AS rowid, * FROM \"%s\" WHERE \"%s\" = %s)",
                                  lite->name, lite->column, literal);
    sqlite3_free(literal);
    return TRUE;
}

gboolean ak_lite_table_load(AkLite *lite, GError **error)
{
    static const char *const ts_names[] = {"created_at", "ts"};
    static const char *const signer_names[] = {"signer_id", "signer_kid", "manifest_signature_id"};
    LiteTable *table = &lite->table;

    if (table->is_loaded)
        return TRUE;
    if (!check_name(lite, error))
        return FALSE;
    ak_lite_table_clear(table);
    table->columns = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (lite->db == NULL)
        return TRUE;
    if (!read_columns(lite, error))
        return FALSE;
    table->ts = table->is_alias ? "ts" : first_of(table, ts_names, G_N_ELEMENTS(ts_names));
    table->signer = first_of(table, signer_names, G_N_ELEMENTS(signer_names));
    if (table->exists && !load_tenant(lite, error))
        return FALSE;
    if (missing_column(table) == NULL)
        table->select = build_select(lite);
    table->is_loaded = table->exists;
    return TRUE;
}

gboolean ak_lite_table_need(AkLite *lite, GError **error)
{
    const LiteTable *table = &lite->table;

    if (G_LIKELY(table->select != NULL))
        return TRUE;
    if (!ak_lite_connect(lite, FALSE, error) || !ak_lite_table_load(lite, error))
        return FALSE;
    if (table->select != NULL)
        return TRUE;
    if (!table->exists)
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "cannot find table '%s' in '%s'; hint: run 'auditkeep init', or name another "
                    "one with --table",
                    lite->name, lite->path);
    else
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "cannot use table '%s' in '%s': it has no column '%s'; hint: is it a table of "
                    "audit events? name another one with --table",
                    lite->name, lite->path, missing_column(table));
    return FALSE;
}
