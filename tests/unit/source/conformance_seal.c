#include "fixture.h"

#include "util/time.h"

typedef struct {
    Backend *backend;
    AkSource *source;
    guint64 epoch;
    gint64 day; /* of the events */
    GError *error;
} Case;

/* Four events; the first two are archived, and the chain is ours. */
static void set_up(Case *self)
{
    *self = (Case){.backend = backend_new(), .day = ak_time_day(T0)};
    self->source = open_prepared(self->backend, VARIANT_OWN);
    insert_chain(self->backend, VARIANT_OWN, 4);
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

static gboolean plan_segment(Case *self, guint first, guint last, gint64 day)
{
    g_auto(AkSegmentRow) segment = {0};

    fill_segment(&segment, first, last);
    segment.day = day;
    g_clear_error(&self->error);
    return self->source->driver->plan(self->source, self->epoch, &segment, &self->error);
}

static void archive(Case *self, guint first, guint last, gint64 day)
{
    g_auto(AkSegmentRow) segment = {0};
    guint64 marked;

    g_assert_true(plan_segment(self, first, last, day));
    fill_segment(&segment, first, last);
    g_assert_true(
        commit_rows(self->source, self->epoch, &segment, first, last, &marked, &self->error));
}

static AkSealRow seal_of(gint64 first_day, gint64 day, guint64 last_index, guint8 content)
{
    AkSealRow seal = {
        .day = day,
        .first_day = first_day,
        .last_index = last_index,
        .retain_until_usec = T0 + 7 * 365 * AK_USEC_PER_DAY,
        .key = g_strdup_printf("seal-of-%" G_GINT64_FORMAT, day),
        .version = g_strdup("v1"),
    };

    memset(seal.sha256, content, AK_SHA256_LEN);
    return seal;
}

static gboolean plan(Case *self, gint64 first_day, gint64 day, guint64 last_index, guint8 content)
{
    g_auto(AkSealRow) seal = seal_of(first_day, day, last_index, content);

    g_clear_error(&self->error);
    return self->source->driver->seal_plan(self->source, self->epoch, &seal, &self->error);
}

static gboolean commit(Case *self, gint64 day, guint8 content, const char *version)
{
    g_auto(AkSealRow) seal = seal_of(day, day, 0, content);

    g_free(seal.version);
    seal.version = g_strdup(version);
    g_clear_error(&self->error);
    return self->source->driver->seal_commit(self->source, self->epoch, &seal, &self->error);
}

#define assert_refused(self, is_done, code)                                                        \
    G_STMT_START                                                                                   \
    {                                                                                              \
        g_assert_false(is_done);                                                                   \
        g_assert_error((self)->error, AK_ERROR, code);                                             \
    }                                                                                              \
    G_STMT_END

static gboolean add_text(const AkSealRow *row, gpointer data, GError **error)
{
    Case *self = ((gpointer *)data)[0];

    g_string_append_printf(
        ((gpointer *)data)[1],
        "%" G_GINT64_FORMAT "-%" G_GINT64_FORMAT ":%" G_GUINT64_FORMAT ":%u:%s:%s ",
        row->first_day - self->day, row->day - self->day, row->last_index, row->sha256[31],
        row->is_archived ? "archived" : "planned", row->version != NULL ? row->version : "-");
    g_assert_cmpint(row->retain_until_usec, ==, T0 + 7 * 365 * AK_USEC_PER_DAY);
    g_assert_true(g_str_has_prefix(row->key, "seal-of-"));
    g_assert_cmpint(row->is_archived, ==, row->archived_usec > T0);
    return TRUE;
}

static void assert_seals(Case *self, gint64 from_day, const char *expected)
{
    g_autoptr(GString) text = g_string_new(NULL);
    gpointer data[] = {self, text};

    g_clear_error(&self->error);
    (void)self->source->driver->seals(self->source, from_day, add_text, data, &self->error);
    g_assert_no_error(self->error);
    g_assert_cmpstr(text->str, ==, expected);
}

/* A day, then a quiet stretch in one seal, then the next day. */
static void test_days(void)
{
    g_auto(Case) self;

    set_up(&self);
    archive(&self, 0, 1, self.day);
    g_assert_true(plan(&self, self.day, self.day, 1, 1));
    assert_seals(&self, G_MININT64, "0-0:1:1:planned:- ");
    g_assert_true(commit(&self, self.day, 1, "v1"));
    g_assert_true(plan(&self, self.day + 1, self.day + 9, 1, 2));
    g_assert_true(commit(&self, self.day + 9, 2, NULL));
    archive(&self, 2, 3, self.day + 10);
    g_assert_true(plan(&self, self.day + 10, self.day + 10, 3, 3));
    assert_seals(&self, G_MININT64, "0-0:1:1:archived:v1 1-9:1:2:archived:- 10-10:3:3:planned:- ");
    assert_seals(&self, self.day + 9, "1-9:1:2:archived:- 10-10:3:3:planned:- ");
    assert_seals(&self, self.day + 11, "");
}

static void test_plan_again(void)
{
    g_auto(Case) self;

    set_up(&self);
    archive(&self, 0, 1, self.day);
    g_assert_true(plan(&self, self.day, self.day, 1, 1));
    g_assert_true(plan(&self, self.day, self.day, 1, 1));
    g_assert_true(plan(&self, self.day, self.day, 1, 7));
    assert_refused(&self, commit(&self, self.day, 1, "v1"), AK_ERROR_CONFLICT);
    g_assert_true(commit(&self, self.day, 7, "v1"));
    g_assert_true(commit(&self, self.day, 7, "v2"));
    assert_seals(&self, self.day, "0-0:1:7:archived:v2 ");
    g_assert_true(plan(&self, self.day, self.day, 1, 7));
    assert_refused(&self, plan(&self, self.day, self.day, 1, 8), AK_ERROR_CONFLICT);
}

static void test_holes(void)
{
    g_auto(Case) self;

    set_up(&self);
    assert_refused(&self, plan(&self, self.day, self.day, 0, 1), AK_ERROR_CONFLICT);
    archive(&self, 0, 1, self.day);
    assert_refused(&self, plan(&self, self.day + 1, self.day + 1, 1, 1), AK_ERROR_CONFLICT);
    assert_refused(&self, plan(&self, self.day - 1, self.day, 1, 1), AK_ERROR_CONFLICT);
    assert_refused(&self, plan(&self, self.day, self.day, 0, 1), AK_ERROR_CONFLICT);
    assert_refused(&self, plan(&self, self.day, self.day - 1, 1, 1), AK_ERROR_CONFLICT);
    g_assert_true(plan(&self, self.day, self.day, 1, 1));
    assert_refused(&self, plan(&self, self.day + 1, self.day + 1, 1, 1), AK_ERROR_CONFLICT);
    g_assert_true(commit(&self, self.day, 1, "v1"));
    assert_refused(&self, plan(&self, self.day + 2, self.day + 2, 1, 1), AK_ERROR_CONFLICT);
    assert_refused(&self, commit(&self, self.day + 1, 1, "v1"), AK_ERROR_CONFLICT);
    assert_seals(&self, G_MININT64, "0-0:1:1:archived:v1 ");
}

static void test_unarchived_day(void)
{
    g_auto(Case) self;

    set_up(&self);
    archive(&self, 0, 1, self.day);
    g_assert_true(plan_segment(&self, 2, 3, self.day));
    assert_refused(&self, plan(&self, self.day, self.day, 1, 1), AK_ERROR_CONFLICT);
    assert_refused(&self, plan(&self, self.day, self.day, 3, 1), AK_ERROR_CONFLICT);
}

static void test_late_segment(void)
{
    g_auto(Case) self;

    set_up(&self);
    archive(&self, 0, 1, self.day);
    g_assert_true(plan(&self, self.day, self.day + 2, 1, 1));
    assert_refused(&self, plan_segment(&self, 2, 3, self.day), AK_ERROR_CONFLICT);
    assert_refused(&self, plan_segment(&self, 2, 3, self.day + 2), AK_ERROR_CONFLICT);
    g_assert_nonnull(strstr(self.error->message, "sealed"));
    g_assert_true(plan_segment(&self, 2, 3, self.day + 3));
}

static void test_fenced(void)
{
    g_auto(Case) self;

    set_up(&self);
    archive(&self, 0, 1, self.day);
    g_assert_true(plan(&self, self.day, self.day, 1, 1));
    g_assert_true(self.source->driver->lease_release(self.source, self.epoch, &self.error));
    assert_refused(&self, commit(&self, self.day, 1, "v1"), AK_ERROR_FENCED);
    g_clear_error(&self.error);
    g_assert_true(
        self.source->driver->lease_acquire(self.source, "second", 60000, &self.epoch, &self.error));
    self.epoch--;
    assert_refused(&self, commit(&self, self.day, 1, "v1"), AK_ERROR_FENCED);
    assert_refused(&self, plan(&self, self.day, self.day, 1, 2), AK_ERROR_FENCED);
    assert_seals(&self, self.day, "0-0:1:1:planned:- ");
    self.epoch++;
    g_assert_true(commit(&self, self.day, 1, "v1"));
}

void add_seal_cases(void)
{
    g_test_add_func("/source/seal/days", test_days);
    g_test_add_func("/source/seal/plan-again", test_plan_again);
    g_test_add_func("/source/seal/holes", test_holes);
    g_test_add_func("/source/seal/unarchived-day", test_unarchived_day);
    g_test_add_func("/source/seal/late-segment", test_late_segment);
    g_test_add_func("/source/seal/fenced", test_fenced);
}
