/* The driver against a broker, held to what every sink has to do. */
#include "conformance.h"

#include <gio/gio.h>

static char *topic, *url;

/* tests/tools/kafka_client VERB …; NULL ends the words. */
static void client(const char *verb, const char *word)
{
    g_autofree char *path =
        g_build_filename(g_getenv("AK_BUILD_DIR"), "tests", "tools", "kafka_client", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocess) process = g_subprocess_new(
        G_SUBPROCESS_FLAGS_NONE, &error, path, g_getenv("AK_TEST_KAFKA"), verb, topic, word, NULL);

    g_assert_no_error(error);
    g_assert_true(g_subprocess_wait_check(process, NULL, &error));
    g_assert_no_error(error);
}

static const AkSinkDriver *set_up(AkSinkConfig *out)
{
    g_autofree char *uuid = g_uuid_string_random();

    topic = g_strconcat("conformance-", uuid, NULL);
    url = g_strdup_printf("kafka://%s/%s", g_getenv("AK_TEST_KAFKA"), topic);
    client("create", "1");
    out->url = url;
    return ak_sink_find(url, NULL);
}

static void tear_down(void)
{
    client("delete", NULL);
    g_free(topic);
    g_free(url);
}

int main(int argc, char **argv)
{
    static const SinkBackend backend = {set_up, tear_down};

    g_test_init(&argc, &argv, NULL);
    sink_conformance_add(&backend);
    return g_test_run();
}
