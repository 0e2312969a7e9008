#include "verify/pace.h"

#include "util/stop.h"

enum { TICK_USEC = 50 * 1000 };

struct AkPace {
    const volatile gint *stop;
    gint64 interval_usec;
    GMutex lock;
    gint64 next_usec; /* monotonic: when the next request may go */
};

AkPace *ak_pace_new(guint rate, const volatile gint *stop)
{
    AkPace *pace;

    if (rate == 0)
        return NULL;
    pace = g_new0(AkPace, 1);
    pace->stop = stop;
    pace->interval_usec = MAX(1, G_USEC_PER_SEC / rate);
    g_mutex_init(&pace->lock);
    return pace;
}

void ak_pace_free(AkPace *pace)
{
    if (pace == NULL)
        return;
    g_mutex_clear(&pace->lock);
    g_free(pace);
}

void ak_pace_wait(AkPace *pace)
{
    gint64 mine, left;

    if (pace == NULL)
        return;
    g_mutex_lock(&pace->lock);
    mine = MAX(pace->next_usec, g_get_monotonic_time());
    pace->next_usec = mine + pace->interval_usec;
    g_mutex_unlock(&pace->lock);
    for (left = mine - g_get_monotonic_time(); left > 0 && !ak_is_stopped(pace->stop);
         left = mine - g_get_monotonic_time())
        g_usleep((gulong)MIN(left, TICK_USEC));
}
