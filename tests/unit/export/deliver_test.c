#include "export/compare.h"
#include "fixed_key.h"
#include "fixture.h"
#include "simulated.h"

#include <gio/gio.h>

enum { EVENTS = 40, SCHEDULES = 60, MAX_RUNS = 400 };

typedef struct {
    Backend *backend;
    SimRemote remote;
    AkSourceConfig source;
    AkExportConfig export;
    AkSinkConfig sink;
    AkDeliverConfig config;
    AkDeliverReport report;
    GError *error;
} Case;

static void set_up(Case *self, guint rows, guint32 seed, gboolean is_late)
{
    g_autoptr(AkSource) source = NULL;

    *self = (Case){.backend = backend_new()};
    source = open_prepared(self->backend, VARIANT_OWN);
    insert_chain(self->backend, VARIANT_OWN, rows);
    sim_remote_init(&self->remote, seed, is_late);
    self->source = (AkSourceConfig){.url = backend_url(self->backend), .chain = "main"};
    self->export = (AkExportConfig){.source = &self->source, .holder = "me", .gap_grace_ms = 1};
    self->sink = (AkSinkConfig){.url = "sim:place", .chain = "main"};
    self->config = (AkDeliverConfig){.export = &self->export,
                                     .sink = &self->sink,
                                     .driver = sim_driver(&self->remote),
                                     .name = "sim:place"};
}

static void tear_down(Case *self)
{
    g_clear_error(&self->error);
    sim_remote_clear(&self->remote);
    backend_free(self->backend);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Case, tear_down)

static gboolean run(Case *self)
{
    g_clear_error(&self->error);
    return ak_deliver_run(&self->config, &self->report, &self->error);
}

/* Every event once, in order, with the chain's hash. */
static void assert_delivered(const Case *self, guint count)
{
    TestRow row = test_row(0);

    g_assert_cmpuint(self->remote.records->len, ==, count);
    for (guint i = 0; i < count; i++) {
        const SimRecord *record = &g_array_index(self->remote.records, SimRecord, i);
        g_autofree char *payload = g_strdup_printf("{\"n\":%u}", i);

        if (i > 0)
            row = test_row_after(&row, i, payload);
        g_assert_cmpuint(record->index, ==, i);
        g_assert_cmpstr(record->id, ==, row.id);
        g_assert_cmpstr(record->hash, ==, row.hash);
    }
}

static gboolean take_state(const AkSinkState *state, gpointer data, GError **error)
{
    AkSinkState *out = data;

    out->at = state->at;
    out->error = g_strdup(state->error);
    return TRUE;
}

static AkSinkState read_state(const Case *self)
{
    g_autoptr(AkSource) source = open_source(self->backend);
    AkSinkState state = {.at = AK_CURSOR_START};

    g_assert_true(source->driver->sinks(source, take_state, &state, NULL));
    return state;
}

static gint64 remote_tail(const Case *self)
{
    return (gint64)self->remote.records->len - 1;
}

static void test_once(void)
{
    for (int is_late = 0; is_late < 2; is_late++) {
        g_auto(Case) self;

        set_up(&self, EVENTS, 0, is_late != 0);
        g_assert_true(run(&self));
        assert_delivered(&self, EVENTS);
        g_assert_cmpint(self.report.head.index, ==, EVENTS - 1);
        g_assert_cmpuint(self.report.events, ==, EVENTS);
        g_assert_true(run(&self));
        g_assert_cmpuint(self.report.events, ==, 0);
        assert_delivered(&self, EVENTS);
    }
}

static void run_schedule(guint32 seed, gboolean is_late)
{
    g_auto(Case) self;
    guint runs = 0;

    set_up(&self, EVENTS, seed, is_late);
    while (!run(&self)) {
        g_auto(AkSinkState) state = read_state(&self);

        g_assert_error(self.error, AK_ERROR, AK_ERROR_NETWORK);
        g_assert_cmpint(state.at.index, <=, remote_tail(&self));
        g_assert_cmpuint(runs++, <, MAX_RUNS);
    }
    assert_delivered(&self, EVENTS);
    g_assert_cmpint(self.report.head.index, ==, EVENTS - 1);
}

/* Lost replies, parts of batches, openings that fail, what is taken and dropped. */
static void test_schedules(void)
{
    for (guint32 seed = 1; seed <= SCHEDULES; seed++)
        run_schedule(seed, seed % 2 == 0);
}

static void assert_gap(Case *self, const char *says)
{
    g_auto(AkSinkState) state = {0};
    guint held = self->remote.records->len;

    g_assert_false(run(self));
    g_assert_error(self->error, AK_ERROR, AK_ERROR_GAP);
    g_assert_true(g_str_has_prefix(self->error->message, "sim_gap: "));
    g_assert_nonnull(strstr(self->error->message, says));
    g_assert_cmpuint(self->remote.records->len, ==, held);
    state = read_state(self);
    g_assert_nonnull(state.error);
    g_assert_true(g_str_has_prefix(state.error, "sim_gap: "));
}

/* The remote lost what it had confirmed: it is never sent again in silence. */
static void test_remote_behind(void)
{
    g_auto(Case) self;

    set_up(&self, 10, 0, FALSE);
    g_assert_true(run(&self));
    g_array_set_size(self.remote.records, 7);
    assert_gap(&self, "ends with index 6, but had confirmed index 9");
}

static void test_remote_ahead_of_chain(void)
{
    g_auto(Case) self;
    SimRecord record = {.index = 10, .id = "x", .hash = "y"};

    set_up(&self, 10, 0, FALSE);
    g_assert_true(run(&self));
    g_array_append_val(self.remote.records, record);
    assert_gap(&self, "which the chain does not reach");
}

static void test_other_hash(void)
{
    g_auto(Case) self;

    set_up(&self, 10, 0, FALSE);
    g_assert_true(run(&self));
    g_array_index(self.remote.records, SimRecord, 9).hash[0] ^= 1;
    assert_gap(&self, "but had confirmed");
}

/* Ahead of the pointer, but by something else than the chain has there. */
static void test_other_hash_ahead(void)
{
    g_auto(Case) self;
    SimRecord record = {.index = 0, .id = "0000ab00-0000-4000-8000-000000000000", .hash = "ff"};

    set_up(&self, 10, 0, FALSE);
    g_array_append_val(self.remote.records, record);
    assert_gap(&self, "the chain has");
}

/* The pointer was left behind by a crash: it follows, and nothing is sent twice. */
static void test_pointer_behind(void)
{
    g_auto(Case) self;

    set_up(&self, 10, 0, FALSE);
    for (guint i = 0; i < 7; i++) {
        TestRow row = test_row(i);
        SimRecord record = {.index = i};

        memcpy(record.id, row.id, sizeof row.id);
        memcpy(record.hash, row.hash, sizeof row.hash);
        g_array_append_val(self.remote.records, record);
    }
    g_assert_true(run(&self));
    assert_delivered(&self, 10);
    g_assert_cmpuint(self.report.skipped, ==, 7);
    g_assert_cmpuint(self.report.events, ==, 3);
}

/* Only what is archived already; the rest when it is. */
static void test_after_archived(void)
{
    g_auto(Case) self;
    g_autoptr(AkSource) source = NULL;
    g_auto(AkSegmentRow) segment = {0};
    guint64 epoch, marked;

    set_up(&self, 10, 0, FALSE);
    self.config.after_archived = TRUE;
    g_assert_true(run(&self));
    assert_delivered(&self, 0);
    source = open_source(self.backend);
    fill_segment(&segment, 0, 6);
    g_assert_true(source->driver->lease_acquire(source, "a", 60000, &epoch, NULL));
    g_assert_true(source->driver->plan(source, epoch, &segment, NULL));
    g_assert_true(commit_rows(source, epoch, &segment, 0, 6, &marked, NULL));
    g_assert_true(run(&self));
    assert_delivered(&self, 7);
}

/* Nothing is sent over a gap of the chain itself, which is not the sink's fault. */
static void test_chain_gap(void)
{
    g_auto(Case) self;

    set_up(&self, 10, 0, FALSE);
    backend_sql(self.backend, "DELETE FROM audit_events WHERE payload = '{\"n\":5}'");
    g_assert_false(run(&self));
    g_assert_error(self.error, AK_ERROR, AK_ERROR_GAP);
    g_assert_true(g_str_has_prefix(self.error->message, "sink 'sim:place' cannot go on"));
    assert_delivered(&self, 5);
}

static void add_finding(const AkEvent *event, const char *detail, gpointer data)
{
    g_string_append_printf(data, "%" G_GINT64_FORMAT ": %s\n",
                           event != NULL ? (gint64)event->index : -1, detail);
}

static void assert_compared(const Case *self, guint64 events, const char *expected)
{
    g_autoptr(GString) found = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    guint64 seen;

    g_assert_true(ak_compare_run(&self->config, add_finding, found, &seen, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(found->str, ==, expected);
    g_assert_cmpuint(seen, ==, events);
}

static void test_compare(void)
{
    g_auto(Case) self;

    set_up(&self, 10, 0, FALSE);
    g_assert_true(run(&self));
    assert_compared(&self, 10, "");
}

/* Missing in the middle and at the end, twice there, another hash: each by its index. */
static void test_compare_faults(void)
{
    g_auto(Case) self;
    SimRecord again;

    set_up(&self, 10, 0, FALSE);
    g_assert_true(run(&self));
    g_array_remove_range(self.remote.records, 9, 1);
    again = g_array_index(self.remote.records, SimRecord, 6);
    g_array_index(self.remote.records, SimRecord, 7).hash[0] = 'x';
    g_array_insert_val(self.remote.records, 7, again);
    g_array_remove_range(self.remote.records, 3, 2);
    {
        TestRow row = test_row(7);
        g_autofree char *expected =
            g_strdup_printf("3: sink 'sim:place' does not hold the event\n"
                            "4: sink 'sim:place' does not hold the event\n"
                            "-1: sink 'sim:place' holds index 6 again, at place 5\n"
                            "7: sink 'sim:place' holds '%s' with hash 'x%s' there\n"
                            "9: sink 'sim:place' does not hold the event\n",
                            row.id, row.hash + 1);

        assert_compared(&self, 7, expected);
    }
}

static void remove_tree(const char *dir)
{
    const char *const rm[] = {"rm", "-rf", dir, NULL};
    g_autoptr(GSubprocess) process = g_subprocess_newv(rm, G_SUBPROCESS_FLAGS_NONE, NULL);

    g_assert_true(g_subprocess_wait_check(process, NULL, NULL));
}

static void archive_all(Case *self, AkStore *store, const AkSigningKey *key)
{
    AkExportConfig config = {.source = &self->source,
                             .store = store,
                             .key = key,
                             .origin = "audit.example.org",
                             .retention = "1 day",
                             .lock_mode = AK_LOCK_GOVERNANCE,
                             .holder = "exporter",
                             .segment_events = 7,
                             .threads = 1};
    AkExportReport report;

    (void)!ak_export_run(&config, &report, &self->error);
    g_assert_no_error(self->error);
    g_assert_cmpuint(report.events, ==, EVENTS);
}

/* Rows that are pruned come from the archive's objects; one behind which rows are left, too. */
static void test_pruned(void)
{
    g_autofree char *dir = g_dir_make_tmp("deliver-XXXXXX", NULL);
    g_autofree char *url = g_strconcat("file:", dir, NULL);
    AkStoreConfig store_config = {.url = url, .is_mutable = TRUE};
    g_autoptr(AkStore) store = ak_store_open(&store_config, NULL);
    g_autoptr(AkSigningKey) key = fixed_key_new();
    g_auto(Case) self;

    set_up(&self, EVENTS, 0, FALSE);
    archive_all(&self, store, key);
    backend_sql(self.backend, "DELETE FROM audit_events WHERE id < "
                              "'0000ab00-0000-4000-8000-000000000023'");
    g_assert_false(run(&self));
    g_assert_error(self.error, AK_ERROR, AK_ERROR_MISSING);
    self.export.store = store;
    (void)run(&self);
    g_assert_no_error(self.error);
    assert_delivered(&self, EVENTS);
    assert_compared(&self, EVENTS, "");
    remove_tree(dir);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/export/deliver/once", test_once);
    g_test_add_func("/export/deliver/schedules", test_schedules);
    g_test_add_func("/export/deliver/remote-behind", test_remote_behind);
    g_test_add_func("/export/deliver/remote-ahead-of-chain", test_remote_ahead_of_chain);
    g_test_add_func("/export/deliver/other-hash", test_other_hash);
    g_test_add_func("/export/deliver/other-hash-ahead", test_other_hash_ahead);
    g_test_add_func("/export/deliver/pointer-behind", test_pointer_behind);
    g_test_add_func("/export/deliver/after-archived", test_after_archived);
    g_test_add_func("/export/deliver/chain-gap", test_chain_gap);
    g_test_add_func("/export/deliver/pruned", test_pruned);
    g_test_add_func("/export/compare/equal", test_compare);
    g_test_add_func("/export/compare/faults", test_compare_faults);
    return g_test_run();
}
