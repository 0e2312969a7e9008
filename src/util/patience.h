#ifndef AK_UTIL_PATIENCE_H
#define AK_UTIL_PATIENCE_H

#include <glib.h>

/*
 * How long somebody else is waited for: at most until a deadline, and once we are asked to stop
 * (util/stop.h) for a short grace only, in which a healthy other side still lets us finish what was
 * begun. The waiting is done by the caller, slice by slice, since a signal wakes one thread only.
 */
enum { AK_PATIENCE_GRACE_MS = 5000 };

typedef enum { AK_PATIENCE_LEFT, AK_PATIENCE_TIMED_OUT, AK_PATIENCE_STOPPED } AkPatienceEnd;

typedef struct {
    const volatile gint *stop; /* may be NULL */
    gint64 deadline_usec;      /* monotonic; G_MAXINT64: none */
    gboolean is_stopping;
} AkPatience;

/* @timeout_ms 0: no deadline. */
AkPatience ak_patience_new(const volatile gint *stop, guint timeout_ms);

/* Milliseconds to wait now, at most @max_ms, and at least 1 while there is time left; 0 when it is
 * over: *out_end says why. */
guint ak_patience_slice_ms(AkPatience *patience, guint max_ms, AkPatienceEnd *out_end);

#endif
