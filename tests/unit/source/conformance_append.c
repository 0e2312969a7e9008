#include "fixture.h"

#include "chain/check.h"
#include "util/hex.h"

static AkEvent event_of(const TestRow *row)
{
    return (AkEvent){
        .ts_usec = row->ts_usec,
        .id = ak_view_str(row->id),
        .event_type = AK_VIEW("login"),
        .payload = ak_view_str(row->payload),
        .prev_hash = row->prev[0] != '\0' ? ak_view_str(row->prev) : AK_VIEW_NULL,
        .hash = ak_view_str(row->hash),
        .signature = AK_VIEW("c2ln"),
        .signer_id = AK_VIEW("key-1"),
    };
}

/* Appends rows first..last of the chain in one transaction. */
static gboolean append(AkSource *source, guint first, guint last, gboolean commit, GError **error)
{
    char prev[65];
    gint64 ts_usec;

    if (!source->driver->append_begin(source, prev, &ts_usec, error))
        return FALSE;
    for (guint i = first; i <= last; i++) {
        TestRow row = test_row(i);
        AkEvent event = event_of(&row);

        if (i == first)
            g_assert_cmpstr(prev, ==, row.prev);
        if (!source->driver->append_rows(source, &event, 1, error)) {
            g_assert_true(source->driver->append_end(source, FALSE, NULL));
            return FALSE;
        }
    }
    return source->driver->append_end(source, commit, error);
}

static void assert_walk(AkSource *source, const char *expected)
{
    g_autoptr(GString) numbers = g_string_new(NULL);
    AkWalkFault fault;

    g_assert_cmpint(walk_all(source, numbers, &fault), ==, AK_WALK_END);
    g_assert_cmpstr(numbers->str, ==, expected);
}

static void test_chain(gconstpointer data)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) source = open_prepared(backend, (Variant)GPOINTER_TO_INT(data));
    g_autoptr(AkSource) other = open_source(backend);
    g_autoptr(GError) error = NULL;

    g_assert_true(append(source, 0, 2, TRUE, &error));
    g_assert_true(append(other, 3, 3, TRUE, &error));
    g_assert_true(append(source, 4, 6, TRUE, &error));
    assert_walk(source, "0 1 2 3 4 5 6");
}

static void test_after_foreign_rows(gconstpointer data)
{
    Variant variant = (Variant)GPOINTER_TO_INT(data);
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) source = open_prepared(backend, variant);
    g_autoptr(GError) error = NULL;

    insert_chain(backend, variant, 3);
    (void)append(source, 3, 4, TRUE, &error);
    g_assert_no_error(error);
    assert_walk(source, "0 1 2 3 4");
}

static void test_roll_back(void)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) source = open_prepared(backend, VARIANT_OWN);
    g_autoptr(GError) error = NULL;

    g_assert_true(append(source, 0, 1, TRUE, &error));
    g_assert_true(append(source, 2, 3, FALSE, &error));
    g_assert_true(append(source, 2, 2, TRUE, &error));
    assert_walk(source, "0 1 2");
}

static void test_duplicate_id(void)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) source = open_prepared(backend, VARIANT_OWN);
    g_autoptr(GError) error = NULL;
    TestRow first = test_row(0), again = test_row_after(&first, 0, "{\"n\":1}");
    AkEvent event = event_of(&again);
    char prev[65];
    gint64 ts_usec;

    g_assert_true(append(source, 0, 0, TRUE, &error));
    g_assert_true(source->driver->append_begin(source, prev, &ts_usec, &error));
    g_assert_cmpint(ts_usec, ==, first.ts_usec);
    g_assert_false(source->driver->append_rows(source, &event, 1, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CONFLICT);
    g_assert_nonnull(strstr(error->message, first.id));
    g_assert_true(source->driver->append_end(source, FALSE, NULL));
    assert_walk(source, "0");
}

static void test_no_place(void)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) source = open_prepared(backend, VARIANT_MEMORY);
    g_autoptr(GError) error = NULL;
    TestRow row = test_row(0);
    AkEvent event = event_of(&row);
    char prev[65];
    gint64 ts_usec;

    event.metadata = AK_VIEW("{}");
    g_assert_true(source->driver->append_begin(source, prev, &ts_usec, &error));
    g_assert_cmpstr(prev, ==, "");
    g_assert_false(source->driver->append_rows(source, &event, 1, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CONFIG);
    g_assert_nonnull(strstr(error->message, "'metadata'"));
    g_assert_true(source->driver->append_end(source, FALSE, NULL));
}

enum { THREADS = 4, ROUNDS = 15, PER_ROUND = 3 };

typedef struct {
    const Backend *backend;
    guint number;
} Appender;

/* Events that link to whatever head the round finds. */
static gpointer append_rounds(gpointer data)
{
    const Appender *self = data;
    g_autoptr(AkSource) source = open_source(self->backend);
    g_autoptr(GError) error = NULL;

    for (guint round = 0; round < ROUNDS; round++) {
        TestRow rows[PER_ROUND], head = {.ts_usec = 0};
        AkEvent events[PER_ROUND];
        gint64 ts_usec;

        (void)source->driver->append_begin(source, head.hash, &ts_usec, &error);
        g_assert_no_error(error);
        for (guint i = 0; i < PER_ROUND; i++) {
            g_autofree char *payload = g_strdup_printf("{\"t\":%u,\"r\":%u}", self->number, round);
            guint n = (self->number * ROUNDS + round) * PER_ROUND + i;

            rows[i] = test_row_after(i > 0 ? &rows[i - 1] : &head, n, payload);
            events[i] = event_of(&rows[i]);
        }
        (void)source->driver->append_rows(source, events, PER_ROUND, &error);
        g_assert_no_error(error);
        (void)source->driver->append_end(source, TRUE, &error);
        g_assert_no_error(error);
    }
    return NULL;
}

static void test_concurrent(void)
{
    g_autoptr(Backend) backend = backend_new();
    g_autoptr(AkSource) source = open_prepared(backend, VARIANT_OWN);
    g_autoptr(GString) numbers = g_string_new(NULL);
    g_auto(GStrv) parts = NULL;
    Appender appenders[THREADS];
    GThread *threads[THREADS];
    AkWalkFault fault;

    for (guint i = 0; i < THREADS; i++) {
        appenders[i] = (Appender){backend, i};
        threads[i] = g_thread_new("appender", append_rounds, &appenders[i]);
    }
    for (guint i = 0; i < THREADS; i++)
        (void)g_thread_join(threads[i]);
    g_assert_cmpint(walk_all(source, numbers, &fault), ==, AK_WALK_END);
    parts = g_strsplit(numbers->str, " ", -1);
    g_assert_cmpuint(g_strv_length(parts), ==, THREADS * ROUNDS * PER_ROUND);
}

void add_append_cases(void)
{
    static const char *const names[N_VARIANTS] = {"own", "kernel", "memory", "agent"};

    for (int v = 0; v < N_VARIANTS; v++) {
        g_autofree char *chain = g_strconcat("/source/append/chain-", names[v], NULL);
        g_autofree char *after = g_strconcat("/source/append/after-foreign-", names[v], NULL);

        g_test_add_data_func(chain, GINT_TO_POINTER(v), test_chain);
        g_test_add_data_func(after, GINT_TO_POINTER(v), test_after_foreign_rows);
    }
    g_test_add_func("/source/append/roll-back", test_roll_back);
    g_test_add_func("/source/append/duplicate-id", test_duplicate_id);
    g_test_add_func("/source/append/no-place", test_no_place);
    g_test_add_func("/source/append/concurrent", test_concurrent);
}
