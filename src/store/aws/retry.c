#include "store/aws/retry.h"

enum {
    DEFAULT_ATTEMPTS = 3,
    BUCKET_TOKENS = 500,
    COST_RETRY = 5,
    COST_TIMEOUT = 10,
    REFUND_FIRST_TRY = 1,
    BASE_MS = 1000,
    MAX_MS = 20000
};

/* SDK reference, "Retry behavior"; the last one is S3's answer to a lost race of conditions. */
static const char *const transient_codes[] = {
    "RequestTimeout",     "RequestTimeoutException",    "InternalError",
    "ServiceUnavailable", "ConditionalRequestConflict", NULL};

static const char *const throttling_codes[] = {"Throttling",
                                               "ThrottlingException",
                                               "ThrottledException",
                                               "RequestThrottled",
                                               "RequestThrottledException",
                                               "TooManyRequestsException",
                                               "ProvisionedThroughputExceededException",
                                               "TransactionInProgressException",
                                               "RequestLimitExceeded",
                                               "BandwidthLimitExceeded",
                                               "LimitExceededException",
                                               "SlowDown",
                                               "PriorRequestNotComplete",
                                               "EC2ThrottledException",
                                               NULL};

AkRetryKind ak_retry_kind(long status, const char *code)
{
    if (code != NULL && g_strv_contains(throttling_codes, code))
        return AK_RETRY_THROTTLED;
    if (code != NULL && g_strv_contains(transient_codes, code))
        return AK_RETRY_TRANSIENT;
    if (status == 429)
        return AK_RETRY_THROTTLED;
    if (status == 500 || status == 502 || status == 503 || status == 504)
        return AK_RETRY_TRANSIENT;
    return AK_RETRY_NEVER;
}

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
