#include "source/sqlite_internal.h"

/* Finding chains: the tenants of a table, what a query names, and who has something to archive. */

/* Values that are equal must have one text, or a tenant would get two chains; and a text has to
 * find its value, which in a column without a type it does not. */
static gboolean check_column(AkLite *lite, GError **error)
{
    const char *type = NULL, *collation = NULL;
    g_autofree char *upper = NULL;

    if (sqlite3_table_column_metadata(lite->db, NULL, lite->name, lite->column, &type, &collation,
                                      NULL, NULL, NULL) != SQLITE_OK)
        return ak_lite_fail(lite, "look at the tenants' column", error);
    upper = g_ascii_strup(type != NULL ? type : "", -1);
    if (g_ascii_strcasecmp(collation, "BINARY") == 0 && *upper != '\0' &&
        strstr(upper, "BLOB") == NULL)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                "cannot make a chain of each value of column '%s': its type '%s', or its "
                "collation, knows equal values with different texts; hint: --chains-query",
                lite->column, type != NULL ? type : "");
    return FALSE;
}

static gboolean each_value(AkLite *lite, const char *what, LiteStmt *stmt, AkTenantFunc func,
                           gpointer data, GError **error)
{
    gboolean has_row;

    for (;;) {
        if (!ak_lite_step(lite, what, stmt, &has_row, error))
            return FALSE;
        if (!has_row)
            return TRUE;
        if (!func((const char *)sqlite3_column_text(stmt, 0), data, error))
            return FALSE;
    }
}

/* Rows without a tenant would be in no chain, and nobody would notice. */
static gboolean warn_of_nulls(AkLite *lite, GError **error)
{
    g_autofree char *sql = g_strdup_printf("SELECT 1 FROM \"%s\" WHERE \"%s\" IS NULL LIMIT 1",
                                           lite->name, lite->column);
    g_autoptr(LiteStmt) stmt =
        ak_lite_prepare(lite, "look for events without a tenant", sql, error);
    gboolean has_row;

    if (stmt == NULL ||
        !ak_lite_step(lite, "look for events without a tenant", stmt, &has_row, error))
        return FALSE;
    if (has_row)
        g_warning("table '%s' has events without a value in '%s': they are in no chain; hint: a "
                  "chain of --chains-query or of the configuration file can take them",
                  lite->name, lite->column);
    return TRUE;
}

/* The distinct values of a column, as v(x): each is found by one step through an index. */
static char *distinct(const char *table, const char *column, const char *condition)
{
    g_autofree char *from = g_strdup_printf("FROM \"%s\"", table);

    return g_strdup_printf(
        "WITH RECURSIVE v(x) AS (SELECT * FROM (SELECT \"%s\" %s WHERE \"%s\" IS NOT NULL %s "
        "ORDER BY \"%s\" LIMIT 1) UNION ALL SELECT (SELECT \"%s\" %s WHERE \"%s\" > v.x %s "
        "ORDER BY \"%s\" LIMIT 1) FROM v WHERE v.x IS NOT NULL) ",
        column, from, column, condition, column, column, from, column, condition, column);
}

gboolean ak_lite_tenants(AkSource *source, guint64 limit, AkTenantFunc func, gpointer data,
                         GError **error)
{
    static const char what[] = "find the tenants";
    AkLite *lite = (AkLite *)source;
    g_autofree char *values = NULL, *sql = NULL;
    g_autoptr(LiteStmt) stmt = NULL;

    if (!ak_lite_check(source, error) || !check_column(lite, error) || !warn_of_nulls(lite, error))
        return FALSE;
    values = distinct(lite->name, lite->column, "");
    sql = g_strconcat(values,
                      "SELECT CAST(x AS TEXT) FROM v WHERE x IS NOT NULL UNION "
                      "SELECT where_value FROM auditkeep_binding JOIN auditkeep_chain USING "
                      "(chain) WHERE events = ?1 AND where_column = ?2 ORDER BY 1 LIMIT ?3",
                      NULL);
    stmt = ak_lite_prepare(lite, what, sql, error);
    if (stmt == NULL)
        return FALSE;
    ak_lite_bind_text(stmt, 1, lite->name);
    ak_lite_bind_text(stmt, 2, lite->column);
    (void)sqlite3_bind_int64(stmt, 3, (gint64)MIN(limit, (guint64)G_MAXINT64));
    return each_value(lite, what, stmt, func, data, error);
}

gboolean ak_lite_named(AkSource *source, const char *sql, guint64 limit, AkNamedFunc func,
                       gpointer data, GError **error)
{
    static const char what[] = "run the query of --chains-query";
    AkLite *lite = (AkLite *)source;
    g_autoptr(LiteStmt) stmt = NULL;
    gboolean has_row;

    if (!ak_lite_connect(lite, FALSE, error))
        return FALSE;
    stmt = ak_lite_prepare(lite, what, sql, error);
    if (stmt == NULL)
        return FALSE;
    if (sqlite3_column_count(stmt) != 4) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "the query of --chains-query gives %d columns, not the four name, table, "
                    "column and value",
                    sqlite3_column_count(stmt));
        return FALSE;
    }
    for (guint64 n = 0; n < limit; n++) {
        if (!ak_lite_step(lite, what, stmt, &has_row, error))
            return FALSE;
        if (!has_row)
            return TRUE;
        if (!func((const char *)sqlite3_column_text(stmt, 0),
                  (const char *)sqlite3_column_text(stmt, 1),
                  (const char *)sqlite3_column_text(stmt, 2),
                  (const char *)sqlite3_column_text(stmt, 3), data, error))
            return FALSE;
    }
    return TRUE;
}

gboolean ak_lite_pending(AkSource *source, const char *table, const char *column, AkTenantFunc func,
                         gpointer data, GError **error)
{
    static const char what[] = "look for pending events";
    AkLite *lite = (AkLite *)source;
    g_autofree char *values = NULL, *sql = NULL;
    g_autoptr(LiteStmt) stmt = NULL;

    if (!ak_lite_connect(lite, FALSE, error))
        return FALSE;
    if (strchr(table, '"') != NULL || (column != NULL && strchr(column, '"') != NULL)) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG, "cannot use table '%s' in '%s': its name",
                    table, lite->path);
        return FALSE;
    }
    values = column != NULL ? distinct(table, column, "AND s3_archived_at IS NULL") : NULL;
    sql =
        column != NULL
            ? g_strconcat(values, "SELECT CAST(x AS TEXT) FROM v WHERE x IS NOT NULL", NULL)
            : g_strdup_printf("SELECT '' FROM \"%s\" WHERE s3_archived_at IS NULL LIMIT 1", table);
    stmt = ak_lite_prepare(lite, what, sql, error);
    return stmt != NULL && each_value(lite, what, stmt, func, data, error);
}

gboolean ak_lite_note_trouble(AkSource *source, const char *text, GError **error)
{
    static const char what[] = "note how the writer ended";
    AkLite *lite = (AkLite *)source;
    g_autoptr(LiteStmt) stmt = NULL;

    if (!ak_lite_connect(lite, FALSE, error))
        return FALSE;
    stmt = ak_lite_prepare_chain(
        lite, what,
        text == NULL ? "DELETE FROM auditkeep_trouble WHERE chain = ?1"
                     : "INSERT INTO auditkeep_trouble SELECT chain, " AK_LITE_NOW
                       ", ?2 FROM auditkeep_chain WHERE chain = ?1 ON CONFLICT (chain) "
                       "DO UPDATE SET usec = excluded.usec, what = excluded.what",
        error);
    if (stmt == NULL)
        return FALSE;
    if (text != NULL)
        ak_lite_bind_text(stmt, 2, text);
    return ak_lite_do(lite, what, stmt, error);
}
