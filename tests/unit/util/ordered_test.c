#include "util/ordered.h"

#include "util/error.h"

typedef struct {
    guint number;
    struct Line *line;
    guint result;
} Item;

/* Numbers from 0 up to @n; what happens to them is written down. */
typedef struct Line {
    guint n;
    guint next_fails_at, take_fails_at; /* G_MAXUINT: never */
    gboolean is_paired;                 /* an even item ends after the odd one behind it */
    guint given, taken, freed, most_alive;
    GMutex mutex;
    GCond has_run;
    guint64 run_bits; /* items that have run, of the first 64 */
} Line;

static void line_clear(Line *line)
{
    g_mutex_clear(&line->mutex);
    g_cond_clear(&line->has_run);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Line, line_clear)

static void line_init(Line *line, guint n)
{
    *line = (Line){.n = n, .next_fails_at = G_MAXUINT, .take_fails_at = G_MAXUINT};
    g_mutex_init(&line->mutex);
    g_cond_init(&line->has_run);
}

static gpointer next_item(gpointer data, GError **error)
{
    Line *line = data;
    Item *item;

    if (line->given == line->next_fails_at) {
        g_set_error(error, AK_ERROR, AK_ERROR_NETWORK, "no next after %u", line->given);
        return NULL;
    }
    if (line->given == line->n)
        return NULL;
    item = g_new(Item, 1);
    *item = (Item){line->given++, line, 0};
    line->most_alive = MAX(line->most_alive, line->given - line->freed);
    return item;
}

static void run_item(gpointer data)
{
    Item *item = data;
    Line *line = item->line;
    guint partner = item->number + 1;

    for (guint i = item->number * 7919 % 1000; i > 0; i--)
        item->result = item->result * 31 + i;
    item->result = item->number * 3;
    if (!line->is_paired)
        return;
    g_mutex_lock(&line->mutex);
    while (item->number % 2 == 0 && partner < line->n && (line->run_bits >> partner & 1) == 0)
        g_cond_wait(&line->has_run, &line->mutex);
    line->run_bits |= G_GUINT64_CONSTANT(1) << item->number;
    g_cond_broadcast(&line->has_run);
    g_mutex_unlock(&line->mutex);
}

static gboolean take_item(gpointer data, gpointer user_data, GError **error)
{
    Item *item = data;
    Line *line = user_data;

    g_assert_cmpuint(item->number, ==, line->taken);
    g_assert_cmpuint(item->result, ==, item->number * 3);
    if (item->number == line->take_fails_at) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT, "item %u is not taken", item->number);
        return FALSE;
    }
    line->taken++;
    return TRUE;
}

static void free_item(gpointer data)
{
    Item *item = data;

    item->line->freed++;
    g_free(item);
}

static gboolean run(Line *line, guint threads, GError **error)
{
    const AkOrdered ordered = {threads, line, next_item, run_item, take_item, free_item};

    return ak_ordered_run(&ordered, error);
}

static void check_all(Line *line, guint threads)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(run(line, threads, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(line->taken, ==, line->n);
    g_assert_cmpuint(line->freed, ==, line->n);
}

static void test_order(void)
{
    static const guint threads[] = {0, 1, 2, 8};

    for (guint i = 0; i < G_N_ELEMENTS(threads); i++) {
        g_auto(Line) line;

        line_init(&line, 500);
        check_all(&line, threads[i]);
    }
}

/* Items end in another order than they come: each waits for the one behind it. */
static void test_order_of_items_that_end_swapped(void)
{
    g_auto(Line) line;

    line_init(&line, 63);
    line.is_paired = TRUE;
    check_all(&line, 4);
}

static void test_nothing_to_do(void)
{
    g_auto(Line) line;

    line_init(&line, 0);
    check_all(&line, 3);
}

static void test_fewer_items_than_threads(void)
{
    g_auto(Line) line;

    line_init(&line, 2);
    check_all(&line, 16);
}

static void test_bounded(void)
{
    g_auto(Line) line;

    line_init(&line, 300);
    check_all(&line, 3);
    g_assert_cmpuint(line.most_alive, <=, 3 + 2);
}

static void test_next_fails(void)
{
    static const guint places[] = {0, 1, 5, 40};

    for (guint i = 0; i < G_N_ELEMENTS(places); i++) {
        g_auto(Line) line;
        g_autoptr(GError) error = NULL;
        g_autofree char *message = g_strdup_printf("no next after %u", places[i]);

        line_init(&line, 100);
        line.next_fails_at = places[i];
        g_assert_false(run(&line, 3, &error));
        g_assert_error(error, AK_ERROR, AK_ERROR_NETWORK);
        g_assert_cmpstr(error->message, ==, message);
        g_assert_cmpuint(line.given, ==, places[i]);
        g_assert_cmpuint(line.freed, ==, places[i]);
    }
}

static void test_take_fails(void)
{
    static const guint places[] = {0, 1, 5, 99};

    for (guint i = 0; i < G_N_ELEMENTS(places); i++) {
        g_auto(Line) line;
        g_autoptr(GError) error = NULL;
        g_autofree char *message = g_strdup_printf("item %u is not taken", places[i]);

        line_init(&line, 100);
        line.take_fails_at = places[i];
        g_assert_false(run(&line, 3, &error));
        g_assert_error(error, AK_ERROR, AK_ERROR_CONFLICT);
        g_assert_cmpstr(error->message, ==, message);
        g_assert_cmpuint(line.taken, ==, places[i]);
        g_assert_cmpuint(line.given, <=, places[i] + 3 + 2);
        g_assert_cmpuint(line.freed, ==, line.given);
    }
}

static void test_error_nobody_asks_for(void)
{
    g_auto(Line) line;

    line_init(&line, 10);
    line.next_fails_at = 7;
    g_assert_false(run(&line, 2, NULL));
    g_assert_cmpuint(line.freed, ==, 7);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/util/ordered/order", test_order);
    g_test_add_func("/util/ordered/items_that_end_swapped", test_order_of_items_that_end_swapped);
    g_test_add_func("/util/ordered/nothing_to_do", test_nothing_to_do);
    g_test_add_func("/util/ordered/fewer_items_than_threads", test_fewer_items_than_threads);
    g_test_add_func("/util/ordered/bounded", test_bounded);
    g_test_add_func("/util/ordered/next_fails", test_next_fails);
    g_test_add_func("/util/ordered/take_fails", test_take_fails);
    g_test_add_func("/util/ordered/error_nobody_asks_for", test_error_nobody_asks_for);
    return g_test_run();
}
