#include "fixture.h"

typedef struct {
    Backend *backend;
    AkSource *source;
    guint64 epoch;
    GError *error;
} Case;

static void set_up(Case *self, Variant variant, guint rows)
{
    *self = (Case){.backend = backend_new()};
    self->source = open_prepared(self->backend, variant);
    insert_chain(self->backend, variant, rows);
    (void)self->source->driver->lease_acquire(self->source, "first", 60000, &self->epoch,
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

static gboolean plan(Case *self, guint first, guint last)
{
    g_auto(AkSegmentRow) segment = {0};

    fill_segment(&segment, first, last);
    g_clear_error(&self->error);
    return self->source->driver->plan(self->source, self->epoch, &segment, &self->error);
}

static gboolean commit(Case *self, guint first, guint last, guint64 *marked)
{
    g_auto(AkSegmentRow) segment = {0};

    fill_segment(&segment, first, last);
    g_clear_error(&self->error);
    return commit_rows(self->source, self->epoch, &segment, first, last, marked, &self->error);
}

static void assert_text(Case *self, const char *sql, const char *expected)
{
    g_autofree char *text = backend_text(self->backend, sql);

    g_assert_cmpstr(text, ==, expected);
}

static void assert_pointer(Case *self, gint64 index)
{
    g_auto(AkChainState) state = {0};

    g_clear_error(&self->error);
    (void)self->source->driver->state(self->source, &state, &self->error);
    g_assert_no_error(self->error);
    g_assert_cmpint(state.archived.index, ==, index);
}

static void test_lease(void)
{
    g_auto(Case) self;
    g_auto(AkChainState) state = {0};
    guint64 epoch;

    set_up(&self, VARIANT_OWN, 0);
    g_assert_false(
        self.source->driver->lease_acquire(self.source, "second", 60000, &epoch, &self.error));
    g_assert_error(self.error, AK_ERROR, AK_ERROR_BUSY);
    g_assert_nonnull(strstr(self.error->message, "held by 'first' until 2"));
    g_clear_error(&self.error);
    g_assert_true(self.source->driver->state(self.source, &state, &self.error));
    g_assert_cmpstr(state.holder, ==, "first");
    g_assert_true(state.is_lease_held);
    g_assert_cmpuint(state.epoch, ==, self.epoch);
    g_assert_true(self.source->driver->lease_release(self.source, self.epoch, &self.error));
    g_assert_true(
        self.source->driver->lease_acquire(self.source, "second", 60000, &epoch, &self.error));
    g_assert_cmpuint(epoch, ==, self.epoch + 1);
}

/* A holder whose connection broke takes its own lease again at once, under an epoch that fences
 * what the connection may still do. */
static void test_own_lease(void)
{
    g_auto(Case) self;
    guint64 epoch;

    set_up(&self, VARIANT_OWN, 4);
    g_assert_true(
        self.source->driver->lease_acquire(self.source, "first", 60000, &epoch, &self.error));
    g_assert_cmpuint(epoch, ==, self.epoch + 1);
    g_assert_false(plan(&self, 0, 1));
    g_assert_error(self.error, AK_ERROR, AK_ERROR_FENCED);
    self.epoch = epoch;
    g_assert_true(plan(&self, 0, 1));
}

/* The lease runs out, somebody else takes it: whoever had it can do nothing any more. */
static void test_fenced(void)
{
    g_auto(Case) self;
    guint64 epoch = 0, marked;

    set_up(&self, VARIANT_OWN, 4);
    g_assert_true(plan(&self, 0, 1));
    g_assert_true(self.source->driver->lease_renew(self.source, self.epoch, 1, &self.error));
    while (!self.source->driver->lease_acquire(self.source, "second", 60000, &epoch, &self.error)) {
        g_assert_error(self.error, AK_ERROR, AK_ERROR_BUSY);
        g_clear_error(&self.error);
    }
    g_assert_false(self.source->driver->lease_renew(self.source, self.epoch, 1, &self.error));
    g_assert_error(self.error, AK_ERROR, AK_ERROR_FENCED);
    g_clear_error(&self.error);
    g_assert_false(self.source->driver->lease_release(self.source, self.epoch, &self.error));
    g_assert_error(self.error, AK_ERROR, AK_ERROR_FENCED);
    g_assert_false(plan(&self, 2, 3));
    g_assert_error(self.error, AK_ERROR, AK_ERROR_FENCED);
    g_assert_false(commit(&self, 0, 1, &marked));
    g_assert_error(self.error, AK_ERROR, AK_ERROR_FENCED);
    assert_text(&self, "SELECT id FROM audit_events WHERE s3_archived_at IS NOT NULL", NULL);
    self.epoch = epoch;
    g_assert_true(commit(&self, 0, 1, &marked));
}

static void test_plan(void)
{
    g_auto(Case) self;
    g_auto(AkSegmentRow) other = {0};

    set_up(&self, VARIANT_OWN, 0);
    g_assert_false(plan(&self, 1, 2));
    g_assert_error(self.error, AK_ERROR, AK_ERROR_CONFLICT);
    g_assert_true(plan(&self, 0, 1));
    g_assert_true(plan(&self, 0, 1));
    g_assert_false(plan(&self, 0, 2));
    g_assert_error(self.error, AK_ERROR, AK_ERROR_CONFLICT);
    g_assert_false(plan(&self, 3, 4));
    g_assert_error(self.error, AK_ERROR, AK_ERROR_CONFLICT);
    g_clear_error(&self.error);
    fill_segment(&other, 2, 3);
    memset(other.prev_hash, 'a', 64);
    g_assert_false(self.source->driver->plan(self.source, self.epoch, &other, &self.error));
    g_assert_error(self.error, AK_ERROR, AK_ERROR_CONFLICT);
    g_assert_true(plan(&self, 2, 3));
}

/* Rows may change after their plan: it takes their content as long as nothing is archived. */
static void test_plan_anew(void)
{
    g_auto(Case) self;
    g_auto(AkSegmentRow) changed = {0};
    guint64 marked;

    set_up(&self, VARIANT_OWN, 4);
    g_assert_true(plan(&self, 0, 1));
    g_assert_true(plan(&self, 2, 3));
    fill_segment(&changed, 0, 1);
    memset(changed.content_sha256, 7, AK_SHA256_LEN);
    g_assert_true(self.source->driver->plan(self.source, self.epoch, &changed, &self.error));
    g_assert_false(commit(&self, 0, 1, &marked));
    g_assert_error(self.error, AK_ERROR, AK_ERROR_CONFLICT);
    g_clear_error(&self.error);
    g_assert_true(commit_rows(self.source, self.epoch, &changed, 0, 1, &marked, &self.error));
    assert_pointer(&self, 1);
    memset(changed.content_sha256, 8, AK_SHA256_LEN);
    g_assert_false(self.source->driver->plan(self.source, self.epoch, &changed, &self.error));
    g_assert_error(self.error, AK_ERROR, AK_ERROR_CONFLICT);
}

static gboolean is_version(const AkSegmentRow *row, gpointer data, GError **error)
{
    g_assert_cmpstr(row->version, ==, data);
    return TRUE;
}

/* An object that was put again is found where it is now. */
static void test_commit_other_version(void)
{
    static char version[] = "elsewhere";
    g_auto(Case) self;
    g_auto(AkSegmentRow) moved = {0};
    guint64 marked;

    set_up(&self, VARIANT_OWN, 2);
    g_assert_true(plan(&self, 0, 1));
    g_assert_true(commit(&self, 0, 1, &marked));
    fill_segment(&moved, 0, 1);
    g_free(moved.version);
    moved.version = g_strdup(version);
    g_assert_true(commit_rows(self.source, self.epoch, &moved, 0, 1, &marked, &self.error));
    g_assert_true(self.source->driver->segments(self.source, 0, is_version, version, &self.error));
}

static void test_commit(gconstpointer data)
{
    g_auto(Case) self;
    guint64 marked = 0;

    set_up(&self, (Variant)GPOINTER_TO_INT(data), 5);
    g_assert_true(plan(&self, 0, 1));
    g_assert_true(plan(&self, 2, 3));
    g_assert_true(commit(&self, 0, 1, &marked));
    g_assert_cmpuint(marked, ==, 2);
    assert_pointer(&self, 1);
    g_assert_true(commit(&self, 2, 3, &marked));
    assert_pointer(&self, 3);
    assert_text(&self, "SELECT count(*) || '' FROM audit_events WHERE s3_archived_at IS NOT NULL",
                "4");
    assert_text(&self,
                "SELECT s3_object_key FROM audit_events WHERE id = "
                "'0000ab00-0000-4000-8000-000000000003'",
                "audit/2025/02/01/main-000000000002-000000000003.ndjson.zst");
    /* the runbook's query, as it stands there (section 2.3) */
    assert_text(&self,
                "SELECT id || '', hash, s3_object_key, s3_archived_at\nFROM audit_events\n"
                "WHERE s3_archived_at IS NULL\nORDER BY created_at ASC\nLIMIT 25;",
                "0000ab00-0000-4000-8000-000000000004");
    assert_text(&self, "SELECT count(*) || '' FROM audit_events WHERE hash IS NULL",
                GPOINTER_TO_INT(data) == VARIANT_AGENT ? "1" : "0");
}

static void test_commit_again(void)
{
    g_auto(Case) self;
    guint64 marked = 0;

    set_up(&self, VARIANT_OWN, 4);
    g_assert_true(plan(&self, 0, 1));
    g_assert_true(commit(&self, 0, 1, &marked));
    g_assert_true(commit(&self, 0, 1, &marked));
    assert_pointer(&self, 1);
    g_assert_true(plan(&self, 2, 3));
    g_assert_true(commit(&self, 2, 3, &marked));
    g_assert_true(commit(&self, 0, 1, &marked));
    assert_pointer(&self, 3);
}

static void test_commit_refused(void)
{
    g_auto(Case) self;
    guint64 marked = 0;

    set_up(&self, VARIANT_OWN, 4);
    g_assert_false(commit(&self, 0, 1, &marked));
    g_assert_error(self.error, AK_ERROR, AK_ERROR_CONFLICT);
    g_assert_true(plan(&self, 0, 1));
    g_assert_true(plan(&self, 2, 3));
    g_assert_false(commit(&self, 2, 3, &marked));
    g_assert_error(self.error, AK_ERROR, AK_ERROR_CONFLICT);
    g_assert_false(commit(&self, 0, 2, &marked));
    g_assert_error(self.error, AK_ERROR, AK_ERROR_CONFLICT);
    assert_pointer(&self, -1);
    assert_text(&self, "SELECT id FROM audit_events WHERE s3_archived_at IS NOT NULL", NULL);
}

static void test_commit_missing_row(void)
{
    g_auto(Case) self;
    guint64 marked = 0;

    set_up(&self, VARIANT_OWN, 4);
    g_assert_true(plan(&self, 0, 3));
    backend_sql(self.backend,
                "DELETE FROM audit_events WHERE id = '0000ab00-0000-4000-8000-000000000002'");
    g_assert_true(commit(&self, 0, 3, &marked));
    g_assert_cmpuint(marked, ==, 3);
}

static gboolean collect_segment(const AkSegmentRow *row, gpointer data, GError **error)
{
    g_auto(AkSegmentRow) wanted = {0};
    guint *count = data;
    guint first = *count * 2;

    fill_segment(&wanted, first, first + 1);
    g_assert_cmpuint(row->first_index, ==, first);
    g_assert_cmpuint(row->last_index, ==, first + 1);
    g_assert_cmpstr(row->first_id, ==, wanted.first_id);
    g_assert_cmpstr(row->last_id, ==, wanted.last_id);
    g_assert_cmpstr(row->prev_hash, ==, wanted.prev_hash);
    g_assert_cmpstr(row->last_hash, ==, wanted.last_hash);
    g_assert_cmpint(row->day, ==, wanted.day);
    g_assert_cmpint(row->first_ts_usec, ==, wanted.first_ts_usec);
    g_assert_cmpint(row->last_ts_usec, ==, wanted.last_ts_usec);
    g_assert_cmpint(row->retain_until_usec, ==, wanted.retain_until_usec);
    g_assert_cmpmem(row->content_sha256, 32, wanted.content_sha256, 32);
    g_assert_cmpstr(row->key, ==, wanted.key);
    g_assert_cmpint(row->is_archived, ==, *count == 0);
    if (row->is_archived) {
        g_assert_cmpstr(row->version, ==, "v1");
        g_assert_cmpuint(row->object_bytes, ==, 123);
        g_assert_cmpmem(row->object_sha256, 32, wanted.object_sha256, 32);
        g_assert_cmpmem(row->root, 32, wanted.root, 32);
        g_assert_cmpmem(row->edge.data, row->edge.len, wanted.edge.data, wanted.edge.len);
        g_assert_cmpint(row->archived_usec, >, T0);
    }
    (*count)++;
    return TRUE;
}

static void test_segments(void)
{
    g_auto(Case) self;
    guint count = 0;
    guint64 marked;

    set_up(&self, VARIANT_OWN, 4);
    g_assert_true(plan(&self, 0, 1));
    g_assert_true(plan(&self, 2, 3));
    g_assert_true(commit(&self, 0, 1, &marked));
    g_assert_true(
        self.source->driver->segments(self.source, 0, collect_segment, &count, &self.error));
    g_assert_cmpuint(count, ==, 2);
    count = 1;
    g_assert_true(
        self.source->driver->segments(self.source, 3, collect_segment, &count, &self.error));
    g_assert_cmpuint(count, ==, 2);
}

static void test_state(void)
{
    g_auto(Case) self;
    g_auto(AkChainState) state = {0};
    TestRow second = test_row(1), third = test_row(2);
    guint64 marked;

    set_up(&self, VARIANT_OWN, 5);
    g_assert_true(plan(&self, 0, 1));
    g_assert_true(plan(&self, 2, 3));
    g_assert_true(commit(&self, 0, 1, &marked));
    g_assert_true(self.source->driver->state(self.source, &state, &self.error));
    g_assert_cmpint(state.archived.index, ==, 1);
    g_assert_cmpstr(state.archived.id, ==, second.id);
    g_assert_cmpstr(state.archived.hash, ==, second.hash);
    g_assert_cmpint(state.archived_usec, >, T0);
    g_assert_cmpuint(state.pending, ==, 0);
    g_assert_true(self.source->driver->count_pending(self.source, &state, &self.error));
    g_assert_cmpuint(state.pending, ==, 3);
    g_assert_cmpstr(state.oldest_pending_id, ==, third.id);
    g_assert_cmpint(state.oldest_pending_usec, ==, third.ts_usec);
    g_assert_cmpuint(state.planned, ==, 1);
}

static void test_other_table(void)
{
    g_auto(Case) self;
    g_autoptr(AkSource) other = NULL;
    g_auto(AkBuf) sql = {0};
    AkSourceConfig config = {.table = "other_events"};
    guint64 epoch;

    set_up(&self, VARIANT_OWN, 0);
    g_assert_true(self.source->driver->lease_release(self.source, self.epoch, &self.error));
    config.url = backend_url(self.backend);
    other = ak_source_open(&config, &self.error);
    g_assert_true(other->driver->init(other, TRUE, &sql, &self.error));
    g_assert_false(other->driver->lease_acquire(other, "second", 60000, &epoch, &self.error));
    g_assert_error(self.error, AK_ERROR, AK_ERROR_CONFLICT);
    g_assert_nonnull(strstr(self.error->message, "hint: give this table a chain of its own"));
}

void add_pointer_cases(void)
{
    static const char *const names[N_VARIANTS] = {"own", "kernel", "memory", "agent"};

    g_test_add_func("/source/lease/held", test_lease);
    g_test_add_func("/source/lease/own", test_own_lease);
    g_test_add_func("/source/lease/fenced", test_fenced);
    g_test_add_func("/source/pointer/plan", test_plan);
    for (int v = 0; v < N_VARIANTS; v++) {
        g_autofree char *path = g_strconcat("/source/pointer/commit-", names[v], NULL);

        g_test_add_data_func(path, GINT_TO_POINTER(v), test_commit);
    }
    g_test_add_func("/source/pointer/commit-again", test_commit_again);
    g_test_add_func("/source/pointer/plan-anew", test_plan_anew);
    g_test_add_func("/source/pointer/commit-other-version", test_commit_other_version);
    g_test_add_func("/source/pointer/commit-refused", test_commit_refused);
    g_test_add_func("/source/pointer/commit-missing-row", test_commit_missing_row);
    g_test_add_func("/source/pointer/segments", test_segments);
    g_test_add_func("/source/pointer/state", test_state);
    g_test_add_func("/source/pointer/other-table", test_other_table);
}
