#include "util/log.h"

static void assert_redacted(const char *url, const char *wanted)
{
    g_autofree char *got = ak_log_redact_url(url);

    g_assert_cmpstr(got, ==, wanted);
}

static void test_password_in_url(void)
{
    assert_redacted("postgresql://u:secret@h:5432/db", "postgresql://u:***@h:5432/db");
    assert_redacted("postgresql://u:p@ss w?rd#x@h/db", "postgresql://u:***@h/db");
    assert_redacted("postgresql://:secret@h", "postgresql://:***@h");
    assert_redacted("postgresql://h/db?user=u&password=secret&x=1",
                    "postgresql://h/db?user=u&password=***&x=1");
    assert_redacted("host=h password=secret dbname=d", "host=h password=*** dbname=d");
    assert_redacted("host=h PASSWORD = 'se\\'cr et' dbname=d", "host=h PASSWORD = '***' dbname=d");
    assert_redacted("sslpassword=x", "sslpassword=***");
}

static void test_no_password(void)
{
    static const char *const urls[] = {"postgresql://u@h:5432/db",
                                       "postgresql://h:5432/a@b:c",
                                       "s3://bucket/prefix",
                                       "sqlite:/a:b@c",
                                       "host=h dbname=d",
                                       "postgresql://u:@h/db",
                                       "",
                                       "passwords",
                                       "password="};

    for (guint i = 0; i < G_N_ELEMENTS(urls); i++)
        assert_redacted(urls[i], urls[i]);
}

static void test_text(void)
{
    g_autofree char *got = ak_log_redact("cannot reach 'postgresql://u:secret@h/x' for a@b: "
                                         "password=hidden, retry http://h:80 by c@d");

    g_assert_cmpstr(got, ==,
                    "cannot reach 'postgresql://u:***@h/x' for a@b: "
                    "password=*** retry http://h:80 by c@d");
}

static void test_json(void)
{
    g_autoptr(GString) out = g_string_new(NULL);

    ak_log_append_json(out, "a\"\\\n\x01\xc3\xa9\xff");
    g_assert_cmpstr(out->str, ==, "\"a\\\"\\\\\\n\\u0001\xc3\xa9\xef\xbf\xbd\"");
}

static void log_some(void)
{
    ak_log_init(AK_LOG_JSON, G_LOG_LEVEL_INFO);
    g_debug("not shown");
    g_info("line\nbreak and http://u:secret@h");
    g_log_structured(G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "AK_CHAIN", "main", "MESSAGE", "%s",
                     "text");
}

static void test_lines(void)
{
    if (g_test_subprocess()) {
        log_some();
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stderr(
        "*\"level\":\"info\",\"message\":\"line\\nbreak and http://u:*@h\"}\n*");
    g_test_trap_assert_stderr("*\"level\":\"warning\",\"message\":\"text\",\"chain\":\"main\"}\n*");
    g_test_trap_assert_stderr_unmatched("*not shown*");
    g_test_trap_assert_stderr_unmatched("*secret*");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/util/log/password-in-url", test_password_in_url);
    g_test_add_func("/util/log/no-password", test_no_password);
    g_test_add_func("/util/log/text", test_text);
    g_test_add_func("/util/log/json", test_json);
    g_test_add_func("/util/log/lines", test_lines);
    return g_test_run();
}
