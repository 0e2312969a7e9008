#include "chain/number.h"

#include <float.h>
#include <math.h>
#include <string.h>

static double from_bits(guint64 bits)
{
    double value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

static void check_format(double value, const char *expected)
{
    char text[AK_NUMBER_MAX];
    gsize len = ak_number_format(value, text);

    g_assert_cmpmem(text, len, expected, strlen(expected));
}

/* The table of RFC 8785 appendix B. */
static void test_rfc8785(void)
{
    static const struct {
        guint64 bits;
        const char *text;
    } rows[] = {
        {0x0000000000000000, "0"},
        {0x8000000000000000, "0"},
        {0x0000000000000001, "5e-324"},
        {0x8000000000000001, "-5e-324"},
        {0x7fefffffffffffff, "1.7976931348623157e+308"},
        {0xffefffffffffffff, "-1.7976931348623157e+308"},
        {0x4340000000000000, "9007199254740992"},
        {0xc340000000000000, "-9007199254740992"},
        {0x4430000000000000, "295147905179352830000"},
        {0x44b52d02c7e14af5, "9.999999999999997e+22"},
        {0x44b52d02c7e14af6, "1e+23"},
        {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
        {0x444b1ae4d6e2ef4e, "999999999999999700000"},
        {0x444b1ae4d6e2ef4f, "999999999999999900000"},
        {0x444b1ae4d6e2ef50, "1e+21"},
        {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
        {0x3eb0c6f7a0b5ed8d, "0.000001"},
        {0x41b3de4355555553, "333333333.3333332"},
        {0x41b3de4355555554, "333333333.33333325"},
        {0x41b3de4355555555, "333333333.3333333"},
        {0x41b3de4355555556, "333333333.3333334"},
        {0x41b3de4355555557, "333333333.33333343"},
        {0xbecbf647612f3696, "-0.0000033333333333333333"},
        {0x43143ff3c1cb0959, "1424953923781206.2"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        check_format(from_bits(rows[i].bits), rows[i].text);
}

static void test_layout(void)
{
    check_format(100, "100");
    check_format(123456789012345680000.0, "123456789012345680000");
    check_format(1e21, "1e+21");
    check_format(1.5e300, "1.5e+300");
    check_format(0.000001, "0.000001");
    check_format(1e-7, "1e-7");
    check_format(-1.25e-9, "-1.25e-9");
    check_format(-12.5, "-12.5");
    check_format(-1.2345678901234567e-308, "-1.2345678901234567e-308");
    check_format(0x1p-1022, "2.2250738585072014e-308");
    check_format(9007199254740994, "9007199254740994");
}

static void check_parse(const char *text, double expected)
{
    double value = ak_number_parse(text, strlen(text));

    if (memcmp(&value, &expected, sizeof value) != 0)
        g_error("'%s' is %.17g, not %.17g", text, value, expected);
}

static void test_parse(void)
{
    check_parse("0", 0);
    check_parse("-0", -0.0);
    check_parse("-0.0e7", -0.0);
    check_parse("1e23", 1e23);
    check_parse("9007199254740993", 9007199254740992);
    check_parse("9007199254740993.0000000000000000000000000001", 9007199254740994);
    check_parse("2.2250738585072011e-308", 0x1.ffffffffffffep-1023);
    check_parse("1.7976931348623158e308", DBL_MAX);
    check_parse("1.7976931348623159e308", INFINITY);
    check_parse("-1e400", -INFINITY);
    check_parse("2.4703282292062327e-324", 0);
    check_parse("2.4703282292062328e-324", 0x1p-1074);
    check_parse("1e-99999999999999999999", 0);
    check_parse("1e99999999999999999999", INFINITY);
    check_parse("0e99999999999999999999", 0);
}

/* A long run of zeros may cancel a large exponent. */
static void test_parse_long(void)
{
    g_autoptr(GString) text = g_string_new("1");

    for (guint i = 0; i < 5000; i++)
        g_string_append_c(text, '0');
    g_string_append(text, "e-5000");
    check_parse(text->str, 1);
    g_string_assign(text, "0.");
    for (guint i = 0; i < 5000; i++)
        g_string_append_c(text, '0');
    g_string_append(text, "125e5001");
    check_parse(text->str, 1.25);
}

static void check_canonical(const char *text, const char *expected, gboolean is_lossy,
                            gboolean is_reshaped)
{
    char padded[128] = {0}, out[AK_NUMBER_MAX];
    gboolean lossy = FALSE, reshaped = FALSE;
    const char *end;
    gsize len;

    g_assert_cmpuint(strlen(text), <, sizeof padded - AK_NUMBER_PADDING);
    memcpy(padded, text, strlen(text));
    len = ak_number_canonical(padded, &end, out, &lossy, &reshaped);
    g_assert_true(end == padded + strlen(text));
    g_test_message("%s", text);
    g_assert_cmpmem(out, len, expected, strlen(expected));
    g_assert_cmpint(lossy, ==, is_lossy);
    g_assert_cmpint(reshaped, ==, is_reshaped);
}

static void test_canonical_same(void)
{
    check_canonical("0.1", "0.1", FALSE, FALSE);
    check_canonical("-0", "0", FALSE, FALSE);
    check_canonical("1e2", "100", FALSE, FALSE);
    check_canonical("0e5", "0", FALSE, FALSE);
    check_canonical("1.5e1", "15", FALSE, FALSE);
    check_canonical("0.0000001", "1e-7", FALSE, FALSE);
    check_canonical("9007199254740992", "9007199254740992", FALSE, FALSE);
    check_canonical("1000000000000000000000", "1e+21", FALSE, FALSE);
    check_canonical("0.30000000000000004", "0.30000000000000004", FALSE, FALSE);
    check_canonical("5e-324", "5e-324", FALSE, FALSE);
}

static void test_canonical_refuses_overflow(void)
{
    check_canonical("1E400", "", FALSE, FALSE);
    check_canonical("-1.7976931348623159e308", "", FALSE, FALSE);
}

static void test_canonical_lossy(void)
{
    check_canonical("9007199254740993", "9007199254740992", TRUE, FALSE);
    check_canonical("0.1000000000000000055511151231257827", "0.1", TRUE, FALSE);
    check_canonical("10000000000000000000000000000001", "1e+31", TRUE, FALSE);
    check_canonical("1e-400", "0", TRUE, FALSE);
    check_canonical("-1e-5000", "0", TRUE, FALSE);
    check_canonical("4.9e-324", "5e-324", TRUE, FALSE);
    check_canonical("123456789012345678", "123456789012345680", TRUE, FALSE);
}

static void test_canonical_reshaped(void)
{
    check_canonical("1.0", "1", FALSE, TRUE);
    check_canonical("-1.50", "-1.5", FALSE, TRUE);
    check_canonical("0.00", "0", FALSE, TRUE);
    check_canonical("10e-1", "1", FALSE, TRUE);
    check_canonical("0e-2", "0", FALSE, TRUE);
    check_canonical("0.30000000000000004000000000", "0.30000000000000004", FALSE, TRUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/chain/number/rfc8785", test_rfc8785);
    g_test_add_func("/chain/number/layout", test_layout);
    g_test_add_func("/chain/number/parse", test_parse);
    g_test_add_func("/chain/number/parse-long", test_parse_long);
    g_test_add_func("/chain/number/canonical-same", test_canonical_same);
    g_test_add_func("/chain/number/canonical-refuses-overflow", test_canonical_refuses_overflow);
    g_test_add_func("/chain/number/canonical-lossy", test_canonical_lossy);
    g_test_add_func("/chain/number/canonical-reshaped", test_canonical_reshaped);
    return g_test_run();
}
