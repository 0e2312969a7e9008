#include "cli/discover.h"

#include "util/error.h"

static const struct {
    const char *value, *name;
} pairs[] = {
    {"acme", "acme"},
    {"7-eleven", "7-eleven"},
    {"", "_"},
    {"_", "_5f"},
    {"a_b", "a_5fb"},
    {"a_5fb", "a_5f5fb"},
    {"Acme", "_41cme"},
    {"acme.com", "acme_2ecom"},
    {"caf\xc3\xa9", "caf_c3_a9"},
    {" ", "_20"},
    {"../x", "_2e_2e_2fx"},
    {"3f2a1c9e-0000-4000-8000-00000000000a", "3f2a1c9e-0000-4000-8000-00000000000a"},
};

static void test_names(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *name = ak_discover_name(pairs[i].value, &error);

        g_assert_no_error(error);
        g_assert_cmpstr(name, ==, pairs[i].name);
    }
}

static void test_values(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++) {
        g_autofree char *value = ak_discover_value(pairs[i].name);

        g_assert_cmpstr(value, ==, pairs[i].value);
    }
}

/* A name that no value has must not stand for another one's. */
static void test_no_value(void)
{
    static const char *const names[] = {"a_b", "_4", "_4A", "_61", "__", "a_", "_2D", "_00"};

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        g_assert_null(ak_discover_value(names[i]));
}

/* All texts of up to three of these bytes have names of their own, and come back. */
static void test_injective(void)
{
    static const char bytes[] = "a2f_-A";
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    guint n = sizeof bytes; /* with the NUL: shorter ones, too, some of them twice */

    for (guint i = 0; i < n * n * n; i++) {
        char value[4] = {bytes[i % n], bytes[i / n % n], bytes[i / n / n], '\0'};
        char *name = ak_discover_name(value, NULL);
        g_autofree char *again = ak_discover_value(name);

        g_assert_cmpstr(again, ==, value);
        (void)g_hash_table_add(names, name);
    }
    /* 1 + 6 + 36 + 216 */
    g_assert_cmpuint(g_hash_table_size(names), ==, 259);
}

static void test_too_long(void)
{
    g_autofree char *fits = g_strnfill(63, 'x');
    g_autofree char *over = g_strnfill(64, 'x');
    g_autofree char *name = ak_discover_name(fits, NULL);
    g_autoptr(GError) error = NULL;

    g_assert_cmpstr(name, ==, fits);
    g_assert_null(ak_discover_name(over, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CONFIG);
    g_assert_null(ak_discover_value(over));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/discover/names", test_names);
    g_test_add_func("/cli/discover/values", test_values);
    g_test_add_func("/cli/discover/no-value", test_no_value);
    g_test_add_func("/cli/discover/injective", test_injective);
    g_test_add_func("/cli/discover/too-long", test_too_long);
    return g_test_run();
}
