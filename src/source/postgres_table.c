#include "source/postgres_internal.h"

/* What the catalog says about the table of the events, and the SELECT that follows from it. */

void ak_pg_table_clear(PgTable *table)
{
    g_free(table->events);
    g_free(table->schema);
    g_free(table->select);
    g_free(table->tenant);
    if (table->types != NULL)
        g_hash_table_unref(table->types);
    *table = (PgTable){0};
}

static const char *const signer_names[] = {"signer_id", "signer_kid", "manifest_signature_id"};

/* Columns that have a place of their own, and those that change after the export. */
static gboolean is_placed(const PgTable *table, const char *name)
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

const char *ak_pg_type(const PgTable *table, const char *column)
{
    return column != NULL ? g_hash_table_lookup(table->types, column) : NULL;
}

static const char *first_of(const PgTable *table, const char *const *names, gsize count)
{
    for (gsize i = 0; i < count; i++)
        if (ak_pg_type(table, names[i]) != NULL)
            return names[i];
    return NULL;
}

/* Integers beyond a double would lose digits in canonical JSON: they go as strings. */
static gboolean needs_quotes(const char *type)
{
    return g_str_equal(type, "bigint") || g_str_equal(type, "numeric");
}

/* A jsonb object of the columns with no other place, without those that are NULL. */
static void append_extra(const PgTable *table, const PGresult *columns, GString *sql)
{
    gsize start = sql->len;

    for (int row = 0; row < PQntuples(columns); row++) {
        const char *name = PQgetvalue(columns, row, 0), *type = PQgetvalue(columns, row, 1);
        const char *ident = PQgetvalue(columns, row, 3), *literal = PQgetvalue(columns, row, 4);

        if (is_placed(table, name))
            continue;
        g_string_append_printf(sql,
                               "%sCASE WHEN e.%s IS NULL THEN '{}' ELSE "
                               "jsonb_build_object(%s, e.%s%s) END",
                               sql->len > start ? " || " : "nullif(", ident, literal, ident,
                               needs_quotes(type) ? "::text" : "");
    }
    g_string_append(sql, sql->len > start ? ", '{}')" : "NULL::jsonb");
}

/* The column as text, or NULL where the table has none. */
static void append_text(const PgTable *table, const char *column, GString *sql)
{
    if (ak_pg_type(table, column) != NULL)
        g_string_append_printf(sql, "e.\"%s\"::text, ", column);
    else
        g_string_append(sql, "NULL::text, ");
}

/*
 * A payload that is too large stays in the server: its size comes instead. What is stored in less
 * than a 255th of the limit cannot be larger (LZ4's best ratio), so that the exact and dear
 * measure, which prints the whole value, is taken of suspects only.
 */
static char *build_select(const AkPg *pg, const PGresult *columns)
{
    const PgTable *table = &pg->table;
    gsize limit = pg->max_event_bytes;
    GString *sql = g_string_new("SELECT e.ctid, ");
    g_autofree char *fits =
        g_strdup_printf("(pg_column_size(e.payload) <= %" G_GSIZE_FORMAT
                        " OR octet_length(e.payload::text) <= %" G_GSIZE_FORMAT ")",
                        limit / 256, limit);

    g_string_append_printf(sql, "e.\"%s\", e.id, ", table->ts);
    append_text(table, "event_type", sql);
    g_string_append_printf(sql, "CASE WHEN %s THEN e.payload END, ", fits);
    append_text(table, "prev_hash", sql);
    append_text(table, "hash", sql);
    append_text(table, "signature", sql);
    append_text(table, table->signer, sql);
    append_text(table, "metadata", sql);
    append_extra(table, columns, sql);
    g_string_append(sql, ak_pg_type(table, "s3_archived_at") != NULL
                             ? ", e.s3_archived_at IS NOT NULL"
                             : ", false");
    g_string_append_printf(sql,
                           ", CASE WHEN NOT %s THEN "
                           "octet_length(e.payload::text)::bigint END FROM ",
                           fits);
    if (table->tenant == NULL)
        g_string_append_printf(sql, "%s e ", table->events);
    else
        g_string_append_printf(sql, "(SELECT ctid, * FROM %s WHERE \"%s\" = %s) e ", table->events,
                               pg->column, table->tenant);
    return g_string_free(sql, FALSE);
}

/* Names go into SQL as they are: plain ones only, so that there is nothing to quote. */
static gboolean check_name(const char *name, GError **error)
{
    guint dots = 0;
    gboolean is_ok = g_ascii_isalpha(name[0]) || name[0] == '_';

    for (const char *at = name; *at != '\0'; at++) {
        dots += *at == '.';
        is_ok = is_ok && (g_ascii_isalnum(*at) || *at == '_' || *at == '.');
    }
    if (is_ok && dots <= 1 && !g_str_has_suffix(name, "."))
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                "cannot use table '%s': a name is letters, digits and '_', with its schema before "
                "a '.' where needed",
                name);
    return FALSE;
}

static gboolean load_names(AkPg *pg, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(pg->name, ".", 2);
    g_autofree char *quoted = parts[1] != NULL
                                  ? g_strdup_printf("\"%s\".\"%s\"", parts[0], parts[1])
                                  : g_strdup_printf("\"%s\"", parts[0]);
    PgParams params = {0};
    g_autoptr(PGresult) result = NULL;

    ak_pg_add_text(&params, quoted);
    ak_pg_add_text(&params, parts[1] != NULL ? parts[0] : NULL);
    result =
        ak_pg_query(pg, "look for the table",
                    "SELECT quote_ident(coalesce(n.nspname, $2, current_schema()))::text, "
                    "c.oid IS NOT NULL, EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid "
                    "AND t.tgname = 'auditkeep_created_at') "
                    "FROM (SELECT to_regclass($1) AS oid) x LEFT JOIN pg_class c ON c.oid = x.oid "
                    "LEFT JOIN pg_namespace n ON n.oid = c.relnamespace",
                    &params, error);
    if (result == NULL)
        return FALSE;
    if (PQgetisnull(result, 0, 0)) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "cannot place table '%s': no schema of the search_path exists; hint: name the "
                    "schema too, --table SCHEMA.TABLE",
                    pg->name);
        return FALSE;
    }
    pg->table.schema = g_strdup(PQgetvalue(result, 0, 0));
    pg->table.exists = *PQgetvalue(result, 0, 1) != 0;
    pg->table.is_alias = *PQgetvalue(result, 0, 2) != 0;
    pg->table.events =
        g_strdup_printf("%s.\"%s\"", pg->table.schema, parts[1] != NULL ? parts[1] : parts[0]);
    return TRUE;
}

/* A column without which nothing can be read; NULL: all are there. */
static const char *missing_column(const PgTable *table)
{
    static const char *const needed[] = {"id", "payload", "prev_hash"};

    for (gsize i = 0; i < G_N_ELEMENTS(needed); i++)
        if (ak_pg_type(table, needed[i]) == NULL)
            return needed[i];
    return table->ts == NULL ? "created_at" : NULL;
}

/* The column that tells the tenants apart has to be one of the table's: its name goes into SQL. */
static gboolean load_tenant(AkPg *pg, GError **error)
{
    char *literal;

    if (pg->column == NULL)
        return TRUE;
    if (ak_pg_type(&pg->table, pg->column) == NULL || strchr(pg->column, '"') != NULL) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "cannot tell chain '%s' apart: table '%s' has no column '%s'; "
                    "hint: --where-column",
                    pg->chain, pg->name, pg->column);
        return FALSE;
    }
    literal = PQescapeLiteral(pg->conn, pg->value, strlen(pg->value));
    if (literal == NULL)
        return ak_pg_fail(pg, "read the table's columns", NULL, error);
    pg->table.tenant = g_strdup(literal);
    PQfreemem(literal);
    return TRUE;
}

static gboolean load_columns(AkPg *pg, GError **error)
{
    static const char *const ts_names[] = {"created_at", "ts"};
    PgTable *table = &pg->table;
    PgParams params = {0};
    g_autoptr(PGresult) columns = NULL;

    ak_pg_add_text(&params, table->events);
    columns = ak_pg_query(pg, "read the table's columns",
                          "SELECT attname::text, format_type(atttypid, NULL)::text, attnotnull, "
                          "quote_ident(attname), quote_literal(attname) FROM pg_attribute "
                          "WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped "
                          "ORDER BY attname",
                          &params, error);
    if (columns == NULL)
        return FALSE;
    table->types = g_hash_table_new(g_str_hash, g_str_equal);
    for (int row = 0; row < PQntuples(columns); row++) {
        const char *name = g_intern_string(PQgetvalue(columns, row, 0));

        g_hash_table_insert(table->types, (gpointer)(guintptr)name,
                            (gpointer)(guintptr)g_intern_string(PQgetvalue(columns, row, 1)));
        if (g_str_equal(name, "hash"))
            table->is_hash_nullable = *PQgetvalue(columns, row, 2) == 0;
    }
    table->ts = table->is_alias ? "ts" : first_of(table, ts_names, G_N_ELEMENTS(ts_names));
    table->signer = first_of(table, signer_names, G_N_ELEMENTS(signer_names));
    table->is_uuid = g_strcmp0(ak_pg_type(table, "id"), "uuid") == 0;
    table->is_verbatim = g_strcmp0(ak_pg_type(table, "payload"), "jsonb") != 0;
    if (!load_tenant(pg, error))
        return FALSE;
    if (missing_column(table) == NULL)
        table->select = build_select(pg, columns);
    return TRUE;
}

gboolean ak_pg_table_load(AkPg *pg, GError **error)
{
    if (pg->table.events != NULL && pg->table.exists)
        return TRUE;
    ak_pg_table_clear(&pg->table);
    if (!check_name(pg->name, error))
        return FALSE;
    if (load_names(pg, error) && (!pg->table.exists || load_columns(pg, error)))
        return TRUE;
    ak_pg_table_clear(&pg->table);
    return FALSE;
}

gboolean ak_pg_table_need(AkPg *pg, GError **error)
{
    const PgTable *table = &pg->table;

    if (G_LIKELY(table->select != NULL))
        return TRUE;
    if (!ak_pg_table_load(pg, error))
        return FALSE;
    if (!table->exists) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "cannot find table '%s' at '%s'; hint: run 'auditkeep init', or name another "
                    "one with --table",
                    pg->name, pg->address);
        return FALSE;
    }
    if (table->select != NULL)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                "cannot use table '%s' at '%s': it has no column '%s'; hint: is it a table of "
                "audit events? name another one with --table",
                pg->name, pg->address, missing_column(table));
    return FALSE;
}
