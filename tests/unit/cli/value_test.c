#include "cli/value.h"

#include "util/error.h"

typedef struct {
    AkOptId id;
    const char *text;
    guint64 number;
} Good;

static void test_good(void)
{
    static const Good cases[] = {
        {AK_OPT_SEGMENT_EVENTS, "1", 1},
        {AK_OPT_SEGMENT_EVENTS, "1048576", 1048576},
        {AK_OPT_SEGMENT_BYTES, "1024", 1024},
        {AK_OPT_SEGMENT_BYTES, "4KiB", 4096},
        {AK_OPT_SEGMENT_BYTES, "3 mib", 3145728},
        {AK_OPT_FLUSH_INTERVAL, "500ms", 500},
        {AK_OPT_FLUSH_INTERVAL, "2min", 120000},
        {AK_OPT_LOG_LEVEL, "debug", 3},
        {AK_OPT_WHAT, "source", 1},
        {AK_OPT_WHAT, "archive,source", 3},
        {AK_OPT_WHAT, "source,archive,cross", 7},
        {AK_OPT_JSON, "Yes", 1},
        {AK_OPT_JSON, "0", 0},
        {AK_OPT_SINCE, "1970-01-01T00:00:01Z", 1000000},
        {AK_OPT_RETENTION, "1 day", G_GUINT64_CONSTANT(86400000000)},
        {AK_OPT_TABLE, "ünïcode", 0},
        {AK_OPT_CHAIN, "a-b_9", 0},
        {AK_OPT_ORIGIN, "prüfung.example.org/a", 0},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        guint64 number = 1;

        g_assert_true(
            ak_value_parse(&ak_options[cases[i].id], cases[i].text, "test", &number, &error));
        g_assert_no_error(error);
        g_assert_cmpuint(number, ==, cases[i].number);
    }
}

static void test_bad(void)
{
    static const Good cases[] = {
        {AK_OPT_SEGMENT_EVENTS, "0", 0},
        {AK_OPT_SEGMENT_EVENTS, "1048577", 0},
        {AK_OPT_SEGMENT_EVENTS, "-1", 0},
        {AK_OPT_SEGMENT_EVENTS, "+1", 0},
        {AK_OPT_SEGMENT_EVENTS, " 1", 0},
        {AK_OPT_SEGMENT_EVENTS, "1x", 0},
        {AK_OPT_SEGMENT_EVENTS, "0x10", 0},
        {AK_OPT_SEGMENT_EVENTS, "18446744073709551617", 0},
        {AK_OPT_SEGMENT_BYTES, "17179869184GiB", 0},
        {AK_OPT_SEGMENT_BYTES, "1MB", 0},
        {AK_OPT_SEGMENT_BYTES, "MiB", 0},
        {AK_OPT_FLUSH_INTERVAL, "10", 0},
        {AK_OPT_FLUSH_INTERVAL, "0ms", 0},
        {AK_OPT_LOG_LEVEL, "loud", 0},
        {AK_OPT_LOG_LEVEL, "auto|text", 0},
        {AK_OPT_WHAT, "source,", 0},
        {AK_OPT_WHAT, "everything", 0},
        {AK_OPT_JSON, "maybe", 0},
        {AK_OPT_SINCE, "yesterday", 0},
        {AK_OPT_SINCE, "2025-02-30", 0},
        {AK_OPT_RETENTION, "7", 0},
        {AK_OPT_RETENTION, "a while", 0},
        {AK_OPT_CHAIN, "\xff", 0},
        {AK_OPT_CHAIN, "", 0},
        {AK_OPT_CHAIN, "my chain", 0},
        {AK_OPT_CHAIN, "a+b", 0},
        {AK_OPT_CHAIN, "0123456789012345678901234567890123456789012345678901234567890123", 0},
        {AK_OPT_ORIGIN, "", 0},
        {AK_OPT_ORIGIN, "audit.example.org ", 0},
        {AK_OPT_ORIGIN, "a\xc2\xa0z", 0},
        {AK_OPT_ORIGIN, "a+b", 0},
        {AK_OPT_ORIGIN, "a\nb", 0},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        guint64 number;

        g_assert_false(
            ak_value_parse(&ak_options[cases[i].id], cases[i].text, "the origin", &number, &error));
        g_assert_error(error, AK_ERROR, AK_ERROR_CONFIG);
        g_assert_true(g_str_has_prefix(error->message, "the origin: "));
    }
}

static void assert_suggestion(const char *wrong, const char *right)
{
    static const char *const names[] = {"archive", "append", "verify", "once", NULL};
    g_autofree char *hint = ak_value_suggest(wrong, names, "--");
    g_autofree char *wanted =
        right == NULL ? g_strdup("") : g_strdup_printf("; hint: did you mean '--%s'?", right);

    g_assert_cmpstr(hint, ==, wanted);
}

static void test_suggest(void)
{
    assert_suggestion("archiv", "archive");
    assert_suggestion("onec", "once");
    assert_suggestion("verfiy", "verify");
    assert_suggestion("ap", "append");
    assert_suggestion("zzz", NULL);
    assert_suggestion("", NULL);
    assert_suggestion("a-name-that-is-much-longer-than-any-option-has-a-right-to-be", NULL);
}

/* A default that its own rule refuses would make every call fail. */
static void test_defaults(void)
{
    for (guint i = 0; i < AK_OPT_N; i++) {
        g_autoptr(GError) error = NULL;
        guint64 number;

        g_assert_nonnull(ak_options[i].name);
        g_assert_nonnull(ak_options[i].summary);
        g_assert_true(ak_options[i].value != NULL || ak_options[i].type == AK_TYPE_BOOL ||
                      ak_options[i].is_secret);
        g_assert_true(ak_option_find(ak_options[i].name, strlen(ak_options[i].name)) ==
                      &ak_options[i]);
        if (ak_options[i].initial != NULL)
            g_assert_true(
                ak_value_parse(&ak_options[i], ak_options[i].initial, "default", &number, &error));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/value/good", test_good);
    g_test_add_func("/cli/value/bad", test_bad);
    g_test_add_func("/cli/value/suggest", test_suggest);
    g_test_add_func("/cli/value/defaults", test_defaults);
    return g_test_run();
}
