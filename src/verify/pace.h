#ifndef AK_VERIFY_PACE_H
#define AK_VERIFY_PACE_H

#include <glib.h>

/* Spreads requests of many threads over time. */
typedef struct AkPace AkPace;

/* @rate: per second, 0: as they come (NULL is returned). @stop: ends waiting; may be NULL. */
AkPace *ak_pace_new(guint rate, const volatile gint *stop);
void ak_pace_free(AkPace *pace);

/* Returns when the next request may go out; at once when @pace is NULL. */
void ak_pace_wait(AkPace *pace);

#endif
