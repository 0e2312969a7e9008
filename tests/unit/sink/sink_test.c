#include "sink/sink.h"

static void assert_name(const char *url, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *name = ak_sink_name(url, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(name, ==, expected);
}

/* The pointer stays where it is when the brokers get other names. */
static void test_name(void)
{
    assert_name("kafka://broker:9092/audit-events", "kafka:audit-events");
    assert_name("kafka://a:1,b:2/audit-events", "kafka:audit-events");
    assert_name("kafka:audit-events", "kafka:audit-events");
    assert_name("snowflake://ORG-ACC/DB/SCHEMA/EVENTS", "snowflake:DB/SCHEMA/EVENTS");
}

static void test_no_name(void)
{
    g_autofree char *longest = g_strnfill(128, 'x');
    g_autofree char *too_long = g_strconcat("kafka:", longest, NULL);
    const char *const bad[] = {
        "", "kafka", "kafka:", "kafka://broker", "kafka://broker/", "kafka:two words", too_long};

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(ak_sink_name(bad[i], &error));
        g_assert_error(error, AK_ERROR, AK_ERROR_CONFIG);
    }
}

/* Somebody may have put a password into the URL: it is not repeated. */
static void test_unknown_scheme(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(ak_sink_find("amqp://user:secret@host/queue", &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CONFIG);
    g_assert_null(strstr(error->message, "secret"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sink/name/path", test_name);
    g_test_add_func("/sink/name/none", test_no_name);
    g_test_add_func("/sink/find/unknown", test_unknown_scheme);
    return g_test_run();
}
