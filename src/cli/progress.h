#ifndef AK_CLI_PROGRESS_H
#define AK_CLI_PROGRESS_H

#include <glib.h>

/* A line on standard error that says how far long work is. Zero-initialise. */
typedef struct {
    gboolean is_on; /* standard error is a terminal */
    const char *what;
    gint64 begun_usec, shown_usec; /* monotonic */
    guint64 begun_at;              /* what was done when @what began */
} AkProgress;

/* @what (static) has come to @done of @total; @total 0: unknown. With rate and time left. */
void ak_progress_show(AkProgress *progress, const char *what, guint64 done, guint64 total);

/* Takes the line away, so that something else can be printed. */
void ak_progress_clear(AkProgress *progress);

#endif
