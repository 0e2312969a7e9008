#include "source/sqlite_internal.h"

#include "util/time.h"

/* SQLite's result code → class of ours and what to do. */
static AkErrorCode classify(int code, const char **out_hint)
{
    *out_hint = NULL;
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        *out_hint = "another process is writing: run it again";
        return AK_ERROR_TIMEOUT;
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
        *out_hint = "check the rights on the file and on its folder";
        return AK_ERROR_DENIED;
    case SQLITE_FULL:
        *out_hint = "make room on the disk";
        return AK_ERROR_FULL;
    case SQLITE_NOTADB:
        *out_hint = "--source sqlite:PATH names a file that is not an SQLite database";
        return AK_ERROR_CONFIG;
    case SQLITE_CORRUPT:
        *out_hint = "keep the file as evidence and restore a backup";
        return AK_ERROR_BAD_INPUT;
    case SQLITE_CONSTRAINT:
        return AK_ERROR_CONFLICT;
    case SQLITE_TOOBIG:
        *out_hint = "--max-event-bytes";
        return AK_ERROR_BAD_INPUT;
    case SQLITE_IOERR:
        *out_hint = "check the disk";
        return AK_ERROR_NETWORK;
    default:
        return AK_ERROR_INTERNAL;
    }
}

gboolean ak_lite_fail(AkLite *lite, const char *what, GError **error)
{
    const char *hint;
    AkErrorCode code = classify(sqlite3_extended_errcode(lite->db), &hint);

    if (code == AK_ERROR_TIMEOUT && lite->busy_end == AK_PATIENCE_STOPPED)
        code = AK_ERROR_CANCELLED;
    g_set_error(error, AK_ERROR, (int)code, "cannot %s in '%s': %s%s%s", what, lite->path,
                sqlite3_errmsg(lite->db), hint != NULL ? "; hint: " : "", hint != NULL ? hint : "");
    return FALSE;
}

LiteStmt *ak_lite_prepare(AkLite *lite, const char *what, const char *sql, GError **error)
{
    LiteStmt *stmt = NULL;

    if (sqlite3_prepare_v2(lite->db, sql, -1, &stmt, NULL) != SQLITE_OK)
        (void)ak_lite_fail(lite, what, error);
    return stmt;
}

gboolean ak_lite_run(AkLite *lite, const char *what, const char *sql, GError **error)
{
    return sqlite3_exec(lite->db, sql, NULL, NULL, NULL) == SQLITE_OK
               ? TRUE
               : ak_lite_fail(lite, what, error);
}

gboolean ak_lite_step(AkLite *lite, const char *what, LiteStmt *stmt, gboolean *out_row,
                      GError **error)
{
    int code = sqlite3_step(stmt);

    *out_row = code == SQLITE_ROW;
    return code == SQLITE_ROW || code == SQLITE_DONE ? TRUE : ak_lite_fail(lite, what, error);
}

gboolean ak_lite_do(AkLite *lite, const char *what, LiteStmt *stmt, GError **error)
{
    gboolean has_row;
    gboolean is_done = ak_lite_step(lite, what, stmt, &has_row, error);

    (void)sqlite3_reset(stmt);
    return is_done;
}

void ak_lite_bind_text(LiteStmt *stmt, int at, const char *text)
{
    ak_lite_bind_view(stmt, at, ak_view_str(text));
}

void ak_lite_bind_view(LiteStmt *stmt, int at, AkView view)
{
    if (view.data == NULL)
        (void)sqlite3_bind_null(stmt, at);
    else
        (void)sqlite3_bind_text64(stmt, at, view.data, view.len, SQLITE_STATIC, SQLITE_UTF8);
}

void ak_lite_format_time(gint64 usec, char out[AK_LITE_TIME_LEN + 1])
{
    char seconds[AK_TIME_MAX];
    gint64 fraction = (usec % AK_USEC_PER_SEC + AK_USEC_PER_SEC) % AK_USEC_PER_SEC;

    (void)ak_time_format_seconds(usec - fraction, seconds);
    g_snprintf(out, AK_LITE_TIME_LEN + 1, "%.19s.%06" G_GINT64_FORMAT "Z", seconds, fraction);
}

/* Called while another process holds the file; 0 ends the waiting. */
static int on_busy(void *data, int calls)
{
    enum { MIN_STEP_MS = 1, MAX_STEP_MS = 50 };
    AkLite *lite = data;
    guint step_ms;

    if (calls == 0)
        lite->patience = ak_patience_new(lite->stop, lite->busy_timeout_ms);
    step_ms = ak_patience_slice_ms(
        &lite->patience, CLAMP(2u * (guint)calls, MIN_STEP_MS, MAX_STEP_MS), &lite->busy_end);
    g_usleep(1000UL * step_ms);
    return step_ms > 0;
}

gboolean ak_lite_connect(AkLite *lite, gboolean create, GError **error)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (create ? SQLITE_OPEN_CREATE : 0);

    if (lite->db != NULL)
        return TRUE;
    if (!create && !g_file_test(lite->path, G_FILE_TEST_EXISTS)) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "cannot open '%s': there is no such file; hint: run 'auditkeep init'",
                    lite->path);
        return FALSE;
    }
    if (sqlite3_open_v2(lite->path, &lite->db, flags, NULL) != SQLITE_OK) {
        (void)ak_lite_fail(lite, "open the database", error);
        (void)sqlite3_close(g_steal_pointer(&lite->db));
        return FALSE;
    }
    (void)sqlite3_extended_result_codes(lite->db, 1);
    (void)sqlite3_busy_handler(lite->db, on_busy, lite);
    /* Room for what stands around the payload; a larger value is refused before it is read. */
    (void)sqlite3_limit(lite->db, SQLITE_LIMIT_LENGTH,
                        (int)MIN(lite->max_event_bytes + 65536, (gsize)G_MAXINT));
    return ak_lite_run(lite, "open the database",
                       "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; "
                       "SELECT count(*) FROM sqlite_schema",
                       error);
}

static void lite_close(AkSource *source)
{
    AkLite *lite = (AkLite *)source;

    (void)sqlite3_finalize(lite->scan);
    (void)sqlite3_finalize(lite->insert);
    (void)sqlite3_close(lite->db);
    ak_lite_table_clear(&lite->table);
    g_free(lite->from_ts);
    g_free(lite->path);
    g_free(lite->name);
    g_free(lite->chain);
    g_free(lite->column);
    g_free(lite->value);
    g_free(lite);
}

static AkSource *lite_open(const AkSourceConfig *config, GError **error)
{
    const char *path = config->url + strlen("sqlite:");
    AkLite *lite;

    if (g_str_has_prefix(path, "//"))
        path += 2;
    if (*path == '\0') {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "the source names no file; hint: --source sqlite:PATH");
        return NULL;
    }
    lite = g_new0(AkLite, 1);
    lite->base.driver = &ak_source_sqlite;
    lite->path = g_strdup(path);
    lite->name = g_strdup(config->table);
    lite->chain = g_strdup(config->chain);
    lite->column = g_strdup(config->column);
    lite->value = g_strdup(config->value);
    lite->max_event_bytes = config->max_event_bytes;
    lite->busy_timeout_ms = config->connect_timeout_ms;
    lite->stop = config->stop;
    lite->seen_version = -1;
    if (g_file_test(path, G_FILE_TEST_EXISTS) && !ak_lite_connect(lite, FALSE, error)) {
        lite_close(&lite->base);
        return NULL;
    }
    return &lite->base;
}

const AkSourceDriver ak_source_sqlite = {
    .scheme = "sqlite",
    .open = lite_open,
    .close = lite_close,
    .init = ak_lite_init,
    .check = ak_lite_check,
    .scan_begin = ak_lite_scan_begin,
    .scan_next = ak_lite_scan_next,
    .scan_end = ak_lite_scan_end,
    .find_by_prev = ak_lite_find_by_prev,
    .find_by_id = ak_lite_find_by_id,
    .find_by_hash = ak_lite_find_by_hash,
    .append_begin = ak_lite_append_begin,
    .append_rows = ak_lite_append_rows,
    .append_end = ak_lite_append_end,
    .state = ak_lite_state,
    .count_pending = ak_lite_count_pending,
    .lease_acquire = ak_lite_lease_acquire,
    .lease_renew = ak_lite_lease_renew,
    .lease_release = ak_lite_lease_release,
    .plan = ak_lite_plan,
    .commit = ak_lite_commit,
    .segments = ak_lite_segments,
    .seal_plan = ak_lite_seal_plan,
    .seal_commit = ak_lite_seal_commit,
    .seals = ak_lite_seals,
    .accept = ak_lite_accept,
    .acceptances = ak_lite_acceptances,
    .tenants = ak_lite_tenants,
    .named = ak_lite_named,
    .pending = ak_lite_pending,
    .note_trouble = ak_lite_note_trouble,
    .sink_acquire = ak_lite_sink_acquire,
    .sink_renew = ak_lite_sink_renew,
    .sink_move = ak_lite_sink_move,
    .sink_fail = ak_lite_sink_fail,
    .sinks = ak_lite_sinks,
    .wait = ak_lite_wait,
};
