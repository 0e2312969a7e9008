#include "sink/snowflake_sql.h"

#include "util/log.h"

enum {
    DEFAULT_TIMEOUT_SECONDS = 300,
    POLL_FIRST_MS = 100,
    POLL_MAX_MS = 5000,
    MAX_PARTITIONS = 1000,
    MAX_ROWS = 10 * 1000 * 1000,
};

static void append_member(GString *out, const char *name, const char *value)
{
    if (value == NULL)
        return;
    g_string_append_printf(out, ",\"%s\":", name);
    ak_log_append_json(out, value);
}

static char *request_body(const AkSnowflakeConfig *config, const AkSnowflakeStatement *statement)
{
    GString *out = g_string_new("{\"statement\":");
    guint timeout = statement->timeout_seconds != 0 ? statement->timeout_seconds
                                                    : (guint)DEFAULT_TIMEOUT_SECONDS;

    ak_log_append_json(out, statement->statement);
    g_string_append_printf(out, ",\"timeout\":%u", timeout);
    append_member(out, "database", config->database);
    append_member(out, "schema", config->schema);
    append_member(out, "warehouse", config->warehouse);
    append_member(out, "role", config->role);
    for (guint i = 0; statement->texts != NULL && statement->texts[i] != NULL; i++) {
        g_string_append_printf(
            out, "%s\"%u\":{\"type\":\"TEXT\",\"value\":", i == 0 ? ",\"bindings\":{" : ",", i + 1);
        ak_log_append_json(out, statement->texts[i]);
        g_string_append(out, statement->texts[i + 1] == NULL ? "}}" : "}");
    }
    g_string_append(out, ",\"parameters\":{\"QUERY_TAG\":\"auditkeep\"}}");
    return g_string_free(out, FALSE);
}

/* 422: the statement itself failed; the code says how. */
static void set_failed(const AkSnowflakeCall *call, const AkSnowflakeReply *reply, GError **error)
{
    AkErrorCode class = AK_ERROR_BAD_INPUT;
    g_autofree char *message = ak_http_printable(reply->message != NULL ? reply->message : "");

    if (reply->http.status != 422) {
        ak_snowflake_set_error(call, reply, error);
        return;
    }
    if (g_strcmp0(reply->code, "002003") == 0) /* does not exist or not authorized */
        class = AK_ERROR_MISSING;
    else if (g_strcmp0(reply->code, "003001") == 0) /* insufficient privileges */
        class = AK_ERROR_DENIED;
    g_set_error(error, AK_ERROR, (int)class, "cannot %s: SQL error %s: %s", call->verb,
                reply->code != NULL ? reply->code : "without a code", message);
}

static gboolean run_call(AkSnowflake *sf, const AkSnowflakeCall *call, AkSnowflakeResult *out,
                         gboolean *out_is_running, GError **error)
{
    g_auto(AkSnowflakeReply) reply = {0};

    if (!ak_snowflake_send(sf, call, &reply, error))
        return FALSE;
    if (reply.action != AK_SNOWFLAKE_DONE) {
        set_failed(call, &reply, error);
        return FALSE;
    }
    *out_is_running = reply.http.status == 202;
    if (!ak_snowflake_read_result(ak_buf_view(&reply.http.body), out, error)) {
        g_prefix_error(error, "cannot %s: ", call->verb);
        return FALSE;
    }
    if (*out_is_running && out->handle == NULL) {
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                    "cannot %s: the answer holds no 'statementHandle'", call->verb);
        return FALSE;
    }
    return TRUE;
}

static gboolean submit(AkSnowflake *sf, const AkSnowflakeStatement *statement,
                       AkSnowflakeResult *out, gboolean *out_is_running, GError **error)
{
    g_autofree char *id = g_uuid_string_random();
    g_autofree char *path = g_strdup_printf("/api/v2/statements?requestId=%s%s", id,
                                            statement->is_async ? "&async=true" : "");
    g_autofree char *body = request_body(&sf->config, statement);
    AkSnowflakeCall call = {.verb = "run a statement",
                            .method = "POST",
                            .path = path,
                            .again_query = "&retry=true",
                            .content_type = "application/json",
                            .body = ak_view_str(body)};

    return run_call(sf, &call, out, out_is_running, error);
}

static gboolean fetch(AkSnowflake *sf, const char *query, AkSnowflakeResult *out,
                      gboolean *out_is_running, GError **error)
{
    g_autofree char *handle = g_uri_escape_string(out->handle, NULL, FALSE);
    g_autofree char *path = g_strconcat("/api/v2/statements/", handle, query, NULL);
    AkSnowflakeCall call = {.verb = "fetch a statement's result", .method = "GET", .path = path};

    return run_call(sf, &call, out, out_is_running, error);
}

/* We stop waiting; a statement that ends all the same did no harm. */
static gboolean cancel(AkSnowflake *sf, const AkSnowflakeResult *result, int class, const char *why,
                       GError **error)
{
    g_autofree char *handle = g_uri_escape_string(result->handle, NULL, FALSE);
    g_autofree char *path = g_strconcat("/api/v2/statements/", handle, "/cancel", NULL);
    AkSnowflakeCall call = {.verb = "cancel a statement", .method = "POST", .path = path};
    g_auto(AkSnowflakeReply) reply = {0};
    g_autoptr(GError) ignored = NULL;

    if (!ak_snowflake_send(sf, &call, &reply, &ignored))
        g_message("%s", ignored->message);
    g_set_error(error, AK_ERROR, class, "cannot run a statement: %s", why);
    return FALSE;
}

static gboolean wait_for_end(AkSnowflake *sf, const AkSnowflakeStatement *statement,
                             AkSnowflakeResult *out, GError **error)
{
    guint seconds = statement->timeout_seconds != 0 ? statement->timeout_seconds
                                                    : (guint)DEFAULT_TIMEOUT_SECONDS;
    gint64 end = g_get_monotonic_time() + (gint64)seconds * G_USEC_PER_SEC;
    gboolean is_running = TRUE;

    for (guint ms = POLL_FIRST_MS; is_running; ms = MIN(ms * 2, POLL_MAX_MS)) {
        if (g_get_monotonic_time() > end)
            return cancel(sf, out, AK_ERROR_TIMEOUT, "it takes too long", error);
        if (!ak_retry_wait(ms, sf->config.stop))
            return cancel(sf, out, AK_ERROR_CANCELLED, "asked to stop", error);
        if (!fetch(sf, "", out, &is_running, error))
            return FALSE;
    }
    return TRUE;
}

gboolean ak_snowflake_sql_run(AkSnowflake *sf, const AkSnowflakeStatement *statement,
                              AkSnowflakeResult *out, GError **error)
{
    gboolean is_running;

    /* Also a statement that was to be waited for may turn out to run on. */
    if (!submit(sf, statement, out, &is_running, error) ||
        (is_running && !wait_for_end(sf, statement, out, error)))
        return FALSE;
    for (guint i = 1; i < MIN(out->n_partitions, (guint)MAX_PARTITIONS); i++) {
        g_autofree char *query = g_strdup_printf("?partition=%u", i);

        if (!fetch(sf, query, out, &is_running, error))
            return FALSE;
        if (out->rows != NULL && out->rows->len > MAX_ROWS)
            break;
    }
    if (out->n_partitions <= MAX_PARTITIONS && (out->rows == NULL || out->rows->len <= MAX_ROWS))
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT, "the result of a statement is too large");
    return FALSE;
}

gboolean ak_snowflake_sql_number(const AkSnowflakeResult *result, guint row, guint column,
                                 guint64 *out, GError **error)
{
    GPtrArray *cells =
        result->rows != NULL && row < result->rows->len ? result->rows->pdata[row] : NULL;
    const char *text = cells != NULL && column < cells->len ? cells->pdata[column] : NULL;

    if (text != NULL && ak_snowflake_read_offset(text, out))
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                "the result of a statement has no number in row %u, column %u", row, column);
    return FALSE;
}

static char *quoted(const char *text, const char *quote, const char *escaped)
{
    g_auto(GStrv) parts = g_strsplit(text, quote, -1);
    g_autofree char *inner = g_strjoinv(escaped, parts);

    return g_strconcat(quote, inner, quote, NULL);
}

char *ak_snowflake_sql_text(const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, "\\", -1);
    g_autofree char *inner = g_strjoinv("\\\\", parts);

    return quoted(inner, "'", "''");
}

char *ak_snowflake_sql_name(const char *name)
{
    return quoted(name, "\"", "\"\"");
}
