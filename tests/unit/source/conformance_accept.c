#include "source/acceptance.h"

#include "fixture.h"

#include <glib/gstdio.h>

#define ORIGIN "test/main"

/* A chain of six rows; where it is broken is each case's own. */
typedef struct {
    Backend *backend;
    AkSource *source;
    AkSigningKey *key;
    guint8 public_key[32];
    guint64 epoch;
    GError *error;
} Case;

static AkSigningKey *make_key(void)
{
    g_autofree char *dir = g_dir_make_tmp(NULL, NULL);
    g_autofree char *path = g_build_filename(dir, "key.pem", NULL);
    AkSigningKey *key;

    g_assert_true(ak_signing_key_create(path, NULL));
    key = ak_signing_key_load(path, NULL);
    g_assert_nonnull(key);
    (void)g_unlink(path);
    (void)g_rmdir(dir);
    return key;
}

static void set_up(Case *self)
{
    *self = (Case){.backend = backend_new()};
    self->source = open_prepared(self->backend, VARIANT_KERNEL);
    self->key = make_key();
    g_assert_true(ak_signing_key_public_raw(self->key, self->public_key));
    (void)self->source->driver->lease_acquire(self->source, "test", 60000, &self->epoch,
                                              &self->error);
    g_assert_no_error(self->error);
}

static void tear_down(Case *self)
{
    g_clear_error(&self->error);
    ak_source_close(self->source);
    ak_signing_key_free(self->key);
    backend_free(self->backend);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Case, tear_down)

static void insert(Case *self, guint first, guint last)
{
    for (guint i = first; i <= last; i++) {
        TestRow row = test_row(i);

        insert_row(self->backend, VARIANT_KERNEL, &row);
    }
}

/* The acceptance of a gap before row @next, at index @index, after row @head. */
static gboolean accept_gap(Case *self, guint64 index, guint head, guint next)
{
    TestRow before = test_row(head), after = test_row(next);
    g_auto(AkBuf) statement = {0};
    g_auto(AkAcceptance) acceptance = {.kind = AK_BREAK_GAP,
                                       .origin = g_strdup(ORIGIN),
                                       .chain = g_strdup("main"),
                                       .index = index,
                                       .reason = g_strdup("a disk was lost"),
                                       .accepted_by = g_strdup("ann"),
                                       .accepted_usec = T0};

    memcpy(acceptance.head_id, before.id, sizeof before.id);
    memcpy(acceptance.head_hash, before.hash, sizeof before.hash);
    memcpy(acceptance.event_id, after.id, sizeof after.id);
    memcpy(acceptance.event_prev, after.prev, sizeof after.prev);
    g_assert_true(ak_acceptance_sign(&acceptance, self->key, &statement, &self->error));
    g_clear_error(&self->error);
    return self->source->driver->accept(self->source, &acceptance, ak_buf_view(&statement),
                                        &self->error);
}

/* Plans, and perhaps commits, rows @first to @last at @index. */
static gboolean move(Case *self, guint64 index, guint first, guint last, gboolean commit)
{
    g_auto(AkSegmentRow) segment = {0};
    guint64 marked;

    g_clear_error(&self->error);
    fill_segment(&segment, first, last);
    segment.first_index = index;
    segment.last_index = index + last - first;
    return self->source->driver->plan(self->source, self->epoch, &segment, &self->error) &&
           (!commit ||
            commit_rows(self->source, self->epoch, &segment, first, last, &marked, &self->error));
}

/* Walks on over what is accepted; the numbers of the rows, with a '|' at each accepted break. */
static AkWalkStep walk_accepted(Case *self, const guint8 *public_key, GString *numbers,
                                GError **error)
{
    const AkAcceptor acceptor = {ORIGIN, public_key};
    AkCursor start = AK_CURSOR_START;
    g_autoptr(AkWalk) walk = ak_walk_new(self->source, &start, G_MININT64);
    AkWalkStep step = AK_WALK_EVENT;
    gboolean is_found = TRUE;

    while (step == AK_WALK_EVENT || (step != AK_WALK_END && is_found)) {
        g_auto(AkAcceptance) acceptance = {0};
        g_auto(AkBuf) statement = {0};
        AkRow row;

        g_assert_true(ak_walk_next(walk, &step, &row, NULL));
        if (step == AK_WALK_EVENT) {
            g_string_append_c(numbers, row.event.id.data[35]);
        } else if (step != AK_WALK_END) {
            if (!ak_acceptance_find(self->source, &acceptor, step, ak_walk_fault(walk), &acceptance,
                                    &statement, &is_found, error))
                return step;
            if (is_found) {
                g_string_append_c(numbers, '|');
                g_assert_true(ak_walk_accept(walk, acceptance.rejected_id, NULL));
            }
        }
    }
    return step;
}

static void test_gap_goes_on(void)
{
    g_auto(Case) self;
    g_autoptr(GString) before = g_string_new(NULL), after = g_string_new(NULL);

    set_up(&self);
    insert(&self, 0, 1);
    insert(&self, 3, 5);
    g_assert_cmpint(walk_accepted(&self, self.public_key, before, NULL), ==, AK_WALK_GAP);
    g_assert_cmpstr(before->str, ==, "01");
    g_assert_true(accept_gap(&self, 2, 1, 3));
    g_assert_cmpint(walk_accepted(&self, self.public_key, after, NULL), ==, AK_WALK_END);
    g_assert_cmpstr(after->str, ==, "01|345");
}

static void test_other_key(void)
{
    g_auto(Case) self;
    g_autoptr(GString) numbers = g_string_new(NULL);
    guint8 other[32];

    set_up(&self);
    insert(&self, 0, 1);
    insert(&self, 3, 5);
    g_assert_true(accept_gap(&self, 2, 1, 3));
    ak_signing_key_free(self.key);
    self.key = make_key();
    g_assert_true(ak_signing_key_public_raw(self.key, other));
    g_test_expect_message("auditkeep", G_LOG_LEVEL_WARNING, "*not signed by the key*");
    g_assert_cmpint(walk_accepted(&self, other, numbers, &self.error), ==, AK_WALK_GAP);
    g_test_assert_expected_messages();
    g_assert_cmpstr(numbers->str, ==, "01");
    /* and it stands in nobody's way */
    g_assert_true(accept_gap(&self, 2, 1, 3));
    g_string_truncate(numbers, 0);
    g_test_expect_message("auditkeep", G_LOG_LEVEL_WARNING, "*not signed by the key*");
    g_assert_cmpint(walk_accepted(&self, other, numbers, &self.error), ==, AK_WALK_END);
    g_assert_cmpstr(numbers->str, ==, "01|345");
}

/* Only the very gap: another head, index or event is another gap. */
static void test_other_gap(void)
{
    g_auto(Case) self;
    g_autoptr(GString) numbers = g_string_new(NULL);

    set_up(&self);
    insert(&self, 0, 1);
    insert(&self, 3, 5);
    g_assert_true(accept_gap(&self, 2, 0, 3));
    g_assert_true(accept_gap(&self, 3, 1, 3));
    g_assert_true(accept_gap(&self, 2, 1, 4));
    g_assert_cmpint(walk_accepted(&self, self.public_key, numbers, NULL), ==, AK_WALK_GAP);
    g_assert_cmpstr(numbers->str, ==, "01");
}

/* Behind the gap is a row whose time is older than the pointer's: it is not left out. */
static void test_late_row_behind_gap(void)
{
    g_auto(Case) self;
    g_autoptr(GString) numbers = g_string_new(NULL);
    TestRow one = test_row(1), late = test_row(3);
    AkCursor pointer = {.index = 1};
    AkWalkFault fault;

    set_up(&self);
    insert(&self, 0, 1);
    late.ts_usec = T0 - 1;
    insert_row(self.backend, VARIANT_KERNEL, &late);
    insert(&self, 4, 5);
    g_assert_true(move(&self, 0, 0, 1, TRUE));
    memcpy(pointer.id, one.id, sizeof one.id);
    memcpy(pointer.hash, one.hash, sizeof one.hash);
    g_assert_cmpint(walk_from(self.source, &pointer, one.ts_usec, numbers, &fault), ==,
                    AK_WALK_GAP);
    g_assert_cmpstr(fault.orphan_id, ==, late.id);
    g_assert_cmpstr(fault.orphan_prev, ==, late.prev);
}

static void test_plan_over_gap(void)
{
    g_auto(Case) self;

    set_up(&self);
    insert(&self, 0, 1);
    insert(&self, 3, 5);
    g_assert_true(move(&self, 0, 0, 1, TRUE));
    g_assert_false(move(&self, 2, 3, 5, FALSE));
    g_assert_error(self.error, AK_ERROR, AK_ERROR_CONFLICT);
    g_assert_true(accept_gap(&self, 2, 1, 3));
    g_assert_false(move(&self, 2, 4, 5, FALSE));
    g_assert_error(self.error, AK_ERROR, AK_ERROR_CONFLICT);
    (void)move(&self, 2, 3, 5, TRUE);
    g_assert_no_error(self.error);
}

static void test_not_behind_pointer(void)
{
    g_auto(Case) self;

    set_up(&self);
    insert(&self, 0, 1);
    insert(&self, 3, 5);
    g_assert_true(move(&self, 0, 0, 1, TRUE));
    g_assert_false(accept_gap(&self, 1, 0, 3));
    g_assert_error(self.error, AK_ERROR, AK_ERROR_CONFLICT);
    g_assert_false(accept_gap(&self, 2, 0, 3));
    g_assert_error(self.error, AK_ERROR, AK_ERROR_CONFLICT);
    g_assert_true(accept_gap(&self, 2, 1, 3));
    g_assert_true(accept_gap(&self, 2, 1, 3)); /* the very same again */
}

static void test_stays(void)
{
    g_auto(Case) self;
    g_autofree char *table = NULL, *update = NULL, *drop = NULL;

    set_up(&self);
    insert(&self, 0, 1);
    g_assert_true(accept_gap(&self, 2, 1, 3));
    table =
        g_strdup(g_str_has_prefix(backend_url(self.backend), "sqlite") ? "auditkeep_acceptance"
                                                                       : "auditkeep.acceptance");
    update = g_strdup_printf("UPDATE %s SET reason = 'x'", table);
    drop = g_strdup_printf("DELETE FROM %s", table);
    g_assert_false(backend_try(self.backend, update));
    g_assert_false(backend_try(self.backend, drop));
}

/*
 * Rows 0 to 3 and, after row 1, a rival of row 2 with a successor. Both branches are older than row
 * 1 by their times when @is_early: then the fork shows before either is followed.
 */
static void insert_fork(Case *self, gboolean is_early, TestRow rival[2])
{
    TestRow rows[6];

    for (guint i = 0; i < 4; i++)
        rows[i] = test_row(i);
    rival[0] = rows[4] = test_row_after(&rows[1], 7, "{\"rival\":7}");
    rival[1] = rows[5] = test_row_after(&rows[4], 8, "{\"rival\":8}");
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (is_early && i > 1)
            rows[i].ts_usec -= 100 * 1000000;
        insert_row(self->backend, VARIANT_KERNEL, &rows[i]);
    }
}

static void accept_branch(Case *self, const TestRow *chosen, const TestRow *rejected)
{
    TestRow head = test_row(1);
    g_auto(AkBuf) statement = {0};
    g_auto(AkAcceptance) acceptance = {.kind = AK_BREAK_FORK,
                                       .origin = g_strdup(ORIGIN),
                                       .chain = g_strdup("main"),
                                       .index = 2,
                                       .reason = g_strdup("the other one was a test"),
                                       .accepted_by = g_strdup("ann"),
                                       .accepted_usec = T0};

    memcpy(acceptance.head_id, head.id, sizeof head.id);
    memcpy(acceptance.head_hash, head.hash, sizeof head.hash);
    memcpy(acceptance.event_id, chosen->id, sizeof chosen->id);
    memcpy(acceptance.event_prev, chosen->prev, sizeof chosen->prev);
    memcpy(acceptance.rejected_id, rejected->id, sizeof rejected->id);
    g_assert_true(ak_acceptance_sign(&acceptance, self->key, &statement, NULL));
    (void)self->source->driver->accept(self->source, &acceptance, ak_buf_view(&statement),
                                       &self->error);
    g_assert_no_error(self->error);
}

static void assert_walk(Case *self, AkWalkStep end, const char *expected)
{
    g_autoptr(GString) numbers = g_string_new(NULL);

    g_assert_cmpint(walk_accepted(self, self->public_key, numbers, NULL), ==, end);
    g_assert_cmpstr(numbers->str, ==, expected);
}

static void test_either_branch(void)
{
    for (guint which = 0; which < 2; which++) {
        g_auto(Case) self;
        TestRow two = test_row(2), rival[2];

        set_up(&self);
        insert_fork(&self, TRUE, rival);
        assert_walk(&self, AK_WALK_FORK, "01");
        if (which == 0)
            accept_branch(&self, &two, &rival[0]);
        else
            accept_branch(&self, &rival[0], &two);
        assert_walk(&self, AK_WALK_END, which == 0 ? "01|23" : "01|78");
    }
}

/* Once a branch was followed it is history: the other one can only be passed over. */
static void test_late_fork(void)
{
    g_auto(Case) self;
    TestRow two = test_row(2), rival[2];

    set_up(&self);
    insert_fork(&self, FALSE, rival);
    assert_walk(&self, AK_WALK_FORK, "0123");
    accept_branch(&self, &rival[0], &two);
    assert_walk(&self, AK_WALK_FORK, "0123");
    accept_branch(&self, &two, &rival[0]);
    assert_walk(&self, AK_WALK_END, "0123|");
    insert(&self, 4, 5);
    assert_walk(&self, AK_WALK_END, "012345|");
}

void add_accept_cases(void)
{
    g_test_add_func("/source/accept/gap-goes-on", test_gap_goes_on);
    g_test_add_func("/source/accept/other-key", test_other_key);
    g_test_add_func("/source/accept/other-gap", test_other_gap);
    g_test_add_func("/source/accept/late-row-behind-gap", test_late_row_behind_gap);
    g_test_add_func("/source/accept/plan-over-gap", test_plan_over_gap);
    g_test_add_func("/source/accept/not-behind-pointer", test_not_behind_pointer);
    g_test_add_func("/source/accept/stays", test_stays);
    g_test_add_func("/source/accept/either-branch", test_either_branch);
    g_test_add_func("/source/accept/late-fork", test_late_fork);
}
