#include "sink/snowflake_channel.h"

enum {
    PACE_USEC = 100 * 1000, /* the service wants at most ten requests a second of a channel */
    POLL_FIRST_MS = 100,
    POLL_MAX_MS = 2000,
    MAX_TAKEOVERS = 3,
    MAX_LATE = 3, /* openings after the commit time-out */
};

void ak_snowflake_channel_init(AkSnowflakeChannel *channel, AkSnowflake *sf, const char *chain)
{
    const AkSnowflakeConfig *config = &sf->config;
    g_autofree char *upper = g_ascii_strup(chain, -1);
    g_autofree char *own = g_strconcat(config->table, "-STREAMING", NULL);
    g_autofree char *database = g_uri_escape_string(config->database, NULL, FALSE);
    g_autofree char *schema = g_uri_escape_string(config->schema, NULL, FALSE);
    g_autofree char *pipe =
        g_uri_escape_string(config->pipe != NULL ? config->pipe : own, NULL, FALSE);

    *channel = (AkSnowflakeChannel){
        .snowflake = sf, .committed = -1, .appended = -1, .committed_before = -1};
    channel->name = g_strconcat("AUDITKEEP_", upper, NULL);
    channel->pipe_path =
        g_strdup_printf("databases/%s/schemas/%s/pipes/%s", database, schema, pipe);
}

void ak_snowflake_channel_clear(AkSnowflakeChannel *channel)
{
    g_free(channel->name);
    g_free(channel->pipe_path);
    g_free(channel->continuation);
    *channel = (AkSnowflakeChannel){0};
}

/* One request at a time, no faster than the service wants them. */
static gboolean send(AkSnowflakeChannel *channel, const AkSnowflakeCall *call,
                     AkSnowflakeReply *reply, GError **error)
{
    AkSnowflake *sf = channel->snowflake;
    gint64 early_usec = channel->next_usec - g_get_monotonic_time();

    if (early_usec > 0 && !ak_retry_wait((guint)(early_usec / 1000) + 1, sf->config.stop)) {
        g_set_error(error, AK_ERROR, AK_ERROR_CANCELLED, "cannot %s: asked to stop", call->verb);
        return FALSE;
    }
    channel->next_usec = g_get_monotonic_time() + PACE_USEC;
    if (!ak_snowflake_send(sf, call, reply, error))
        return FALSE;
    if (reply->action == AK_SNOWFLAKE_FAILOVER)
        ak_snowflake_forget_host(sf);
    return TRUE;
}

static gboolean set_gap(const AkSnowflakeChannel *channel, GError **error, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static gboolean set_gap(const AkSnowflakeChannel *channel, GError **error, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, AK_ERROR, AK_ERROR_GAP, "snowflake_gap: channel '%s' %s", channel->name,
                what);
    return FALSE;
}

static gboolean read_committed(const AkSnowflakeChannel *channel, const AkSnowflakeStatus *status,
                               gint64 *out, GError **error)
{
    guint64 index;

    *out = -1;
    if (status->committed == NULL)
        return TRUE;
    if (!ak_snowflake_read_offset(status->committed, &index)) {
        g_autofree char *safe = ak_http_printable(status->committed);

        return set_gap(channel, error,
                       "stands at the offset token '%s', which is no index of a chain; hint: "
                       "another program writes to it",
                       safe);
    }
    *out = (gint64)index;
    return TRUE;
}

/* A row that does not fit the table is dropped, and the token moves on all the same. */
static gboolean set_dropped(const AkSnowflakeChannel *channel, const AkSnowflakeStatus *status,
                            guint64 before, GError **error)
{
    g_autofree char *upper =
        ak_http_printable(status->last_error_upper != NULL ? status->last_error_upper : "?");

    return set_gap(channel, error,
                   "dropped %" G_GUINT64_FORMAT " rows, the last one at or before index %s; hint: "
                   "compare the table with 'auditkeep snowflake ddl', then load what is missing",
                   status->rows_errors - before, upper);
}

/* Takes what the server says into the books. */
static gboolean observe(AkSnowflakeChannel *channel, const AkSnowflakeStatus *status,
                        GError **error)
{
    gint64 committed;

    if (!read_committed(channel, status, &committed, error))
        return FALSE;
    if (status->rows_errors > channel->rows_errors)
        return set_dropped(channel, status, channel->rows_errors, error);
    if (committed < channel->committed)
        return set_gap(channel, error,
                       "went back from index %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT
                       "; hint: was the table or the channel made anew?",
                       channel->committed, committed);
    channel->committed = committed;
    return TRUE;
}

static gboolean get_status(AkSnowflakeChannel *channel, AkSnowflakeReply *reply,
                           gboolean *out_is_known, AkSnowflakeStatus *out, GError **error)
{
    g_autofree char *verb = g_strdup_printf("ask how channel '%s' stands", channel->name);
    g_autofree char *path =
        g_strdup_printf("/v2/streaming/%s:bulk-channel-status", channel->pipe_path);
    g_autofree char *body = g_strdup_printf("{\"channel_names\":[\"%s\"]}", channel->name);
    AkSnowflakeCall call = {.verb = verb,
                            .method = "POST",
                            .path = path,
                            .content_type = "application/json",
                            .body = ak_view_str(body),
                            .is_ingest = TRUE};

    *out_is_known = FALSE;
    if (!send(channel, &call, reply, error))
        return FALSE;
    if (reply->action == AK_SNOWFLAKE_REOPEN || reply->action == AK_SNOWFLAKE_FAILOVER)
        return TRUE;
    if (reply->action != AK_SNOWFLAKE_DONE) {
        ak_snowflake_set_error(&call, reply, error);
        return FALSE;
    }
    if (ak_snowflake_read_statuses(ak_buf_view(&reply->http.body), channel->name, out_is_known, out,
                                   error))
        return TRUE;
    g_prefix_error(error, "cannot %s: ", verb);
    return FALSE;
}

gboolean ak_snowflake_channel_poll(AkSnowflakeChannel *channel, gint64 *out_committed,
                                   AkSnowflakeOutcome *out, GError **error)
{
    g_auto(AkSnowflakeReply) reply = {0};
    g_auto(AkSnowflakeStatus) status = {0};
    gboolean is_known;

    *out = AK_SNOWFLAKE_TAKEN;
    if (!get_status(channel, &reply, &is_known, &status, error))
        return FALSE;
    if (is_known && !observe(channel, &status, error))
        return FALSE;
    /* An idle channel reports nowhere else that it is invalid. */
    if (!is_known || (status.code != NULL && g_ascii_strcasecmp(status.code, "ACTIVE") != 0))
        *out = AK_SNOWFLAKE_LOST;
    *out_committed = channel->committed;
    return TRUE;
}

/* Waits until all that was handed over is in the table, or the commit time-out is over. */
static gboolean settle(AkSnowflakeChannel *channel, GError **error)
{
    AkSnowflake *sf = channel->snowflake;
    gint64 end = g_get_monotonic_time() + (gint64)sf->config.commit_timeout_ms * 1000;
    guint ms = POLL_FIRST_MS;

    while (channel->committed < channel->appended) {
        g_auto(AkSnowflakeReply) reply = {0};
        g_auto(AkSnowflakeStatus) status = {0};
        gboolean is_known;

        if (!get_status(channel, &reply, &is_known, &status, error))
            return FALSE;
        if (!is_known)
            return TRUE;
        if (!observe(channel, &status, error))
            return FALSE;
        if (channel->committed >= channel->appended || g_get_monotonic_time() >= end)
            return TRUE;
        if (!ak_retry_wait(ms, sf->config.stop)) {
            g_set_error(error, AK_ERROR, AK_ERROR_CANCELLED,
                        "asked to stop while rows of channel '%s' are on their way", channel->name);
            return FALSE;
        }
        ms = MIN(ms * 2, POLL_MAX_MS);
    }
    return TRUE;
}

static gboolean open_once(AkSnowflakeChannel *channel, gboolean keeps_uncommitted,
                          AkSnowflakeReply *reply, AkSnowflakeStatus *status, GError **error)
{
    g_autofree char *verb = g_strdup_printf("open channel '%s'", channel->name);
    g_autofree char *id = g_uuid_string_random();
    g_autofree char *path = g_strdup_printf("/v2/streaming/%s/channels/%s?requestId=%s",
                                            channel->pipe_path, channel->name, id);
    AkSnowflakeCall call = {.verb = verb,
                            .method = "PUT",
                            .path = path,
                            .content_type = "application/json",
                            .body = keeps_uncommitted
                                        ? AK_VIEW("{\"fail_on_uncommitted_rows\":true}")
                                        : AK_VIEW("{\"fail_on_uncommitted_rows\":false}"),
                            .is_ingest = TRUE};

    g_clear_pointer(&channel->continuation, g_free);
    if (!send(channel, &call, reply, error))
        return FALSE;
    if (reply->action == AK_SNOWFLAKE_UNCOMMITTED || reply->action == AK_SNOWFLAKE_FAILOVER ||
        reply->action == AK_SNOWFLAKE_REOPEN)
        return TRUE;
    if (reply->action != AK_SNOWFLAKE_DONE) {
        ak_snowflake_set_error(&call, reply, error);
        return FALSE;
    }
    if (ak_snowflake_read_open(ak_buf_view(&reply->http.body), &channel->continuation, status,
                               error))
        return TRUE;
    g_prefix_error(error, "cannot %s: ", verb);
    return FALSE;
}

/* Until the server opens it. Rows of ours that are on their way there are given their time. */
static gboolean open_patiently(AkSnowflakeChannel *channel, AkSnowflakeStatus *status,
                               GError **error)
{
    AkSnowflake *sf = channel->snowflake;
    gint64 end = g_get_monotonic_time() + (gint64)sf->config.commit_timeout_ms * 1000;
    guint ms = POLL_FIRST_MS;

    for (guint late = 0; late < MAX_LATE;) {
        g_auto(AkSnowflakeReply) reply = {0};
        /* Then it is safe to drop what is not committed: every row is still at the source. */
        gboolean is_late = g_get_monotonic_time() >= end;

        if (!open_once(channel, !is_late, &reply, status, error))
            return FALSE;
        if (channel->continuation != NULL)
            return TRUE;
        late += is_late;
        if (!ak_retry_wait(ms, sf->config.stop)) {
            g_set_error(error, AK_ERROR, AK_ERROR_CANCELLED,
                        "asked to stop while channel '%s' opens", channel->name);
            return FALSE;
        }
        ms = MIN(ms * 2, POLL_MAX_MS);
    }
    g_set_error(error, AK_ERROR, AK_ERROR_BUSY,
                "channel '%s' does not open: the server goes on saying that rows are on their way "
                "or that the pipe has moved",
                channel->name);
    return FALSE;
}

/* Somebody opened it after us; once may be a process that is on its way out. */
static gboolean count_takeover(AkSnowflakeChannel *channel, GError **error)
{
    if (!channel->is_taken || channel->committed > channel->committed_before)
        channel->takeovers = 0;
    channel->takeovers += channel->is_taken;
    channel->is_taken = FALSE;
    channel->committed_before = channel->committed;
    if (channel->takeovers <= MAX_TAKEOVERS)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_FENCED,
                "channel '%s' is taken from us again and again; hint: another program writes to it",
                channel->name);
    return FALSE;
}

/* What was dropped since we looked last, also by an earlier process. */
static gboolean check_errors(AkSnowflakeChannel *channel, const AkSnowflakeStatus *status,
                             gint64 pointer, gboolean is_first, GError **error)
{
    guint64 upper;

    guint64 known = channel->snowflake->config.known_errors;

    if (!is_first || status->rows_errors <= known)
        return TRUE;
    if (status->last_error_upper != NULL &&
        ak_snowflake_read_offset(status->last_error_upper, &upper) && (gint64)upper <= pointer)
        return TRUE;
    return pointer < 0 || status->last_error_upper != NULL
               ? set_dropped(channel, status, known, error)
               : TRUE;
}

gboolean ak_snowflake_channel_open(AkSnowflakeChannel *channel, gint64 pointer,
                                   gint64 *out_committed, GError **error)
{
    g_auto(AkSnowflakeStatus) status = {0};
    gboolean is_first = !channel->was_open;

    if (!is_first && (!settle(channel, error) || !count_takeover(channel, error)))
        return FALSE;
    g_clear_pointer(&channel->continuation, g_free);
    if (!open_patiently(channel, &status, error))
        return FALSE;
    if (!check_errors(channel, &status, pointer, is_first, error))
        return FALSE;
    if (is_first)
        channel->rows_errors = status.rows_errors;
    if (!observe(channel, &status, error))
        return FALSE;
    channel->was_open = TRUE;
    channel->appended = channel->committed;
    *out_committed = channel->committed;
    return TRUE;
}

/* The query of an append, in the spelling that was chosen. */
static char *append_query(const AkSnowflakeChannel *channel, guint64 first, guint64 last)
{
    g_autofree char *token = g_uri_escape_string(channel->continuation, NULL, FALSE);
    g_autofree char *id = g_uuid_string_random();

    if (channel->snowflake->config.use_offset_token)
        return g_strdup_printf(
            "continuationToken=%s&offsetToken=%" G_GUINT64_FORMAT "&requestId=%s", token, last, id);
    return g_strdup_printf("continuationToken=%s&startOffsetToken=%" G_GUINT64_FORMAT
                           "&endOffsetToken=%" G_GUINT64_FORMAT "&requestId=%s",
                           token, first, last, id);
}

static gboolean take_append(AkSnowflakeChannel *channel, const AkSnowflakeCall *call,
                            const AkSnowflakeReply *reply, guint64 last, AkSnowflakeOutcome *out,
                            GError **error)
{
    g_autofree char *next = NULL;

    switch (reply->action) {
    case AK_SNOWFLAKE_SMALLER:
        *out = AK_SNOWFLAKE_TOO_LARGE;
        return TRUE;
    case AK_SNOWFLAKE_DONE:
        /* An answer that cannot be read leaves us without a token: as good as none. */
        next = ak_snowflake_read_append(ak_buf_view(&reply->http.body), NULL);
        channel->appended = (gint64)last;
        *out = next != NULL ? AK_SNOWFLAKE_TAKEN : AK_SNOWFLAKE_LOST;
        g_free(channel->continuation);
        channel->continuation = g_steal_pointer(&next);
        return TRUE;
    case AK_SNOWFLAKE_UNSURE:
        channel->appended = (gint64)last;
        *out = AK_SNOWFLAKE_LOST;
        return TRUE;
    case AK_SNOWFLAKE_REOPEN:
    case AK_SNOWFLAKE_FAILOVER:
        channel->is_taken = reply->code != NULL && strstr(reply->code, "_SEQUENCER") != NULL;
        *out = AK_SNOWFLAKE_LOST;
        return TRUE;
    case AK_SNOWFLAKE_AGAIN:
    case AK_SNOWFLAKE_UNCOMMITTED:
    case AK_SNOWFLAKE_REAUTH:
    case AK_SNOWFLAKE_REFUSED:
    default:
        ak_snowflake_set_error(call, reply, error);
        return FALSE;
    }
}

gboolean ak_snowflake_channel_append(AkSnowflakeChannel *channel, guint64 first, guint64 last,
                                     AkView body, AkSnowflakeOutcome *out, GError **error)
{
    g_autofree char *verb = g_strdup_printf("append to channel '%s'", channel->name);
    g_auto(AkSnowflakeReply) reply = {0};

    *out = AK_SNOWFLAKE_LOST;
    if (channel->continuation == NULL)
        return TRUE;
    g_autofree char *query = append_query(channel, first, last);
    g_autofree char *path = g_strdup_printf("/v2/streaming/data/%s/channels/%s/rows?%s",
                                            channel->pipe_path, channel->name, query);
    AkSnowflakeCall call = {.verb = verb,
                            .method = "POST",
                            .path = path,
                            .content_type = "application/x-ndjson",
                            .content_encoding = "zstd",
                            .body = body,
                            .is_ingest = TRUE,
                            .is_once_only = TRUE};
    return send(channel, &call, &reply, error) &&
           take_append(channel, &call, &reply, last, out, error);
}

gboolean ak_snowflake_channel_drop(AkSnowflakeChannel *channel, GError **error)
{
    g_autofree char *verb = g_strdup_printf("drop channel '%s'", channel->name);
    g_autofree char *path =
        g_strdup_printf("/v2/streaming/%s/channels/%s", channel->pipe_path, channel->name);
    AkSnowflakeCall call = {.verb = verb, .method = "DELETE", .path = path, .is_ingest = TRUE};
    g_auto(AkSnowflakeReply) reply = {0};

    if (!send(channel, &call, &reply, error))
        return FALSE;
    if (reply.action == AK_SNOWFLAKE_DONE)
        return TRUE;
    ak_snowflake_set_error(&call, &reply, error);
    return FALSE;
}
