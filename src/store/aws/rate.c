#include "store/aws/rate.h"

#include <math.h>

/* SDK reference, "Retry behavior", adaptive mode. */
static const double min_fill_rate = 0.5;
static const double min_capacity = 1;
static const double smoothing = 0.8;
static const double beta = 0.7;
static const double scale = 0.4;
static const double max_wait = 20;

void ak_rate_init(AkRate *rate)
{
    *rate = (AkRate){0};
    g_mutex_init(&rate->lock);
}

void ak_rate_clear(AkRate *rate)
{
    g_mutex_clear(&rate->lock);
}

static void fill(AkRate *rate, double now)
{
    if (rate->has_time && now > rate->filled_at)
        rate->tokens =
            MIN(rate->capacity, rate->tokens + (now - rate->filled_at) * rate->fill_rate);
    rate->filled_at = now;
}

guint ak_rate_take(AkRate *rate, gint64 now_usec)
{
    double now = (double)now_usec / G_USEC_PER_SEC;
    double wait = 0;
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&rate->lock);

    if (!rate->is_limiting)
        return 0;
    fill(rate, now);
    rate->tokens = MAX(rate->tokens - 1, -max_wait * rate->fill_rate);
    if (rate->tokens < 0)
        wait = -rate->tokens / rate->fill_rate;
    return (guint)ceil(wait * 1000);
}

static void measure(AkRate *rate, double now)
{
    double bucket = floor(now * 2) / 2;

    if (!rate->has_time) {
        rate->has_time = TRUE;
        rate->filled_at = now;
        rate->bucket_at = bucket;
    }
    rate->requests++;
    if (bucket > rate->bucket_at) {
        double current = rate->requests / (bucket - rate->bucket_at);

        rate->measured_rate = current * smoothing + rate->measured_rate * (1 - smoothing);
        rate->requests = 0;
        rate->bucket_at = bucket;
    }
}

static void set_rate(AkRate *rate, double wanted, double now)
{
    fill(rate, now);
    rate->fill_rate = MAX(wanted, min_fill_rate);
    rate->capacity = MAX(wanted, min_capacity);
    rate->tokens = MIN(rate->tokens, rate->capacity);
}

void ak_rate_observe(AkRate *rate, gboolean is_throttled, gint64 now_usec)
{
    double now = (double)now_usec / G_USEC_PER_SEC;
    double wanted = 0;
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&rate->lock);

    measure(rate, now);
    if (is_throttled) {
        double rate_now =
            rate->is_limiting ? MIN(rate->measured_rate, rate->fill_rate) : rate->measured_rate;

        rate->is_limiting = TRUE;
        rate->last_max_rate = rate_now;
        rate->window = cbrt(rate_now * (1 - beta) / scale);
        rate->throttled_at = now;
        wanted = rate_now * beta;
    } else {
        rate->window = cbrt(rate->last_max_rate * (1 - beta) / scale);
        wanted = scale * pow(now - rate->throttled_at - rate->window, 3) + rate->last_max_rate;
    }
    set_rate(rate, MIN(wanted, 2 * rate->measured_rate), now);
}
