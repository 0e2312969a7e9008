#include "fixture.h"

static void test_creates(void)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) source = open_prepared(backend, VARIANT_OWN);
    g_autoptr(GError) error = NULL;

    (void)source->driver->check(source, &error);
    g_assert_no_error(error);
    g_assert_null(backend_text(backend, "SELECT id FROM audit_events"));
}

static void test_dry_run(void)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) source = open_source(backend);
    g_autoptr(GError) error = NULL;
    g_auto(AkBuf) sql = {0};

    g_assert_true(source->driver->init(source, FALSE, &sql, &error));
    g_assert_nonnull(g_strstr_len(sql.data, (gssize)sql.len, "CREATE TABLE IF NOT EXISTS"));
    g_assert_null(g_strstr_len(sql.data, (gssize)sql.len, "@"));
    g_assert_false(source->driver->check(source, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CONFIG);
    g_assert_nonnull(strstr(error->message, "hint: run 'auditkeep init'"));
}

static void test_twice(gconstpointer data)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) source = open_prepared(backend, (Variant)GPOINTER_TO_INT(data));
    g_autoptr(GError) error = NULL;
    g_auto(AkBuf) sql = {0};

    insert_chain(backend, (Variant)GPOINTER_TO_INT(data), 3);
    (void)source->driver->init(source, TRUE, &sql, &error);
    g_assert_no_error(error);
    (void)source->driver->check(source, &error);
    g_assert_no_error(error);
}

/* Rows from before and after, in one chain. */
static void test_adapts(gconstpointer data)
{
    Variant variant = (Variant)GPOINTER_TO_INT(data);
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) source = NULL;
    g_autoptr(GString) numbers = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    g_auto(AkBuf) sql = {0};
    AkWalkFault fault;
    TestRow late = test_row(3);

    backend_sql(backend, backend_ddl(variant));
    insert_chain(backend, variant, 3);
    source = open_source(backend);
    (void)source->driver->init(source, TRUE, &sql, &error);
    g_assert_no_error(error);
    (void)source->driver->check(source, &error);
    g_assert_no_error(error);
    insert_row(backend, variant, &late);
    g_assert_cmpint(walk_all(source, numbers, &fault), ==, AK_WALK_END);
    g_assert_cmpstr(numbers->str, ==, "0 1 2 3");
    g_assert_null(backend_text(backend, "SELECT id FROM audit_events WHERE created_at IS NULL"));
}

typedef struct {
    const char *extra;
    const char *metadata;
    gboolean has_hash;
} Expected;

static void assert_view(AkView view, const char *text)
{
    g_autofree char *copy = view.data != NULL ? g_strndup(view.data, view.len) : NULL;

    g_assert_cmpstr(copy, ==, text);
}

/* JSON without the blanks that jsonb prints. */
static void assert_json(AkView view, const char *text)
{
    g_autofree char *copy = view.data != NULL ? g_strndup(view.data, view.len) : NULL;
    g_auto(GStrv) parts = copy != NULL ? g_strsplit(copy, " ", -1) : NULL;
    g_autofree char *dense = parts != NULL ? g_strjoinv("", parts) : NULL;

    g_assert_cmpstr(dense, ==, text);
}

static gboolean assert_row(const AkRow *row, gpointer data, GError **error)
{
    const Expected *expected = data;
    TestRow wanted = test_row(1);

    assert_view(row->event.id, wanted.id);
    assert_view(row->event.event_type, "login");
    assert_json(row->event.payload, wanted.payload);
    assert_view(row->event.prev_hash, wanted.prev);
    assert_view(row->event.hash, expected->has_hash ? wanted.hash : NULL);
    assert_view(row->event.signature, "c2ln");
    assert_view(row->event.signer_id, "key-1");
    assert_json(row->event.metadata, expected->metadata);
    assert_json(row->event.extra, expected->extra);
    g_assert_cmpint(row->event.ts_usec, ==, wanted.ts_usec);
    g_assert_false(row->is_archived);
    return TRUE;
}

/* Each column in its place; those with none in extra, but for the pipeline's own. */
static void test_columns(gconstpointer data)
{
    static const Expected expected[N_VARIANTS] = {
        [VARIANT_OWN] = {NULL, NULL, TRUE},
        [VARIANT_KERNEL] = {NULL, "{\"m\":1}", TRUE},
        [VARIANT_MEMORY] = {"{\"memory_node_id\":\"11111111-2222-4333-8444-555555555555\"}", NULL,
                            TRUE},
        [VARIANT_AGENT] = {"{\"actor_id\":\"actor-1\"}", NULL, FALSE},
    };
    Variant variant = (Variant)GPOINTER_TO_INT(data);
    Expected wanted = expected[variant];
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) source = open_prepared(backend, variant);
    g_autoptr(GError) error = NULL;
    TestRow first = test_row(0), row = test_row(1);
    const char ids[1][37] = {"0000ab00-0000-4000-8000-000000000001"};
    AkScanPos after = {first.ts_usec, ""};
    gboolean is_found;
    AkRow scanned;

    insert_chain(backend, variant, 2);
    g_assert_true(source->driver->find_by_id(source, ids, 1, assert_row, &wanted, &error));
    g_assert_true(source->driver->find_by_prev(source, row.prev, assert_row, &wanted, &error));
    g_strlcpy(after.id, first.id, sizeof after.id);
    g_assert_true(source->driver->scan_begin(source, &after, 10, &error));
    g_assert_true(source->driver->scan_next(source, &scanned, &is_found, &error));
    g_assert_true(is_found && assert_row(&scanned, &wanted, NULL));
    g_assert_true(source->driver->scan_next(source, &scanned, &is_found, &error));
    g_assert_false(is_found);
    g_assert_true(source->driver->scan_end(source, &error));
}

static void test_missing_table(void)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) prepared = open_prepared(backend, VARIANT_OWN);
    g_autoptr(GError) error = NULL;
    AkSourceConfig config = {.url = backend_url(backend), .table = "elsewhere"};
    g_autoptr(AkSource) source = ak_source_open(&config, &error);

    g_assert_true(prepared->driver->check(prepared, &error));
    g_assert_false(source->driver->check(source, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CONFIG);
    g_assert_nonnull(strstr(error->message, "cannot find table 'elsewhere'"));
}

static void test_missing_column(void)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) source = open_source(backend);
    g_autoptr(GError) error = NULL;
    g_auto(AkBuf) sql = {0};

    backend_sql(backend, "CREATE TABLE audit_events (id text PRIMARY KEY, payload text, ts text)");
    g_assert_false(source->driver->init(source, TRUE, &sql, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CONFIG);
    g_assert_nonnull(strstr(error->message, "it has no column 'prev_hash'"));
}

static void test_hostile_name(void)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(GError) error = NULL;
    AkSourceConfig config = {.url = backend_url(backend), .table = "a\"; DROP TABLE x; --"};
    g_autoptr(AkSource) source = ak_source_open(&config, &error);
    g_auto(AkBuf) sql = {0};

    g_assert_false(source->driver->init(source, FALSE, &sql, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CONFIG);
}

static void test_unknown_scheme(void)
{
    g_autoptr(GError) error = NULL;
    AkSourceConfig config = {.url = "mysql://user:secret@host/db"};

    g_assert_null(ak_source_open(&config, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CONFIG);
    g_assert_null(strstr(error->message, "secret"));
}

void add_init_cases(void)
{
    static const char *const names[N_VARIANTS] = {"own", "kernel", "memory", "agent"};

    g_test_add_func("/source/init/creates", test_creates);
    g_test_add_func("/source/init/dry-run", test_dry_run);
    g_test_add_func("/source/init/missing-table", test_missing_table);
    g_test_add_func("/source/init/missing-column", test_missing_column);
    g_test_add_func("/source/init/hostile-name", test_hostile_name);
    g_test_add_func("/source/open/unknown-scheme", test_unknown_scheme);
    for (int v = 0; v < N_VARIANTS; v++) {
        g_autofree char *twice = g_strconcat("/source/init/twice-", names[v], NULL);
        g_autofree char *adapts = g_strconcat("/source/init/adapts-", names[v], NULL);
        g_autofree char *columns = g_strconcat("/source/read/columns-", names[v], NULL);

        g_test_add_data_func(twice, GINT_TO_POINTER(v), test_twice);
        g_test_add_data_func(columns, GINT_TO_POINTER(v), test_columns);
        if (v != VARIANT_OWN)
            g_test_add_data_func(adapts, GINT_TO_POINTER(v), test_adapts);
    }
}
