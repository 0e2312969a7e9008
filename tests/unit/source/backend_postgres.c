#include <libpq-fe.h>
#include <unistd.h>

#include "postgres_only.h"

struct Backend {
    char *url, *name, *admin_url;
    PGconn *conn;
};

static PGconn *connect(const char *url)
{
    PGconn *conn = PQconnectdb(url);

    if (PQstatus(conn) != CONNECTION_OK)
        g_error("%s", PQerrorMessage(conn));
    return conn;
}

static void admin(const Backend *backend, const char *format)
{
    PGconn *conn = connect(backend->admin_url);
    g_autofree char *sql = g_strdup_printf("%s %s", format, backend->name);
    PGresult *result = PQexec(conn, sql);

    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        g_error("%s: %s", PQerrorMessage(conn), sql);
    PQclear(result);
    PQfinish(conn);
}

Backend *backend_new(void)
{
    static guint count;
    Backend *backend = g_new0(Backend, 1);
    const char *base = g_getenv("AK_TEST_POSTGRES");

    if (base == NULL)
        g_error("AK_TEST_POSTGRES is not set; hint: tests/services/postgres start DIR");
    backend->admin_url = g_strdup(base);
    backend->name = g_strdup_printf("source_%u_%u", (guint)getpid(), ++count);
    backend->url =
        g_strdup_printf("%.*s/%s", (int)(strrchr(base, '/') - base), base, backend->name);
    admin(backend, "CREATE DATABASE");
    backend->conn = connect(backend->url);
    return backend;
}

void backend_free(Backend *backend)
{
    PQfinish(backend->conn);
    admin(backend, "DROP DATABASE");
    g_free(backend->url);
    g_free(backend->admin_url);
    g_free(backend->name);
    g_free(backend);
}

const char *backend_url(const Backend *backend)
{
    return backend->url;
}

gboolean backend_try(Backend *backend, const char *sql)
{
    PGresult *result = PQexec(backend->conn, sql);
    ExecStatusType status = PQresultStatus(result);

    PQclear(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

void backend_sql(Backend *backend, const char *sql)
{
    if (!backend_try(backend, sql))
        g_error("%s: %s", PQerrorMessage(backend->conn), sql);
}

char *backend_text(Backend *backend, const char *sql)
{
    PGresult *result = PQexec(backend->conn, sql);
    char *text = NULL;

    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        g_error("%s: %s", PQerrorMessage(backend->conn), sql);
    if (PQntuples(result) > 0 && !PQgetisnull(result, 0, 0))
        text = g_strdup(PQgetvalue(result, 0, 0));
    PQclear(result);
    return text;
}

gboolean backend_has_notification(Backend *backend)
{
    gboolean has = FALSE;
    PGnotify *notify;

    backend_sql(backend, "SELECT 1"); /* what was sent before comes with it */
    while ((notify = PQnotifies(backend->conn)) != NULL) {
        PQfreemem(notify);
        has = TRUE;
    }
    return has;
}

const char *backend_ddl(Variant variant)
{
    static const char *const ddl[N_VARIANTS] = {
        [VARIANT_OWN] = "",
        [VARIANT_KERNEL] =
            ("CREATE TABLE audit_events (id uuid PRIMARY KEY, event_type varchar(100) NOT NULL, "
             "payload jsonb NOT NULL, prev_hash text, hash text NOT NULL, signature text, "
             "signer_id text, ts timestamptz NOT NULL DEFAULT now(), metadata jsonb, "
             "s3_object_key text, s3_archived_at timestamptz, "
             "s3_archive_attempts int NOT NULL DEFAULT 0, s3_last_error text, kafka_topic text, "
             "kafka_partition int, kafka_offset bigint, kafka_produced_at timestamptz, "
             "kafka_produce_attempts int NOT NULL DEFAULT 0, kafka_last_error text, "
             "stream_status varchar(20) NOT NULL DEFAULT 'pending', "
             "stream_attempts int NOT NULL DEFAULT 0, last_stream_attempt_at timestamptz, "
             "last_stream_error text)"),
        [VARIANT_MEMORY] =
            ("CREATE TABLE audit_events (id uuid PRIMARY KEY, event_type text NOT NULL, "
             "payload jsonb, prev_hash text, hash text NOT NULL UNIQUE, signature text, "
             "manifest_signature_id text, memory_node_id uuid, artifact_id uuid, "
             "created_at timestamptz DEFAULT now())"),
        [VARIANT_AGENT] =
            ("CREATE TABLE audit_events (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), "
             "actor_id text, event_type text NOT NULL, payload jsonb, prev_hash text, "
             "signature text, signer_kid text, created_at timestamptz DEFAULT now())"),
    };

    return ddl[variant];
}

static void assert_open_fails(const char *url, AkErrorCode code, const char *text)
{
    g_autoptr(GError) error = NULL;
    AkSourceConfig config = {.url = url, .connect_timeout_ms = 3000};

    g_assert_null(ak_source_open(&config, &error));
    g_assert_error(error, AK_ERROR, (int)code);
    g_assert_nonnull(strstr(error->message, text));
    g_assert_null(strstr(error->message, "s3cret"));
}

static void test_refused(void)
{
    assert_open_fails("postgresql://u:s3cret@127.0.0.1:1/db", AK_ERROR_NETWORK, "127.0.0.1:1/db");
}

static void test_bad_url(void)
{
    assert_open_fails("postgresql://u:s3cret@h:5432/db?nonsense=1", AK_ERROR_CONFIG,
                      "cannot understand the source's URL");
}

static void test_wrong_password(void)
{
    g_autoptr(Backend) backend = backend_new();
    const char *at = strchr(backend->url, '@');
    g_autofree char *url = g_strdup_printf("postgres://ak:s3cret%s", at);

    assert_open_fails(url, AK_ERROR_DENIED, "password authentication failed");
}

static void test_no_database(void)
{
    g_autoptr(Backend) backend = backend_new();
    g_autofree char *url = g_strconcat(backend->url, "_not", NULL);

    assert_open_fails(url, AK_ERROR_CONFIG, "does not exist");
}

static void test_conninfo(void)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *url = g_strdup_printf(
        "host=%s port=%s dbname=%s user=%s password=%s", PQhost(backend->conn),
        PQport(backend->conn), backend->name, PQuser(backend->conn), PQpass(backend->conn));
    AkSourceConfig config = {.url = url};
    g_autoptr(AkSource) source = ak_source_open(&config, &error);

    g_assert_no_error(error);
    g_assert_nonnull(source);
}

/* What @role may not do. */
static void assert_denied(Backend *backend, const char *role, const char *const *statements)
{
    g_autofree char *become = g_strdup_printf("SET ROLE %s", role);

    backend_sql(backend, become);
    for (; *statements != NULL; statements++) {
        PGresult *result = PQexec(backend->conn, *statements);

        g_assert_cmpstr(PQresultErrorField(result, PG_DIAG_SQLSTATE), ==, "42501");
        PQclear(result);
    }
    backend_sql(backend, "RESET ROLE");
}

static void test_roles(void)
{
    static const char *const exporter[] = {
        "UPDATE audit_events SET s3_archived_at = now()",
        "DELETE FROM audit_events",
        "INSERT INTO audit_events (id, event_type, hash) VALUES (gen_random_uuid(), '', '')",
        "UPDATE auditkeep.chain SET archived_index = 9",
        "DELETE FROM auditkeep.segment",
        "SELECT auditkeep.mark_rows('audit_events', 'k', now(), '{}', NULL, NULL)",
        NULL};
    static const char *const auditor[] = {
        "UPDATE audit_events SET hash = ''", "DELETE FROM audit_events",
        "SELECT auditkeep.lease_acquire('main', 'x', NULL, NULL, 'y', 1)", NULL};
    static const char *const retention[] = {"UPDATE audit_events SET hash = ''",
                                            "SELECT auditkeep.lease_release('main', 1)", NULL};
    static const char *const appender[] = {"UPDATE audit_events SET hash = ''",
                                           "DELETE FROM audit_events",
                                           "SELECT * FROM auditkeep.chain", NULL};
    static const char *const deliverer[] = {
        "UPDATE audit_events SET hash = ''", "UPDATE auditkeep.sink SET at_index = 9",
        "SELECT auditkeep.lease_release('main', 1)",
        "SELECT auditkeep.mark_produced('audit_events', 't', '{}', '{}', '{}', '{}')", NULL};
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) source = open_prepared(backend, VARIANT_OWN);

    g_assert_nonnull(source);
    assert_denied(backend, "auditkeep_deliverer", deliverer);
    assert_denied(backend, "auditkeep_exporter", exporter);
    assert_denied(backend, "auditkeep_auditor", auditor);
    assert_denied(backend, "auditkeep_retention", retention);
    assert_denied(backend, "auditkeep_appender", appender);
}

/* Everything that the exporter does works with the exporter's rights. */
static void test_exporter_role(void)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) prepared = open_prepared(backend, VARIANT_AGENT);
    g_autoptr(GError) error = NULL;
    g_autofree char *url = g_strconcat(backend->url, "?options=-crole%3Dauditkeep_exporter", NULL);
    AkSourceConfig config = {.url = url};
    g_autoptr(AkSource) source = ak_source_open(&config, &error);
    g_auto(AkSegmentRow) segment = {0};
    g_autoptr(GString) numbers = g_string_new(NULL);
    AkWalkFault fault;
    guint64 epoch, marked;

    g_assert_no_error(error);
    g_assert_true(prepared->driver->check(prepared, &error));
    insert_chain(backend, VARIANT_AGENT, 3);
    fill_segment(&segment, 0, 2);
    (void)source->driver->lease_acquire(source, "a", 60000, &epoch, &error);
    g_assert_no_error(error);
    g_assert_cmpint(walk_all(source, numbers, &fault), ==, AK_WALK_END);
    g_assert_true(source->driver->plan(source, epoch, &segment, &error));
    g_assert_true(commit_rows(source, epoch, &segment, 0, 2, &marked, &error));
    g_assert_cmpuint(marked, ==, 3);
    g_assert_true(source->driver->lease_release(source, epoch, &error));
}

/* Everything that a sink's pointer takes works with the deliverer's rights. */
static void test_deliverer_role(void)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) prepared = open_prepared(backend, VARIANT_KERNEL);
    g_autoptr(GError) error = NULL;
    g_autofree char *url = g_strconcat(backend->url, "?options=-crole%3Dauditkeep_deliverer", NULL);
    AkSourceConfig config = {.url = url};
    g_autoptr(AkSource) source = ak_source_open(&config, &error);
    g_autoptr(GString) numbers = g_string_new(NULL);
    TestRow row = test_row(0);
    const gint64 number = 5;
    AkSinkMove move = {.to.index = 0,
                       .ts_usec = row.ts_usec,
                       .topic = "t",
                       .count = 1,
                       .ids = (const char(*)[37])row.id,
                       .partitions = &number,
                       .offsets = &number,
                       .produced_usec = &number};
    AkWalkFault fault;
    guint64 epoch;

    g_assert_no_error(error);
    g_assert_nonnull(prepared);
    insert_chain(backend, VARIANT_KERNEL, 1);
    memcpy(move.to.id, row.id, sizeof row.id);
    memcpy(move.to.hash, row.hash, sizeof row.hash);
    g_assert_cmpint(walk_all(source, numbers, &fault), ==, AK_WALK_END);
    (void)source->driver->sink_acquire(source, "kafka:t", "a", 60000, &epoch, &error);
    g_assert_no_error(error);
    (void)source->driver->sink_move(source, "kafka:t", epoch, &move, &error);
    g_assert_no_error(error);
    g_assert_true(source->driver->sink_fail(source, "kafka:t", epoch, "why", &error));
    g_assert_true(source->driver->sink_renew(source, "kafka:t", epoch, 0, &error));
}

/* The runbook's step 4.4: a person marks the rows of a segment, and of nothing else. */
static void test_mark_by_hand(void)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) source = open_prepared(backend, VARIANT_OWN);
    g_autoptr(GError) error = NULL;
    g_auto(AkSegmentRow) done = {0}, planned = {0};
    g_autofree char *count = NULL, *call = NULL, *early = NULL;
    guint64 epoch, marked;

    insert_chain(backend, VARIANT_OWN, 4);
    fill_segment(&done, 0, 1);
    fill_segment(&planned, 2, 3);
    g_assert_true(source->driver->lease_acquire(source, "a", 60000, &epoch, &error));
    g_assert_true(source->driver->plan(source, epoch, &done, &error));
    g_assert_true(source->driver->plan(source, epoch, &planned, &error));
    g_assert_true(commit_rows(source, epoch, &done, 0, 1, &marked, &error));
    backend_sql(backend, "UPDATE audit_events SET s3_archived_at = NULL, s3_object_key = NULL");
    call = g_strdup_printf("CALL auditkeep.mark_archived('main', '%s')", done.key);
    early = g_strdup_printf("CALL auditkeep.mark_archived('main', '%s')", planned.key);
    g_assert_false(backend_try(backend, early));
    g_assert_false(backend_try(backend, "CALL auditkeep.mark_archived('main', 'other')"));
    backend_sql(backend, call);
    count = backend_text(backend,
                         "SELECT string_agg(right(id::text, 1), ' ' ORDER BY id) FROM audit_events "
                         "WHERE s3_archived_at IS NOT NULL");
    g_assert_cmpstr(count, ==, "0 1");
    backend_sql(backend, "UPDATE audit_events SET hash = 'ff' WHERE prev_hash IS NULL");
    g_assert_false(backend_try(backend, call));
}

/* A transaction that is open holds an event back; its commit comes after later ones were read. */
static void test_open_transaction(void)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) source = open_prepared(backend, VARIANT_KERNEL);
    g_autoptr(GString) before = g_string_new(NULL), after = g_string_new(NULL);
    AkWalkFault fault;
    TestRow rows[3] = {test_row(0), test_row(1), test_row(2)};

    insert_row(backend, VARIANT_KERNEL, &rows[0]);
    backend_sql(backend, "BEGIN");
    rows[1].ts_usec = T0 - 5;
    insert_row(backend, VARIANT_KERNEL, &rows[1]);
    insert_row(backend, VARIANT_KERNEL, &rows[2]);
    g_assert_cmpint(walk_all(source, before, &fault), ==, AK_WALK_END);
    g_assert_cmpstr(before->str, ==, "0");
    backend_sql(backend, "COMMIT");
    g_assert_cmpint(walk_all(source, after, &fault), ==, AK_WALK_END);
    g_assert_cmpstr(after->str, ==, "0 1 2");
}

/* The server ends our session in the middle of a scan that does not fit into any buffer. */
static void test_terminated(void)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) source = open_prepared(backend, VARIANT_KERNEL);
    g_autoptr(GError) error = NULL, again = NULL;
    AkScanPos start = AK_SCAN_START;
    gboolean is_found = TRUE;
    AkRow row;

    backend_sql(backend, "INSERT INTO audit_events (id, event_type, payload, hash) SELECT "
                         "gen_random_uuid(), 'x', to_jsonb(repeat(n::text, 200000)), n "
                         "FROM generate_series(100, 200) n");
    g_assert_true(source->driver->scan_begin(source, &start, 4096, &error));
    g_assert_true(source->driver->scan_next(source, &row, &is_found, &error));
    backend_sql(backend, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                         "WHERE application_name = 'auditkeep' AND datname = current_database()");
    while (is_found && source->driver->scan_next(source, &row, &is_found, &error))
        ;
    g_assert_error(error, AK_ERROR, AK_ERROR_NETWORK);
    g_assert_false(source->driver->scan_end(source, &again));
    g_assert_error(again, AK_ERROR, AK_ERROR_NETWORK);
}

/* A scan may end early, however long it is, and the connection goes on. */
static void test_ends_early(void)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) source = open_prepared(backend, VARIANT_KERNEL);
    g_autoptr(GError) error = NULL;
    g_auto(AkChainState) state = {0};
    AkScanPos start = AK_SCAN_START;
    gboolean is_found;
    AkRow row;

    backend_sql(backend, "INSERT INTO audit_events (id, event_type, payload, hash) SELECT "
                         "gen_random_uuid(), 'x', to_jsonb(repeat(n::text, 200000)), n "
                         "FROM generate_series(100, 200) n");
    for (guint64 limit = 50; limit <= 5000000; limit *= 100000) {
        g_assert_true(source->driver->scan_begin(source, &start, limit, &error));
        g_assert_true(source->driver->scan_next(source, &row, &is_found, &error));
        g_assert_true(is_found);
        g_assert_true(source->driver->scan_end(source, &error));
    }
    g_assert_true(source->driver->count_pending(source, &state, &error));
    g_assert_cmpuint(state.pending, ==, 101);
}

void backend_add_cases(void)
{
    g_test_add_func("/source/read/terminated", test_terminated);
    g_test_add_func("/source/read/ends-early", test_ends_early);
    g_test_add_func("/source/open/refused", test_refused);
    g_test_add_func("/source/open/bad-url", test_bad_url);
    g_test_add_func("/source/open/wrong-password", test_wrong_password);
    g_test_add_func("/source/open/no-database", test_no_database);
    g_test_add_func("/source/open/conninfo", test_conninfo);
    g_test_add_func("/source/roles/denied", test_roles);
    g_test_add_func("/source/roles/exporter", test_exporter_role);
    g_test_add_func("/source/roles/deliverer", test_deliverer_role);
    g_test_add_func("/source/pointer/mark-by-hand", test_mark_by_hand);
    g_test_add_func("/source/order/open-transaction", test_open_transaction);
    add_postgres_wait_cases();
    add_postgres_hang_cases();
}
