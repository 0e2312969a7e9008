#include "store/key.h"

static void test_good(void)
{
    g_autofree char *long_part = g_strnfill(200, 'x');
    const char *keys[] = {"a",    "a/b", "A-Z_0.9", "audit/2026/01/02/main-000000000000.ndjson.zst",
                          "a..b", "-",   long_part};

    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_true(ak_key_check(keys[i], &error));
        g_assert_true(ak_key_check_prefix(keys[i], &error));
    }
}

static void test_bad(void)
{
    g_autofree char *long_part = g_strnfill(201, 'x');
    g_autofree char *many = g_strnfill(AK_KEY_MAX + 1, 'x');
    for (gsize i = 100; i < AK_KEY_MAX; i += 100)
        many[i] = '/';
    const char *keys[] = {"/",   "/a",   "a//b",  "..",  "a/..", "a/../b", "./a", ".a",      "a/.b",
                          "a b", "a\\b", "a%2fb", "a\n", "\x80", "a?b",    "a:b", long_part, many};

    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_false(ak_key_check(keys[i], &error));
        g_assert_error(error, AK_ERROR, AK_ERROR_BAD_INPUT);
        g_assert_true(g_utf8_validate(error->message, -1, NULL));
        g_clear_error(&error);
        g_assert_false(ak_key_check_prefix(keys[i], &error));
    }
}

static void test_only_a_prefix_may_break_off(void)
{
    static const char *const prefixes[] = {"", "a/"};

    for (gsize i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_true(ak_key_check_prefix(prefixes[i], &error));
        g_assert_false(ak_key_check(prefixes[i], &error));
        g_assert_error(error, AK_ERROR, AK_ERROR_BAD_INPUT);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/key/good", test_good);
    g_test_add_func("/store/key/bad", test_bad);
    g_test_add_func("/store/key/prefix", test_only_a_prefix_may_break_off);
    return g_test_run();
}
