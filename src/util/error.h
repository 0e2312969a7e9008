#ifndef AK_UTIL_ERROR_H
#define AK_UTIL_ERROR_H

#include <glib.h>

/*
 * One error domain. A code is a class of failure that somebody acts on differently; the text says
 * what failed, on what, why, and after "hint:" what to do next. A fault in the data is not an
 * error: see chain/fault.h.
 */
#define AK_ERROR (ak_error_quark())

typedef enum {
    AK_ERROR_DENIED,        /* credentials or a policy refused us */
    AK_ERROR_LOCK_OFF,      /* the store would not keep what it is given */
    AK_ERROR_NETWORK,       /* the other side could not be reached */
    AK_ERROR_TIMEOUT,       /* it was reached and did not answer in time */
    AK_ERROR_THROTTLED,     /* it asked us to slow down */
    AK_ERROR_MISSING,       /* a thing that has to exist does not */
    AK_ERROR_CONFLICT,      /* something else is already there */
    AK_ERROR_GAP,           /* the chain cannot go on: an event is missing or forked */
    AK_ERROR_BAD_SIGNATURE, /* a key does not fit, or a signature we rely on is wrong */
    AK_ERROR_BAD_INPUT,     /* data from outside that breaks a rule or a limit */
    AK_ERROR_CONFIG,        /* the call or the configuration is wrong */
    AK_ERROR_BUSY,          /* another writer holds the chain */
    AK_ERROR_FENCED,        /* another writer took the chain from us */
    AK_ERROR_FULL,          /* no space left where we write */
    AK_ERROR_CANCELLED,     /* we were asked to stop */
    AK_ERROR_INTERNAL,      /* a bug, or a library that broke its contract */
    AK_ERROR_N_CODES
} AkErrorCode;

typedef struct {
    const char *name;      /* label in metrics and JSON */
    int exit_status;       /* docs/cli: 0 well, 1 fault in the data, 2 call, 3 outside, 4 held */
    gboolean is_retryable; /* may succeed unchanged, later */
    const char *remedy;    /* one sentence for the person on call */
    const char *runbook;   /* section of docs/runbook.md */
} AkErrorClass;

#define AK_MUST_CHECK G_GNUC_WARN_UNUSED_RESULT

GQuark ak_error_quark(void);

/* The class of @code (an AkErrorCode); INTERNAL's for anything else. Never NULL. */
const AkErrorClass *ak_error_class(int code);

/* Exit status for @error; errors of other domains count as INTERNAL. */
int ak_error_exit_status(const GError *error);

/* TRUE when @error is of our domain and its class may succeed unchanged, later. */
gboolean ak_error_is_retryable(const GError *error);

#endif
