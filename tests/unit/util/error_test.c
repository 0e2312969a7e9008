#include "util/error.h"

static void test_every_class_is_complete(void)
{
    for (int code = 0; code < AK_ERROR_N_CODES; code++) {
        const AkErrorClass *class = ak_error_class(code);

        g_assert_nonnull(class->name);
        g_assert_nonnull(class->remedy);
        g_assert_nonnull(class->runbook);
        g_assert_cmpint(class->exit_status, >=, 1);
        g_assert_cmpint(class->exit_status, <=, 4);
    }
}

static void test_names_are_distinct(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (int code = 0; code < AK_ERROR_N_CODES; code++)
        g_assert_true(g_hash_table_add(seen, (gpointer)(guintptr)ak_error_class(code)->name));
}

static void test_exit_statuses(void)
{
    static const struct {
        AkErrorCode code;
        int status;
    } cases[] = {{AK_ERROR_GAP, 1},    {AK_ERROR_CONFIG, 2},  {AK_ERROR_BAD_INPUT, 2},
                 {AK_ERROR_DENIED, 3}, {AK_ERROR_NETWORK, 3}, {AK_ERROR_LOCK_OFF, 3},
                 {AK_ERROR_BUSY, 4},   {AK_ERROR_FENCED, 4}};

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = g_error_new_literal(AK_ERROR, (int)cases[i].code, "x");

        g_assert_cmpint(ak_error_exit_status(error), ==, cases[i].status);
    }
}

static void test_foreign_counts_as_internal(void)
{
    g_autoptr(GError) error = g_error_new_literal(G_FILE_ERROR, G_FILE_ERROR_NOENT, "x");

    g_assert_cmpint(ak_error_exit_status(error), ==, 3);
    g_assert_false(ak_error_is_retryable(error));
    g_assert_true(ak_error_class(-1) == ak_error_class(AK_ERROR_INTERNAL));
    g_assert_true(ak_error_class(AK_ERROR_N_CODES) == ak_error_class(AK_ERROR_INTERNAL));
}

static void test_retryable(void)
{
    g_autoptr(GError) network = g_error_new_literal(AK_ERROR, AK_ERROR_NETWORK, "x");
    g_autoptr(GError) denied = g_error_new_literal(AK_ERROR, AK_ERROR_DENIED, "x");

    g_assert_true(ak_error_is_retryable(network));
    g_assert_false(ak_error_is_retryable(denied));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/util/error/every-class-is-complete", test_every_class_is_complete);
    g_test_add_func("/util/error/names-are-distinct", test_names_are_distinct);
    g_test_add_func("/util/error/exit-statuses", test_exit_statuses);
    g_test_add_func("/util/error/foreign-counts-as-internal", test_foreign_counts_as_internal);
    g_test_add_func("/util/error/retryable", test_retryable);
    return g_test_run();
}
