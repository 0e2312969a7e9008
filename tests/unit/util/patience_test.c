#include "util/patience.h"

static void test_slices_stay_within_the_step(void)
{
    AkPatience patience = ak_patience_new(NULL, 3600 * 1000);
    AkPatienceEnd end;

    g_assert_cmpuint(ak_patience_slice_ms(&patience, 50, &end), ==, 50);
    g_assert_cmpint(end, ==, AK_PATIENCE_LEFT);
}

static void test_without_deadline(void)
{
    AkPatience patience = ak_patience_new(NULL, 0);
    AkPatienceEnd end;

    g_assert_cmpuint(ak_patience_slice_ms(&patience, 50, &end), ==, 50);
    g_assert_cmpint(patience.deadline_usec, ==, G_MAXINT64);
}

static void test_ends_at_the_deadline(void)
{
    AkPatience patience = ak_patience_new(NULL, 1);
    AkPatienceEnd end;
    guint ms;

    while ((ms = ak_patience_slice_ms(&patience, 50, &end)) != 0)
        g_usleep(ms * 1000UL);
    g_assert_cmpint(end, ==, AK_PATIENCE_TIMED_OUT);
}

static void test_stopping_leaves_a_grace(void)
{
    volatile gint stop = 0;
    AkPatience patience = ak_patience_new(&stop, 0);
    gint64 latest;
    AkPatienceEnd end;

    g_assert_cmpuint(ak_patience_slice_ms(&patience, 50, &end), ==, 50);
    stop = 1;
    g_assert_cmpuint(ak_patience_slice_ms(&patience, 50, &end), >, 0);
    latest = g_get_monotonic_time() + AK_PATIENCE_GRACE_MS * G_GINT64_CONSTANT(1000);
    g_assert_cmpint(patience.deadline_usec, <=, latest);
    patience.deadline_usec = 0;
    g_assert_cmpuint(ak_patience_slice_ms(&patience, 50, &end), ==, 0);
    g_assert_cmpint(end, ==, AK_PATIENCE_STOPPED);
}

static void test_stopping_does_not_lengthen(void)
{
    volatile gint stop = 1;
    AkPatience patience = ak_patience_new(&stop, 1);
    gint64 deadline = patience.deadline_usec;
    AkPatienceEnd end;

    (void)ak_patience_slice_ms(&patience, 50, &end);
    g_assert_cmpint(patience.deadline_usec, ==, deadline);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/util/patience/slice", test_slices_stay_within_the_step);
    g_test_add_func("/util/patience/without-deadline", test_without_deadline);
    g_test_add_func("/util/patience/deadline", test_ends_at_the_deadline);
    g_test_add_func("/util/patience/stop-leaves-a-grace", test_stopping_leaves_a_grace);
    g_test_add_func("/util/patience/stop-does-not-lengthen", test_stopping_does_not_lengthen);
    return g_test_run();
}
