#include "postgres_only.h"

/* Who waits is woken by the table's trigger; without it, and past open transactions, nobody sleeps
 * longer than the time-out, and writers that nobody waits for do not notify. */
enum { LONG_MS = 60000, SOON_MS = 20000 };

static gint64 wait_once(AkSource *source, guint timeout_ms)
{
    g_autoptr(GError) error = NULL;
    gint64 begun = g_get_monotonic_time();

    (void)!ak_source_wait(source, timeout_ms, &error);
    g_assert_no_error(error);
    return (g_get_monotonic_time() - begun) / 1000;
}

static guint count_rows(AkSource *source)
{
    g_autoptr(GString) numbers = g_string_new(NULL);
    AkWalkFault fault;

    (void)walk_all(source, numbers, &fault);
    return numbers->len > 0 ? 1 : 0;
}

/* The insert came before the wait, its commit after: it did not notify, and is not slept past. */
static void test_open_writer(void)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) source = open_prepared(backend, VARIANT_OWN);
    gint64 begun = g_get_monotonic_time();

    backend_sql(backend, "BEGIN");
    insert_chain(backend, VARIANT_OWN, 1);
    g_assert_cmpint(wait_once(source, LONG_MS), <, SOON_MS);
    g_assert_cmpuint(count_rows(source), ==, 0);
    backend_sql(backend, "COMMIT");
    while (count_rows(source) == 0)
        (void)wait_once(source, LONG_MS);
    g_assert_cmpint(g_get_monotonic_time() - begun, <, SOON_MS * 1000LL);
}

static void test_without_trigger(void)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) source = open_prepared(backend, VARIANT_OWN);

    backend_sql(backend, "DROP TRIGGER auditkeep_wake ON audit_events");
    (void)wait_once(source, LONG_MS);
    insert_chain(backend, VARIANT_OWN, 1);
    g_assert_cmpint(wait_once(source, 50), >=, 45);
    g_assert_cmpuint(count_rows(source), ==, 1);
}

static void test_quiet_writer(void)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) source = open_prepared(backend, VARIANT_OWN);
    g_autofree char *channel =
        backend_text(backend, "SELECT 'auditkeep_' || md5('public.\"audit_events\"')");
    g_autofree char *listen = g_strdup_printf("LISTEN %s", channel);
    TestRow second = test_row(1);

    backend_sql(backend, listen);
    insert_chain(backend, VARIANT_OWN, 1);
    g_assert_false(backend_has_notification(backend));
    (void)wait_once(source, LONG_MS);
    insert_row(backend, VARIANT_OWN, &second);
    g_assert_true(backend_has_notification(backend));
}

void add_postgres_wait_cases(void)
{
    g_test_add_func("/source/wait/open-writer", test_open_writer);
    g_test_add_func("/source/wait/without-trigger", test_without_trigger);
    g_test_add_func("/source/wait/quiet-writer", test_quiet_writer);
}
