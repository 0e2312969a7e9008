#include "source/walk.h"

#include <stdio.h>

#include "chain/check.h"
#include "util/hex.h"

/*
 * The walk against rows in memory, whose times, gaps and forks are drawn from a seed. Chains are
 * longer than a chunk of the scan, so that rows wait, are evicted and are looked up.
 */

typedef struct {
    char id[37], prev[65], hash[65], payload[48];
    gint64 ts_usec;
    gboolean is_archived, is_hidden;
} Row;

typedef struct {
    AkSource base;
    GArray *rows;        /* Row, in chain order */
    GArray *order;       /* guint, by (ts, id) */
    GHashTable *by_prev; /* prev → GArray of guint */
    GHashTable *by_id;
    guint at, left;
    gboolean is_scanning;
    gint64 pointer;
    guint64 look_ups;
    Row gone; /* overwritten at each call: what was borrowed is no longer valid */
} Fake;

static const Row *row_at(const Fake *fake, guint i)
{
    return &g_array_index(fake->rows, Row, i);
}

static AkRow view_of(Fake *fake, guint i)
{
    fake->gone = *row_at(fake, i);
    return (AkRow){
        .event = {.ts_usec = fake->gone.ts_usec,
                  .id = ak_view_str(fake->gone.id),
                  .event_type = AK_VIEW("t"),
                  .payload = ak_view_str(fake->gone.payload),
                  .prev_hash =
                      fake->gone.prev[0] != '\0' ? ak_view_str(fake->gone.prev) : AK_VIEW_NULL,
                  .hash = ak_view_str(fake->gone.hash)},
        .is_archived = fake->gone.is_archived,
    };
}

static gboolean fake_scan_begin(AkSource *source, const AkScanPos *from, guint64 limit,
                                GError **error)
{
    Fake *fake = (Fake *)source;
    guint low = 0, high = fake->order->len;

    g_assert_false(fake->is_scanning);
    while (low < high) {
        guint middle = (low + high) / 2;
        const Row *row = row_at(fake, g_array_index(fake->order, guint, middle));

        if (row->ts_usec < from->ts_usec ||
            (row->ts_usec == from->ts_usec && strcmp(row->id, from->id) <= 0))
            low = middle + 1;
        else
            high = middle;
    }
    fake->is_scanning = TRUE;
    fake->at = low;
    fake->left = (guint)MIN(limit, G_MAXUINT);
    return TRUE;
}

static gboolean fake_scan_next(AkSource *source, AkRow *out, gboolean *out_found, GError **error)
{
    Fake *fake = (Fake *)source;

    g_assert_true(fake->is_scanning);
    *out_found = FALSE;
    while (fake->left > 0 && fake->at < fake->order->len) {
        guint i = g_array_index(fake->order, guint, fake->at++);

        if (row_at(fake, i)->is_hidden)
            continue;
        fake->left--;
        *out = view_of(fake, i);
        *out_found = TRUE;
        break;
    }
    return TRUE;
}

static gboolean fake_scan_end(AkSource *source, GError **error)
{
    ((Fake *)source)->is_scanning = FALSE;
    return TRUE;
}

static gboolean give(Fake *fake, guint i, AkRowFunc func, gpointer data, GError **error)
{
    AkRow row;

    if (row_at(fake, i)->is_hidden)
        return TRUE;
    row = view_of(fake, i);
    return func(&row, data, error);
}

static gboolean fake_find_by_prev(AkSource *source, const char *hash, AkRowFunc func, gpointer data,
                                  GError **error)
{
    Fake *fake = (Fake *)source;
    const GArray *rows = g_hash_table_lookup(fake->by_prev, hash);

    g_assert_false(fake->is_scanning);
    fake->look_ups++;
    for (guint i = 0; rows != NULL && i < rows->len; i++)
        if (!give(fake, g_array_index(rows, guint, i), func, data, error))
            return FALSE;
    return TRUE;
}

static gboolean fake_find_by_id(AkSource *source, const char (*ids)[37], gsize count,
                                AkRowFunc func, gpointer data, GError **error)
{
    Fake *fake = (Fake *)source;

    g_assert_false(fake->is_scanning);
    for (gsize i = 0; i < count; i++) {
        gpointer found;

        if (g_hash_table_lookup_extended(fake->by_id, ids[i], NULL, &found) &&
            !give(fake, GPOINTER_TO_UINT(found), func, data, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean fake_find_by_hash(AkSource *source, const char *hash, AkRowFunc func, gpointer data,
                                  GError **error)
{
    Fake *fake = (Fake *)source;

    g_assert_false(fake->is_scanning);
    for (guint i = 0; i < fake->rows->len; i++)
        if (g_str_equal(row_at(fake, i)->hash, hash) && !give(fake, i, func, data, error))
            return FALSE;
    return TRUE;
}

static gboolean fake_state(AkSource *source, AkChainState *out, GError **error)
{
    *out = (AkChainState){.archived = {((Fake *)source)->pointer, "", ""}};
    return TRUE;
}

static const AkSourceDriver fake_driver = {
    .scheme = "fake",
    .scan_begin = fake_scan_begin,
    .scan_next = fake_scan_next,
    .scan_end = fake_scan_end,
    .find_by_prev = fake_find_by_prev,
    .find_by_id = fake_find_by_id,
    .find_by_hash = fake_find_by_hash,
    .state = fake_state,
};

/* A row after row @prev (-1: the first); returns its number. */
static guint add_row(Fake *fake, gint prev, const char *what)
{
    g_autoptr(AkSha256) sha = ak_sha256_new();
    guint n = fake->rows->len;
    Row row = {.ts_usec = n};
    guint8 digest[AK_SHA256_LEN];

    g_snprintf(row.id, sizeof row.id, "id-%08u", n);
    g_snprintf(row.payload, sizeof row.payload, "{\"%s\":%u}", what, n);
    if (prev >= 0)
        memcpy(row.prev, row_at(fake, (guint)prev)->hash, sizeof row.prev);
    g_assert_true(ak_chain_hash(sha, ak_view_str(row.payload), ak_view_str(row.prev), digest));
    ak_hex_encode(digest, sizeof digest, row.hash);
    g_array_append_val(fake->rows, row);
    return n;
}

static Fake *fake_new(guint count)
{
    Fake *fake = g_new0(Fake, 1);

    fake->base.driver = &fake_driver;
    fake->pointer = -1;
    fake->rows = g_array_new(FALSE, FALSE, sizeof(Row));
    for (guint i = 0; i < count; i++)
        (void)add_row(fake, (gint)i - 1, "n");
    return fake;
}

static void fake_free(Fake *fake)
{
    g_array_unref(fake->rows);
    g_array_unref(fake->order);
    g_hash_table_unref(fake->by_prev);
    g_hash_table_unref(fake->by_id);
    g_free(fake);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fake, fake_free)

static gint compare_rows(gconstpointer a, gconstpointer b, gpointer data)
{
    const Row *x = row_at(data, *(const guint *)a), *y = row_at(data, *(const guint *)b);

    return x->ts_usec != y->ts_usec ? (x->ts_usec < y->ts_usec ? -1 : 1) : strcmp(x->id, y->id);
}

static void free_array(gpointer array)
{
    g_array_unref(array);
}

/* After the last change to the rows. */
static void fake_index(Fake *fake)
{
    fake->order = g_array_new(FALSE, FALSE, sizeof(guint));
    fake->by_prev = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_array);
    fake->by_id = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < fake->rows->len; i++) {
        Row *row = &g_array_index(fake->rows, Row, i);
        GArray *same = g_hash_table_lookup(fake->by_prev, row->prev);

        if (same == NULL) {
            same = g_array_new(FALSE, FALSE, sizeof(guint));
            g_hash_table_insert(fake->by_prev, row->prev, same);
        }
        g_array_append_val(same, i);
        g_array_append_val(fake->order, i);
        g_hash_table_insert(fake->by_id, row->id, GUINT_TO_POINTER(i));
    }
    g_array_sort_with_data(fake->order, compare_rows, fake);
}

static Row *change(Fake *fake, guint i)
{
    return &g_array_index(fake->rows, Row, i);
}

/* The next step; *out_n the number of the row when it is an event. */
static AkWalkStep step(AkWalk *walk, guint *out_n)
{
    g_autoptr(GError) error = NULL;
    AkWalkStep found;
    AkRow row;

    (void)!ak_walk_next(walk, &found, &row, &error);
    g_assert_no_error(error);
    if (found == AK_WALK_EVENT)
        g_assert_cmpint(sscanf(row.event.id.data, "id-%u", out_n), ==, 1);
    return found;
}

/* Expects the rows first..last, in order. */
static void expect_rows(AkWalk *walk, guint first, guint last)
{
    guint n = 0;

    for (guint i = first; i <= last; i++) {
        g_assert_cmpint(step(walk, &n), ==, AK_WALK_EVENT);
        g_assert_cmpuint(n, ==, i);
    }
}

static AkWalk *walk_of(Fake *fake)
{
    AkCursor start = AK_CURSOR_START;

    return ak_walk_new(&fake->base, &start, G_MININT64);
}

static AkWalk *walk_after(Fake *fake, guint n)
{
    const Row *row = row_at(fake, n);
    AkCursor from = {n, "", ""};

    memcpy(from.id, row->id, sizeof from.id);
    memcpy(from.hash, row->hash, sizeof from.hash);
    return ak_walk_new(&fake->base, &from, row->ts_usec);
}

static void test_straight(void)
{
    g_autoptr(Fake) fake = fake_new(10000);
    g_autoptr(AkWalk) walk = NULL;
    guint n;

    fake_index(fake);
    walk = walk_of(fake);
    expect_rows(walk, 0, 9999);
    g_assert_cmpuint(fake->look_ups, ==, 0);
    g_assert_cmpint(step(walk, &n), ==, AK_WALK_END);
}

/* Any times at all: the order is the links'. */
static void test_any_times(gconstpointer data)
{
    guint kind = GPOINTER_TO_UINT(data);
    g_autoptr(Fake) fake = fake_new(6000);
    g_autoptr(AkWalk) walk = NULL;
    guint n;

    for (guint i = 0; i < 6000; i++) {
        gint64 *ts = &change(fake, i)->ts_usec;

        if (kind == 0)
            *ts = g_test_rand_int_range(0, 6000);
        else if (kind == 1)
            *ts = 0;
        else if (kind == 2)
            *ts = -(gint64)i;
        else if (kind == 3)
            *ts = i + (i % 2 == 0 ? 0 : -3000); /* two writers, one clock behind */
        else
            *ts = i + g_test_rand_int_range(-20, 20);
    }
    fake_index(fake);
    walk = walk_of(fake);
    expect_rows(walk, 0, 5999);
    g_assert_cmpint(step(walk, &n), ==, AK_WALK_END);
    g_assert_cmpint(step(walk, &n), ==, AK_WALK_END);
}

/* From the pointer, among archived rows with later times; from further back, among them all. */
static void test_from_the_middle(gconstpointer data)
{
    gboolean is_pointer = GPOINTER_TO_INT(data);
    g_autoptr(Fake) fake = fake_new(3000);
    g_autoptr(AkWalk) walk = NULL;
    guint n;

    for (guint i = 0; i < 3000; i++) {
        change(fake, i)->ts_usec = i < 900 || i > 1000 ? i : 5000 - i;
        change(fake, i)->is_archived = i <= (is_pointer ? 999u : 2999u);
    }
    fake->pointer = is_pointer ? 999 : 2999;
    fake_index(fake);
    walk = walk_after(fake, 999);
    expect_rows(walk, 1000, 2999);
    g_assert_cmpint(step(walk, &n), ==, AK_WALK_END);
}

static void test_late_row(void)
{
    g_autoptr(Fake) fake = fake_new(5000);
    g_autoptr(AkWalk) walk = NULL;
    guint n;

    for (guint i = 3000; i < 5000; i++)
        change(fake, i)->is_hidden = TRUE;
    change(fake, 3000)->ts_usec = 5;
    fake_index(fake);
    walk = walk_of(fake);
    expect_rows(walk, 0, 2999);
    g_assert_cmpint(step(walk, &n), ==, AK_WALK_END);
    for (guint i = 3000; i < 5000; i++)
        change(fake, i)->is_hidden = FALSE;
    expect_rows(walk, 3000, 4999);
    g_assert_cmpint(step(walk, &n), ==, AK_WALK_END);
}

/* Gaps are reported one after the other, each once, and what follows them is read all the same. */
static void test_gaps(void)
{
    g_autoptr(Fake) fake = fake_new(12000);
    g_autoptr(AkWalk) walk = NULL;
    static const guint lost[] = {100, 101, 5000, 11000};
    guint n;

    for (gsize i = 0; i < G_N_ELEMENTS(lost); i++)
        change(fake, lost[i])->is_hidden = TRUE;
    fake_index(fake);
    walk = walk_of(fake);
    expect_rows(walk, 0, 99);
    g_assert_cmpint(step(walk, &n), ==, AK_WALK_GAP);
    g_assert_cmpint(step(walk, &n), ==, AK_WALK_GAP);
    g_assert_cmpint(ak_walk_fault(walk)->head.index, ==, 99);
    g_assert_cmpstr(ak_walk_fault(walk)->orphan_id, ==, row_at(fake, 102)->id);
    g_assert_cmpstr(ak_walk_fault(walk)->orphan_prev, ==, row_at(fake, 101)->hash);
    ak_walk_step_over(walk);
    expect_rows(walk, 102, 4999);
    g_assert_cmpint(step(walk, &n), ==, AK_WALK_GAP);
    ak_walk_step_over(walk);
    expect_rows(walk, 5001, 10999);
    g_assert_cmpint(step(walk, &n), ==, AK_WALK_GAP);
    ak_walk_step_over(walk);
    expect_rows(walk, 11001, 11999);
    g_assert_cmpint(step(walk, &n), ==, AK_WALK_END);
}

/* A gap that is filled again ends: nothing was stepped over. */
static void test_gap_filled(void)
{
    g_autoptr(Fake) fake = fake_new(300);
    g_autoptr(AkWalk) walk = NULL;
    guint n;

    change(fake, 100)->is_hidden = TRUE;
    fake_index(fake);
    walk = walk_of(fake);
    expect_rows(walk, 0, 99);
    g_assert_cmpint(step(walk, &n), ==, AK_WALK_GAP);
    change(fake, 100)->is_hidden = FALSE;
    expect_rows(walk, 100, 299);
    g_assert_cmpint(step(walk, &n), ==, AK_WALK_END);
}

static void test_lost_start(void)
{
    g_autoptr(Fake) fake = fake_new(10);
    g_autoptr(AkWalk) walk = NULL;
    guint n;

    change(fake, 0)->is_hidden = TRUE;
    fake_index(fake);
    walk = walk_of(fake);
    g_assert_cmpint(step(walk, &n), ==, AK_WALK_GAP);
    g_assert_cmpint(ak_walk_fault(walk)->head.index, ==, -1);
    g_assert_cmpstr(ak_walk_fault(walk)->orphan_id, ==, row_at(fake, 1)->id);
    ak_walk_step_over(walk);
    expect_rows(walk, 1, 9);
    g_assert_cmpint(step(walk, &n), ==, AK_WALK_END);
}

/* A false branch of three rows beside the true one, at a drawn time: the longer one is followed. */
static void test_fork(gconstpointer data)
{
    g_autoptr(Fake) fake = fake_new(6000);
    g_autoptr(AkWalk) walk = NULL;
    gint64 at = GPOINTER_TO_INT(data);
    guint n = add_row(fake, 2999, "forged"), seen = 0, first = n;
    AkWalkStep found;

    for (guint i = 0; i < 3; i++) {
        change(fake, n)->ts_usec = at + i;
        if (i < 2)
            n = add_row(fake, (gint)n, "forged");
    }
    fake_index(fake);
    walk = walk_of(fake);
    while ((found = step(walk, &n)) == AK_WALK_EVENT)
        if (n < first)
            g_assert_cmpuint(n, ==, seen++);
    g_assert_cmpint(found, ==, AK_WALK_FORK);
    g_assert_cmpint(step(walk, &n), ==, AK_WALK_FORK);
    g_assert_cmpstr(ak_walk_fault(walk)->orphan_id, ==, row_at(fake, first)->id);
    g_assert_cmpstr(ak_walk_fault(walk)->rival_id, ==, row_at(fake, 3000)->id);
    ak_walk_step_over(walk);
    while ((found = step(walk, &n)) == AK_WALK_EVENT)
        g_assert_cmpuint(n, ==, seen++);
    g_assert_cmpint(found, ==, AK_WALK_END);
    g_assert_cmpuint(seen, ==, 6000);
}

static void test_two_starts(void)
{
    g_autoptr(Fake) fake = fake_new(50);
    g_autoptr(AkWalk) walk = NULL;
    guint n = add_row(fake, -1, "forged");

    change(fake, n)->ts_usec = 20;
    fake_index(fake);
    walk = walk_of(fake);
    while (step(walk, &n) == AK_WALK_EVENT)
        g_assert_cmpuint(n, <, 50);
    g_assert_cmpstr(ak_walk_fault(walk)->orphan_id, ==, row_at(fake, 50)->id);
    g_assert_cmpstr(ak_walk_fault(walk)->orphan_prev, ==, "");
}

/* Stored hashes that were changed, into nothing and into those of other rows. */
static void test_tampered_hashes(void)
{
    g_autoptr(Fake) fake = fake_new(9000);
    g_autoptr(AkWalk) walk = NULL;
    guint n;

    for (guint i = 10; i < 9000; i += 1 + (guint)g_test_rand_int_range(0, 500)) {
        guint other = (guint)g_test_rand_int_range(0, 9000);

        memcpy(change(fake, i)->hash,
               other % 3 == 0 ? row_at(fake, i)->prev : row_at(fake, other)->hash, 65);
    }
    memcpy(change(fake, 8999)->hash, row_at(fake, 17)->hash, 65);
    fake_index(fake);
    walk = walk_of(fake);
    expect_rows(walk, 0, 8999);
    g_assert_cmpint(step(walk, &n), ==, AK_WALK_END);
}

/* A payload that was changed; the row and those after it commit late with earlier times. */
static void test_tampered_payload_late_row(void)
{
    g_autoptr(Fake) fake = fake_new(8);
    g_autoptr(AkWalk) walk = NULL;
    guint n;

    g_strlcpy(change(fake, 5)->payload, "{\"changed\":1}", sizeof row_at(fake, 5)->payload);
    for (guint i = 5; i < 8; i++) {
        change(fake, i)->ts_usec = i - 4;
        change(fake, i)->is_hidden = TRUE;
    }
    fake_index(fake);
    walk = walk_of(fake);
    expect_rows(walk, 0, 4);
    g_assert_cmpint(step(walk, &n), ==, AK_WALK_END);
    for (guint i = 5; i < 8; i++)
        change(fake, i)->is_hidden = FALSE;
    expect_rows(walk, 5, 7);
    g_assert_cmpint(step(walk, &n), ==, AK_WALK_END);
}

/* The last row got the hash of an earlier one, which no longer shows it: no way back into the
 * chain, or one that ends. */
static void test_tampered_way_back(void)
{
    g_autoptr(Fake) fake = fake_new(10);
    g_autoptr(AkWalk) walk = NULL;
    guint n, events = 0;

    memcpy(change(fake, 9)->hash, row_at(fake, 3)->hash, 65);
    memset(change(fake, 3)->hash, 'e', 64);
    fake_index(fake);
    walk = walk_of(fake);
    while (events < 100 && step(walk, &n) == AK_WALK_EVENT)
        events++;
    g_assert_cmpuint(events, <, 20);
}

static void test_unhashable(void)
{
    g_autoptr(Fake) fake = fake_new(20);
    g_autoptr(AkWalk) walk = NULL;
    guint n;

    g_strlcpy(change(fake, 10)->payload, "not json", 20);
    change(fake, 10)->hash[0] = '\0';
    fake_index(fake);
    walk = walk_of(fake);
    expect_rows(walk, 0, 10);
    g_assert_cmpint(step(walk, &n), ==, AK_WALK_GAP);
    ak_walk_step_over(walk);
    expect_rows(walk, 11, 19);
    g_assert_cmpint(step(walk, &n), ==, AK_WALK_END);
}

/* Forks, gaps and times anywhere, and stored hashes that are other rows'. */
static Fake *draw_faults(guint count, gboolean is_tampered)
{
    Fake *fake = fake_new(count);

    for (guint i = 0; i < 5; i++)
        (void)add_row(fake, g_test_rand_int_range(-1, (gint)fake->rows->len), "forged");
    for (guint i = 0; i < 5; i++) {
        change(fake, (guint)g_test_rand_int_range(0, (gint)count))->is_hidden = TRUE;
        change(fake, (guint)g_test_rand_int_range(0, (gint)count))->ts_usec =
            g_test_rand_int_range(0, (gint)count);
        if (is_tampered)
            memcpy(change(fake, (guint)g_test_rand_int_range(0, (gint)count))->hash,
                   row_at(fake, (guint)g_test_rand_int_range(0, (gint)count))->hash, 65);
    }
    fake_index(fake);
    return fake;
}

/* Steps over every fault; *out_events the rows that came, @seen how often each. */
static guint walk_over(Fake *fake, guint *seen, guint *out_events)
{
    g_autoptr(AkWalk) walk = walk_of(fake);
    guint n, faults = 0;
    AkWalkStep found;

    *out_events = 0;
    while ((found = step(walk, &n)) != AK_WALK_END) {
        if (found == AK_WALK_EVENT) {
            seen[n]++;
            g_assert_cmpuint(++*out_events, <, 20 * fake->rows->len);
        } else {
            g_assert_cmpuint(++faults, <, 100);
            ak_walk_step_over(walk);
        }
    }
    return faults;
}

/* Each row comes once, but for those on a branch that was not followed. */
static void test_any_faults(void)
{
    for (guint round = 0; round < 40; round++) {
        g_autoptr(Fake) fake = draw_faults(50 + (guint)g_test_rand_int_range(0, 400), FALSE);
        g_autofree guint *seen = g_new0(guint, fake->rows->len);
        guint events, faults = walk_over(fake, seen, &events);

        g_assert_cmpuint(faults, >, 0);
        for (guint i = 0; i < fake->rows->len; i++)
            g_assert_cmpuint(seen[i], <=, row_at(fake, i)->is_hidden ? 0 : 1);
    }
}

/* Stored hashes can be made to lead anywhere; the walk ends all the same. */
static void test_any_tampering(void)
{
    for (guint round = 0; round < 40; round++) {
        g_autoptr(Fake) fake = draw_faults(50 + (guint)g_test_rand_int_range(0, 400), TRUE);
        g_autofree guint *seen = g_new0(guint, fake->rows->len);
        guint events;

        g_assert_cmpuint(walk_over(fake, seen, &events), >, 0);
        g_assert_cmpuint(events, >, 0);
    }
}

int main(int argc, char **argv)
{
    static const char *const times[] = {"drawn", "equal", "reversed", "two-clocks", "jitter"};
    static const int forks[] = {10, 2999, 3000, 3003, 5900};

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/source/walk/straight", test_straight);
    for (guint i = 0; i < G_N_ELEMENTS(times); i++) {
        g_autofree char *path = g_strconcat("/source/walk/times-", times[i], NULL);

        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_any_times);
    }
    g_test_add_data_func("/source/walk/from-pointer", GINT_TO_POINTER(1), test_from_the_middle);
    g_test_add_data_func("/source/walk/from-behind", GINT_TO_POINTER(0), test_from_the_middle);
    g_test_add_func("/source/walk/late-row", test_late_row);
    g_test_add_func("/source/walk/gaps", test_gaps);
    g_test_add_func("/source/walk/gap-filled", test_gap_filled);
    g_test_add_func("/source/walk/lost-start", test_lost_start);
    for (guint i = 0; i < G_N_ELEMENTS(forks); i++) {
        g_autofree char *path = g_strdup_printf("/source/walk/fork-at-%d", forks[i]);

        g_test_add_data_func(path, GINT_TO_POINTER(forks[i]), test_fork);
    }
    g_test_add_func("/source/walk/two-starts", test_two_starts);
    g_test_add_func("/source/walk/tampered-hashes", test_tampered_hashes);
    g_test_add_func("/source/walk/tampered-payload-late-row", test_tampered_payload_late_row);
    g_test_add_func("/source/walk/tampered-way-back", test_tampered_way_back);
    g_test_add_func("/source/walk/unhashable", test_unhashable);
    g_test_add_func("/source/walk/any-faults", test_any_faults);
    g_test_add_func("/source/walk/any-tampering", test_any_tampering);
    return g_test_run();
}
