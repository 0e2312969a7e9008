#include "net/retry.h"

#include "util/stop.h"

enum {
    DEFAULT_ATTEMPTS = 3,
    BUCKET_TOKENS = 500,
    COST_RETRY = 5,
    COST_TIMEOUT = 10,
    REFUND_FIRST_TRY = 1,
    BASE_MS = 1000,
    MAX_MS = 20000,
    STOP_POLL_USEC = 20 * 1000
};

void ak_retry_budget_init(AkRetryBudget *budget, guint max_attempts)
{
    g_mutex_init(&budget->lock);
    budget->tokens = BUCKET_TOKENS;
    budget->max_attempts = max_attempts != 0 ? max_attempts : DEFAULT_ATTEMPTS;
}

void ak_retry_budget_clear(AkRetryBudget *budget)
{
    g_mutex_clear(&budget->lock);
}

static guint backoff_ms(guint retries, double random)
{
    guint ceiling = retries < 5 ? BASE_MS << retries : MAX_MS;

    return (guint)(random * MIN(ceiling, MAX_MS));
}

gboolean ak_retry_again(AkRetryBudget *budget, AkRetry *retry, AkRetryKind kind, double random,
                        guint *out_wait_ms)
{
    guint cost = kind == AK_RETRY_TIMEOUT ? COST_TIMEOUT : COST_RETRY;

    /* The number of attempts comes first: a request that may not go on spends no tokens. */
    if (kind == AK_RETRY_NEVER || retry->retries + 1 >= budget->max_attempts)
        return FALSE;

    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&budget->lock);
    if (budget->tokens < cost)
        return FALSE;
    budget->tokens -= cost;
    *out_wait_ms = backoff_ms(retry->retries, random);
    retry->last_cost = cost;
    retry->retries++;
    return TRUE;
}

void ak_retry_succeeded(AkRetryBudget *budget, const AkRetry *retry)
{
    guint refund = retry->retries > 0 ? retry->last_cost : REFUND_FIRST_TRY;
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&budget->lock);

    budget->tokens = MIN(budget->tokens + refund, BUCKET_TOKENS);
}

gboolean ak_retry_wait(guint ms, const volatile gint *stop)
{
    gint64 end = g_get_monotonic_time() + (gint64)ms * 1000;

    for (gint64 left = (gint64)ms * 1000; left > 0; left = end - g_get_monotonic_time()) {
        if (ak_is_stopped(stop))
            return FALSE;
        g_usleep((gulong)MIN(left, STOP_POLL_USEC));
    }
    return !ak_is_stopped(stop);
}
