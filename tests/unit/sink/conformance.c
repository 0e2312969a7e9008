#include "conformance.h"

enum { MAX_EVENTS = 16 };

typedef struct {
    const SinkBackend *backend;
    const AkSinkDriver *driver;
    AkSinkConfig config;
    AkSinkEvent events[MAX_EVENTS];
    char ids[MAX_EVENTS][37], hashes[MAX_EVENTS][65], lines[MAX_EVENTS][128];
    GError *error;
} Fixture;

static void make_event(Fixture *f, guint i)
{
    g_snprintf(f->ids[i], sizeof f->ids[i], "0000ab00-0000-4000-8000-%012u", i);
    g_snprintf(f->hashes[i], sizeof f->hashes[i], "%064x", i + 1);
    g_snprintf(f->lines[i], sizeof f->lines[i], "{\"chain\":\"main\",\"id\":\"%s\",\"index\":%u}",
               f->ids[i], i);
    f->events[i] = (AkSinkEvent){
        .event = {.index = i,
                  .ts_usec = G_GINT64_CONSTANT(1738368000000000) + i,
                  .id = ak_view_str(f->ids[i]),
                  .event_type = AK_VIEW("login"),
                  .payload = AK_VIEW("{}"),
                  .prev_hash = i > 0 ? ak_view_str(f->hashes[i - 1]) : AK_VIEW_NULL,
                  .hash = ak_view_str(f->hashes[i])},
        .line = ak_view_str(f->lines[i]),
    };
}

static void set_up(Fixture *f, gconstpointer data)
{
    f->backend = data;
    f->config.chain = "main";
    f->driver = f->backend->set_up(&f->config);
    for (guint i = 0; i < MAX_EVENTS; i++)
        make_event(f, i);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    g_clear_error(&f->error);
    f->backend->tear_down();
}

static AkSink *open_at(Fixture *f, gint64 index)
{
    AkCursor pointer = AK_CURSOR_START, tail = AK_CURSOR_START;
    AkSink *sink;

    if (index >= 0) {
        pointer.index = index;
        memcpy(pointer.id, f->ids[index], sizeof pointer.id);
        memcpy(pointer.hash, f->hashes[index], sizeof pointer.hash);
    }
    sink = f->driver->open(&f->config, &pointer, &tail, &f->error);
    g_assert_no_error(f->error);
    g_assert_true(sink->driver == f->driver);
    g_assert_cmpuint(sink->max_batch_events, >=, 1);
    g_assert_cmpuint(sink->max_batch_bytes, >, 0);
    g_assert_cmpint(tail.index, ==, index);
    if (index >= 0 && (sink->caps & AK_SINK_KNOWS_HASH) != 0) {
        g_assert_cmpstr(tail.id, ==, f->ids[index]);
        g_assert_cmpstr(tail.hash, ==, f->hashes[index]);
    }
    return sink;
}

static void confirm(Fixture *f, AkSink *sink, gint64 last)
{
    gint64 index = -1, before = -1;

    while (f->driver->confirm != NULL && index < last) {
        g_assert_true(f->driver->confirm(sink, 1000, &index, &f->error));
        g_assert_cmpint(index, >=, before);
        g_assert_cmpint(index, <=, last);
        before = index;
    }
}

/* Hands over first to last, and waits until they are there for good. */
static void deliver(Fixture *f, AkSink *sink, guint first, guint last)
{
    AkSinkRef refs[MAX_EVENTS] = {0};
    gboolean has_refs = (sink->caps & AK_SINK_HAS_REFS) != 0;

    (void)!f->driver->deliver(sink, &f->events[first], last - first + 1, has_refs ? refs : NULL,
                              &f->error);
    g_assert_no_error(f->error);
    for (guint i = 1; has_refs && i <= last - first; i++)
        g_assert_cmpint(refs[i].offset, >, refs[i - 1].offset);
    confirm(f, sink, last);
}

static gboolean check_record(const AkSinkRecord *record, gpointer data, GError **error)
{
    guint *next = data;
    g_autofree char *id = g_strdup_printf("0000ab00-0000-4000-8000-%012u", *next);
    g_autofree char *hash = g_strdup_printf("%064x", *next + 1);

    g_assert_true(record->is_event);
    g_assert_cmpuint(record->index, ==, *next);
    if (record->id.data != NULL)
        g_assert_true(ak_view_equal(record->id, ak_view_str(id)));
    if (record->hash.data != NULL)
        g_assert_true(ak_view_equal(record->hash, ak_view_str(hash)));
    (*next)++;
    return TRUE;
}

static void assert_holds(Fixture *f, guint count)
{
    guint next = 0;

    (void)!f->driver->scan(&f->config, 0, check_record, &next, &f->error);
    g_assert_no_error(f->error);
    g_assert_cmpuint(next, ==, count);
}

static void test_empty(Fixture *f, gconstpointer data)
{
    AkSink *sink = open_at(f, -1);

    ak_sink_close(sink);
    assert_holds(f, 0);
}

/* What is delivered is there, in order, and its last event is the tail of the next one to open. */
static void test_goes_on(Fixture *f, gconstpointer data)
{
    AkSink *sink = open_at(f, -1);

    deliver(f, sink, 0, 2);
    deliver(f, sink, 3, 3);
    ak_sink_close(sink);
    sink = open_at(f, 3);
    deliver(f, sink, 4, 6);
    ak_sink_close(sink);
    assert_holds(f, 7);
}

/* Whoever opens takes the place: who had it can do no harm any more. */
static void test_fences(Fixture *f, gconstpointer data)
{
    AkSink *first = open_at(f, -1), *second;
    AkSinkRef refs[2];
    gboolean has_refs = (first->caps & AK_SINK_HAS_REFS) != 0;

    deliver(f, first, 0, 1);
    second = open_at(f, 1);
    if (f->driver->deliver(first, &f->events[2], 2, has_refs ? refs : NULL, &f->error) &&
        f->driver->confirm != NULL) {
        gint64 index = -1;

        (void)!f->driver->confirm(first, 0, &index, &f->error);
    }
    g_assert_nonnull(f->error);
    g_clear_error(&f->error);
    ak_sink_close(first);
    deliver(f, second, 2, 4);
    ak_sink_close(second);
    assert_holds(f, 5);
}

/* Reading back disturbs no writer. */
static void test_scan_fences_nobody(Fixture *f, gconstpointer data)
{
    AkSink *sink = open_at(f, -1);

    deliver(f, sink, 0, 1);
    assert_holds(f, 2);
    deliver(f, sink, 2, 3);
    ak_sink_close(sink);
    assert_holds(f, 4);
}

void sink_conformance_add(const SinkBackend *backend)
{
    static const struct {
        const char *path;
        void (*test)(Fixture *f, gconstpointer data);
    } cases[] = {{"/sink/conformance/empty", test_empty},
                 {"/sink/conformance/goes-on", test_goes_on},
                 {"/sink/conformance/fences", test_fences},
                 {"/sink/conformance/scan-fences-nobody", test_scan_fences_nobody}};

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        g_test_add(cases[i].path, Fixture, backend, set_up, cases[i].test, tear_down);
}
