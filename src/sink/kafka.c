#include "sink/kafka_record.h"
#include "sink/sink.h"

enum { BATCH_EVENTS = 10000, BATCH_BYTES = 16 << 20, TIMEOUT_MS = 60000, FIXED_BYTES = 4096 };

/* The driver's handle, and what scan() needs of it. */
typedef struct {
    AkSink base;
    AkKafkaConfig *config;
    char *brokers; /* NULL: as the configuration says */
    char *topic;
    AkKafkaPlace place;
    AkKafkaStyle style;
    AkKafkaProducer *producer;
    AkBuf values; /* of one batch */
    GArray *records, *receipts;
} Kafka;

static void kafka_close(AkSink *sink)
{
    Kafka *kafka = (Kafka *)sink;

    ak_kafka_producer_close(kafka->producer);
    ak_kafka_config_free(kafka->config);
    g_free(kafka->brokers);
    g_free(kafka->topic);
    ak_buf_clear(&kafka->values);
    g_clear_pointer(&kafka->records, g_array_unref);
    g_clear_pointer(&kafka->receipts, g_array_unref);
    g_free(kafka);
}

static void free_kafka(Kafka *kafka)
{
    kafka_close(&kafka->base);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Kafka, free_kafka)

/* Kafka's rule for names of topics. */
static gboolean is_topic(const char *name)
{
    gsize len = strspn(name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._-");

    return len > 0 && len < 250 && name[len] == '\0' && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0;
}

/* kafka://BROKERS/TOPIC or kafka:TOPIC */
static gboolean parse_url(Kafka *kafka, const char *url, GError **error)
{
    const char *rest = strchr(url, ':') + 1;

    if (g_str_has_prefix(rest, "//")) {
        const char *slash = strchr(rest + 2, '/');

        if (slash != NULL && slash > rest + 2)
            kafka->brokers = g_strndup(rest + 2, (gsize)(slash - rest) - 2);
        rest = slash != NULL ? slash + 1 : "";
    }
    kafka->topic = g_strdup(rest);
    if (is_topic(rest))
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                "the sink's URL names no Kafka topic; hint: kafka://HOST:PORT[,HOST:PORT]/TOPIC, "
                "or kafka:TOPIC and 'bootstrap.servers' in --kafka-config");
    return FALSE;
}

static Kafka *configure(const AkSinkConfig *config, GError **error)
{
    g_autoptr(Kafka) kafka = g_new0(Kafka, 1);
    const char *format = config->kafka_format != NULL ? config->kafka_format : "binary";

    kafka->config = ak_kafka_config_new();
    if (!parse_url(kafka, config->url, error) ||
        (config->kafka_config != NULL &&
         !ak_kafka_config_load(kafka->config, config->kafka_config, error)))
        return NULL;
    if (!ak_kafka_format_from_name(format, &kafka->style.format)) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "no Kafka format '%s'; hint: binary, structured or plain", format);
        return NULL;
    }
    kafka->style.chain = config->chain;
    kafka->style.source = config->kafka_source != NULL ? config->kafka_source : "auditkeep";
    kafka->place = (AkKafkaPlace){
        .config = kafka->config,
        .brokers = kafka->brokers,
        .topic = kafka->topic,
        .partition = ak_kafka_config_partition(kafka->config, config->chain),
        .timeout_ms = config->timeout_ms != 0 ? config->timeout_ms : TIMEOUT_MS,
        .stop = config->stop,
    };
    return g_steal_pointer(&kafka);
}

/* Events of another chain are as foreign as anything else. */
static AkSinkRecord as_sink_record(const Kafka *kafka, const AkKafkaRecord *record)
{
    AkSinkRecord out = {.place = (guint64)record->offset};

    if (!record->is_event || !ak_view_equal(record->chain, ak_view_str(kafka->style.chain)))
        return out;
    out.is_event = TRUE;
    out.index = (guint64)record->index;
    out.id = record->id;
    out.hash = record->hash;
    return out;
}

/* ---- open ---- */

typedef struct {
    const Kafka *kafka;
    AkCursor *tail;
} TailOf;

static gboolean note_tail(const AkKafkaRecord *record, gpointer data, GError **error)
{
    TailOf *of = data;
    AkSinkRecord found = as_sink_record(of->kafka, record);

    if (!found.is_event || found.id.len >= sizeof of->tail->id ||
        found.hash.len >= sizeof of->tail->hash) {
        g_set_error(error, AK_ERROR, AK_ERROR_GAP,
                    "partition %d of topic '%s' ends, at offset %" G_GINT64_FORMAT
                    ", with what is no event of chain '%s': somebody else writes there; hint: "
                    "auditkeep verify --what kafka; give the chain a partition of its own",
                    of->kafka->place.partition, of->kafka->topic, record->offset,
                    of->kafka->style.chain);
        return FALSE;
    }
    of->tail->index = record->index;
    (void)g_strlcpy(of->tail->id, found.id.data, found.id.len + 1);
    (void)g_strlcpy(of->tail->hash, found.hash.data, found.hash.len + 1);
    return TRUE;
}

/* Compaction keeps one record of a key: it would delete the chain but for its last event. */
static gboolean check_topic(const Kafka *kafka, const AkKafkaTopic *topic, GError **error)
{
    if (!topic->is_compacted)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                "topic '%s' is compacted: it would keep the last event only; hint: set "
                "cleanup.policy=delete and retention.ms=-1 on the topic",
                kafka->topic);
    return FALSE;
}

static void set_limits(Kafka *kafka)
{
    gsize max_bytes = ak_kafka_producer_max_bytes(kafka->producer);
    gsize fixed = FIXED_BYTES + 4 * strlen(kafka->style.source);

    kafka->style.max_bytes = max_bytes;
    kafka->base.caps = AK_SINK_KNOWS_HASH | AK_SINK_HAS_REFS;
    kafka->base.max_batch_events = BATCH_EVENTS;
    kafka->base.max_batch_bytes = BATCH_BYTES;
    /* headers and format may double what is in the line, an event type of any length with it */
    kafka->base.max_event_bytes = max_bytes > 2 * fixed ? (max_bytes - fixed) / 2 : 1;
}

static AkSink *kafka_open(const AkSinkConfig *config, const AkCursor *pointer, AkCursor *out_tail,
                          GError **error)
{
    g_autoptr(Kafka) kafka = configure(config, error);
    g_autoptr(AkKafkaReader) reader = NULL;
    AkKafkaTopic topic;
    TailOf of = {kafka, out_tail};
    gboolean found;

    if (kafka == NULL)
        return NULL;
    reader = ak_kafka_reader_open(&kafka->place, error);
    if (reader == NULL)
        return NULL;
    ak_kafka_reader_topic(reader, &topic);
    if (!check_topic(kafka, &topic, error))
        return NULL;
    kafka->producer = ak_kafka_producer_open(&kafka->place, topic.max_message_bytes, error);
    if (kafka->producer == NULL)
        return NULL;
    /* only now: the producer's predecessors can write no more */
    *out_tail = AK_CURSOR_START;
    if (!ak_kafka_reader_tail(reader, note_tail, &of, &found, error))
        return NULL;
    set_limits(kafka);
    kafka->base.driver = &ak_sink_kafka;
    kafka->records = g_array_new(FALSE, FALSE, sizeof(AkKafkaOutgoing));
    kafka->receipts = g_array_new(FALSE, FALSE, sizeof(AkKafkaReceipt));
    return &g_steal_pointer(&kafka)->base;
}

/* ---- deliver ---- */

static void drop_headers(GArray *records)
{
    for (guint i = 0; i < records->len; i++) {
        AkKafkaOutgoing *record = &g_array_index(records, AkKafkaOutgoing, i);

        g_clear_pointer(&record->headers, rd_kafka_headers_destroy);
    }
}

/* The values lie one after the other in a buffer that grows: first lengths, then places. */
static gboolean make_records(Kafka *kafka, const AkSinkEvent *events, gsize count, GError **error)
{
    gsize at = 0;

    ak_buf_truncate(&kafka->values, 0);
    g_array_set_size(kafka->records, 0);
    for (gsize i = 0; i < count; i++) {
        AkKafkaOutgoing record = {.key = ak_kafka_record_key(&kafka->style, &events[i].event)};
        gsize start = kafka->values.len;

        if (!ak_kafka_record_write(&kafka->style, &events[i].event, events[i].line,
                                   events[i].archive_key, &kafka->values, &record.headers, error))
            return FALSE;
        record.value.len = kafka->values.len - start;
        g_array_append_val(kafka->records, record);
    }
    for (gsize i = 0; i < count; i++) {
        AkKafkaOutgoing *record = &g_array_index(kafka->records, AkKafkaOutgoing, i);

        record->value.data = kafka->values.data + at;
        at += record->value.len;
    }
    return TRUE;
}

static gboolean kafka_deliver(AkSink *sink, const AkSinkEvent *events, gsize count, AkSinkRef *refs,
                              GError **error)
{
    Kafka *kafka = (Kafka *)sink;
    AkKafkaReceipt *receipts;

    if (!make_records(kafka, events, count, error)) {
        drop_headers(kafka->records);
        return FALSE;
    }
    g_array_set_size(kafka->receipts, (guint)count);
    receipts = (AkKafkaReceipt *)(gpointer)kafka->receipts->data;
    if (!ak_kafka_producer_send(kafka->producer, (AkKafkaOutgoing *)(gpointer)kafka->records->data,
                                count, receipts, error))
        return FALSE;
    for (gsize i = 0; i < count; i++)
        refs[i] =
            (AkSinkRef){kafka->place.partition, receipts[i].offset, receipts[i].produced_usec};
    return TRUE;
}

/* ---- scan ---- */

typedef struct {
    const Kafka *kafka;
    AkSinkRecordFunc func;
    gpointer data;
} Scan;

static gboolean pass_on(const AkKafkaRecord *record, gpointer data, GError **error)
{
    const Scan *scan = data;
    AkSinkRecord out = as_sink_record(scan->kafka, record);

    return scan->func(&out, scan->data, error);
}

static gboolean kafka_scan(const AkSinkConfig *config, guint64 from_index, AkSinkRecordFunc func,
                           gpointer data, GError **error)
{
    g_autoptr(Kafka) kafka = configure(config, error);
    g_autoptr(AkKafkaReader) reader = NULL;
    Scan scan = {kafka, func, data};

    if (kafka == NULL)
        return FALSE;
    reader = ak_kafka_reader_open(&kafka->place, error);
    return reader != NULL && ak_kafka_reader_scan(reader, pass_on, &scan, error);
}

const AkSinkDriver ak_sink_kafka = {
    .scheme = "kafka",
    .open = kafka_open,
    .close = kafka_close,
    .deliver = kafka_deliver,
    .scan = kafka_scan,
};
