#include "sink/kafka_reader.h"

#include "util/stop.h"

enum { SLICE_MS = 200, METADATA_MS = 1000, TAIL_RECORDS = 16 };

struct AkKafkaReader {
    const AkKafkaPlace *place;
    AkKafkaClient *client;
};

static gboolean cancelled(const AkKafkaPlace *place, GError **error)
{
    if (!ak_is_stopped(place->stop))
        return FALSE;
    g_set_error(error, AK_ERROR, AK_ERROR_CANCELLED, "reading topic '%s': asked to stop",
                place->topic);
    return TRUE;
}

static gboolean fail(AkKafkaReader *reader, rd_kafka_resp_err_t err, GError **error)
{
    return ak_kafka_client_fail(reader->client, err, "could not read topic", reader->place->topic,
                                error);
}

/* Does it pass by itself? A broker that starts, a leader that is being chosen. */
static gboolean may_pass(AkKafkaReader *reader, rd_kafka_resp_err_t err)
{
    AkErrorCode code = ak_kafka_error_code(err);

    ak_kafka_client_listen(reader->client);
    if (reader->client->complaint != 0 &&
        !ak_error_class((int)ak_kafka_error_code(reader->client->complaint))->is_retryable)
        return FALSE;
    return ak_error_class((int)code)->is_retryable;
}

static rd_kafka_resp_err_t look(AkKafkaReader *reader, rd_kafka_topic_t *topic, int *out_partitions)
{
    g_autoptr(AkKafkaMetadata) metadata = NULL;
    rd_kafka_resp_err_t err =
        rd_kafka_metadata(reader->client->kafka, 0, topic, &metadata, METADATA_MS);

    if (err == 0 && metadata->topic_cnt != 1)
        err = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    if (err == 0)
        err = metadata->topics[0].err;
    if (err == 0)
        *out_partitions = metadata->topics[0].partition_cnt;
    return err;
}

static gboolean find_partition(AkKafkaReader *reader, GError **error)
{
    const AkKafkaPlace *place = reader->place;
    g_autoptr(rd_kafka_topic_t) topic =
        rd_kafka_topic_new(reader->client->kafka, place->topic, NULL);
    gint64 end = g_get_monotonic_time() + place->timeout_ms * G_GINT64_CONSTANT(1000);
    rd_kafka_resp_err_t err;
    int partitions = 0;

    while ((err = look(reader, topic, &partitions)) != 0) {
        if (cancelled(place, error))
            return FALSE;
        if (!may_pass(reader, err) || g_get_monotonic_time() > end)
            return fail(reader, err, error);
        if (err != RD_KAFKA_RESP_ERR__TIMED_OUT)
            g_usleep(SLICE_MS * 1000);
    }
    if (place->partition < partitions)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                "topic '%s' has no partition %d: it has %d; hint: add partitions, or correct "
                "'partition.CHAIN' in --kafka-config",
                place->topic, place->partition, partitions);
    return FALSE;
}

AkKafkaReader *ak_kafka_reader_open(const AkKafkaPlace *place, GError **error)
{
    g_autoptr(AkKafkaReader) reader = g_new0(AkKafkaReader, 1);
    rd_kafka_conf_t *conf = ak_kafka_config_consumer(place->config, place->brokers, error);

    reader->place = place;
    if (conf == NULL)
        return NULL;
    reader->client = ak_kafka_client_new(RD_KAFKA_CONSUMER, conf, NULL, error);
    if (reader->client == NULL || !find_partition(reader, error))
        return NULL;
    return g_steal_pointer(&reader);
}

void ak_kafka_reader_close(AkKafkaReader *reader)
{
    if (reader == NULL)
        return;
    ak_kafka_client_free(reader->client);
    g_free(reader);
}

static void note_setting(const rd_kafka_ConfigEntry_t *entry, AkKafkaTopic *out)
{
    const char *name = rd_kafka_ConfigEntry_name(entry);
    const char *value = rd_kafka_ConfigEntry_value(entry);

    if (value == NULL)
        return;
    if (strcmp(name, "max.message.bytes") == 0)
        out->max_message_bytes = g_ascii_strtoull(value, NULL, 10);
    else if (strcmp(name, "cleanup.policy") == 0)
        out->is_compacted = strstr(value, "compact") != NULL;
}

void ak_kafka_reader_topic(AkKafkaReader *reader, AkKafkaTopic *out)
{
    rd_kafka_t *kafka = reader->client->kafka;
    rd_kafka_queue_t *queue = rd_kafka_queue_new(kafka);
    rd_kafka_ConfigResource_t *resource =
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, reader->place->topic);
    rd_kafka_event_t *event;
    size_t count = 0, entries = 0;
    const rd_kafka_ConfigResource_t **found;
    const rd_kafka_ConfigEntry_t **settings;

    *out = (AkKafkaTopic){0};
    rd_kafka_DescribeConfigs(kafka, &resource, 1, NULL, queue);
    event = rd_kafka_queue_poll(queue, (int)reader->place->timeout_ms);
    if (event != NULL && rd_kafka_event_error(event) == 0) {
        found = rd_kafka_DescribeConfigs_result_resources(
            rd_kafka_event_DescribeConfigs_result(event), &count);
        settings = count == 1 ? rd_kafka_ConfigResource_configs(found[0], &entries) : NULL;
        for (size_t i = 0; i < entries; i++)
            note_setting(settings[i], out);
    }
    if (event != NULL)
        rd_kafka_event_destroy(event);
    rd_kafka_ConfigResource_destroy(resource);
    rd_kafka_queue_destroy(queue);
}

/* ---- records ---- */

/* The value of our header @name: ce_ in CloudEvents' binary mode, else ak_. */
static AkView header(const rd_kafka_headers_t *headers, const char *name)
{
    static const char *const prefixes[] = {"ce_", "ak_"};

    for (gsize i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        g_autofree char *full = g_strconcat(prefixes[i], name, NULL);
        const void *value;
        size_t len;

        if (rd_kafka_header_get_last(headers, full, &value, &len) == 0 && value != NULL)
            return ak_view(value, len);
    }
    return AK_VIEW_NULL;
}

static gboolean read_index(AkView text, gint64 *out)
{
    char digits[24];
    guint64 value;

    if (text.data == NULL || text.len >= sizeof digits)
        return FALSE;
    memcpy(digits, text.data, text.len);
    digits[text.len] = '\0';
    if (!g_ascii_string_to_unsigned(digits, 10, 0, G_MAXINT64, &value, NULL))
        return FALSE;
    *out = (gint64)value;
    return TRUE;
}

static AkKafkaRecord as_record(const rd_kafka_message_t *message)
{
    AkKafkaRecord record = {.offset = message->offset,
                            .value = ak_view(message->payload, message->len)};
    rd_kafka_headers_t *headers = NULL;

    if (rd_kafka_message_headers(message, &headers) != 0)
        return record;
    record.chain = header(headers, "chain");
    record.id = header(headers, "id");
    record.hash = header(headers, "hash");
    record.is_event = record.chain.data != NULL && record.id.data != NULL &&
                      record.hash.data != NULL &&
                      read_index(header(headers, "index"), &record.index);
    return record;
}

/* ---- reading ---- */

static gboolean assign(AkKafkaReader *reader, gint64 from, GError **error)
{
    g_autoptr(rd_kafka_topic_partition_list_t) list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_resp_err_t err;

    rd_kafka_topic_partition_list_add(list, reader->place->topic, reader->place->partition)
        ->offset = from;
    err = rd_kafka_assign(reader->client->kafka, list);
    return err == 0 || fail(reader, err, error);
}

/* The next record, or NULL: the end (*out_end) or an error. Waits while the broker is away. */
static rd_kafka_message_t *next(AkKafkaReader *reader, gboolean *out_end, GError **error)
{
    gint64 end = g_get_monotonic_time() + reader->place->timeout_ms * G_GINT64_CONSTANT(1000);

    *out_end = FALSE;
    for (;;) {
        g_autoptr(rd_kafka_message_t) message =
            rd_kafka_consumer_poll(reader->client->kafka, SLICE_MS);
        rd_kafka_resp_err_t err = message != NULL ? message->err : RD_KAFKA_RESP_ERR__TIMED_OUT;

        if (err == 0)
            return g_steal_pointer(&message);
        *out_end = err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
        if (*out_end || cancelled(reader->place, error))
            return NULL;
        if (!may_pass(reader, err) || g_get_monotonic_time() > end) {
            (void)fail(reader, err, error);
            return NULL;
        }
    }
}

/*
 * Records from @from to the end; FALSE when @func had enough, or with an error. @func NULL: only
 * *out_last is wanted, NULL when there is none.
 */
static gboolean read_from(AkKafkaReader *reader, gint64 from, AkKafkaRecordFunc func, gpointer data,
                          rd_kafka_message_t **out_last, GError **error)
{
    g_autoptr(rd_kafka_message_t) last = NULL;
    gboolean at_end = FALSE, goes_on;

    if (!assign(reader, from, error))
        return FALSE;
    do {
        g_autoptr(rd_kafka_message_t) message = next(reader, &at_end, error);

        goes_on = message != NULL;
        if (goes_on && func != NULL) {
            AkKafkaRecord record = as_record(message);

            goes_on = func(&record, data, error);
        } else if (goes_on) {
            g_clear_pointer(&last, rd_kafka_message_destroy);
            last = g_steal_pointer(&message);
        }
    } while (goes_on);
    (void)rd_kafka_assign(reader->client->kafka, NULL);
    if (out_last != NULL)
        *out_last = g_steal_pointer(&last);
    return at_end;
}

gboolean ak_kafka_reader_scan(AkKafkaReader *reader, AkKafkaRecordFunc func, gpointer data,
                              GError **error)
{
    return read_from(reader, RD_KAFKA_OFFSET_BEGINNING, func, data, NULL, error);
}

static gboolean bounds(AkKafkaReader *reader, gint64 *out_low, gint64 *out_high, GError **error)
{
    const AkKafkaPlace *place = reader->place;
    gint64 end = g_get_monotonic_time() + place->timeout_ms * G_GINT64_CONSTANT(1000);
    rd_kafka_resp_err_t err;

    while ((err = rd_kafka_query_watermark_offsets(reader->client->kafka, place->topic,
                                                   place->partition, out_low, out_high,
                                                   METADATA_MS)) != 0) {
        if (cancelled(place, error))
            return FALSE;
        if (!may_pass(reader, err) || g_get_monotonic_time() > end)
            return fail(reader, err, error);
        if (err != RD_KAFKA_RESP_ERR__TIMED_OUT)
            g_usleep(SLICE_MS * 1000);
    }
    return TRUE;
}

gboolean ak_kafka_reader_tail(AkKafkaReader *reader, AkKafkaRecordFunc func, gpointer data,
                              gboolean *out_found, GError **error)
{
    g_autoptr(rd_kafka_message_t) last = NULL;
    gint64 low = 0, high = 0;

    *out_found = FALSE;
    if (!bounds(reader, &low, &high, error))
        return FALSE;
    /* marks of transactions take offsets too: look back until there is a record */
    for (gint64 back = TAIL_RECORDS; last == NULL && low < high; back *= 4) {
        if (!read_from(reader, MAX(low, high - back), NULL, NULL, &last, error))
            return FALSE;
        if (high - back <= low)
            break;
    }
    *out_found = last != NULL;
    if (last != NULL) {
        AkKafkaRecord record = as_record(last);

        return func(&record, data, error);
    }
    return TRUE;
}
