/*
 * What the tests do to a Kafka broker beside auditkeep; prints JSON.
 *
 *   kafka_client BROKERS create TOPIC PARTITIONS [NAME=VALUE…]   with settings of the topic
 *   kafka_client BROKERS delete TOPIC
 *   kafka_client BROKERS truncate TOPIC PARTITION OFFSET         deletes the records before OFFSET
 *   kafka_client BROKERS deny TOPIC PRINCIPAL                    from writing
 *   kafka_client BROKERS produce TOPIC PARTITION KEY VALUE [HEADER=VALUE…]
 *   kafka_client BROKERS dump TOPIC PARTITION [FROM]             read_committed, to the end
 */
#include <json-glib/json-glib.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TIMEOUT_MS = 60000, ERROR_BYTES = 512 };

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "kafka_client: %s: %s\n", what, why);
    exit(1);
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char text[ERROR_BYTES];
    if (rd_kafka_conf_set(conf, name, value, text, sizeof text) != RD_KAFKA_CONF_OK) {
        fail(name, text);
    }
}

/* @settings: name, value, … NULL */
static rd_kafka_t *connect_to(rd_kafka_type_t type, const char *brokers,
                              const char *const *settings)
{
    char text[ERROR_BYTES];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "bootstrap.servers", brokers);
    for (; *settings; settings += 2) {
        set(conf, settings[0], settings[1]);
    }
    rd_kafka_t *kafka = rd_kafka_new(type, conf, text, sizeof text);
    if (!kafka) {
        fail("client", text);
    }
    return kafka;
}

static rd_kafka_t *connect_admin(const char *brokers)
{
    static const char *const none[] = {NULL};
    return connect_to(RD_KAFKA_PRODUCER, brokers, none);
}

static rd_kafka_AdminOptions_t *admin_options(rd_kafka_t *kafka)
{
    char text[ERROR_BYTES];
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(kafka, RD_KAFKA_ADMIN_OP_ANY);
    if (rd_kafka_AdminOptions_set_request_timeout(options, TIMEOUT_MS, text, sizeof text)) {
        fail("options", text);
    }
    return options;
}

static rd_kafka_event_t *answer(rd_kafka_queue_t *queue, const char *what)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, TIMEOUT_MS);
    if (!event) {
        fail(what, "no answer");
    } else if (rd_kafka_event_error(event)) {
        fail(what, rd_kafka_event_error_string(event));
    }
    return event;
}

static void check_topics(const rd_kafka_topic_result_t **results, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (rd_kafka_topic_result_error(results[i])) {
            fail(rd_kafka_topic_result_name(results[i]),
                 rd_kafka_topic_result_error_string(results[i]));
        }
    }
}

/* "name=value" cut in two, in place; the value. */
static char *cut(char *setting)
{
    char *value = strchr(setting, '=');
    if (!value) {
        fail(setting, "no '='");
    }
    *value = '\0';
    return value + 1;
}

static void create_topic(const char *brokers, char **words)
{
    char text[ERROR_BYTES];
    rd_kafka_t *kafka = connect_admin(brokers);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(kafka);
    rd_kafka_AdminOptions_t *options = admin_options(kafka);
    rd_kafka_NewTopic_t *topic =
        rd_kafka_NewTopic_new(words[0], (int)strtol(words[1], NULL, 10), 1, text, sizeof text);
    if (!topic) {
        fail(words[0], text);
    }
    for (char **setting = words + 2; *setting; setting++) {
        char *value = cut(*setting);
        rd_kafka_NewTopic_set_config(topic, *setting, value);
    }
    rd_kafka_CreateTopics(kafka, &topic, 1, options, queue);
    rd_kafka_event_t *event = answer(queue, words[0]);
    size_t n;
    const rd_kafka_topic_result_t **results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &n);
    check_topics(results, n);
    rd_kafka_event_destroy(event);
    rd_kafka_NewTopic_destroy(topic);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(kafka);
}

static void delete_topic(const char *brokers, char **words)
{
    rd_kafka_t *kafka = connect_admin(brokers);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(kafka);
    rd_kafka_AdminOptions_t *options = admin_options(kafka);
    rd_kafka_DeleteTopic_t *topic = rd_kafka_DeleteTopic_new(words[0]);
    rd_kafka_DeleteTopics(kafka, &topic, 1, options, queue);
    rd_kafka_event_t *event = answer(queue, words[0]);
    size_t n;
    const rd_kafka_topic_result_t **results =
        rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), &n);
    check_topics(results, n);
    rd_kafka_event_destroy(event);
    rd_kafka_DeleteTopic_destroy(topic);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(kafka);
}

static void truncate_topic(const char *brokers, char **words)
{
    rd_kafka_t *kafka = connect_admin(brokers);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(kafka);
    rd_kafka_AdminOptions_t *options = admin_options(kafka);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, words[0], (int32_t)strtol(words[1], NULL, 10))->offset =
        strtoll(words[2], NULL, 10);
    rd_kafka_DeleteRecords_t *records = rd_kafka_DeleteRecords_new(list);
    rd_kafka_DeleteRecords(kafka, &records, 1, options, queue);
    rd_kafka_event_t *event = answer(queue, words[0]);
    const rd_kafka_topic_partition_list_t *done =
        rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event));
    if (done->elems[0].err) {
        fail(words[0], rd_kafka_err2str(done->elems[0].err));
    }
    rd_kafka_event_destroy(event);
    rd_kafka_DeleteRecords_destroy(records);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(kafka);
}

static void deny(const char *brokers, char **words)
{
    char text[ERROR_BYTES];
    rd_kafka_t *kafka = connect_admin(brokers);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(kafka);
    rd_kafka_AdminOptions_t *options = admin_options(kafka);
    rd_kafka_AclBinding_t *acl = rd_kafka_AclBinding_new(
        RD_KAFKA_RESOURCE_TOPIC, words[0], RD_KAFKA_RESOURCE_PATTERN_LITERAL, words[1], "*",
        RD_KAFKA_ACL_OPERATION_WRITE, RD_KAFKA_ACL_PERMISSION_TYPE_DENY, text, sizeof text);
    if (!acl) {
        fail(words[0], text);
    }
    rd_kafka_CreateAcls(kafka, &acl, 1, options, queue);
    rd_kafka_event_t *event = answer(queue, words[0]);
    size_t n;
    const rd_kafka_acl_result_t **results =
        rd_kafka_CreateAcls_result_acls(rd_kafka_event_CreateAcls_result(event), &n);
    if (n != 1 || rd_kafka_acl_result_error(results[0])) {
        fail(words[0], "not denied");
    }
    rd_kafka_event_destroy(event);
    rd_kafka_AclBinding_destroy(acl);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(kafka);
}

static void delivered(rd_kafka_t *kafka, const rd_kafka_message_t *message, void *data)
{
    (void)kafka;
    (void)data;
    if (message->err) {
        fail("delivery", rd_kafka_err2str(message->err));
    }
}

static void produce(const char *brokers, char **words)
{
    char text[ERROR_BYTES];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "bootstrap.servers", brokers);
    rd_kafka_conf_set_dr_msg_cb(conf, delivered);
    rd_kafka_t *kafka = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
    if (!kafka) {
        fail("client", text);
    }
    rd_kafka_headers_t *headers = rd_kafka_headers_new(8);
    for (char **header = words + 4; *header; header++) {
        char *value = cut(*header);
        rd_kafka_header_add(headers, *header, -1, value, -1);
    }
    const rd_kafka_vu_t what[] = {
        {.vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = words[0]},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = (int32_t)strtol(words[1], NULL, 10)},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {words[2], strlen(words[2])}},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {words[3], strlen(words[3])}},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers},
    };
    rd_kafka_error_t *error = rd_kafka_produceva(kafka, what, G_N_ELEMENTS(what));
    if (error) {
        fail("produce", rd_kafka_error_string(error));
    } else if (rd_kafka_flush(kafka, TIMEOUT_MS)) {
        fail("produce", "no answer");
    }
    rd_kafka_destroy(kafka);
}

static void add_text(JsonObject *object, const char *name, const void *data, size_t len)
{
    if (!data) {
        json_object_set_null_member(object, name);
        return;
    }
    char *copy = g_strndup(data, len);
    json_object_set_string_member(object, name, copy);
    g_free(copy);
}

static void print_record(const rd_kafka_message_t *message)
{
    JsonObject *record = json_object_new(), *named = json_object_new();
    rd_kafka_headers_t *headers = NULL;
    json_object_set_int_member(record, "offset", message->offset);
    json_object_set_int_member(record, "timestamp", rd_kafka_message_timestamp(message, NULL));
    add_text(record, "key", message->key, message->key_len);
    add_text(record, "value", message->payload, message->len);
    if (!rd_kafka_message_headers(message, &headers)) {
        const char *name;
        const void *value;
        size_t len;
        for (size_t i = 0; !rd_kafka_header_get_all(headers, i, &name, &value, &len); i++) {
            add_text(named, name, value, len);
        }
    }
    json_object_set_object_member(record, "headers", named);
    JsonNode *node = json_node_init_object(json_node_alloc(), record);
    char *line = json_to_string(node, FALSE);
    puts(line);
    g_free(line);
    json_node_free(node);
    json_object_unref(record);
}

static void dump(const char *brokers, char **words)
{
    static const char *const settings[] = {"group.id",
                                           "kafka_client",
                                           "isolation.level",
                                           "read_committed",
                                           "enable.partition.eof",
                                           "true",
                                           "enable.auto.commit",
                                           "false",
                                           "auto.offset.reset",
                                           "earliest",
                                           NULL};
    rd_kafka_t *kafka = connect_to(RD_KAFKA_CONSUMER, brokers, settings);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, words[0], (int32_t)strtol(words[1], NULL, 10))->offset =
        words[2] ? strtoll(words[2], NULL, 10) : RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_assign(kafka, list);
    for (gboolean at_end = FALSE; !at_end;) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(kafka, TIMEOUT_MS);
        if (!message) {
            fail("dump", "no answer");
        } else if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            at_end = TRUE;
        } else if (message->err) {
            fail("dump", rd_kafka_message_errstr(message));
        } else {
            print_record(message);
        }
        rd_kafka_message_destroy(message);
    }
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_consumer_close(kafka);
    rd_kafka_destroy(kafka);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int words; /* at least, after the verb */
        void (*run)(const char *brokers, char **words);
    } verbs[] = {
        {"create", 2, create_topic},     {"delete", 1, delete_topic}, {"deny", 2, deny},
        {"truncate", 3, truncate_topic}, {"produce", 4, produce},     {"dump", 2, dump},
    };
    for (gsize i = 0; argc >= 3 && i < G_N_ELEMENTS(verbs); i++) {
        if (strcmp(argv[2], verbs[i].name) == 0 && argc - 3 >= verbs[i].words) {
            verbs[i].run(argv[1], argv + 3);
            return 0;
        }
    }
    fputs("usage: kafka_client BROKERS create|delete|truncate|deny|produce|dump TOPIC …\n", stderr);
    return 2;
}
