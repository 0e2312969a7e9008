/* Records of the three formats, and what becomes of events that are too large for one. */
#include "sink/kafka_record.h"

#define HASH "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
#define LINE                                                                                       \
    "{\"chain\":\"main\",\"eventType\":\"a.b\",\"hash\":\"" HASH "\",\"id\":\"i\",\"index\":7,"    \
    "\"metadata\":null,\"payload\":{\"x\":1},\"payloadText\":\"{\\\"x\\\":1.0}\","                 \
    "\"prevHash\":\"ab\",\"signature\":\"s\",\"signerId\":\"k\",\"ts\":\"2025-02-01T00:00:00Z\"}"

typedef struct {
    AkKafkaStyle style;
    AkEvent event;
    AkBuf value;
    rd_kafka_headers_t *headers;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    f->style = (AkKafkaStyle){.format = (AkKafkaFormat)GPOINTER_TO_INT(data),
                              .chain = "main",
                              .source = "audit/main",
                              .max_bytes = 10000};
    f->event = (AkEvent){.index = 7,
                         .ts_usec = G_GINT64_CONSTANT(1738368000000000),
                         .id = AK_VIEW("i"),
                         .event_type = AK_VIEW("a.b"),
                         .prev_hash = AK_VIEW("ab"),
                         .hash = AK_VIEW(HASH)};
}

static void tear_down(Fixture *f, gconstpointer data)
{
    ak_buf_clear(&f->value);
    if (f->headers != NULL)
        rd_kafka_headers_destroy(f->headers);
}

static void write_record(Fixture *f, const char *archive_key)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(ak_kafka_record_write(&f->style, &f->event, AK_VIEW(LINE), archive_key, &f->value,
                                        &f->headers, &error));
    g_assert_no_error(error);
}

static void assert_header(Fixture *f, const char *name, const char *value)
{
    const void *found = NULL;
    size_t len = 0;

    if (value == NULL) {
        g_assert_cmpint(rd_kafka_header_get_last(f->headers, name, &found, &len), ==,
                        RD_KAFKA_RESP_ERR__NOENT);
        return;
    }
    g_assert_cmpint(rd_kafka_header_get_last(f->headers, name, &found, &len), ==, 0);
    g_assert_cmpmem(found, len, value, strlen(value));
}

static void assert_key(Fixture *f, const char *key)
{
    AkView found = ak_kafka_record_key(&f->style, &f->event);

    g_assert_cmpmem(found.data, found.len, key, strlen(key));
}

static void test_binary(Fixture *f, gconstpointer data)
{
    write_record(f, NULL);
    g_assert_cmpmem(f->value.data, f->value.len, LINE, strlen(LINE));
    assert_header(f, "ce_specversion", "1.0");
    assert_header(f, "ce_id", "i");
    assert_header(f, "ce_source", "audit/main");
    assert_header(f, "ce_type", "a.b");
    assert_header(f, "ce_time", "2025-02-01T00:00:00Z");
    assert_header(f, "ce_chain", "main");
    assert_header(f, "ce_index", "7");
    assert_header(f, "ce_hash", HASH);
    assert_header(f, "ce_prevhash", "ab");
    assert_header(f, "content-type", "application/json");
    assert_header(f, "ce_dataref", NULL);
    assert_key(f, "main");
}

/* CloudEvents has no empty attributes. */
static void test_head_of_chain(Fixture *f, gconstpointer data)
{
    f->event.prev_hash = AK_VIEW("");
    f->event.event_type = AK_VIEW("");
    write_record(f, NULL);
    assert_header(f, "ce_prevhash", NULL);
    assert_header(f, "ce_type", "audit.event");
}

static void test_structured(Fixture *f, gconstpointer data)
{
    static const char wanted[] =
        "{\"chain\":\"main\",\"data\":" LINE ",\"datacontenttype\":\"application/json\","
        "\"hash\":\"" HASH "\",\"id\":\"i\",\"index\":\"7\",\"prevhash\":\"ab\","
        "\"source\":\"audit/main\",\"specversion\":\"1.0\",\"time\":\"2025-02-01T00:00:00Z\","
        "\"type\":\"a.b\"}";

    write_record(f, NULL);
    g_assert_cmpmem(f->value.data, f->value.len, wanted, strlen(wanted));
    assert_header(f, "content-type", "application/cloudevents+json; charset=UTF-8");
    assert_header(f, "ak_index", "7");
    assert_header(f, "ce_id", NULL);
    assert_key(f, "main");
}

static void test_plain(Fixture *f, gconstpointer data)
{
    static const char wanted[] =
        "{\"eventType\":\"a.b\",\"hash\":\"" HASH "\",\"id\":\"i\",\"metadata\":null,"
        "\"payload\":{\"x\":1},\"prevHash\":\"ab\",\"signature\":\"s\",\"signerId\":\"k\","
        "\"ts\":\"2025-02-01T00:00:00Z\"}";

    write_record(f, NULL);
    g_assert_cmpmem(f->value.data, f->value.len, wanted, strlen(wanted));
    assert_header(f, "ak_hash", HASH);
    assert_key(f, "i");
}

static void test_oversize(Fixture *f, gconstpointer data)
{
    g_autofree char *sha = g_compute_checksum_for_string(G_CHECKSUM_SHA256, LINE, -1);
    g_autofree char *wanted = g_strdup_printf(
        "{\"chain\":\"main\",\"dataref\":\"audit/o\",\"hash\":\"" HASH "\",\"id\":\"i\","
        "\"index\":7,\"sha256\":\"%s\",\"size\":%" G_GSIZE_FORMAT "}",
        sha, strlen(LINE));

    f->style.max_bytes = strlen(LINE);
    write_record(f, "audit/o");
    g_assert_cmpmem(f->value.data, f->value.len, wanted, strlen(wanted));
    assert_header(f, "ce_dataref", "audit/o");
    assert_header(f, "ce_hash", HASH);
}

static void test_oversize_not_archived(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    f->style.max_bytes = strlen(LINE);
    g_assert_false(ak_kafka_record_write(&f->style, &f->event, AK_VIEW(LINE), NULL, &f->value,
                                         &f->headers, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_MISSING);
    g_assert_null(f->headers);
    g_assert_cmpuint(f->value.len, ==, 0);
}

static void test_format_names(Fixture *f, gconstpointer data)
{
    AkKafkaFormat format = AK_KAFKA_BINARY;

    g_assert_true(ak_kafka_format_from_name("plain", &format));
    g_assert_cmpint((int)format, ==, AK_KAFKA_PLAIN);
    g_assert_false(ak_kafka_format_from_name("avro", &format));
}

static void add(const char *name, AkKafkaFormat format, void (*test)(Fixture *, gconstpointer))
{
    g_test_add(name, Fixture, GINT_TO_POINTER((int)format), set_up, test, tear_down);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/sink/kafka_record/binary", AK_KAFKA_BINARY, test_binary);
    add("/sink/kafka_record/head_of_chain", AK_KAFKA_BINARY, test_head_of_chain);
    add("/sink/kafka_record/structured", AK_KAFKA_STRUCTURED, test_structured);
    add("/sink/kafka_record/plain", AK_KAFKA_PLAIN, test_plain);
    add("/sink/kafka_record/oversize", AK_KAFKA_BINARY, test_oversize);
    add("/sink/kafka_record/oversize_not_archived", AK_KAFKA_BINARY, test_oversize_not_archived);
    add("/sink/kafka_record/format_names", AK_KAFKA_BINARY, test_format_names);
    return g_test_run();
}
