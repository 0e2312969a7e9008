#include "sink/snowflake_scan.h"

#include "sink/snowflake_sql.h"

enum { PAGE_ROWS = 50000 };

typedef struct {
    AkSnowflake *snowflake;
    const char *chain;
    char *table; /* "DB"."SCHEMA"."TABLE" */
    AkSinkRecordFunc func;
    gpointer data;
    guint64 place;
    gboolean is_ended; /* by the callback */
} Scan;

static char *table_of(const AkSnowflakeConfig *config)
{
    g_autofree char *database = ak_snowflake_sql_name(config->database);
    g_autofree char *schema = ak_snowflake_sql_name(config->schema);
    g_autofree char *table = ak_snowflake_sql_name(config->table);

    return g_strdup_printf("%s.%s.%s", database, schema, table);
}

static gboolean hand_over(Scan *scan, const AkSinkRecord *record, GError **error)
{
    g_autoptr(GError) failure = NULL;

    if (scan->func(record, scan->data, &failure))
        return TRUE;
    scan->is_ended = failure == NULL;
    if (failure != NULL)
        g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}

/* Rows of the chain that no index of ours can have: each is told of, none is hidden. */
static gboolean scan_strangers(Scan *scan, GError **error)
{
    g_autofree char *sql = g_strdup_printf("SELECT COUNT(*) FROM %s WHERE CHAIN_ID = ? AND "
                                           "TRY_TO_NUMBER(SEQ) IS NULL",
                                           scan->table);
    const char *texts[] = {scan->chain, NULL};
    AkSnowflakeStatement statement = {.statement = sql, .texts = texts};
    g_auto(AkSnowflakeResult) result = {0};
    guint64 count;

    if (!ak_snowflake_sql_run(scan->snowflake, &statement, &result, error) ||
        !ak_snowflake_sql_number(&result, 0, 0, &count, error))
        return FALSE;
    for (guint64 i = 0; i < count; i++) {
        AkSinkRecord record = {.place = scan->place++};

        if (!hand_over(scan, &record, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean get_page(Scan *scan, guint64 from, AkSnowflakeResult *out, GError **error)
{
    g_autofree char *sql = g_strdup_printf(
        "SELECT SEQ, EVENT_ID, HASH FROM %s WHERE CHAIN_ID = ? AND TRY_TO_NUMBER(SEQ) >= "
        "TRY_TO_NUMBER(?) ORDER BY TRY_TO_NUMBER(SEQ), HASH LIMIT %d",
        scan->table, PAGE_ROWS);
    g_autofree char *start = g_strdup_printf("%" G_GUINT64_FORMAT, from);
    const char *texts[] = {scan->chain, start, NULL};
    AkSnowflakeStatement statement = {.statement = sql, .texts = texts};

    return ak_snowflake_sql_run(scan->snowflake, &statement, out, error);
}

static gboolean hand_over_row(Scan *scan, const AkSnowflakeResult *page, guint row, guint64 *out,
                              GError **error)
{
    GPtrArray *cells = page->rows->pdata[row];

    if (cells->len != 3) {
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                    "a row of the landing table comes with %u cells", cells->len);
        return FALSE;
    }
    if (!ak_snowflake_sql_number(page, row, 0, out, error))
        return FALSE;
    AkSinkRecord record = {.place = scan->place++,
                           .is_event = TRUE,
                           .index = *out,
                           .id = ak_view_str(cells->pdata[1]),
                           .hash = ak_view_str(cells->pdata[2])};
    return hand_over(scan, &record, error);
}

/* A full page may cut the copies of its last index: that index is left for the next one. */
static gboolean hand_over_page(Scan *scan, const AkSnowflakeResult *page, guint64 *from,
                               gboolean *out_is_last, GError **error)
{
    guint n = page->rows != NULL ? page->rows->len : 0;
    guint64 cut = G_MAXUINT64, index;

    *out_is_last = n < PAGE_ROWS;
    if (!*out_is_last && !ak_snowflake_sql_number(page, n - 1, 0, &cut, error))
        return FALSE;
    if (!*out_is_last && cut == *from) {
        g_set_error(error, AK_ERROR, AK_ERROR_GAP,
                    "snowflake_gap: index %" G_GUINT64_FORMAT " is there %d times or more", cut,
                    PAGE_ROWS);
        return FALSE;
    }
    for (guint i = 0; i < n; i++) {
        if (!ak_snowflake_sql_number(page, i, 0, &index, error))
            return FALSE;
        if (index == cut)
            break;
        if (!hand_over_row(scan, page, i, &index, error))
            return FALSE;
    }
    *from = cut;
    return TRUE;
}

static gboolean scan_events(Scan *scan, guint64 from, GError **error)
{
    gboolean is_last = FALSE;

    while (!is_last) {
        g_auto(AkSnowflakeResult) page = {0};

        if (!get_page(scan, from, &page, error) ||
            !hand_over_page(scan, &page, &from, &is_last, error))
            return FALSE;
    }
    return TRUE;
}

gboolean ak_snowflake_scan(AkSnowflake *snowflake, const char *chain, guint64 from_index,
                           AkSinkRecordFunc func, gpointer data, GError **error)
{
    g_autofree char *table = table_of(&snowflake->config);
    Scan scan = {snowflake, chain, table, func, data, 0, FALSE};

    return (scan_strangers(&scan, error) && scan_events(&scan, from_index, error)) || scan.is_ended;
}
