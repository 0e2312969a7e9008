#include "fixture.h"

static const char SINK[] = "kafka:audit-events";

typedef struct {
    Backend *backend;
    AkSource *source;
    guint64 epoch;
    GError *error;
} Case;

/* Four events; the sink is ours, and holds nothing yet. */
static void set_up(Case *self, Variant variant)
{
    *self = (Case){.backend = backend_new()};
    self->source = open_prepared(self->backend, variant);
    insert_chain(self->backend, variant, 4);
    (void)self->source->driver->sink_acquire(self->source, SINK, "first", 60000, &self->epoch,
                                             &self->error);
    g_assert_no_error(self->error);
}

static void tear_down(Case *self)
{
    g_clear_error(&self->error);
    ak_source_close(self->source);
    backend_free(self->backend);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Case, tear_down)

static AkSinkMove move_to(guint n)
{
    TestRow row = test_row(n);
    AkSinkMove move = {.to.index = n, .ts_usec = row.ts_usec};

    memcpy(move.to.id, row.id, sizeof row.id);
    memcpy(move.to.hash, row.hash, sizeof row.hash);
    return move;
}

static gboolean move(Case *self, const AkSinkMove *to)
{
    g_clear_error(&self->error);
    return self->source->driver->sink_move(self->source, SINK, self->epoch, to, &self->error);
}

static void assert_moved(Case *self, guint n)
{
    AkSinkMove to = move_to(n);

    (void)move(self, &to);
    g_assert_no_error(self->error);
}

static void assert_refused(Case *self, const AkSinkMove *to)
{
    g_assert_false(move(self, to));
    g_assert_error(self->error, AK_ERROR, AK_ERROR_CONFLICT);
}

static gboolean add_state(const AkSinkState *state, gpointer data, GError **error)
{
    g_string_append_printf(
        data, "%s:%" G_GINT64_FORMAT ":%.8s:%s:%s:%s ", state->name, state->at.index, state->at.id,
        state->holder != NULL ? state->holder : "-", state->is_lease_held ? "held" : "free",
        state->error != NULL ? state->error : "-");
    g_assert_cmpint(state->error == NULL, ==, state->error_usec == 0);
    g_assert_cmpint(state->at.index < 0, ==, state->moved_usec == 0);
    g_assert_cmpint(state->ts_usec, ==,
                    state->at.index < 0 ? G_MININT64 : test_row((guint)state->at.index).ts_usec);
    return TRUE;
}

static void assert_sinks(Case *self, const char *expected)
{
    g_autoptr(GString) text = g_string_new(NULL);

    g_clear_error(&self->error);
    (void)self->source->driver->sinks(self->source, add_state, text, &self->error);
    g_assert_no_error(self->error);
    g_assert_cmpstr(text->str, ==, expected);
}

static void test_moves(void)
{
    g_auto(Case) self;

    set_up(&self, VARIANT_OWN);
    assert_sinks(&self, "kafka:audit-events:-1::first:held:- ");
    assert_moved(&self, 1);
    assert_moved(&self, 1);
    assert_moved(&self, 3);
    assert_sinks(&self, "kafka:audit-events:3:0000ab00:first:held:- ");
    g_assert_true(self.source->driver->sink_renew(self.source, SINK, self.epoch, 0, &self.error));
    assert_sinks(&self, "kafka:audit-events:3:0000ab00:-:free:- ");
}

/* Back, to another hash, to an event that is not there, to another index of what is archived. */
static void test_wrong_moves(void)
{
    g_auto(Case) self;
    AkSinkMove to;

    set_up(&self, VARIANT_OWN);
    assert_moved(&self, 1);
    to = move_to(0);
    assert_refused(&self, &to);
    to = move_to(2);
    to.to.hash[0] = to.to.hash[0] == 'a' ? 'b' : 'a';
    assert_refused(&self, &to);
    to = move_to(4);
    assert_refused(&self, &to);
    to = move_to(2);
    to.to.index = 1;
    assert_refused(&self, &to);
    assert_sinks(&self, "kafka:audit-events:1:0000ab00:first:held:- ");
}

static void archive(Case *self, guint last)
{
    g_auto(AkSegmentRow) segment = {0};
    guint64 epoch, marked;

    fill_segment(&segment, 0, last);
    g_assert_true(
        self->source->driver->lease_acquire(self->source, "a", 60000, &epoch, &self->error));
    g_assert_true(self->source->driver->plan(self->source, epoch, &segment, &self->error));
    g_assert_true(commit_rows(self->source, epoch, &segment, 0, last, &marked, &self->error));
}

/* Rows that are pruned: the archive vouches for them. */
static void test_pruned(void)
{
    g_auto(Case) self;
    AkSinkMove to;

    set_up(&self, VARIANT_OWN);
    archive(&self, 2);
    backend_sql(self.backend, "DELETE FROM audit_events");
    assert_moved(&self, 1);
    to = move_to(2);
    to.to.hash[0] = to.to.hash[0] == 'a' ? 'b' : 'a';
    assert_refused(&self, &to);
    to = move_to(3);
    assert_refused(&self, &to);
    assert_moved(&self, 2);
}

static void test_lease(void)
{
    g_auto(Case) self;
    AkSinkMove to = move_to(0);
    guint64 epoch;

    set_up(&self, VARIANT_OWN);
    g_assert_false(
        self.source->driver->sink_acquire(self.source, SINK, "second", 60000, &epoch, &self.error));
    g_assert_error(self.error, AK_ERROR, AK_ERROR_BUSY);
    g_assert_nonnull(strstr(self.error->message, "held by 'first' until 2"));
    g_clear_error(&self.error);
    g_assert_true(
        self.source->driver->sink_acquire(self.source, SINK, "first", 60000, &epoch, &self.error));
    g_assert_cmpuint(epoch, ==, self.epoch + 1);
    g_assert_false(move(&self, &to));
    g_assert_error(self.error, AK_ERROR, AK_ERROR_FENCED);
    g_clear_error(&self.error);
    g_assert_false(self.source->driver->sink_renew(self.source, SINK, self.epoch, 0, &self.error));
    g_assert_error(self.error, AK_ERROR, AK_ERROR_FENCED);
    g_clear_error(&self.error);
    g_assert_false(
        self.source->driver->sink_fail(self.source, SINK, self.epoch, "no", &self.error));
    g_assert_error(self.error, AK_ERROR, AK_ERROR_FENCED);
}

/* One sink does not know of the other, nor of the archive. */
static void test_apart(void)
{
    g_auto(Case) self;
    guint64 epoch;

    set_up(&self, VARIANT_OWN);
    archive(&self, 2);
    g_assert_true(self.source->driver->sink_acquire(self.source, "snowflake:D/S/T", "second", 60000,
                                                    &epoch, &self.error));
    assert_moved(&self, 3);
    assert_sinks(&self, "kafka:audit-events:3:0000ab00:first:held:- "
                        "snowflake:D/S/T:-1::second:held:- ");
}

static void test_error(void)
{
    g_auto(Case) self;

    set_up(&self, VARIANT_OWN);
    g_assert_true(
        self.source->driver->sink_fail(self.source, SINK, self.epoch, "kafka_gap", &self.error));
    assert_sinks(&self, "kafka:audit-events:-1::first:held:kafka_gap ");
    g_assert_true(self.source->driver->sink_fail(self.source, SINK, self.epoch, NULL, &self.error));
    assert_sinks(&self, "kafka:audit-events:-1::first:held:- ");
    g_assert_true(
        self.source->driver->sink_fail(self.source, SINK, self.epoch, "again", &self.error));
    assert_moved(&self, 0);
    assert_sinks(&self, "kafka:audit-events:0:0000ab00:first:held:- ");
}

/* The prototype's columns are filled in where the table has them, in the same commit. */
static void mark(Variant variant, const char *expected)
{
    static const gint64 partitions[] = {3, 3}, offsets[] = {40, 42};
    g_auto(Case) self;
    AkSinkMove to = move_to(1);
    TestRow rows[] = {test_row(0), test_row(1)};
    const gint64 produced[] = {rows[0].ts_usec, rows[1].ts_usec};
    char ids[2][37];
    g_autofree char *text = NULL;

    set_up(&self, variant);
    memcpy(ids[0], rows[0].id, sizeof rows[0].id);
    memcpy(ids[1], rows[1].id, sizeof rows[1].id);
    to.topic = "audit-events";
    to.count = 2;
    to.ids = (const char(*)[37])ids;
    to.partitions = partitions;
    to.offsets = offsets;
    to.produced_usec = produced;
    (void)move(&self, &to);
    g_assert_no_error(self.error);
    if (expected == NULL)
        return;
    text = backend_text(self.backend,
                        "SELECT kafka_offset FROM audit_events ORDER BY id LIMIT 1 OFFSET 1");
    g_assert_cmpstr(text, ==, expected);
}

static void test_refs(void)
{
    mark(VARIANT_KERNEL, "42");
    mark(VARIANT_OWN, NULL);
    mark(VARIANT_AGENT, NULL);
}

void add_sink_cases(void)
{
    g_test_add_func("/source/sink/moves", test_moves);
    g_test_add_func("/source/sink/wrong-moves", test_wrong_moves);
    g_test_add_func("/source/sink/pruned", test_pruned);
    g_test_add_func("/source/sink/lease", test_lease);
    g_test_add_func("/source/sink/apart", test_apart);
    g_test_add_func("/source/sink/error", test_error);
    g_test_add_func("/source/sink/refs", test_refs);
}
