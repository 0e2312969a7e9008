#include <glib/gstdio.h>
#include <sqlite3.h>

#include "fixture.h"

struct Backend {
    char *dir, *path, *url;
    sqlite3 *db;
};

Backend *backend_new(void)
{
    Backend *backend = g_new0(Backend, 1);

    backend->dir = g_dir_make_tmp("ak-source-XXXXXX", NULL);
    backend->path = g_build_filename(backend->dir, "events.db", NULL);
    backend->url = g_strconcat("sqlite:", backend->path, NULL);
    g_assert_cmpint(sqlite3_open(backend->path, &backend->db), ==, SQLITE_OK);
    (void)sqlite3_busy_timeout(backend->db, 10000);
    return backend;
}

void backend_free(Backend *backend)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};

    (void)sqlite3_close(backend->db);
    for (gsize i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        g_autofree char *path = g_strconcat(backend->path, suffixes[i], NULL);

        (void)g_unlink(path);
    }
    (void)g_rmdir(backend->dir);
    g_free(backend->dir);
    g_free(backend->path);
    g_free(backend->url);
    g_free(backend);
}

const char *backend_url(const Backend *backend)
{
    return backend->url;
}

gboolean backend_try(Backend *backend, const char *sql)
{
    return sqlite3_exec(backend->db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

void backend_sql(Backend *backend, const char *sql)
{
    if (!backend_try(backend, sql))
        g_error("%s: %s", sqlite3_errmsg(backend->db), sql);
}

char *backend_text(Backend *backend, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    char *text = NULL;

    g_assert_cmpint(sqlite3_prepare_v2(backend->db, sql, -1, &stmt, NULL), ==, SQLITE_OK);
    if (sqlite3_step(stmt) == SQLITE_ROW)
        text = g_strdup((const char *)sqlite3_column_text(stmt, 0));
    (void)sqlite3_finalize(stmt);
    return text;
}

const char *backend_ddl(Variant variant)
{
    static const char *const ddl[N_VARIANTS] = {
        [VARIANT_OWN] = "",
        [VARIANT_KERNEL] =
            ("CREATE TABLE audit_events (id TEXT PRIMARY KEY, event_type TEXT, payload TEXT, "
             "prev_hash TEXT, hash TEXT NOT NULL, signature TEXT, signer_id TEXT, ts TEXT, "
             "metadata TEXT, s3_object_key TEXT, s3_archived_at TEXT, kafka_offset INTEGER)"),
        [VARIANT_MEMORY] =
            ("CREATE TABLE audit_events (id TEXT PRIMARY KEY, event_type TEXT, payload TEXT, "
             "prev_hash TEXT, hash TEXT NOT NULL UNIQUE, signature TEXT, "
             "manifest_signature_id TEXT, memory_node_id TEXT, artifact_id TEXT, created_at TEXT)"),
        [VARIANT_AGENT] =
            ("CREATE TABLE audit_events (id TEXT PRIMARY KEY, event_type TEXT, payload TEXT, "
             "prev_hash TEXT, actor_id TEXT, signature TEXT, signer_kid TEXT, created_at TEXT)"),
    };

    return ddl[variant];
}

static void test_missing_file(void)
{
    g_autoptr(GError) error = NULL;
    AkSourceConfig config = {.url = "sqlite:/nonexistent/events.db"};
    g_autoptr(AkSource) source = ak_source_open(&config, &error);

    g_assert_no_error(error);
    g_assert_false(source->driver->check(source, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CONFIG);
    g_assert_nonnull(strstr(error->message, "there is no such file"));
}

static void test_not_a_database(void)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(GError) error = NULL;
    AkSourceConfig config = {.url = backend_url(backend)};

    g_assert_true(g_file_set_contents(backend->path, "these are no pages of a database", -1, NULL));
    g_assert_null(ak_source_open(&config, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CONFIG);
}

/* No procedures here: triggers refuse what a person could do by hand. */
static void test_wrong_moves_by_hand(void)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) source = open_prepared(backend, VARIANT_OWN);
    g_autoptr(GError) error = NULL;
    g_auto(AkSegmentRow) segment = {0};
    guint64 epoch, marked;

    insert_chain(backend, VARIANT_OWN, 4);
    fill_segment(&segment, 0, 1);
    g_assert_true(source->driver->lease_acquire(source, "a", 60000, &epoch, &error));
    g_assert_true(source->driver->plan(source, epoch, &segment, &error));
    g_assert_false(backend_try(backend, "UPDATE auditkeep_chain SET archived_index = 3"));
    g_assert_false(backend_try(backend, "UPDATE auditkeep_chain SET epoch = epoch - 1"));
    g_assert_true(commit_rows(source, epoch, &segment, 0, 1, &marked, &error));
    g_assert_false(backend_try(backend, "UPDATE auditkeep_chain SET archived_index = -1"));
    g_assert_false(backend_try(backend, "UPDATE auditkeep_segment SET last_hash = ''"));
    g_assert_false(backend_try(backend, "DELETE FROM auditkeep_segment"));
}

/* Another process holds the file: it is waited for, but not for ever, and not when asked to stop.
 */
static void assert_busy(guint timeout_ms, const volatile gint *stop, AkErrorCode code)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) prepared = open_prepared(backend, VARIANT_OWN);
    g_autoptr(GError) error = NULL;
    AkSourceConfig config = {.url = backend->url, .connect_timeout_ms = timeout_ms, .stop = stop};
    g_autoptr(AkSource) source = ak_source_open(&config, &error);
    guint64 epoch;

    g_assert_nonnull(prepared);
    g_assert_no_error(error);
    backend_sql(backend, "BEGIN IMMEDIATE");
    g_assert_false(source->driver->lease_acquire(source, "a", 60000, &epoch, &error));
    g_assert_error(error, AK_ERROR, (int)code);
    g_clear_error(&error);
    backend_sql(backend, "COMMIT");
    g_assert_true(source->driver->lease_acquire(source, "a", 60000, &epoch, &error));
}

static void test_busy_times_out(void)
{
    assert_busy(50, NULL, AK_ERROR_TIMEOUT);
}

static void test_stop_ends_busy(void)
{
    static const volatile gint stop = 1;

    assert_busy(3600000, &stop, AK_ERROR_CANCELLED);
}

void backend_add_cases(void)
{
    g_test_add_func("/source/busy/times-out", test_busy_times_out);
    g_test_add_func("/source/busy/stop-ends-it", test_stop_ends_busy);
    g_test_add_func("/source/open/missing-file", test_missing_file);
    g_test_add_func("/source/open/not-a-database", test_not_a_database);
    g_test_add_func("/source/pointer/wrong-moves-by-hand", test_wrong_moves_by_hand);
}
