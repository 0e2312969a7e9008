#include "sink/snowflake.h"

#include "sink/snowflake_rows.h"
#include "sink/snowflake_scan.h"

enum {
    BATCH_EVENTS = 65536,
    BATCH_BYTES = 12 * 1024 * 1024, /* a request's plain cap, with room for the escapes */
    EVENT_BYTES = AK_SNOWFLAKE_WIRE_MAX - 64 * 1024, /* fits a request however badly it packs */
    DEFAULT_TIMEOUT_MS = 60000,
    POLL_MS = 250,
};

typedef struct {
    AkSink base;
    AkSnowflakeTarget target;
    AkSnowflake *client;
    AkSnowflakeChannel channel;
    AkSnowflakeRows rows;
    char *chain;
    GArray *batch; /* AkSnowflakeRow */
} SnowflakeSink;

void ak_snowflake_target_clear(AkSnowflakeTarget *target)
{
    g_strfreev(target->parts);
    *target = (AkSnowflakeTarget){0};
}

gboolean ak_snowflake_target_parse(const char *url, AkSnowflakeTarget *out, GError **error)
{
    static const char scheme[] = "snowflake://";
    g_auto(GStrv) parts =
        g_strsplit(g_str_has_prefix(url, scheme) ? url + strlen(scheme) : "", "/", -1);
    gboolean is_whole = g_strv_length(parts) == 4;

    for (guint i = 0; is_whole && i < 4; i++)
        is_whole = *parts[i] != '\0' && strlen(parts[i]) <= 255;
    if (!is_whole) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "the sink's URL names no table; hint: --sink "
                    "snowflake://ACCOUNT/DATABASE/SCHEMA/TABLE");
        return FALSE;
    }
    *out = (AkSnowflakeTarget){.account = parts[0],
                               .database = parts[1],
                               .schema = parts[2],
                               .table = parts[3],
                               .parts = g_steal_pointer(&parts)};
    return TRUE;
}

static AkSnowflake *connect(const AkSinkConfig *config, const AkSnowflakeTarget *target,
                            GError **error)
{
    guint timeout_ms = config->timeout_ms != 0 ? config->timeout_ms : (guint)DEFAULT_TIMEOUT_MS;
    AkSnowflakeConfig client = {
        .account = target->account,
        .host = config->snowflake_host,
        .user = config->snowflake_user,
        .key_file = config->snowflake_key_file,
        .key_file_2 = config->snowflake_key_file_2,
        .passphrase = config->snowflake_passphrase,
        .database = target->database,
        .schema = target->schema,
        .table = target->table,
        .pipe = config->snowflake_pipe,
        .role = config->snowflake_role,
        .warehouse = config->snowflake_warehouse,
        .ca_bundle = config->snowflake_ca_bundle,
        .use_offset_token = config->snowflake_use_offset_token,
        .known_errors = config->snowflake_known_errors,
        .request_timeout_ms = timeout_ms,
        .commit_timeout_ms = timeout_ms,
        .stop = config->stop,
    };

    return ak_snowflake_new(&client, error);
}

static void close_sink(AkSink *base)
{
    SnowflakeSink *sink = (SnowflakeSink *)base;

    ak_snowflake_channel_clear(&sink->channel);
    ak_snowflake_rows_clear(&sink->rows);
    ak_snowflake_free(sink->client);
    ak_snowflake_target_clear(&sink->target);
    g_array_unref(sink->batch);
    g_free(sink->chain);
    g_free(sink);
}

static AkSink *open_sink(const AkSinkConfig *config, const AkCursor *pointer, AkCursor *out_tail,
                         GError **error)
{
    SnowflakeSink *sink = g_new0(SnowflakeSink, 1);
    g_autoptr(AkSink) base = &sink->base;

    sink->base = (AkSink){.driver = &ak_sink_snowflake,
                          .max_batch_events = BATCH_EVENTS,
                          .max_batch_bytes = BATCH_BYTES,
                          .max_event_bytes = EVENT_BYTES};
    sink->batch = g_array_new(FALSE, FALSE, sizeof(AkSnowflakeRow));
    sink->chain = g_strdup(config->chain);
    if (!ak_snowflake_target_parse(config->url, &sink->target, error))
        return NULL;
    sink->client = connect(config, &sink->target, error);
    if (sink->client == NULL)
        return NULL;
    *out_tail = AK_CURSOR_START;
    ak_snowflake_channel_init(&sink->channel, sink->client, sink->chain);
    return ak_snowflake_channel_open(&sink->channel, pointer->index, &out_tail->index, error)
               ? g_steal_pointer(&base)
               : NULL;
}

/*
 * Opens the channel again when it was lost on the way. FALSE with NETWORK when rows before @first
 * went with it, which only the caller has.
 */
static gboolean recover(SnowflakeSink *sink, guint64 first, GError **error)
{
    gint64 committed;

    if (!ak_snowflake_channel_open(&sink->channel, sink->channel.committed, &committed, error))
        return FALSE;
    if (committed + 1 >= (gint64)first)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_NETWORK,
                "channel '%s' was lost with rows on their way; it goes on after index "
                "%" G_GINT64_FORMAT,
                sink->channel.name, committed);
    return FALSE;
}

static void take_batch(SnowflakeSink *sink, const AkSinkEvent *events, gsize count)
{
    g_array_set_size(sink->batch, 0);
    for (gsize i = 0; i < count; i++) {
        const AkEvent *event = &events[i].event;
        AkSnowflakeRow row = {.index = event->index,
                              .ts_usec = event->ts_usec,
                              .id = event->id,
                              .prev_hash = event->prev_hash,
                              .hash = event->hash,
                              .line = events[i].line,
                              .archive_key = ak_view_str(events[i].archive_key)};

        g_array_append_val(sink->batch, row);
    }
}

static gboolean deliver(AkSink *base, const AkSinkEvent *events, gsize count, AkSinkRef *refs,
                        GError **error)
{
    SnowflakeSink *sink = (SnowflakeSink *)base;
    guint64 first = events[0].event.index, done = 0;
    AkSnowflakeOutcome outcome = AK_SNOWFLAKE_LOST;

    take_batch(sink, events, count);
    const AkSnowflakeRow *rows = &g_array_index(sink->batch, AkSnowflakeRow, 0);
    for (;;) {
        if (done < count &&
            !ak_snowflake_rows_send(&sink->rows, &sink->channel, ak_view_str(sink->chain),
                                    rows + done, count - done, &outcome, error))
            return FALSE;
        if (done == count || outcome == AK_SNOWFLAKE_TAKEN)
            return TRUE;
        if (!recover(sink, first, error))
            return FALSE;
        done = MIN((guint64)(sink->channel.committed + 1) - first, count);
    }
}

static gboolean confirm(AkSink *base, guint wait_ms, gint64 *out_index, GError **error)
{
    SnowflakeSink *sink = (SnowflakeSink *)base;
    gint64 end = g_get_monotonic_time() + (gint64)wait_ms * 1000;
    gint64 before = sink->channel.committed, appended = sink->channel.appended;
    AkSnowflakeOutcome outcome;

    for (;;) {
        if (!ak_snowflake_channel_poll(&sink->channel, out_index, &outcome, error))
            return FALSE;
        if (outcome == AK_SNOWFLAKE_LOST) {
            if (!recover(sink, (guint64)(appended + 1), error))
                return FALSE;
            *out_index = sink->channel.committed;
        }
        if (*out_index > before || *out_index >= appended || g_get_monotonic_time() >= end)
            return TRUE;
        if (!ak_retry_wait(POLL_MS, sink->client->config.stop)) {
            g_set_error(error, AK_ERROR, AK_ERROR_CANCELLED,
                        "asked to stop while rows of channel '%s' are on their way",
                        sink->channel.name);
            return FALSE;
        }
    }
}

static gboolean scan(const AkSinkConfig *config, guint64 from_index, AkSinkRecordFunc func,
                     gpointer data, GError **error)
{
    g_auto(AkSnowflakeTarget) target = {0};
    g_autoptr(AkSnowflake) client = NULL;

    if (!ak_snowflake_target_parse(config->url, &target, error))
        return FALSE;
    client = connect(config, &target, error);
    return client != NULL &&
           ak_snowflake_scan(client, config->chain, from_index, func, data, error);
}

const AkSinkDriver ak_sink_snowflake = {
    .scheme = "snowflake",
    .open = open_sink,
    .close = close_sink,
    .deliver = deliver,
    .scan = scan,
    .confirm = confirm,
};
