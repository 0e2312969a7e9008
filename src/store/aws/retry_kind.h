#ifndef AK_STORE_AWS_RETRY_KIND_H
#define AK_STORE_AWS_RETRY_KIND_H

#include "net/retry.h"

typedef enum {
    AK_RETRY_MODE_STANDARD,
    AK_RETRY_MODE_ADAPTIVE /* the same behind a rate limit, see rate.h */
} AkRetryMode;

/* What an answer means for trying again. @code (may be NULL) wins over the HTTP status. */
AkRetryKind ak_retry_kind(long status, const char *code);

#endif
