#include "fixture.h"

#include "util/time.h"

/* Inserts rows @first..@last of the chain, row i at T0 + times[i] seconds. */
static void insert_at(Backend *backend, const int *times, guint first, guint last)
{
    for (guint i = first; i <= last; i++) {
        TestRow row = test_row(i);

        row.ts_usec = T0 + times[i] * AK_USEC_PER_SEC;
        insert_row(backend, VARIANT_OWN, &row);
    }
}

static void assert_order(const int *times, guint count, const char *expected)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) source = open_prepared(backend, VARIANT_OWN);
    g_autoptr(GString) numbers = g_string_new(NULL);
    AkWalkFault fault;

    insert_at(backend, times, 0, count - 1);
    g_assert_cmpint(walk_all(source, numbers, &fault), ==, AK_WALK_END);
    g_assert_cmpstr(numbers->str, ==, expected);
}

static void test_empty(void)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) source = open_prepared(backend, VARIANT_OWN);
    g_autoptr(GString) numbers = g_string_new(NULL);
    AkWalkFault fault;

    g_assert_cmpint(walk_all(source, numbers, &fault), ==, AK_WALK_END);
    g_assert_cmpstr(numbers->str, ==, "");
}

static void test_equal_times(void)
{
    assert_order((const int[]){5, 5, 5, 5, 5, 5}, 6, "0 1 2 3 4 5");
}

static void test_reversed_times(void)
{
    assert_order((const int[]){9, 8, 7, 6, 5, 4}, 6, "0 1 2 3 4 5");
}

static void test_clock_steps(void)
{
    assert_order((const int[]){0, 10, 2, 12, 4, 14, 6}, 7, "0 1 2 3 4 5 6");
}

/* A row that commits late has an old time: the walk that is at its end finds it all the same. */
static void test_late_commit(void)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) source = open_prepared(backend, VARIANT_OWN);
    static const int times[] = {0, 50, 1, 60};
    AkCursor start = AK_CURSOR_START;
    g_autoptr(AkWalk) walk = ak_walk_new(source, &start, G_MININT64);
    g_autoptr(GError) error = NULL;
    static const AkWalkStep wanted[] = {AK_WALK_EVENT, AK_WALK_EVENT, AK_WALK_END, AK_WALK_END,
                                        AK_WALK_EVENT, AK_WALK_EVENT, AK_WALK_END};

    insert_at(backend, times, 0, 1);
    for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++) {
        AkWalkStep step;
        AkRow row;

        if (i == 4)
            insert_at(backend, times, 2, 3);
        (void)!ak_walk_next(walk, &step, &row, &error);
        g_assert_no_error(error);
        g_assert_cmpint(step, ==, wanted[i]);
    }
}

static void test_from_cursor(void)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) source = open_prepared(backend, VARIANT_OWN);
    g_autoptr(GString) numbers = g_string_new(NULL);
    static const int times[] = {0, 9, 9, 3, 9, 9};
    AkCursor from = {2, "", ""};
    TestRow last = test_row(2);
    AkWalkFault fault;

    insert_at(backend, times, 0, 5);
    memcpy(from.id, last.id, sizeof from.id);
    memcpy(from.hash, last.hash, sizeof from.hash);
    g_assert_cmpint(walk_from(source, &from, T0 + 9 * AK_USEC_PER_SEC, numbers, &fault), ==,
                    AK_WALK_END);
    g_assert_cmpstr(numbers->str, ==, "3 4 5");
}

static void test_gap(void)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) source = open_prepared(backend, VARIANT_OWN);
    g_autoptr(GString) numbers = g_string_new(NULL);
    AkWalkFault fault;
    TestRow lost = test_row(2), orphan = test_row(3);

    insert_chain(backend, VARIANT_OWN, 5);
    backend_sql(backend, "DELETE FROM audit_events WHERE id = "
                         "'0000ab00-0000-4000-8000-000000000002'");
    g_assert_cmpint(walk_all(source, numbers, &fault), ==, AK_WALK_GAP);
    g_assert_cmpstr(numbers->str, ==, "0 1");
    g_assert_cmpint(fault.head.index, ==, 1);
    g_assert_cmpstr(fault.orphan_id, ==, orphan.id);
    g_assert_cmpstr(fault.orphan_prev, ==, lost.hash);
    g_assert_cmpint(fault.orphan_ts_usec, ==, orphan.ts_usec);
    g_assert_cmpuint(fault.unlinked, ==, 2);
}

/* On an adapted table nothing refuses a fork. */
static void test_fork(void)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) source = open_prepared(backend, VARIANT_KERNEL);
    g_autoptr(GString) numbers = g_string_new(NULL);
    AkWalkFault fault;
    TestRow second = test_row(1), rival = test_row_after(&second, 40, "{\"n\":\"forged\"}");

    insert_chain(backend, VARIANT_KERNEL, 4);
    insert_row(backend, VARIANT_KERNEL, &rival);
    g_assert_cmpint(walk_all(source, numbers, &fault), ==, AK_WALK_FORK);
    g_assert_cmpstr(fault.orphan_id, ==, rival.id);
    g_assert_cmpstr(fault.orphan_prev, ==, second.hash);
    g_assert_cmpstr(fault.rival_id, ==, "0000ab00-0000-4000-8000-000000000002");
}

static void test_fork_refused(void)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) source = open_prepared(backend, VARIANT_OWN);

    g_assert_nonnull(source);
    insert_chain(backend, VARIANT_OWN, 2);
    g_assert_false(backend_try(backend,
                               "INSERT INTO audit_events (id, event_type, prev_hash, hash) "
                               "SELECT '0000ab00-0000-4000-8000-000000000009', 'x', prev_hash, "
                               "'00' FROM audit_events WHERE prev_hash IS NOT NULL"));
    g_assert_false(backend_try(backend, "INSERT INTO audit_events (id, event_type, hash) VALUES "
                                        "('0000ab00-0000-4000-8000-000000000009', 'x', '00')"));
}

static void test_tampered_hash(void)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) source = open_prepared(backend, VARIANT_OWN);
    g_autoptr(GString) numbers = g_string_new(NULL);
    AkWalkFault fault;

    insert_chain(backend, VARIANT_OWN, 5);
    backend_sql(backend, "UPDATE audit_events SET hash = "
                         "'00000000000000000000000000000000000000000000000000000000000000ff' "
                         "WHERE id = '0000ab00-0000-4000-8000-000000000002'");
    g_assert_cmpint(walk_all(source, numbers, &fault), ==, AK_WALK_END);
    g_assert_cmpstr(numbers->str, ==, "0 1 2 3 4");
}

/* A hash that was changed into another row's must not lead the walk round in a circle. */
static void test_circular_hash(void)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) source = open_prepared(backend, VARIANT_OWN);
    g_autoptr(GString) numbers = g_string_new(NULL);
    AkWalkFault fault;

    insert_chain(backend, VARIANT_OWN, 5);
    backend_sql(backend, "UPDATE audit_events SET hash = (SELECT hash FROM audit_events WHERE id = "
                         "'0000ab00-0000-4000-8000-000000000000') "
                         "WHERE id = '0000ab00-0000-4000-8000-000000000003'");
    g_assert_cmpint(walk_all(source, numbers, &fault), ==, AK_WALK_END);
    g_assert_cmpstr(numbers->str, ==, "0 1 2 3 4");
}

static void test_upper_case(void)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) source = open_prepared(backend, VARIANT_OWN);
    g_autoptr(GString) numbers = g_string_new(NULL);
    static const int times[] = {9, 8, 7, 6};
    AkWalkFault fault;

    insert_at(backend, times, 0, 3);
    backend_sql(backend, "UPDATE audit_events SET prev_hash = upper(prev_hash)");
    g_assert_cmpint(walk_all(source, numbers, &fault), ==, AK_WALK_END);
    g_assert_cmpstr(numbers->str, ==, "0 1 2 3");
}

static void test_starts(gconstpointer data)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) source = open_prepared(backend, VARIANT_OWN);
    g_autoptr(GString) numbers = g_string_new(NULL);
    g_autofree char *sql = g_strdup_printf(
        "UPDATE audit_events SET prev_hash = '%s' WHERE prev_hash IS NULL", (const char *)data);
    AkWalkFault fault;

    insert_chain(backend, VARIANT_OWN, 2);
    backend_sql(backend, sql);
    g_assert_cmpint(walk_all(source, numbers, &fault), ==, AK_WALK_END);
    g_assert_cmpstr(numbers->str, ==, "0 1");
}

static void test_too_large(void)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) prepared = open_prepared(backend, VARIANT_OWN);
    g_autoptr(GError) error = NULL;
    AkSourceConfig config = {.url = backend_url(backend), .max_event_bytes = 100000};
    g_autoptr(AkSource) source = ak_source_open(&config, &error);
    AkCursor start = AK_CURSOR_START;
    g_autoptr(AkWalk) walk = ak_walk_new(source, &start, G_MININT64);
    g_autofree char *large = g_strnfill(400000, 'x');
    g_autofree char *sql = g_strdup_printf("UPDATE audit_events SET payload = '{\"x\":\"%s\"}' "
                                           "WHERE id = '0000ab00-0000-4000-8000-000000000001'",
                                           large);
    AkWalkStep step;
    AkRow row;

    g_assert_nonnull(prepared);
    insert_chain(backend, VARIANT_OWN, 3);
    backend_sql(backend, sql);
    g_assert_true(ak_walk_next(walk, &step, &row, &error));
    g_assert_false(ak_walk_next(walk, &step, &row, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_BAD_INPUT);
    g_assert_nonnull(strstr(error->message, "'0000ab00-0000-4000-8000-000000000001'"));
    g_assert_nonnull(strstr(error->message, "limit of 100000"));
    g_assert_nonnull(strstr(error->message, "hint: --max-event-bytes"));
    g_assert_null(strstr(error->message, "xxx"));
}

void add_order_cases(void)
{
    g_test_add_func("/source/order/empty", test_empty);
    g_test_add_func("/source/order/equal-times", test_equal_times);
    g_test_add_func("/source/order/reversed-times", test_reversed_times);
    g_test_add_func("/source/order/clock-steps", test_clock_steps);
    g_test_add_func("/source/order/late-commit", test_late_commit);
    g_test_add_func("/source/order/from-cursor", test_from_cursor);
    g_test_add_func("/source/order/gap", test_gap);
    g_test_add_func("/source/order/fork", test_fork);
    g_test_add_func("/source/order/fork-refused", test_fork_refused);
    g_test_add_func("/source/order/tampered-hash", test_tampered_hash);
    g_test_add_func("/source/order/circular-hash", test_circular_hash);
    g_test_add_func("/source/order/upper-case", test_upper_case);
    g_test_add_data_func("/source/order/starts-empty", "", test_starts);
    g_test_add_data_func("/source/order/starts-zeros",
                         "0000000000000000000000000000000000000000000000000000000000000000",
                         test_starts);
    g_test_add_func("/source/read/too-large", test_too_large);
}
