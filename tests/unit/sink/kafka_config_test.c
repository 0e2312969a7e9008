/* librdkafka's properties from a file: what is taken, what is refused, what stays secret. */
#include "sink/kafka_config.h"

#include <glib/gstdio.h>

static gboolean parse(AkKafkaConfig *config, const char *text, gboolean is_public, GError **error)
{
    return ak_kafka_config_parse(config, ak_view_str(text), "k.conf", is_public, error);
}

static void assert_setting(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char text[256] = "";
    size_t size = sizeof text;

    g_assert_cmpint(rd_kafka_conf_get(conf, name, text, &size), ==, RD_KAFKA_CONF_OK);
    g_assert_cmpstr(text, ==, value);
}

static void assert_refused(const char *text, gboolean is_public, const char *why)
{
    g_autoptr(AkKafkaConfig) config = ak_kafka_config_new();
    g_autoptr(GError) error = NULL;

    g_assert_false(parse(config, text, is_public, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CONFIG);
    g_assert_nonnull(strstr(error->message, why));
    g_assert_null(strstr(error->message, "s3cr3t"));
}

static void test_properties(void)
{
    g_autoptr(AkKafkaConfig) config = ak_kafka_config_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(rd_kafka_conf_t) conf = NULL;

    g_assert_true(
        parse(config, "# ours\n linger.ms = 7\r\n\npartition.side=3\nacks=all", FALSE, &error));
    conf = ak_kafka_config_producer(config, "h:1", "id", &error);
    g_assert_no_error(error);
    assert_setting(conf, "linger.ms", "7");
    assert_setting(conf, "compression.codec", "zstd");
    assert_setting(conf, "bootstrap.servers", "h:1");
    assert_setting(conf, "enable.idempotence", "true");
    assert_setting(conf, "acks", "-1");
    assert_setting(conf, "transactional.id", "id");
    g_assert_cmpint(ak_kafka_config_partition(config, "side"), ==, 3);
    g_assert_cmpint(ak_kafka_config_partition(config, "main"), ==, 0);
}

static void test_consumer(void)
{
    g_autoptr(AkKafkaConfig) config = ak_kafka_config_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(rd_kafka_conf_t) conf = NULL;

    g_assert_true(parse(config, "bootstrap.servers=f:2", FALSE, &error));
    conf = ak_kafka_config_consumer(config, NULL, &error);
    g_assert_no_error(error);
    assert_setting(conf, "bootstrap.servers", "f:2");
    assert_setting(conf, "isolation.level", "read_committed");
    assert_setting(conf, "enable.auto.commit", "false");
}

static void test_no_broker(void)
{
    g_autoptr(AkKafkaConfig) config = ak_kafka_config_new();
    g_autoptr(GError) error = NULL;

    g_assert_null(ak_kafka_config_consumer(config, NULL, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CONFIG);
}

static void test_ours(void)
{
    assert_refused("acks=1", FALSE, "'acks'");
    assert_refused("enable.idempotence = false", FALSE, "depends on it");
    assert_refused("transactional.id=mine", FALSE, "'transactional.id'");
    assert_refused("isolation.level=read_uncommitted", FALSE, "'isolation.level'");
}

static void test_bad_lines(void)
{
    assert_refused("linger.ms=5\nlinger", FALSE, "line 2");
    assert_refused("=5", FALSE, "line 1");
    assert_refused("partition.main=-1", FALSE, "partition.main");
    assert_refused("partition.main=x", FALSE, "partition.main");
    assert_refused("sasl.username=\xff", FALSE, "no text");
}

static void test_unknown_property(void)
{
    g_autoptr(AkKafkaConfig) config = ak_kafka_config_new();
    g_autoptr(GError) error = NULL;

    g_assert_true(parse(config, "no.such = s3cr3t", FALSE, &error));
    g_assert_null(ak_kafka_config_consumer(config, "h:1", &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CONFIG);
    g_assert_nonnull(strstr(error->message, "no.such"));
    g_assert_null(strstr(error->message, "s3cr3t"));
}

static void test_secret_in_public(void)
{
    assert_refused("sasl.password=s3cr3t", TRUE, "others may read");
    assert_refused("ssl.key.password=s3cr3t", TRUE, "others may read");
}

static void test_secret_of_variable(void)
{
    g_autoptr(AkKafkaConfig) config = ak_kafka_config_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(rd_kafka_conf_t) conf = NULL;

    g_setenv("AK_TEST_SECRET", "s3cr3t", TRUE);
    g_assert_true(parse(config, "sasl.password=${env:AK_TEST_SECRET}", TRUE, &error));
    conf = ak_kafka_config_consumer(config, "h:1", &error);
    g_assert_no_error(error);
    assert_setting(conf, "sasl.password", "s3cr3t");
    assert_refused("sasl.password=${env:AK_TEST_NOT_SET}", TRUE, "not set");
}

static char *write_file(const char *text)
{
    g_autofree char *dir = g_dir_make_tmp("ak-kafka-XXXXXX", NULL);
    char *path = g_build_filename(dir, "file", NULL);

    g_assert_true(g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    return path;
}

static void remove_file(const char *path)
{
    g_autofree char *dir = g_path_get_dirname(path);

    g_assert_cmpint(g_remove(path), ==, 0);
    g_assert_cmpint(g_rmdir(dir), ==, 0);
}

static void test_secret_of_file(void)
{
    g_autoptr(AkKafkaConfig) config = ak_kafka_config_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(rd_kafka_conf_t) conf = NULL;
    g_autofree char *path = write_file("s3cr3t\n");
    g_autofree char *line = g_strdup_printf("sasl.password=${file:%s}", path);

    g_assert_true(parse(config, line, TRUE, &error));
    conf = ak_kafka_config_consumer(config, "h:1", &error);
    g_assert_no_error(error);
    assert_setting(conf, "sasl.password", "s3cr3t");
    g_assert_cmpint(g_chmod(path, 0644), ==, 0);
    assert_refused(line, TRUE, "others than its owner");
    remove_file(path);
}

static void test_file(void)
{
    g_autoptr(AkKafkaConfig) config = ak_kafka_config_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *path = write_file("sasl.password=s3cr3t\n");

    g_assert_true(ak_kafka_config_load(config, path, &error));
    g_assert_cmpint(g_chmod(path, 0640), ==, 0);
    g_assert_false(ak_kafka_config_load(config, path, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CONFIG);
    remove_file(path);
    g_clear_error(&error);
    g_assert_false(ak_kafka_config_load(config, path, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CONFIG);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sink/kafka_config/properties", test_properties);
    g_test_add_func("/sink/kafka_config/consumer", test_consumer);
    g_test_add_func("/sink/kafka_config/no_broker", test_no_broker);
    g_test_add_func("/sink/kafka_config/ours", test_ours);
    g_test_add_func("/sink/kafka_config/bad_lines", test_bad_lines);
    g_test_add_func("/sink/kafka_config/unknown_property", test_unknown_property);
    g_test_add_func("/sink/kafka_config/secret_in_public", test_secret_in_public);
    g_test_add_func("/sink/kafka_config/secret_of_variable", test_secret_of_variable);
    g_test_add_func("/sink/kafka_config/secret_of_file", test_secret_of_file);
    g_test_add_func("/sink/kafka_config/file", test_file);
    return g_test_run();
}
