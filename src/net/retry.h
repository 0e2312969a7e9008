#ifndef AK_NET_RETRY_H
#define AK_NET_RETRY_H

#include <glib.h>

/*
 * The AWS SDKs' retry mode 'standard': attempts counted with the first one, full-jitter back-off
 * rand(0,1) × min(2^i s, 20 s), and a bucket of tokens shared by all requests of a client, so that
 * a broken service is not hammered. No clock and no randomness of its own.
 */
typedef enum {
    AK_RETRY_NEVER,
    AK_RETRY_TRANSIENT,
    AK_RETRY_TIMEOUT, /* transient, dearer: the attempt held a connection for long */
    AK_RETRY_THROTTLED
} AkRetryKind;

/* Shared by the threads of one client. */
typedef struct {
    GMutex lock;
    guint tokens;
    guint max_attempts;
} AkRetryBudget;

/* @max_attempts 0: 3. */
void ak_retry_budget_init(AkRetryBudget *budget, guint max_attempts);
void ak_retry_budget_clear(AkRetryBudget *budget);

/* One request; zero-initialise to start. */
typedef struct {
    guint retries;
    guint last_cost;
} AkRetry;

/* May the request that just failed be sent again? Then @out_wait_ms is how long to wait first.
 * @random is drawn from [0, 1). */
gboolean ak_retry_again(AkRetryBudget *budget, AkRetry *retry, AkRetryKind kind, double random,
                        guint *out_wait_ms);

/* Sleeps; FALSE as soon as *@stop (may be NULL) is set. */
gboolean ak_retry_wait(guint ms, const volatile gint *stop);

/* It succeeded: gives tokens back. */
void ak_retry_succeeded(AkRetryBudget *budget, const AkRetry *retry);

#endif
