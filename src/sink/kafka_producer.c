#include "sink/kafka_producer.h"

#include "util/stop.h"
#include "util/time.h"

enum {
    SLICE_MS = 500,
    ABORT_MS = 2000,
    STOP_MS = 5000,     /* a commit under way gets that long when we are asked to stop */
    POLL_RECORDS = 256, /* records between two looks at delivery reports */
    FRAME_BYTES = 256   /* what a batch of one record adds to it */
};

struct AkKafkaProducer {
    const AkKafkaPlace *place;
    AkKafkaClient *client;
    rd_kafka_topic_t *topic;
    gsize max_bytes;
};

static gint64 deadline(guint ms)
{
    return g_get_monotonic_time() + ms * G_GINT64_CONSTANT(1000);
}

static void on_delivery(rd_kafka_t *kafka, const rd_kafka_message_t *message, void *opaque)
{
    AkKafkaReceipt *receipt = message->_private;

    receipt->err = message->err;
    receipt->offset = message->offset;
    receipt->produced_usec = rd_kafka_message_timestamp(message, NULL) * G_GINT64_CONSTANT(1000);
}

static gsize read_size(const rd_kafka_conf_t *conf, const char *name)
{
    char text[32] = "";
    size_t size = sizeof text;

    (void)rd_kafka_conf_get(conf, name, text, &size);
    return g_ascii_strtoull(text, NULL, 10);
}

/* A batch is never beyond what the topic takes: half of it leaves room for what cannot shrink. */
static gsize limit_sizes(rd_kafka_conf_t *conf, gsize topic_bytes)
{
    gsize max_bytes = read_size(conf, "message.max.bytes");

    if (topic_bytes != 0 && topic_bytes < max_bytes)
        max_bytes = topic_bytes;
    if (read_size(conf, "batch.size") > max_bytes / 2) {
        g_autofree char *half = g_strdup_printf("%" G_GSIZE_FORMAT, MAX(max_bytes / 2, 1));

        (void)rd_kafka_conf_set(conf, "batch.size", half, NULL, 0);
    }
    return max_bytes > FRAME_BYTES ? max_bytes - FRAME_BYTES : 0;
}

/* The error that stands behind @err: a fatal one hides its reason. */
static rd_kafka_resp_err_t reason_of(AkKafkaProducer *producer, const rd_kafka_error_t *err)
{
    char text[1];

    if (rd_kafka_error_is_fatal(err) || rd_kafka_error_code(err) == RD_KAFKA_RESP_ERR__FATAL) {
        rd_kafka_resp_err_t fatal =
            rd_kafka_fatal_error(producer->client->kafka, text, sizeof text);

        return fatal != 0 ? fatal : rd_kafka_error_code(err);
    }
    return rd_kafka_error_code(err);
}

static gboolean fail(AkKafkaProducer *producer, const char *what, rd_kafka_resp_err_t err,
                     GError **error)
{
    return ak_kafka_client_fail(producer->client, err, what, producer->place->topic, error);
}

/* Does trying the same call again make sense? What is denied stays so. */
static gboolean may_pass(AkKafkaProducer *producer, const rd_kafka_error_t *err)
{
    ak_kafka_client_listen(producer->client);
    return rd_kafka_error_is_retriable(err) &&
           (producer->client->complaint == 0 ||
            ak_error_class((int)ak_kafka_error_code(producer->client->complaint))->is_retryable);
}

/* @call until it has an answer that stays: the library goes on with the same operation. */
static gboolean insist(AkKafkaProducer *producer, const char *what,
                       rd_kafka_error_t *(*call)(rd_kafka_t *, int), guint timeout_ms,
                       guint stop_ms, GError **error)
{
    gint64 end = deadline(timeout_ms);
    gboolean was_stopped = FALSE;

    for (;;) {
        g_autoptr(rd_kafka_error_t) err = call(producer->client->kafka, SLICE_MS);

        if (err == NULL)
            return TRUE;
        if (!may_pass(producer, err))
            return fail(producer, what, reason_of(producer, err), error);
        if (ak_is_stopped(producer->place->stop) && !was_stopped) {
            was_stopped = TRUE;
            end = MIN(end, deadline(stop_ms));
        }
        if (g_get_monotonic_time() < end)
            continue;
        if (!was_stopped)
            return fail(producer, what, rd_kafka_error_code(err), error);
        g_set_error(error, AK_ERROR, AK_ERROR_CANCELLED, "%s '%s': asked to stop", what,
                    producer->place->topic);
        return FALSE;
    }
}

/* Else the library looks for it a second after the first record; whether it is there, send() says.
 */
static void know_leader(AkKafkaProducer *producer)
{
    rd_kafka_t *kafka = producer->client->kafka;
    g_autoptr(AkKafkaMetadata) metadata = NULL;

    producer->topic = rd_kafka_topic_new(kafka, producer->place->topic, NULL);
    g_assert(producer->topic != NULL);
    (void)rd_kafka_metadata(kafka, 0, producer->topic, &metadata, SLICE_MS);
}

static void drop_client(AkKafkaProducer *producer)
{
    g_clear_pointer(&producer->topic, rd_kafka_topic_destroy);
    g_clear_pointer(&producer->client, ak_kafka_client_free);
}

AkKafkaProducer *ak_kafka_producer_open(const AkKafkaPlace *place, gsize max_message_bytes,
                                        GError **error)
{
    g_autoptr(AkKafkaProducer) producer = g_new0(AkKafkaProducer, 1);
    g_autofree char *id = g_strdup_printf("auditkeep-%s-%d", place->topic, place->partition);
    rd_kafka_conf_t *conf = ak_kafka_config_producer(place->config, place->brokers, id, error);

    producer->place = place;
    if (conf == NULL)
        return NULL;
    producer->max_bytes = limit_sizes(conf, max_message_bytes);
    producer->client = ak_kafka_client_new(RD_KAFKA_PRODUCER, conf, on_delivery, error);
    if (producer->client == NULL ||
        !insist(producer, "could not take over topic", rd_kafka_init_transactions,
                place->timeout_ms, 0, error))
        return NULL;
    know_leader(producer);
    return g_steal_pointer(&producer);
}

void ak_kafka_producer_close(AkKafkaProducer *producer)
{
    if (producer == NULL)
        return;
    drop_client(producer);
    g_free(producer);
}

gsize ak_kafka_producer_max_bytes(const AkKafkaProducer *producer)
{
    return producer->max_bytes;
}

/* Hands one record to the library, which copies it, and takes the headers when it has taken it. */
static rd_kafka_resp_err_t produce(AkKafkaProducer *producer, AkKafkaOutgoing *record,
                                   AkKafkaReceipt *receipt)
{
    const rd_kafka_vu_t what[] = {
        {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = producer->topic},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = producer->place->partition},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {(void *)(gsize)record->key.data, record->key.len}},
        {.vtype = RD_KAFKA_VTYPE_VALUE,
         .u.mem = {(void *)(gsize)record->value.data, record->value.len}},
        {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = record->headers},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = receipt},
    };
    g_autoptr(rd_kafka_error_t) error =
        rd_kafka_produceva(producer->client->kafka, what, G_N_ELEMENTS(what));

    return error != NULL ? rd_kafka_error_code(error) : RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* The same, and waits while the library's queue is full. */
static rd_kafka_resp_err_t enqueue(AkKafkaProducer *producer, AkKafkaOutgoing *record,
                                   AkKafkaReceipt *receipt)
{
    gint64 end = deadline(producer->place->timeout_ms);
    rd_kafka_resp_err_t err;

    while ((err = produce(producer, record, receipt)) == RD_KAFKA_RESP_ERR__QUEUE_FULL &&
           g_get_monotonic_time() < end && !ak_is_stopped(producer->place->stop))
        (void)rd_kafka_poll(producer->client->kafka, SLICE_MS);
    if (err == 0)
        record->headers = NULL;
    return err;
}

static gboolean enqueue_all(AkKafkaProducer *producer, AkKafkaOutgoing *records, gsize count,
                            AkKafkaReceipt *receipts, GError **error)
{
    for (gsize i = 0; i < count; i++) {
        rd_kafka_resp_err_t err;

        g_assert(records[i].value.len > 0);
        receipts[i] = (AkKafkaReceipt){.err = RD_KAFKA_RESP_ERR__NOENT};
        err = enqueue(producer, &records[i], &receipts[i]);
        if (err != 0) {
            char text[1];
            rd_kafka_resp_err_t fatal =
                rd_kafka_fatal_error(producer->client->kafka, text, sizeof text);

            return fail(producer, "could not send to topic", fatal != 0 ? fatal : err, error);
        }
        if (i % POLL_RECORDS == 0)
            (void)rd_kafka_poll(producer->client->kafka, 0);
    }
    return TRUE;
}

/* The first record that was refused tells more than the commit that failed because of it. */
static gboolean check_receipts(AkKafkaProducer *producer, const AkKafkaReceipt *receipts,
                               gsize count, gboolean is_committed, GError **error)
{
    for (gsize i = 0; i < count; i++) {
        rd_kafka_resp_err_t err = receipts[i].err;
        gboolean is_consequence =
            err == RD_KAFKA_RESP_ERR__NOENT || err == RD_KAFKA_RESP_ERR__PURGE_QUEUE ||
            err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT || err == RD_KAFKA_RESP_ERR__FATAL;

        if (err != 0 && (is_committed || !is_consequence))
            return fail(producer, "could not send to topic", err, error);
    }
    return TRUE;
}

static gboolean transact(AkKafkaProducer *producer, AkKafkaOutgoing *records, gsize count,
                         AkKafkaReceipt *receipts, GError **error)
{
    g_autoptr(rd_kafka_error_t) begin = rd_kafka_begin_transaction(producer->client->kafka);
    g_autoptr(GError) why = NULL;

    if (begin != NULL)
        return fail(producer, "could not begin a transaction on topic", reason_of(producer, begin),
                    error);
    if (!enqueue_all(producer, records, count, receipts, error))
        return FALSE;
    if (insist(producer, "could not commit to topic", rd_kafka_commit_transaction,
               producer->place->timeout_ms, STOP_MS, &why))
        return check_receipts(producer, receipts, count, TRUE, error);
    if (why->code != AK_ERROR_FENCED && !check_receipts(producer, receipts, count, FALSE, error))
        return FALSE;
    g_propagate_error(error, g_steal_pointer(&why));
    return FALSE;
}

gboolean ak_kafka_producer_send(AkKafkaProducer *producer, AkKafkaOutgoing *records, gsize count,
                                AkKafkaReceipt *receipts, GError **error)
{
    gboolean sent = transact(producer, records, count, receipts, error);

    for (gsize i = 0; i < count; i++)
        if (records[i].headers != NULL)
            rd_kafka_headers_destroy(g_steal_pointer(&records[i].headers));
    /* readers need not wait for the broker to find out; if it does not work, it will */
    if (!sent)
        rd_kafka_error_destroy(rd_kafka_abort_transaction(producer->client->kafka, ABORT_MS));
    /* what is under way still points at the receipts */
    if (!sent)
        drop_client(producer);
    return sent;
}
