#include "chain/canonical.h"
#include "util/error.h"

#define REFUSES "cannot canonicalise JSON: "

static gboolean run(AkView text, AkBuf *out, AkCanonicalInfo *info, GError **error)
{
    g_autoptr(AkCanonical) canonical = ak_canonical_new();

    return ak_canonical_json(canonical, text, out, info, error);
}

static void check_view(AkView text, AkView expected)
{
    g_autoptr(GError) error = NULL;
    g_auto(AkBuf) out = {0};

    g_assert_true(run(text, &out, NULL, &error));
    g_assert_no_error(error);
    g_assert_cmpmem(out.data, out.len, expected.data, expected.len);
}

static void check(const char *text, const char *expected)
{
    check_view(ak_view_str(text), ak_view_str(expected));
}

/* @text has to be refused with @reason, and nothing may be left of it in the output. */
static void check_refused_view(AkView text, const char *reason)
{
    g_autofree char *message = g_strconcat(REFUSES, reason, NULL);
    g_autoptr(GError) error = NULL;
    g_auto(AkBuf) out = {0};

    ak_buf_append_literal(&out, "before");
    g_test_message("%s", reason);
    g_assert_false(run(text, &out, NULL, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_BAD_INPUT);
    g_assert_cmpstr(error->message, ==, message);
    g_assert_cmpmem(out.data, out.len, "before", 6);
}

static void check_refused(const char *text, const char *reason)
{
    check_refused_view(ak_view_str(text), reason);
}

static void check_vector(const char *folder, const char *name)
{
    g_autofree char *input_path = g_build_filename(folder, "input", name, NULL);
    g_autofree char *output_path = g_build_filename(folder, "output", name, NULL);
    g_autofree char *input = NULL, *output = NULL;
    gsize input_len, output_len;

    g_test_message("%s", name);
    g_assert_true(g_file_get_contents(input_path, &input, &input_len, NULL));
    g_assert_true(g_file_get_contents(output_path, &output, &output_len, NULL));
    check_view(ak_view(input, input_len), ak_view(output, output_len));
    check_view(ak_view(output, output_len), ak_view(output, output_len));
}

static void test_vectors(void)
{
    g_autofree char *folder = g_build_filename(g_getenv("AK_TEST_VECTORS"), "jcs", NULL);
    g_autofree char *inputs = g_build_filename(folder, "input", NULL);
    g_autoptr(GDir) dir = g_dir_open(inputs, 0, NULL);
    const char *name;
    guint n = 0;

    g_assert_nonnull(dir);
    for (; (name = g_dir_read_name(dir)) != NULL; n++)
        check_vector(folder, name);
    g_assert_cmpuint(n, >=, 4);
}

static void test_scalars(void)
{
    check("null", "null");
    check(" true\n", "true");
    check("\t\r\n false ", "false");
    check("0", "0");
    check("-0", "0");
    check("-0.0", "0");
    check("1.50", "1.5");
    check("0.000001", "0.000001");
    check("0.0000001", "1e-7");
    check("-0.0000012", "-0.0000012");
    check("1E+2", "100");
    check("123456789012345", "123456789012345");
    check("9007199254740993", "9007199254740992");
    check("\"\"", "\"\"");
}

static void test_structure(void)
{
    check("[]", "[]");
    check(" [ ] ", "[]");
    check("{ }", "{}");
    check("[1, [2,\n[ ]], {}]", "[1,[2,[]],{}]");
    check("{\"b\": 1, \"a\": {\"d\": [], \"c\": {\"z\": 1, \"y\": 2}}}",
          "{\"a\":{\"c\":{\"y\":2,\"z\":1},\"d\":[]},\"b\":1}");
    check("{\"a\": 1, \"c\": 2, \"d\": 3, \"b\": 4, \"e\": 5}",
          "{\"a\":1,\"b\":4,\"c\":2,\"d\":3,\"e\":5}");
}

static void test_strings(void)
{
    check("\"\\u0041\\/\\b\\f\\n\\r\\t\\\"\\\\\"", "\"A/\\b\\f\\n\\r\\t\\\"\\\\\"");
    check("\"\\u0000\\u0008\\u000a\\u001F\\u0022\\u005c\\u007f\"",
          "\"\\u0000\\b\\n\\u001f\\\"\\\\\x7f\"");
    check("\"\\u00e9\\uFFFF\\uD83D\\uDE00\"", "\"é\xef\xbf\xbf😀\"");
    check("\"exactly-16-bytes\"", "\"exactly-16-bytes\"");
    check("\"0123456789abcdef0123456789abcdef\\n\"", "\"0123456789abcdef0123456789abcdef\\n\"");
    check("\"\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80\"",
          "\"\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80\"");
}

static void test_key_order(void)
{
    check("{\"b\":1,\"\":2,\"aa\":3,\"a\":4}", "{\"\":2,\"a\":4,\"aa\":3,\"b\":1}");
    /* UTF-16: the surrogate pair of U+1F600 comes before U+E000 and U+FFFF, after U+D7FF */
    check("{\"\uffff\":1,\"\ue000\":2,\"😀\":3,\"\xed\x9f\xbf\":4,\"a\":5}",
          "{\"a\":5,\"\xed\x9f\xbf\":4,\"😀\":3,\"\ue000\":2,\"\uffff\":1}");
    check("{\"longprefix\ue000\":1,\"longprefix😀\":2}",
          "{\"longprefix😀\":2,\"longprefix\ue000\":1}");
    /* the unescaped key counts: a newline comes before the letter and the quote */
    check("{\"a\":1,\"\\n\":2,\"\\\"\":3,\"\\u0000\":4}",
          "{\"\\u0000\":4,\"\\n\":2,\"\\\"\":3,\"a\":1}");
    check("{\"\\u0061\\u0000\":1,\"a\":2,\"\\\\\":3}", "{\"\\\\\":3,\"a\":2,\"a\\u0000\":1}");
    check("{\"abcdefgh2\":1,\"abcdefgh1\":2,\"abcdefgh\":3}",
          "{\"abcdefgh\":3,\"abcdefgh1\":2,\"abcdefgh2\":1}");
    check("{\"10\":1,\"9\":2,\"__proto__\":3}", "{\"10\":1,\"9\":2,\"__proto__\":3}");
}

static gint compare_pointed(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Keys 0 … n-1 in decimal, in a scrambled order, with nested values of many lengths. */
static void test_many_members(void)
{
    enum { N = 10007 };
    g_autoptr(GString) text = g_string_new("{");
    g_autoptr(GPtrArray) sorted = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GString) expected = g_string_new("{");

    for (guint64 i = 0; i < N; i++) {
        guint64 key = i * 7919 % N;
        g_autofree char *fill = g_strnfill(key % 400, 'x');

        g_string_append_printf(text, "%s\"k%" G_GUINT64_FORMAT "\": [\"%s\"]", i > 0 ? ", " : "",
                               key, fill);
        g_ptr_array_add(sorted, g_strdup_printf("\"k%" G_GUINT64_FORMAT "\":[\"%s\"]", key, fill));
    }
    /* a quote sorts before any digit, so whole members sort as their keys do */
    g_ptr_array_sort(sorted, compare_pointed);
    for (guint i = 0; i < N; i++)
        g_string_append_printf(expected, "%s%s", i > 0 ? "," : "", (char *)sorted->pdata[i]);
    g_string_append_c(text, '}');
    g_string_append_c(expected, '}');
    check(text->str, expected->str);
}

/* Short exponents make long numbers: the output outgrows the input. */
static void test_growing_output(void)
{
    g_autoptr(GString) text = g_string_new("{\"b\":[0");
    g_autoptr(GString) expected = g_string_new("{\"a\":1,\"b\":[0");

    for (guint i = 0; i < 5000; i++) {
        g_string_append(text, ",1e20");
        g_string_append(expected, ",100000000000000000000");
    }
    g_string_append(text, "],\"a\":1}");
    g_string_append(expected, "]}");
    check(text->str, expected->str);
}

static void test_info(void)
{
    static const struct {
        const char *text;
        gboolean is_lossy, is_reshaped;
    } rows[] = {{"[0.1, 1e2, -0, 12, \"1.0\", 9007199254740992]", FALSE, FALSE},
                {"[1.0]", FALSE, TRUE},
                {"{\"a\": 9007199254740993}", TRUE, FALSE},
                {"[0.1000000000000000055511151231257827, 2.50, 1]", TRUE, TRUE},
                {"1e-400", TRUE, FALSE}};

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        AkCanonicalInfo info = {!rows[i].is_lossy, !rows[i].is_reshaped};
        g_autoptr(GError) error = NULL;
        g_auto(AkBuf) out = {0};

        g_assert_true(run(ak_view_str(rows[i].text), &out, &info, &error));
        g_assert_cmpint(info.is_lossy, ==, rows[i].is_lossy);
        g_assert_cmpint(info.is_reshaped, ==, rows[i].is_reshaped);
    }
}

static void test_refuses_syntax(void)
{
    check_refused("", "unexpected end at byte 0");
    check_refused("  ", "unexpected end at byte 2");
    check_refused("\xef\xbb\xbf{}", "no JSON value at byte 0");
    check_refused("{} {}", "more after the value at byte 3");
    check_refused("1,", "more after the value at byte 1");
    check_refused_view(AK_VIEW("1\0"), "more after the value at byte 1");
    check_refused("[1,]", "no JSON value at byte 3");
    check_refused("[,1]", "no JSON value at byte 1");
    check_refused("[1 2]", "no comma or bracket after an element at byte 3");
    check_refused("[1}", "no comma or bracket after an element at byte 2");
    check_refused("{\"a\":1,}", "no key at byte 7");
    check_refused("{,}", "no key at byte 1");
    check_refused("{a:1}", "no key at byte 1");
    check_refused("{'a':1}", "no key at byte 1");
    check_refused("{\"a\" 1}", "no colon after a key at byte 5");
    check_refused("{\"a\":}", "no JSON value at byte 5");
    check_refused("{\"a\":1]", "no comma or brace after a member at byte 6");
    check_refused("]", "no JSON value at byte 0");
    check_refused("[\v1]", "no JSON value at byte 1");
    check_refused("/* */1", "no JSON value at byte 0");
}

static void test_refuses_words(void)
{
    static const char *const words[] = {
        "nul", "nulL", "True",      "tru\0e",   "falsy",     "NaN",   "-NaN",
        "inf", "-",    "-Infinity", "Infinity", "undefined", "+1",    ".5",
        "-.5", "0x10", "01",        "-01",      "00",        "1.",    "1.e5",
        "1e",  "1e+",  "1.5E-",     "--1",      "1_0",       "1.2.3", "\xc2\xb2"};

    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        g_autoptr(GError) error = NULL;
        g_auto(AkBuf) out = {0};

        g_test_message("%s", words[i]);
        g_assert_false(run(ak_view_str(words[i]), &out, NULL, &error));
        g_assert_error(error, AK_ERROR, AK_ERROR_BAD_INPUT);
        g_assert_cmpuint(out.len, ==, 0);
    }
    check_refused("[1e309]", "number too large for a double at byte 1");
    check_refused("-1e99999999999999999999", "number too large for a double at byte 0");
}

static void test_refuses_strings(void)
{
    check_refused("\"", "unexpected end at byte 1");
    check_refused("\"abc", "unexpected end at byte 4");
    check_refused("\"abcdefghijklmnop", "unexpected end at byte 17");
    check_refused("\"a\nb\"", "unescaped control character at byte 2");
    check_refused_view(AK_VIEW("\"a\0b\""), "unescaped control character at byte 2");
    check_refused("\"\x1f\"", "unescaped control character at byte 1");
    check_refused("\"\\x41\"", "bad escape at byte 1");
    check_refused("\"\\U0041\"", "bad escape at byte 1");
    check_refused("\"\\", "bad escape at byte 1");
    check_refused("\"\\u12\"", "bad \\u escape at byte 1");
    check_refused("\"\\u12g4\"", "bad \\u escape at byte 1");
    check_refused("\"\\u+123\"", "bad \\u escape at byte 1");
    check_refused("\"\\ud800\"", "lone surrogate at byte 1");
    check_refused("\"\\udc00\"", "lone surrogate at byte 1");
    check_refused("\"\\ud800\\u0041\"", "lone surrogate at byte 1");
    check_refused("\"\\ud800\\ud800\"", "lone surrogate at byte 1");
    check_refused("\"\\ud800\\udc0\"", "lone surrogate at byte 1");
    check_refused("\"\\ud83d\xf0\x9f\x98\x80\"", "lone surrogate at byte 1");
    check_refused("\"\\udc00\\ud800\"", "lone surrogate at byte 1");
    check_refused("{\"\\ud800\":1}", "lone surrogate at byte 2");
}

static void test_refuses_utf8(void)
{
    static const char *const sequences[] = {"\x80",
                                            "\xbf",
                                            "\xc0\x80",
                                            "\xc0\xaf",
                                            "\xc1\xbf",
                                            "\xc2",
                                            "\xc2\x41",
                                            "\xc3\xc3",
                                            "\xe0\x80\x80",
                                            "\xe0\x9f\xbf",
                                            "\xe1\x80",
                                            "\xe1\x80\x41",
                                            "\xed\xa0\x80",
                                            "\xed\xbf\xbf",
                                            "\xed\xa0\xbd\xed\xb8\x80",
                                            "\xf0\x80\x80\x80",
                                            "\xf0\x8f\xbf\xbf",
                                            "\xf0\x90\x80",
                                            "\xf4\x90\x80\x80",
                                            "\xf5\x80\x80\x80",
                                            "\xf8\x88\x80\x80\x80",
                                            "\xfe",
                                            "\xff"};

    for (gsize i = 0; i < G_N_ELEMENTS(sequences); i++) {
        g_autofree char *closed = g_strdup_printf("\"ab%s\"", sequences[i]);
        g_autofree char *late = g_strdup_printf("{\"0123456789abcd\": \"é%s", sequences[i]);

        check_refused(closed, "invalid UTF-8 at byte 3");
        check_refused(late, "invalid UTF-8 at byte 22");
    }
}

/* Every proper prefix of a text that uses the whole grammar is refused, without reading beyond. */
static void test_refuses_truncated(void)
{
    static const char text[] =
        "{\"a\\u00e9\\ud83d\\ude00\": [1.5e+10, true, false, null, \"é😀\\n\"], "
        "\"b\": {\"c\": -12}}";

    for (gsize len = 0; len < sizeof text - 1; len++) {
        g_autofree char *exact = g_memdup2(text, MAX(len, 1));
        g_autoptr(GError) error = NULL;
        g_auto(AkBuf) out = {0};

        g_assert_false(run(ak_view(exact, len), &out, NULL, &error));
        g_assert_error(error, AK_ERROR, AK_ERROR_BAD_INPUT);
    }
    check(text, "{\"aé😀\":[15000000000,true,false,null,\"é😀\\n\"],\"b\":{\"c\":-12}}");
}

static void test_refuses_duplicates(void)
{
    check_refused("{\"a\":1,\"a\":1}", "duplicate key in the object ending at byte 12");
    check_refused("{\"a\":1,\"b\":2,\"\\u0061\":3}",
                  "duplicate key in the object ending at byte 23");
    check_refused("[{\"\":1,\"\":2}]", "duplicate key in the object ending at byte 11");
    check_refused("{\"abcdefghij\":1,\"b\":2,\"abcdefghij\":3}",
                  "duplicate key in the object ending at byte 36");
    check_refused("{\"\\n\":1,\"\\u000a\":2}", "duplicate key in the object ending at byte 18");
    check_refused("{\"x\":{\"é\":1,\"\\u00e9\":2}}",
                  "duplicate key in the object ending at byte 23");
    check("{\"a\":{\"a\":1},\"b\":{\"a\":1}}", "{\"a\":{\"a\":1},\"b\":{\"a\":1}}");
}

static char *nested(const char *open, const char *close, guint depth)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < depth; i++)
        g_string_append(text, open);
    g_string_append_c(text, '1');
    for (guint i = 0; i < depth; i++)
        g_string_append(text, close);
    return g_string_free(text, FALSE);
}

static void test_depth(void)
{
    g_autofree char *arrays = nested("[", "]", AK_CANONICAL_MAX_DEPTH);
    g_autofree char *objects = nested("{\"b\":", ",\"a\":2}", AK_CANONICAL_MAX_DEPTH);
    g_autofree char *sorted = nested("{\"a\":2,\"b\":", "}", AK_CANONICAL_MAX_DEPTH);
    g_autofree char *deep = nested("[", "]", AK_CANONICAL_MAX_DEPTH + 1);
    g_autofree char *deep_objects = nested("{\"b\":", "}", AK_CANONICAL_MAX_DEPTH + 1);
    g_autofree char *endless = g_strnfill(1000000, '[');

    check(arrays, arrays);
    check(objects, sorted);
    check_refused(deep, "nested too deep at byte 512");
    check_refused(deep_objects, "nested too deep at byte 2560");
    check_refused(endless, "nested too deep at byte 512");
}

static void test_size_limit(void)
{
    check_refused_view(ak_view("x", (gsize)AK_CANONICAL_MAX_BYTES + 1),
                       "268435457 bytes, the limit is 268435456");
}

/* The scratch memory carries nothing from one call, good or bad, to the next. */
static void test_reuse(void)
{
    g_autoptr(AkCanonical) canonical = ak_canonical_new();
    g_auto(AkBuf) out = {0};

    for (guint i = 0; i < 3; i++) {
        g_autoptr(GError) error = NULL;
        AkCanonicalInfo info;

        g_assert_false(ak_canonical_json(canonical,
                                         AK_VIEW("{\"c\":{\"\\n\":1.0,\"b\":9007199254740993,"),
                                         &out, &info, &error));
        g_assert_true(
            ak_canonical_json(canonical, AK_VIEW("{\"b\":1,\"a\":2}"), &out, &info, NULL));
        g_assert_false(info.is_lossy || info.is_reshaped);
    }
    g_assert_cmpmem(out.data, out.len, "{\"a\":2,\"b\":1}{\"a\":2,\"b\":1}{\"a\":2,\"b\":1}", 39);
}

static void check_string(AkView utf8, const char *expected)
{
    g_auto(AkBuf) out = {0};

    ak_canonical_string(utf8, &out);
    g_assert_cmpmem(out.data, out.len, expected, strlen(expected));
}

static void test_string(void)
{
    check_string(AK_VIEW(""), "\"\"");
    check_string(AK_VIEW("plain"), "\"plain\"");
    check_string(AK_VIEW("0123456789abcdef0123456789abcdef é\"\\/\x7f\n"),
                 "\"0123456789abcdef0123456789abcdef é\\\"\\\\/\x7f\\n\"");
    check_string(AK_VIEW("\0\x01\b\t\n\f\r\x1f"), "\"\\u0000\\u0001\\b\\t\\n\\f\\r\\u001f\"");
    check_string(AK_VIEW("\xf0\x9f\x98\x80"), "\"😀\"");
}

static void test_string_repairs_utf8(void)
{
    check_string(AK_VIEW("a\xff"), "\"a\uFFFD\"");
    check_string(AK_VIEW("\xc3"), "\"\uFFFD\"");
    check_string(AK_VIEW("\xed\xa0\x80x"), "\"\uFFFD\uFFFD\uFFFDx\"");
    check_string(AK_VIEW("0123456789abcdef\xf0\x9f\x98"), "\"0123456789abcdef\uFFFD\uFFFD\uFFFD\"");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/chain/canonical/vectors", test_vectors);
    g_test_add_func("/chain/canonical/scalars", test_scalars);
    g_test_add_func("/chain/canonical/structure", test_structure);
    g_test_add_func("/chain/canonical/strings", test_strings);
    g_test_add_func("/chain/canonical/key-order", test_key_order);
    g_test_add_func("/chain/canonical/many-members", test_many_members);
    g_test_add_func("/chain/canonical/growing-output", test_growing_output);
    g_test_add_func("/chain/canonical/info", test_info);
    g_test_add_func("/chain/canonical/refuses-syntax", test_refuses_syntax);
    g_test_add_func("/chain/canonical/refuses-words", test_refuses_words);
    g_test_add_func("/chain/canonical/refuses-strings", test_refuses_strings);
    g_test_add_func("/chain/canonical/refuses-utf8", test_refuses_utf8);
    g_test_add_func("/chain/canonical/refuses-truncated", test_refuses_truncated);
    g_test_add_func("/chain/canonical/refuses-duplicates", test_refuses_duplicates);
    g_test_add_func("/chain/canonical/depth", test_depth);
    g_test_add_func("/chain/canonical/size-limit", test_size_limit);
    g_test_add_func("/chain/canonical/reuse", test_reuse);
    g_test_add_func("/chain/canonical/string", test_string);
    g_test_add_func("/chain/canonical/string-repairs-utf8", test_string_repairs_utf8);
    return g_test_run();
}
