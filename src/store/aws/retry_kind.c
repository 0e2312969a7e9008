#include "store/aws/retry_kind.h"

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
