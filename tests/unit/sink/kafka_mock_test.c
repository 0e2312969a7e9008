/* What a real broker cannot be made to answer at a wanted moment, from librdkafka's own mock. */
#include "sink/kafka_producer.h"

#include <librdkafka/rdkafka_mock.h>

enum { END_TXN = 26, ADD_PARTITIONS = 24, TIMEOUT_MS = 30000 };

typedef struct {
    rd_kafka_t *kafka; /* carries the mock */
    rd_kafka_mock_cluster_t *cluster;
    AkKafkaConfig *config;
    AkKafkaPlace place;
    AkKafkaProducer *producer;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    char why[256];
    g_autoptr(GError) error = NULL;

    f->kafka = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), why, sizeof why);
    f->cluster = rd_kafka_mock_cluster_new(f->kafka, 1);
    g_assert_cmpint(rd_kafka_mock_topic_create(f->cluster, "t", 1, 1), ==, 0);
    f->config = ak_kafka_config_new();
    f->place = (AkKafkaPlace){.config = f->config,
                              .brokers = rd_kafka_mock_cluster_bootstraps(f->cluster),
                              .topic = "t",
                              .timeout_ms = TIMEOUT_MS};
    f->producer = ak_kafka_producer_open(&f->place, 0, &error);
    g_assert_no_error(error);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    ak_kafka_producer_close(f->producer);
    ak_kafka_config_free(f->config);
    rd_kafka_mock_cluster_destroy(f->cluster);
    rd_kafka_destroy(f->kafka);
}

static gboolean send_one(Fixture *f, GError **error)
{
    AkKafkaOutgoing record = {AK_VIEW("main"), AK_VIEW("value"), rd_kafka_headers_new(1)};
    AkKafkaReceipt receipt;

    return ak_kafka_producer_send(f->producer, &record, 1, &receipt, error);
}

static void reopen(Fixture *f)
{
    g_autoptr(GError) error = NULL;

    ak_kafka_producer_close(f->producer);
    f->producer = ak_kafka_producer_open(&f->place, 0, &error);
    g_assert_no_error(error);
}

/* The commit's answer says that somebody else came, after the records were taken. */
static void test_fenced_at_commit(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    rd_kafka_mock_push_request_errors(f->cluster, END_TXN, 1, RD_KAFKA_RESP_ERR_PRODUCER_FENCED);
    g_assert_false(send_one(f, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_FENCED);
}

/* A state that the library holds for impossible: a new producer may go on. */
static void test_fatal_is_not_the_end(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    rd_kafka_mock_push_request_errors(f->cluster, END_TXN, 1, RD_KAFKA_RESP_ERR_INVALID_TXN_STATE);
    g_assert_false(send_one(f, &error));
    g_assert_true(ak_error_is_retryable(error));
    g_clear_error(&error);
    reopen(f);
    g_assert_true(send_one(f, &error));
    g_assert_no_error(error);
}

static void test_passing_trouble(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    rd_kafka_mock_push_request_errors(f->cluster, ADD_PARTITIONS, 2,
                                      RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS,
                                      RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS);
    rd_kafka_mock_push_request_errors(f->cluster, END_TXN, 2,
                                      RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
                                      RD_KAFKA_RESP_ERR__TRANSPORT);
    g_assert_true(send_one(f, &error));
    g_assert_no_error(error);
}

static void test_denied(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    rd_kafka_mock_push_request_errors(f->cluster, END_TXN, 1,
                                      RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
    g_assert_false(send_one(f, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_DENIED);
}

static void add(const char *name, void (*test)(Fixture *, gconstpointer))
{
    g_test_add(name, Fixture, NULL, set_up, test, tear_down);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/sink/kafka_mock/fenced_at_commit", test_fenced_at_commit);
    add("/sink/kafka_mock/fatal_is_not_the_end", test_fatal_is_not_the_end);
    add("/sink/kafka_mock/passing_trouble", test_passing_trouble);
    add("/sink/kafka_mock/denied", test_denied);
    return g_test_run();
}
