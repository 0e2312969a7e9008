#include "sink/kafka_config.h"

#include "chain/small_file.h"

enum { MAX_FILE_BYTES = 64 << 10, MAX_PARTITION = 100000, ERROR_BYTES = 512 };

typedef struct {
    const char *name;
    const char *value; /* NULL: made by us for each client */
} Setting;

/* What exactly-once depends on; nobody else may choose. */
static const Setting ours[] = {
    {"enable.idempotence", "true"},
    {"acks", "all"},
    {"request.required.acks", "all"},
    {"isolation.level", "read_committed"},
    {"enable.auto.commit", "false"},
    {"enable.partition.eof", "true"},
    {"allow.auto.create.topics", "false"},
    {"delivery.report.only.error", "false"},
    {"transactional.id", NULL},
    {"group.id", NULL},
};

/* Where librdkafka's own defaults do not suit; a file may say otherwise. */
static const Setting suited[] = {
    {"client.id", "auditkeep"},
    {"compression.type", "zstd"},
    {"linger.ms", "5"},
    {"transaction.timeout.ms", "60000"},
    {"socket.keepalive.enable", "true"},
    {"reconnect.backoff.max.ms", "2000"},
    {"fetch.wait.max.ms", "20"},
};

AkKafkaConfig *ak_kafka_config_new(void)
{
    AkKafkaConfig *config = g_new0(AkKafkaConfig, 1);

    config->names = g_ptr_array_new_with_free_func(g_free);
    config->values = g_ptr_array_new_with_free_func(g_free);
    config->partitions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return config;
}

void ak_kafka_config_free(AkKafkaConfig *config)
{
    if (config == NULL)
        return;
    g_ptr_array_unref(config->names);
    g_ptr_array_unref(config->values);
    g_hash_table_unref(config->partitions);
    g_free(config);
}

gint32 ak_kafka_config_partition(const AkKafkaConfig *config, const char *chain)
{
    return GPOINTER_TO_INT(g_hash_table_lookup(config->partitions, chain));
}

static const Setting *find_ours(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(ours); i++)
        if (strcmp(ours[i].name, name) == 0)
            return &ours[i];
    return NULL;
}

/* Names whose values are secret, or may hold one. */
static gboolean is_secret(const char *name)
{
    static const char *const words[] = {"password", "secret", "key.pem", "key.string",
                                        "oauthbearer.config"};

    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        if (strstr(name, words[i]) != NULL)
            return TRUE;
    return FALSE;
}

static gboolean bad_property(GError **error, const char *path, const char *name, const char *why)
{
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG, "kafka configuration '%s': '%s' %s", path, name,
                why);
    return FALSE;
}

static char *read_value_file(const char *name, const char *path, GError **error)
{
    g_autoptr(GBytes) bytes = ak_small_file_read(path, MAX_FILE_BYTES, is_secret(name), error);
    gsize len;
    const char *data;

    if (bytes == NULL)
        return NULL;
    data = g_bytes_get_data(bytes, &len);
    while (len > 0 && (data[len - 1] == '\n' || data[len - 1] == '\r'))
        len--;
    return g_strndup(data, len);
}

/* What @value stands for: itself, a variable or a file. */
static char *expand(const char *path, const char *name, const char *value, gboolean is_public,
                    GError **error)
{
    gsize len = strlen(value);
    g_autofree char *inner = NULL;

    if (g_str_has_prefix(value, "${env:") && value[len - 1] == '}') {
        const char *found;

        inner = g_strndup(value + 6, len - 7);
        found = g_getenv(inner);
        if (found == NULL)
            (void)bad_property(error, path, name, "names a variable that is not set");
        return g_strdup(found);
    }
    if (g_str_has_prefix(value, "${file:") && value[len - 1] == '}') {
        inner = g_strndup(value + 7, len - 8);
        return read_value_file(name, inner, error);
    }
    if (is_public && is_secret(name)) {
        (void)bad_property(error, path, name,
                           "stands in a file that others may read; hint: chmod 600, or give it as "
                           "${file:PATH} or ${env:NAME}");
        return NULL;
    }
    return g_strdup(value);
}

static gboolean add_partition(AkKafkaConfig *config, const char *path, const char *name,
                              const char *value, GError **error)
{
    guint64 partition;

    if (!g_ascii_string_to_unsigned(value, 10, 0, MAX_PARTITION, &partition, NULL))
        return bad_property(error, path, name, "is no number of a partition");
    (void)g_hash_table_insert(config->partitions, g_strdup(name + strlen("partition.")),
                              GINT_TO_POINTER((gint32)partition));
    return TRUE;
}

static gboolean add_property(AkKafkaConfig *config, const char *path, const char *name,
                             const char *value, gboolean is_public, GError **error)
{
    const Setting *own = find_ours(name);
    char *expanded;

    if (g_str_has_prefix(name, "partition."))
        return add_partition(config, path, name, value, error);
    if (own != NULL && (own->value == NULL || strcmp(own->value, value) != 0))
        return bad_property(error, path, name,
                            "is not to be chosen: the delivery depends on it; hint: leave it out");
    if (own != NULL)
        return TRUE;
    expanded = expand(path, name, value, is_public, error);
    if (expanded == NULL)
        return FALSE;
    g_ptr_array_add(config->names, g_strdup(name));
    g_ptr_array_add(config->values, expanded);
    return TRUE;
}

static gboolean parse_line(AkKafkaConfig *config, char *line, guint number, const char *path,
                           gboolean is_public, GError **error)
{
    char *equals;

    g_strstrip(line);
    if (line[0] == '\0' || line[0] == '#')
        return TRUE;
    equals = strchr(line, '=');
    if (equals == NULL || equals == line) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "kafka configuration '%s': line %u is not 'name = value'", path, number);
        return FALSE;
    }
    *equals = '\0';
    return add_property(config, path, g_strchomp(line), g_strchug(equals + 1), is_public, error);
}

gboolean ak_kafka_config_parse(AkKafkaConfig *config, AkView text, const char *path,
                               gboolean is_public, GError **error)
{
    g_autofree char *copy = g_strndup(text.data, text.len);
    g_auto(GStrv) lines = g_strsplit(copy, "\n", -1);

    if (strlen(copy) != text.len || !g_utf8_validate(copy, -1, NULL)) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG, "kafka configuration '%s' is no text", path);
        return FALSE;
    }
    for (guint i = 0; lines[i] != NULL; i++)
        if (!parse_line(config, lines[i], i + 1, path, is_public, error))
            return FALSE;
    return TRUE;
}

gboolean ak_kafka_config_load(AkKafkaConfig *config, const char *path, GError **error)
{
    g_autoptr(GBytes) closed = ak_small_file_read(path, MAX_FILE_BYTES, TRUE, NULL);
    g_autoptr(GBytes) bytes = closed != NULL
                                  ? g_bytes_ref(closed)
                                  : ak_small_file_read(path, MAX_FILE_BYTES, FALSE, error);
    gsize len;
    const char *data;

    if (bytes == NULL)
        return FALSE;
    data = g_bytes_get_data(bytes, &len);
    return ak_kafka_config_parse(config, ak_view(data, len), path, closed == NULL, error);
}

static gboolean set(rd_kafka_conf_t *conf, const char *name, const char *value, GError **error)
{
    char why[ERROR_BYTES];

    if (rd_kafka_conf_set(conf, name, value, why, sizeof why) == RD_KAFKA_CONF_OK)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                "kafka configuration: librdkafka refused '%s': %s; hint: its CONFIGURATION.md "
                "lists names and values",
                name, is_secret(name) ? "not a value for it" : why);
    return FALSE;
}

static gboolean set_all(rd_kafka_conf_t *conf, const Setting *settings, gsize count, GError **error)
{
    for (gsize i = 0; i < count; i++)
        if (settings[i].value != NULL && !set(conf, settings[i].name, settings[i].value, error))
            return FALSE;
    return TRUE;
}

static gboolean has_brokers(const AkKafkaConfig *config, const char *brokers, GError **error)
{
    for (guint i = 0; brokers == NULL && i < config->names->len; i++) {
        const char *name = config->names->pdata[i];

        if (strcmp(name, "bootstrap.servers") == 0 || strcmp(name, "metadata.broker.list") == 0)
            return TRUE;
    }
    if (brokers != NULL)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                "no Kafka broker is named; hint: --kafka-brokers HOST:PORT, or KAFKA_BROKERS");
    return FALSE;
}

/* What both kinds of client are told. */
static rd_kafka_conf_t *make_conf(const AkKafkaConfig *config, const char *brokers, GError **error)
{
    g_autoptr(rd_kafka_conf_t) conf = rd_kafka_conf_new();

    if (!has_brokers(config, brokers, error) || !set_all(conf, suited, G_N_ELEMENTS(suited), error))
        return NULL;
    for (guint i = 0; i < config->names->len; i++)
        if (!set(conf, config->names->pdata[i], config->values->pdata[i], error))
            return NULL;
    if ((brokers != NULL && !set(conf, "bootstrap.servers", brokers, error)) ||
        !set_all(conf, ours, G_N_ELEMENTS(ours), error))
        return NULL;
    return g_steal_pointer(&conf);
}

rd_kafka_conf_t *ak_kafka_config_producer(const AkKafkaConfig *config, const char *brokers,
                                          const char *transactional_id, GError **error)
{
    g_autoptr(rd_kafka_conf_t) conf = make_conf(config, brokers, error);

    if (conf == NULL || !set(conf, "transactional.id", transactional_id, error))
        return NULL;
    return g_steal_pointer(&conf);
}

rd_kafka_conf_t *ak_kafka_config_consumer(const AkKafkaConfig *config, const char *brokers,
                                          GError **error)
{
    g_autoptr(rd_kafka_conf_t) conf = make_conf(config, brokers, error);

    /* never joined, never committed to: assign() wants a name */
    if (conf == NULL || !set(conf, "group.id", "auditkeep", error))
        return NULL;
    return g_steal_pointer(&conf);
}
