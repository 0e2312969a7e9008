#include "util/patience.h"

#include "util/stop.h"

AkPatience ak_patience_new(const volatile gint *stop, guint timeout_ms)
{
    return (AkPatience){
        .stop = stop,
        .deadline_usec =
            timeout_ms != 0 ? g_get_monotonic_time() + (gint64)timeout_ms * 1000 : G_MAXINT64,
    };
}

guint ak_patience_slice_ms(AkPatience *patience, guint max_ms, AkPatienceEnd *out_end)
{
    gint64 now = g_get_monotonic_time(), left_ms;

    if (!patience->is_stopping && ak_is_stopped(patience->stop)) {
        patience->is_stopping = TRUE;
        patience->deadline_usec =
            MIN(patience->deadline_usec, now + AK_PATIENCE_GRACE_MS * G_GINT64_CONSTANT(1000));
    }
    *out_end = AK_PATIENCE_LEFT;
    if (patience->deadline_usec > now) {
        left_ms = (patience->deadline_usec - now) / 1000;
        return (guint)CLAMP(left_ms, 1, MAX((gint64)max_ms, 1));
    }
    *out_end = patience->is_stopping ? AK_PATIENCE_STOPPED : AK_PATIENCE_TIMED_OUT;
    return 0;
}
