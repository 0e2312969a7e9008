#include "net/retry.h"

typedef struct {
    AkRetryBudget budget;
    AkRetry retry;
    guint wait_ms;
} Fixture;

static void set_up(Fixture *f, gconstpointer attempts)
{
    ak_retry_budget_init(&f->budget, GPOINTER_TO_UINT(attempts));
}

static void tear_down(Fixture *f, gconstpointer attempts)
{
    ak_retry_budget_clear(&f->budget);
}

static gboolean again(Fixture *f, AkRetryKind kind, double random)
{
    return ak_retry_again(&f->budget, &f->retry, kind, random, &f->wait_ms);
}

static void test_three_attempts_by_default(Fixture *f, gconstpointer attempts)
{
    g_assert_true(again(f, AK_RETRY_TRANSIENT, 0));
    g_assert_true(again(f, AK_RETRY_TRANSIENT, 0));
    g_assert_false(again(f, AK_RETRY_TRANSIENT, 0));
    g_assert_cmpuint(f->budget.tokens, ==, 490);
}

static void test_one_attempt_is_no_retry(Fixture *f, gconstpointer attempts)
{
    g_assert_false(again(f, AK_RETRY_THROTTLED, 0));
    g_assert_cmpuint(f->budget.tokens, ==, 500);
}

static void test_never_is_never(Fixture *f, gconstpointer attempts)
{
    g_assert_false(again(f, AK_RETRY_NEVER, 0));
    g_assert_cmpuint(f->budget.tokens, ==, 500);
}

static void test_backoff_doubles_to_twenty_seconds(Fixture *f, gconstpointer attempts)
{
    static const guint expected[] = {500, 1000, 2000, 4000, 8000, 10000, 10000, 10000};

    for (gsize i = 0; i < G_N_ELEMENTS(expected); i++) {
        g_assert_true(again(f, AK_RETRY_TRANSIENT, 0.5));
        g_assert_cmpuint(f->wait_ms, ==, expected[i]);
    }
}

static void test_jitter_may_be_nothing(Fixture *f, gconstpointer attempts)
{
    g_assert_true(again(f, AK_RETRY_TRANSIENT, 0.0));
    g_assert_cmpuint(f->wait_ms, ==, 0);
}

static void test_timeouts_cost_double(Fixture *f, gconstpointer attempts)
{
    g_assert_true(again(f, AK_RETRY_TIMEOUT, 0));
    g_assert_cmpuint(f->budget.tokens, ==, 490);
}

static void test_success_gives_the_last_cost_back(Fixture *f, gconstpointer attempts)
{
    g_assert_true(again(f, AK_RETRY_TRANSIENT, 0));
    g_assert_true(again(f, AK_RETRY_TIMEOUT, 0));
    g_assert_cmpuint(f->budget.tokens, ==, 485);
    ak_retry_succeeded(&f->budget, &f->retry);
    g_assert_cmpuint(f->budget.tokens, ==, 495);
}

static void test_first_try_success_gives_one(Fixture *f, gconstpointer attempts)
{
    f->budget.tokens = 7;
    ak_retry_succeeded(&f->budget, &f->retry);
    g_assert_cmpuint(f->budget.tokens, ==, 8);
    f->budget.tokens = 500;
    ak_retry_succeeded(&f->budget, &f->retry);
    g_assert_cmpuint(f->budget.tokens, ==, 500);
}

static void test_empty_bucket_stops_retries(Fixture *f, gconstpointer attempts)
{
    f->budget.tokens = 9;
    g_assert_false(again(f, AK_RETRY_TIMEOUT, 0));
    g_assert_true(again(f, AK_RETRY_TRANSIENT, 0));
    g_assert_false(again(f, AK_RETRY_TRANSIENT, 0));
}

static void add(const char *name, guint attempts, void (*test)(Fixture *, gconstpointer))
{
    g_autofree char *path = g_strconcat("/net/retry/", name, NULL);

    g_test_add(path, Fixture, GUINT_TO_POINTER(attempts), set_up, test, tear_down);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("three-attempts-by-default", 0, test_three_attempts_by_default);
    add("one-attempt-is-no-retry", 1, test_one_attempt_is_no_retry);
    add("never-is-never", 9, test_never_is_never);
    add("backoff-doubles-to-twenty-seconds", 9, test_backoff_doubles_to_twenty_seconds);
    add("jitter-may-be-nothing", 9, test_jitter_may_be_nothing);
    add("timeouts-cost-double", 9, test_timeouts_cost_double);
    add("success-gives-the-last-cost-back", 9, test_success_gives_the_last_cost_back);
    add("first-try-success-gives-one", 9, test_first_try_success_gives_one);
    add("empty-bucket-stops-retries", 9, test_empty_bucket_stops_retries);
    return g_test_run();
}
