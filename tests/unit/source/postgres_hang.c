#include <signal.h>

#include "postgres_only.h"

/* A server that gives no answer is waited for until the time-out, or until we are asked to stop;
 * what was waited for does not stay in the server's queue. */

static AkSource *open_impatient(const Backend *backend, guint timeout_ms, const volatile gint *stop)
{
    g_autoptr(GError) error = NULL;
    AkSourceConfig config = {
        .url = backend_url(backend), .statement_timeout_ms = timeout_ms, .stop = stop};
    AkSource *source = ak_source_open(&config, &error);

    g_assert_no_error(error);
    return source;
}

static void hold_chain(Backend *backend)
{
    backend_sql(backend, "BEGIN; LOCK TABLE auditkeep.chain IN ACCESS EXCLUSIVE MODE");
}

static void test_lock_times_out(void)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) prepared = open_prepared(backend, VARIANT_OWN);
    g_autoptr(AkSource) source = open_impatient(backend, 300, NULL);
    g_autoptr(GError) error = NULL, again = NULL;
    g_auto(AkChainState) state = {0};
    g_autofree char *waiting = NULL;

    g_assert_nonnull(prepared);
    hold_chain(backend);
    g_assert_false(source->driver->state(source, &state, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_TIMEOUT);
    g_assert_nonnull(strstr(error->message, "--statement-timeout"));
    g_assert_false(source->driver->state(source, &state, &again));
    g_assert_error(again, AK_ERROR, AK_ERROR_NETWORK);
    do {
        g_free(waiting);
        waiting = backend_text(backend, "SELECT count(*) FROM pg_locks WHERE NOT granted");
    } while (!g_str_equal(waiting, "0"));
}

static void test_stop_ends_it(void)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) prepared = open_prepared(backend, VARIANT_OWN);
    volatile gint stop = 0;
    g_autoptr(AkSource) source = open_impatient(backend, 3600000, &stop);
    g_autoptr(GError) error = NULL;
    g_auto(AkChainState) state = {0};

    g_assert_nonnull(prepared);
    hold_chain(backend);
    stop = 1;
    g_assert_false(source->driver->state(source, &state, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CANCELLED);
}

/* Being asked to stop is no reason to leave a healthy server's work half done. */
static void test_stopping_lets_work_end(void)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) prepared = open_prepared(backend, VARIANT_OWN);
    volatile gint stop = 1;
    g_autoptr(AkSource) source = open_impatient(backend, 0, &stop);
    g_autoptr(GError) error = NULL;
    guint64 epoch;

    g_assert_nonnull(prepared);
    g_assert_true(source->driver->lease_acquire(source, "a", 60000, &epoch, &error));
    g_assert_true(source->driver->lease_release(source, epoch, &error));
    g_assert_no_error(error);
}

/* Rows that keep coming are progress, however long the whole scan takes. */
static void test_backend_stops_in_a_scan(void)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) source = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *pid = NULL;
    AkScanPos start = AK_SCAN_START;
    gboolean is_found = TRUE;
    AkRow row;

    backend_sql(backend, backend_ddl(VARIANT_KERNEL));
    backend_sql(backend, "INSERT INTO audit_events (id, event_type, payload, hash) SELECT "
                         "gen_random_uuid(), 'x', to_jsonb(repeat(n::text, 200000)), n "
                         "FROM generate_series(100, 200) n");
    source = open_impatient(backend, 2000, NULL);
    pid = backend_text(backend, "SELECT pid FROM pg_stat_activity WHERE application_name = "
                                "'auditkeep' AND datname = current_database()");
    g_assert_true(source->driver->scan_begin(source, &start, 4096, &error));
    g_assert_true(source->driver->scan_next(source, &row, &is_found, &error));
    g_assert_cmpint(kill((pid_t)g_ascii_strtoll(pid, NULL, 10), SIGSTOP), ==, 0);
    while (is_found && source->driver->scan_next(source, &row, &is_found, &error))
        ;
    g_assert_cmpint(kill((pid_t)g_ascii_strtoll(pid, NULL, 10), SIGCONT), ==, 0);
    g_assert_error(error, AK_ERROR, AK_ERROR_TIMEOUT);
}

void add_postgres_hang_cases(void)
{
    g_test_add_func("/source/hang/lock-times-out", test_lock_times_out);
    g_test_add_func("/source/hang/stop-ends-it", test_stop_ends_it);
    g_test_add_func("/source/hang/stopping-lets-work-end", test_stopping_lets_work_end);
    g_test_add_func("/source/hang/backend-stops-in-a-scan", test_backend_stops_in_a_scan);
}
