#include "util/time.h"

static void check_format(gint64 usec, const char *expected)
{
    char text[AK_TIME_MAX];
    gsize len = ak_time_format(usec, text);

    g_assert_cmpstr(text, ==, expected);
    g_assert_cmpuint(len, ==, strlen(expected));
}

static void test_format(void)
{
    check_format(0, "1970-01-01T00:00:00Z");
    check_format(-1, "1969-12-31T23:59:59.999999Z");
    check_format(1738368000123400, "2025-02-01T00:00:00.1234Z");
    check_format(ak_time_from_civil(2000, 2, 29) * AK_USEC_PER_DAY, "2000-02-29T00:00:00Z");
}

static void check_parse(const char *text, const char *expected)
{
    char back[AK_TIME_MAX];
    gint64 usec;

    g_assert_true(ak_time_parse(ak_view_str(text), &usec));
    (void)ak_time_format(usec, back);
    g_assert_cmpstr(back, ==, expected);
}

static void test_parse(void)
{
    check_parse("2025-02-01T00:00:00Z", "2025-02-01T00:00:00Z");
    check_parse("2025-02-01 01:30:00.123456789+01:30", "2025-02-01T00:00:00.123456Z");
    check_parse("2025-02-01 00:00:00-05", "2025-02-01T05:00:00Z");
    check_parse("2025-02-01", "2025-02-01T00:00:00Z");
    check_parse("0001-01-01T00:00:00.1Z", "0001-01-01T00:00:00.1Z");
}

static void test_parse_refuses(void)
{
    static const char *const bad[] = {"",
                                      "2025",
                                      "2025-02-30",
                                      "2025-02-29T00:00:00Z",
                                      "2025-13-01",
                                      "2025-02-01T24:00:00Z",
                                      "2025-02-01T00:00Z",
                                      "2025-02-01T00:00:00.Z",
                                      "2025-02-01T00:00:00Zx",
                                      "2025-02-01T00:00:00+1"};
    gint64 usec;

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(ak_time_parse(ak_view_str(bad[i]), &usec));
    g_assert_false(ak_time_parse(AK_VIEW_NULL, &usec));
}

static void test_civil_roundtrip(void)
{
    for (gint64 day = -800000; day < 800000; day += 97) {
        int y, m, d;

        ak_time_civil(day, &y, &m, &d);
        g_assert_cmpint(ak_time_from_civil(y, m, d), ==, day);
    }
}

static void check_period(const char *from, const char *period, const char *expected)
{
    char text[AK_TIME_MAX];
    gint64 usec;

    g_assert_true(ak_time_parse(ak_view_str(from), &usec));
    g_assert_true(ak_time_add_period(usec, period, &usec));
    (void)ak_time_format(usec, text);
    g_assert_cmpstr(text, ==, expected);
}

static void test_period(void)
{
    gint64 usec;

    check_period("2025-02-01T10:00:00.5Z", "7 years", "2032-02-01T10:00:00.5Z");
    check_period("2024-02-29T00:00:00Z", "7 years", "2031-03-01T00:00:00Z");
    check_period("2025-11-15T00:00:00Z", "2 months", "2026-01-15T00:00:00Z");
    check_period("2025-01-01T00:00:00Z", "1 day", "2025-01-02T00:00:00Z");
    g_assert_false(ak_time_add_period(0, "7", &usec));
    g_assert_false(ak_time_add_period(0, "0 years", &usec));
    g_assert_false(ak_time_add_period(0, "-1 days", &usec));
    g_assert_false(ak_time_add_period(0, "7 yearsx", &usec));
    g_assert_false(ak_time_add_period(0, "7 fortnights", &usec));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/util/time/format", test_format);
    g_test_add_func("/util/time/parse", test_parse);
    g_test_add_func("/util/time/parse-refuses", test_parse_refuses);
    g_test_add_func("/util/time/civil-roundtrip", test_civil_roundtrip);
    g_test_add_func("/util/time/period", test_period);
    return g_test_run();
}
