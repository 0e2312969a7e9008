/* Producer and reader against a broker: what a resume relies on. */
#include "sink/kafka_producer.h"

#include <gio/gio.h>

enum { TIMEOUT_MS = 60000 };

typedef struct {
    AkKafkaConfig *config;
    AkKafkaPlace place;
    char *topic;
} Fixture;

static const char *broker(void)
{
    const char *address = g_getenv("AK_TEST_KAFKA");

    g_assert_nonnull(address);
    return address;
}

/* tests/tools/kafka_client VERB …; NULL ends the words. */
static void client(const char *verb, const char *topic, const char *word)
{
    g_autofree char *path =
        g_build_filename(g_getenv("AK_BUILD_DIR"), "tests", "tools", "kafka_client", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocess) process =
        g_subprocess_new(G_SUBPROCESS_FLAGS_NONE, &error, path, broker(), verb, topic, word, NULL);

    g_assert_no_error(error);
    g_assert_true(g_subprocess_wait_check(process, NULL, &error));
    g_assert_no_error(error);
}

static void set_up(Fixture *f, gconstpointer data)
{
    g_autofree char *uuid = g_uuid_string_random();

    f->config = ak_kafka_config_new();
    f->topic = g_strconcat("unit-", uuid, NULL);
    f->place = (AkKafkaPlace){
        .config = f->config, .brokers = broker(), .topic = f->topic, .timeout_ms = TIMEOUT_MS};
    client("create", f->topic, "1");
}

static void tear_down(Fixture *f, gconstpointer data)
{
    client("delete", f->topic, NULL);
    ak_kafka_config_free(f->config);
    g_free(f->topic);
}

static AkKafkaProducer *open_producer(Fixture *f)
{
    g_autoptr(GError) error = NULL;
    AkKafkaProducer *producer = ak_kafka_producer_open(&f->place, 0, &error);

    g_assert_no_error(error);
    return producer;
}

static AkKafkaReader *open_reader(Fixture *f)
{
    g_autoptr(GError) error = NULL;
    AkKafkaReader *reader = ak_kafka_reader_open(&f->place, &error);

    g_assert_no_error(error);
    return reader;
}

static AkKafkaOutgoing outgoing(guint index)
{
    static const char *const values[] = {"zero", "one", "two", "three"};
    AkKafkaOutgoing record = {AK_VIEW("main"), ak_view_str(values[index]), rd_kafka_headers_new(4)};
    char digits[16];

    (void)g_snprintf(digits, sizeof digits, "%u", index);
    g_assert_cmpint(rd_kafka_header_add(record.headers, "ce_index", -1, digits, -1), ==, 0);
    g_assert_cmpint(rd_kafka_header_add(record.headers, "ce_chain", -1, "main", -1), ==, 0);
    g_assert_cmpint(rd_kafka_header_add(record.headers, "ce_id", -1, values[index], -1), ==, 0);
    g_assert_cmpint(rd_kafka_header_add(record.headers, "ce_hash", -1, "abc", -1), ==, 0);
    return record;
}

static void send_two(AkKafkaProducer *producer, guint first)
{
    AkKafkaOutgoing records[2] = {outgoing(first), outgoing(first + 1)};
    AkKafkaReceipt receipts[2];
    g_autoptr(GError) error = NULL;

    g_assert_true(ak_kafka_producer_send(producer, records, 2, receipts, &error));
    g_assert_no_error(error);
    g_assert_cmpint(receipts[1].offset, ==, receipts[0].offset + 1);
    g_assert_cmpint(receipts[0].produced_usec, >, 0);
    g_assert_null(records[0].headers);
}

static gboolean note_index(const AkKafkaRecord *record, gpointer data, GError **error)
{
    g_assert_true(record->is_event);
    g_assert_cmpmem(record->chain.data, record->chain.len, "main", 4);
    g_array_append_val((GArray *)data, record->index);
    return TRUE;
}

static void assert_records(Fixture *f, guint count)
{
    g_autoptr(AkKafkaReader) reader = open_reader(f);
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_autoptr(GArray) last = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_autoptr(GError) error = NULL;
    gboolean found = FALSE;

    g_assert_true(ak_kafka_reader_scan(reader, note_index, all, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(all->len, ==, count);
    for (guint i = 0; i < count; i++)
        g_assert_cmpint(g_array_index(all, gint64, i), ==, i);
    g_assert_true(ak_kafka_reader_tail(reader, note_index, last, &found, &error));
    g_assert_cmpint(found, ==, count > 0);
    if (found)
        g_assert_cmpint(g_array_index(last, gint64, 0), ==, count - 1);
}

static void test_send(Fixture *f, gconstpointer data)
{
    g_autoptr(AkKafkaProducer) producer = open_producer(f);

    assert_records(f, 0);
    send_two(producer, 0);
    send_two(producer, 2);
    assert_records(f, 4);
}

static void test_taken_over(Fixture *f, gconstpointer data)
{
    g_autoptr(AkKafkaProducer) old = open_producer(f);
    g_autoptr(AkKafkaProducer) young = NULL;
    AkKafkaOutgoing records[1] = {outgoing(3)};
    AkKafkaReceipt receipts[1];
    g_autoptr(GError) error = NULL;

    send_two(old, 0);
    young = open_producer(f);
    g_assert_false(ak_kafka_producer_send(old, records, 1, receipts, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_FENCED);
    assert_records(f, 2);
    send_two(young, 2);
    assert_records(f, 4);
}

/* An aborted transaction's records are there, and nobody sees them. */
static void test_aborted(Fixture *f, gconstpointer data)
{
    g_autoptr(AkKafkaProducer) producer = open_producer(f);
    AkKafkaOutgoing records[2] = {outgoing(2), outgoing(3)};
    AkKafkaReceipt receipts[2];
    g_autoptr(GError) error = NULL;
    g_autofree char *large = g_strnfill(4 << 20, 'x');

    send_two(producer, 0);
    records[1].value = ak_view_str(large);
    g_assert_false(ak_kafka_producer_send(producer, records, 2, receipts, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CONFIG);
    g_clear_pointer(&producer, ak_kafka_producer_close);
    producer = open_producer(f);
    assert_records(f, 2);
    send_two(producer, 2);
    assert_records(f, 4);
}

static void test_no_topic(Fixture *f, gconstpointer data)
{
    AkKafkaPlace place = f->place;
    g_autoptr(GError) error = NULL;

    place.topic = "unit-no-such-topic";
    g_assert_null(ak_kafka_reader_open(&place, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_MISSING);
    g_assert_nonnull(strstr(error->message, "'unit-no-such-topic'"));
}

static void test_no_partition(Fixture *f, gconstpointer data)
{
    AkKafkaPlace place = f->place;
    g_autoptr(GError) error = NULL;

    place.partition = 1;
    g_assert_null(ak_kafka_reader_open(&place, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CONFIG);
    g_assert_nonnull(strstr(error->message, "no partition 1"));
}

static void test_no_broker(Fixture *f, gconstpointer data)
{
    AkKafkaPlace place = f->place;
    g_autoptr(GError) error = NULL;

    place.brokers = "127.0.0.1:1";
    place.timeout_ms = 1000;
    g_assert_null(ak_kafka_reader_open(&place, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_NETWORK);
    g_clear_error(&error);
    g_assert_null(ak_kafka_producer_open(&place, 0, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_NETWORK);
}

static void test_stopped(Fixture *f, gconstpointer data)
{
    AkKafkaPlace place = f->place;
    const gint stop = 1;
    g_autoptr(GError) error = NULL;

    place.brokers = "127.0.0.1:1";
    place.stop = &stop;
    g_assert_null(ak_kafka_reader_open(&place, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CANCELLED);
    g_clear_error(&error);
    g_assert_null(ak_kafka_producer_open(&place, 0, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CANCELLED);
}

static void test_topic_settings(Fixture *f, gconstpointer data)
{
    g_autoptr(AkKafkaReader) reader = open_reader(f);
    AkKafkaTopic topic;

    ak_kafka_reader_topic(reader, &topic);
    g_assert_cmpuint(topic.max_message_bytes, ==, 1048588);
    g_assert_false(topic.is_compacted);
}

static void add(const char *name, void (*test)(Fixture *, gconstpointer))
{
    g_test_add(name, Fixture, NULL, set_up, test, tear_down);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/sink/kafka_it/send", test_send);
    add("/sink/kafka_it/taken_over", test_taken_over);
    add("/sink/kafka_it/aborted", test_aborted);
    add("/sink/kafka_it/no_topic", test_no_topic);
    add("/sink/kafka_it/no_partition", test_no_partition);
    add("/sink/kafka_it/no_broker", test_no_broker);
    add("/sink/kafka_it/stopped", test_stopped);
    add("/sink/kafka_it/topic_settings", test_topic_settings);
    return g_test_run();
}
