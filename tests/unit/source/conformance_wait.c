#include "fixture.h"

/* Waiting for rows: a long time-out must not pass when one comes. */
enum { LONG_MS = 60000, SOON_MS = 20000 };

static gint64 wait_once(AkSource *source, guint timeout_ms)
{
    g_autoptr(GError) error = NULL;
    gint64 begun = g_get_monotonic_time();

    (void)!ak_source_wait(source, timeout_ms, &error);
    g_assert_no_error(error);
    return (g_get_monotonic_time() - begun) / 1000;
}

/* The first call returns at once, so that the caller looks again before it sleeps. */
static void test_looks_again(void)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) source = open_prepared(backend, VARIANT_OWN);

    g_assert_cmpint(wait_once(source, LONG_MS), <, SOON_MS);
}

static gpointer insert_first(gpointer data)
{
    insert_chain(data, VARIANT_OWN, 1);
    return NULL;
}

static void test_insert_wakes(void)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) source = open_prepared(backend, VARIANT_OWN);
    GThread *writer;

    (void)wait_once(source, LONG_MS);
    writer = g_thread_new("writer", insert_first, backend);
    g_assert_cmpint(wait_once(source, LONG_MS), <, SOON_MS);
    (void)g_thread_join(writer);
}

static void test_wakes_again(void)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) source = open_prepared(backend, VARIANT_OWN);

    (void)wait_once(source, LONG_MS);
    for (guint i = 0; i < 3; i++) {
        TestRow row = test_row(i);

        insert_row(backend, VARIANT_OWN, &row);
        g_assert_cmpint(wait_once(source, LONG_MS), <, SOON_MS);
    }
}

static void test_time_out(void)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) source = open_prepared(backend, VARIANT_OWN);

    (void)wait_once(source, LONG_MS);
    g_assert_cmpint(wait_once(source, 50), >=, 45);
}

void add_wait_cases(void)
{
    g_test_add_func("/source/wait/looks-again", test_looks_again);
    g_test_add_func("/source/wait/insert-wakes", test_insert_wakes);
    g_test_add_func("/source/wait/wakes-again", test_wakes_again);
    g_test_add_func("/source/wait/time-out", test_time_out);
}
