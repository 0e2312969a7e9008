#include "chain/scan.h"

/* "key=value key=value" of an object, or NULL when it is refused. */
static char *cut(AkView object)
{
    g_autoptr(GString) out = g_string_new(NULL);
    AkView key, value;
    AkScan scan;
    AkScanStep step = AK_SCAN_BAD;

    if (!ak_scan_begin(&scan, object))
        return NULL;
    while ((step = ak_scan_next(&scan, &key, &value)) == AK_SCAN_MEMBER) {
        if (out->len > 0)
            g_string_append_c(out, ' ');
        g_string_append_len(out, key.data, (gssize)key.len);
        g_string_append_c(out, '=');
        g_string_append_len(out, value.data, (gssize)value.len);
    }
    return step == AK_SCAN_DONE ? g_string_free(g_steal_pointer(&out), FALSE) : NULL;
}

/* From memory of exactly the text's length, so that a sanitizer sees a read behind its end. */
static char *cut_exactly(const char *text, gsize len)
{
    g_autofree char *exact = g_memdup2(text, MAX(len, 1));

    return cut(ak_view(exact, len));
}

static void check(const char *object, const char *expected)
{
    g_autofree char *members = cut_exactly(object, strlen(object));

    g_assert_cmpstr(members, ==, expected);
}

static void check_refused(const char *object)
{
    g_autofree char *members = cut_exactly(object, strlen(object));

    g_test_message("%s", object);
    g_assert_null(members);
}

static void test_members(void)
{
    check("{}", "");
    check("{\"a\":1}", "a=1");
    check("{\"a\":1,\"b\":\"two\",\"c\":null,\"d\":-1.5e+3,\"e\":true}",
          "a=1 b=\"two\" c=null d=-1.5e+3 e=true");
    check("{\"\":\"\"}", "=\"\"");
    check("{\"a\":1,\"a\":2}", "a=1 a=2");
}

static void test_white_space(void)
{
    check(" \t\r\n{ } \n", "");
    check("\n{ \"a\" :\t1 ,\r\n\"b\" : [ 1, 2 ] }\n", "a=1 b=[ 1, 2 ]");
    check_refused("\v{}");
    check_refused("{}\f");
}

static void test_nesting(void)
{
    check("{\"a\":{\"b\":[{},[],\"}\"]},\"c\":[[[]]]}", "a={\"b\":[{},[],\"}\"]} c=[[[]]]");
    check("{\"a\":[\"]\",\"\\\"]\"],\"b\":{\"}\":\"{\"}}", "a=[\"]\",\"\\\"]\"] b={\"}\":\"{\"}");
}

/* The scan cuts; whether a scalar or a bracket is right is for whoever reads the value. */
static void test_values_are_not_judged(void)
{
    check("{\"a\":nul,\"b\":01,\"c\":[}}", "a=nul b=01 c=[}");
}

static void test_deep_nesting(void)
{
    enum { DEPTH = 100000 };
    g_autofree char *open = g_strnfill(DEPTH, '['), *close = g_strnfill(DEPTH, ']');
    g_autofree char *whole = g_strconcat("{\"a\":", open, close, "}", NULL);
    g_autofree char *unclosed = g_strconcat("{\"a\":", open, close + 1, "}", NULL);
    g_autofree char *members = cut_exactly(whole, strlen(whole));
    AkView rest;
    AkScan scan;

    g_assert_nonnull(members);
    g_assert_true(ak_scan_begin(&scan, ak_view_str(unclosed)));
    while (ak_scan_next(&scan, &rest, &rest) == AK_SCAN_MEMBER)
        continue;
    g_assert_cmpint(ak_scan_next(&scan, &rest, &rest), ==, AK_SCAN_BAD);
}

static void test_quotes_behind_backslashes(void)
{
    check("{\"a\":\"\\\"\",\"b\":1}", "a=\"\\\"\" b=1");
    check("{\"a\":\"\\\\\",\"b\":1}", "a=\"\\\\\" b=1");
    check("{\"a\":\"\\\\\\\"\",\"b\":1}", "a=\"\\\\\\\"\" b=1");
    check("{\"a\":\"\\\\\\\\\",\"b\":1}", "a=\"\\\\\\\\\" b=1");
    check("{\"\\\"\":\"\\\",\\\"\"}", "\\\"=\"\\\",\\\"\"");
    check_refused("{\"a\":\"\\\"}");
    check_refused("{\"a\":\"\\\\\\\"}");
    check_refused("{\"a\\\":1}");
}

/* Runs of 0 … 40 backslashes: the quote behind ends the string when the run is even. */
static void test_backslash_runs(void)
{
    for (guint n = 0; n <= 40; n++) {
        g_autofree char *run = g_strnfill(n, '\\');
        g_autofree char *object = g_strconcat("{\"k", run, "\":\"v", run, "\"}", NULL);
        g_autofree char *expected = g_strconcat("k", run, "=\"v", run, "\"", NULL);

        if (n % 2 == 0)
            check(object, expected);
        else
            check_refused(object);
    }
}

static void test_truncated(void)
{
    static const char text[] =
        "{\"a\":1,\"b\":\"t\\\\\\\"wo\",\"c\":{\"d\":[1,\"]\",{}]},\"e\":null}";
    g_autofree char *whole = cut_exactly(text, sizeof text - 1);

    g_assert_nonnull(whole);
    for (gsize len = 0; len < sizeof text - 1; len++) {
        g_autofree char *members = cut_exactly(text, len);

        g_assert_null(members);
    }
}

static void test_refused(void)
{
    static const char *const objects[] = {"",
                                          "[]",
                                          "1",
                                          "\"a\"",
                                          "{",
                                          "{a:1}",
                                          "{'a':1}",
                                          "{\"a\"}",
                                          "{\"a\":}",
                                          "{\"a\" 1}",
                                          "{\"a\":1,}",
                                          "{,}",
                                          "{,\"a\":1}",
                                          "{\"a\":1 \"b\":2}",
                                          "{\"a\":1,,\"b\":2}",
                                          "{\"a\":1}}",
                                          "{\"a\":1}x",
                                          "{\"a\":1}{}",
                                          "{\"a\":[}",
                                          "{\"a\":]}",
                                          "{1:2}",
                                          "{\"a\":1:2"};

    for (guint i = 0; i < G_N_ELEMENTS(objects); i++)
        check_refused(objects[i]);
    g_assert_null(cut(AK_VIEW_NULL));
}

static void test_bad_stays_bad(void)
{
    AkScan scan;
    AkView key, value;

    g_assert_true(ak_scan_begin(&scan, AK_VIEW("{\"a\":1,")));
    g_assert_cmpint(ak_scan_next(&scan, &key, &value), ==, AK_SCAN_MEMBER);
    g_assert_cmpint(ak_scan_next(&scan, &key, &value), ==, AK_SCAN_BAD);
    g_assert_cmpint(ak_scan_next(&scan, &key, &value), ==, AK_SCAN_BAD);
}

static void check_string(AkView raw, AkView expected)
{
    g_autofree char *exact = g_memdup2(raw.data, raw.len);
    g_auto(AkArena) arena = {0};
    AkView text;

    g_assert_true(ak_scan_string(ak_view(exact, raw.len), &arena, &text));
    g_assert_cmpmem(text.data, text.len, expected.data, expected.len);
}

static void test_strings(void)
{
    check_string(AK_VIEW("\"\""), AK_VIEW(""));
    check_string(AK_VIEW("\"plain\""), AK_VIEW("plain"));
    check_string(AK_VIEW("\"é😀\""), AK_VIEW("é😀"));
    check_string(AK_VIEW("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), AK_VIEW("\"\\/\b\f\n\r\t"));
    check_string(AK_VIEW("\"\\u0041\\u00e9\\u00E9\\uFFFF\""), AK_VIEW("Aéé\uffff"));
    check_string(AK_VIEW("\"a\\u0000b\""), AK_VIEW("a\0b"));
    check_string(AK_VIEW("\"\\ud83d\\uDE00\\uD800\\uDC00\\uDBFF\\uDFFF\""),
                 AK_VIEW("😀\U00010000\U0010ffff"));
    check_string(AK_VIEW("\"\\\\u0041\""), AK_VIEW("\\u0041"));
}

static void test_string_in_place(void)
{
    AkView raw = AK_VIEW("\"plain\"");
    g_auto(AkArena) arena = {0};
    AkView text;

    g_assert_true(ak_scan_string(raw, &arena, &text));
    g_assert_true(text.data == raw.data + 1);
    g_assert_cmpuint(arena.used, ==, 0);
}

static void test_strings_refused(void)
{
    static const char *const raws[] = {"",
                                       "\"",
                                       "a",
                                       "\"a",
                                       "a\"",
                                       "null",
                                       "\"\\\"",
                                       "\"\\x\"",
                                       "\"\\a\"",
                                       "\"\\'\"",
                                       "\"\\u\"",
                                       "\"\\u123\"",
                                       "\"\\u12g4\"",
                                       "\"\\u 123\"",
                                       "\"\\u+123\"",
                                       "\"\\U0041\"",
                                       "\"\\ud800\"",
                                       "\"\\udc00\"",
                                       "\"\\ud800\\ud800\"",
                                       "\"\\ud800\\u0041\"",
                                       "\"\\ud800x\\udc00\"",
                                       "\"\\ud800\\n\"",
                                       "\"\\ud800\\udc0\"",
                                       "\"\\udfff\\ud800\"",
                                       "\"\\ud8",
                                       "'a'"};
    g_auto(AkArena) arena = {0};

    for (guint i = 0; i < G_N_ELEMENTS(raws); i++) {
        g_autofree char *exact = g_memdup2(raws[i], MAX(strlen(raws[i]), 1));
        AkView text;

        g_test_message("%s", raws[i]);
        g_assert_false(ak_scan_string(ak_view(exact, strlen(raws[i])), &arena, &text));
    }
    g_assert_false(ak_scan_string(AK_VIEW("\"\\\0\""), &arena, &(AkView){0}));
    g_assert_false(ak_scan_string(AK_VIEW_NULL, &arena, &(AkView){0}));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/chain/scan/members", test_members);
    g_test_add_func("/chain/scan/white_space", test_white_space);
    g_test_add_func("/chain/scan/nesting", test_nesting);
    g_test_add_func("/chain/scan/values_are_not_judged", test_values_are_not_judged);
    g_test_add_func("/chain/scan/deep_nesting", test_deep_nesting);
    g_test_add_func("/chain/scan/quotes_behind_backslashes", test_quotes_behind_backslashes);
    g_test_add_func("/chain/scan/backslash_runs", test_backslash_runs);
    g_test_add_func("/chain/scan/truncated", test_truncated);
    g_test_add_func("/chain/scan/refused", test_refused);
    g_test_add_func("/chain/scan/bad_stays_bad", test_bad_stays_bad);
    g_test_add_func("/chain/scan/strings", test_strings);
    g_test_add_func("/chain/scan/string_in_place", test_string_in_place);
    g_test_add_func("/chain/scan/strings_refused", test_strings_refused);
    return g_test_run();
}
