#ifndef AK_STORE_AWS_RATE_H
#define AK_STORE_AWS_RATE_H

#include <glib.h>

/*
 * The AWS SDKs' adaptive mode: once the service throttles, requests go through a bucket of tokens
 * whose rate falls to 0.7 of what was measured and grows again along CUBIC's curve. Shared by the
 * threads of one client; times are monotonic microseconds.
 */
typedef struct {
    GMutex lock;
    gboolean is_limiting; /* throttled once */
    gboolean has_time;
    double fill_rate; /* requests a second */
    double capacity;
    double tokens;
    double filled_at; /* seconds */
    double measured_rate;
    double bucket_at; /* half seconds that are measured together */
    guint requests;
    double last_max_rate;
    double throttled_at;
    double window;
} AkRate;

void ak_rate_init(AkRate *rate);
void ak_rate_clear(AkRate *rate);

/* Takes a token; returns how long to wait before the request, in milliseconds. */
guint ak_rate_take(AkRate *rate, gint64 now_usec);

/* An answer came. */
void ak_rate_observe(AkRate *rate, gboolean is_throttled, gint64 now_usec);

#endif
