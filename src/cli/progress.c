#include "cli/progress.h"

#include <string.h>

enum { WIDTH = 30, INTERVAL_USEC = 100 * 1000 };

static void begin(AkProgress *progress, const char *what, guint64 done, gint64 now)
{
    progress->what = what;
    progress->begun_usec = now;
    progress->begun_at = done;
}

static void print_bar(guint64 done, guint64 total)
{
    char bar[WIDTH + 1];

    memset(bar, ' ', WIDTH);
    memset(bar, '=', (gsize)((gdouble)MIN(done, total) / (gdouble)total * WIDTH));
    bar[WIDTH] = '\0';
    g_printerr(" [%s] %" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT, bar, done, total);
}

static void print_left(gdouble seconds)
{
    guint64 left = (guint64)seconds;

    if (left >= 3600)
        g_printerr(", %u h %u min left", (guint)(left / 3600), (guint)(left / 60 % 60));
    else if (left >= 60)
        g_printerr(", %u min left", (guint)(left / 60));
    else
        g_printerr(", %u s left", (guint)left);
}

void ak_progress_show(AkProgress *progress, const char *what, guint64 done, guint64 total)
{
    gint64 now = g_get_monotonic_time();
    gdouble rate;

    if (!progress->is_on || (progress->what == what && now - progress->shown_usec < INTERVAL_USEC))
        return;
    if (progress->what != what)
        begin(progress, what, done, now);
    progress->shown_usec = now;
    g_printerr("\r\033[K%-8s", what);
    if (total > 0)
        print_bar(done, total);
    else
        g_printerr(" %" G_GUINT64_FORMAT, done);
    if (now - progress->begun_usec < G_USEC_PER_SEC || done <= progress->begun_at)
        return;
    rate = (gdouble)(done - progress->begun_at) * G_USEC_PER_SEC /
           (gdouble)(now - progress->begun_usec);
    g_printerr(", %.0f/s", rate);
    if (total > done)
        print_left((gdouble)(total - done) / rate);
}

void ak_progress_clear(AkProgress *progress)
{
    if (progress->is_on)
        g_printerr("\r\033[K");
}
