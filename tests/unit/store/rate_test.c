#include "store/aws/rate.h"

/* @count requests in one second, evenly. */
static void answer(AkRate *rate, gint64 *now_usec, guint count, gboolean is_throttled)
{
    for (guint i = 0; i < count; i++) {
        *now_usec += G_USEC_PER_SEC / count;
        ak_rate_observe(rate, is_throttled, *now_usec);
    }
}

static void test_no_limit_before_throttling(void)
{
    gint64 now = 0;
    AkRate rate;

    ak_rate_init(&rate);
    answer(&rate, &now, 100, FALSE);
    for (guint i = 0; i < 1000; i++)
        g_assert_cmpuint(ak_rate_take(&rate, now), ==, 0);
    ak_rate_clear(&rate);
}

static void test_falls_to_seven_tenths(void)
{
    gint64 now = 0;
    AkRate rate;

    ak_rate_init(&rate);
    for (guint i = 0; i < 20; i++)
        answer(&rate, &now, 100, FALSE);
    g_assert_cmpfloat_with_epsilon(rate.measured_rate, 100, 3);
    ak_rate_observe(&rate, TRUE, now);
    g_assert_cmpfloat_with_epsilon(rate.fill_rate, 70, 3);
    ak_rate_clear(&rate);
}

static void test_grows_again(void)
{
    gint64 now = 0;
    double low = 0;
    AkRate rate;

    ak_rate_init(&rate);
    for (guint i = 0; i < 20; i++)
        answer(&rate, &now, 100, FALSE);
    ak_rate_observe(&rate, TRUE, now);
    low = rate.fill_rate;
    answer(&rate, &now, 70, FALSE);
    g_assert_cmpfloat(rate.fill_rate, >, low);
    for (guint i = 0; i < 10; i++)
        answer(&rate, &now, 100, FALSE);
    g_assert_cmpfloat(rate.fill_rate, >, 100);
    g_assert_cmpfloat(rate.fill_rate, <=, 2 * rate.measured_rate);
    ak_rate_clear(&rate);
}

/* Tokens are lent: each of many threads waits for its own. */
static void test_queues(void)
{
    gint64 now = 0;
    AkRate rate;

    ak_rate_init(&rate);
    ak_rate_observe(&rate, TRUE, now);
    g_assert_cmpfloat_with_epsilon(rate.fill_rate, 0.5, 1e-9);
    g_assert_cmpuint(ak_rate_take(&rate, now), ==, 2000);
    g_assert_cmpuint(ak_rate_take(&rate, now), ==, 4000);
    now += 4 * G_USEC_PER_SEC;
    g_assert_cmpuint(ak_rate_take(&rate, now), ==, 2000);
    for (guint i = 0; i < 100; i++)
        g_assert_cmpuint(ak_rate_take(&rate, now), <=, 20000);
    ak_rate_clear(&rate);
}

static void test_clock_that_goes_back(void)
{
    gint64 now = 100 * G_USEC_PER_SEC;
    AkRate rate;

    ak_rate_init(&rate);
    ak_rate_observe(&rate, TRUE, now);
    ak_rate_observe(&rate, FALSE, now - 50 * G_USEC_PER_SEC);
    g_assert_cmpfloat(rate.fill_rate, >=, 0.5);
    g_assert_cmpuint(ak_rate_take(&rate, now - 50 * G_USEC_PER_SEC), <=, 20000);
    ak_rate_clear(&rate);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/rate/no-limit-before-throttling", test_no_limit_before_throttling);
    g_test_add_func("/store/rate/falls-to-seven-tenths", test_falls_to_seven_tenths);
    g_test_add_func("/store/rate/grows-again", test_grows_again);
    g_test_add_func("/store/rate/queues", test_queues);
    g_test_add_func("/store/rate/clock-that-goes-back", test_clock_that_goes_back);
    return g_test_run();
}
