/* kafka_loop BROKERS TOPIC FILE BATCH: the lines of FILE, a transaction to a batch; nothing else.
 */
#include <glib.h>
#include <librdkafka/rdkafka.h>
#include <string.h>

enum { TIMEOUT_MS = 60000 };

static void check(rd_kafka_error_t *error)
{
    if (error != NULL)
        g_error("%s", rd_kafka_error_string(error));
}

static rd_kafka_t *connect_to(const char *brokers)
{
    static const char *const settings[][2] = {{"transactional.id", "bench"},
                                              {"compression.type", "zstd"},
                                              {"linger.ms", "5"},
                                              {"batch.size", "500000"}};
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char why[512] = "";
    rd_kafka_t *kafka;

    (void)rd_kafka_conf_set(conf, "bootstrap.servers", brokers, why, sizeof why);
    for (gsize i = 0; i < G_N_ELEMENTS(settings); i++)
        (void)rd_kafka_conf_set(conf, settings[i][0], settings[i][1], why, sizeof why);
    kafka = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    if (kafka == NULL)
        g_error("%s", why);
    return kafka;
}

static rd_kafka_error_t *send_line(rd_kafka_t *kafka, rd_kafka_topic_t *topic, char *line,
                                   size_t len)
{
    static char key[] = "main";
    const rd_kafka_vu_t what[] = {
        {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = topic},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = 0},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {key, sizeof key - 1}},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {line, len}},
    };

    return rd_kafka_produceva(kafka, what, G_N_ELEMENTS(what));
}

int main(int argc, char **argv)
{
    g_autofree char *text = NULL;
    rd_kafka_topic_t *topic;
    const struct rd_kafka_metadata *metadata = NULL;
    guint64 batch, sent = 0;
    rd_kafka_t *kafka;

    if (argc != 5 || !g_ascii_string_to_unsigned(argv[4], 10, 1, 100000, &batch, NULL) ||
        !g_file_get_contents(argv[3], &text, NULL, NULL))
        g_error("usage: kafka_loop BROKERS TOPIC FILE BATCH");
    kafka = connect_to(argv[1]);
    check(rd_kafka_init_transactions(kafka, TIMEOUT_MS));
    topic = rd_kafka_topic_new(kafka, argv[2], NULL);
    (void)rd_kafka_metadata(kafka, 0, topic, &metadata, TIMEOUT_MS);
    for (char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        if (sent++ % batch == 0)
            check(rd_kafka_begin_transaction(kafka));
        check(send_line(kafka, topic, line, (size_t)(end - line)));
        if (sent % batch == 0)
            check(rd_kafka_commit_transaction(kafka, TIMEOUT_MS));
    }
    if (sent % batch != 0)
        check(rd_kafka_commit_transaction(kafka, TIMEOUT_MS));
    rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(kafka);
    return 0;
}
