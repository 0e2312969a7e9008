#include "cli/members.h"

enum { MAX = 4 };

static gboolean split(const char *text, AkMember members[MAX], gsize *n)
{
    g_autoptr(GError) error = NULL;
    gboolean is_good = ak_members_split(ak_view_str(text), members, MAX, n, &error);

    if (!is_good)
        g_assert_error(error, AK_ERROR, AK_ERROR_BAD_INPUT);
    return is_good;
}

static void assert_view(AkView view, const char *wanted)
{
    g_autofree char *text = g_strndup(view.data, view.len);

    g_assert_cmpstr(text, ==, wanted);
}

static void test_exact_values(void)
{
    AkMember members[MAX];
    gsize n;

    g_assert_true(split(" { \"a\" : 1.50 , \"b\":{\"x\":[1,\"}\\\"]\"]} ,\"c\\\"\":\"\\\\\"}\n",
                        members, &n));
    g_assert_cmpuint(n, ==, 3);
    assert_view(members[0].name, "a");
    assert_view(members[0].value, "1.50");
    assert_view(members[1].value, "{\"x\":[1,\"}\\\"]\"]}");
    assert_view(members[2].name, "c\\\"");
    assert_view(members[2].value, "\"\\\\\"");
}

static void test_empty_object(void)
{
    AkMember members[MAX];
    gsize n = 7;

    g_assert_true(split("{}", members, &n));
    g_assert_cmpuint(n, ==, 0);
}

static void test_refused(void)
{
    static const char *const texts[] = {"",
                                        "[]",
                                        "{",
                                        "{\"a\"",
                                        "{\"a\":",
                                        "{\"a\":1",
                                        "{\"a\":1,",
                                        "{\"a\":1,}",
                                        "{\"a\":1}x",
                                        "{\"a\":1]}",
                                        "{\"a\":\"}",
                                        "{\"a\":\"\\",
                                        "{a:1}",
                                        "{\"a\" 1}",
                                        "{\"a\":1 \"b\":2",
                                        "{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1}"};
    AkMember members[MAX];
    gsize n;

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        g_assert_false(split(texts[i], members, &n));
}

/* Every prefix of a line ends somewhere awkward; the extent must never pass the end. */
static void test_truncated(void)
{
    static const char text[] = "{\"a\\\\\":[{\"b\":\"\\\"\"}],\"c\":\"\\u00e9\"}";

    for (gsize len = 0; len < sizeof text - 1; len++) {
        g_autofree char *part = g_memdup2(text, len);
        AkMember members[MAX];
        gsize n;

        g_assert_false(
            ak_members_split(ak_view(part != NULL ? part : "", len), members, MAX, &n, NULL));
    }
}

static void test_unquote(void)
{
    g_auto(AkBuf) out = {0};

    ak_members_unquote(AK_VIEW("\"a\\\"\\\\\\b\\t\\n\\f\\r\\u001f\xc3\xa9\""), &out);
    g_assert_cmpmem(out.data, out.len, "a\"\\\b\t\n\f\r\x1f\xc3\xa9", 11);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/members/exact-values", test_exact_values);
    g_test_add_func("/cli/members/empty-object", test_empty_object);
    g_test_add_func("/cli/members/refused", test_refused);
    g_test_add_func("/cli/members/truncated", test_truncated);
    g_test_add_func("/cli/members/unquote", test_unquote);
    return g_test_run();
}
