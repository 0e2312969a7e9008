#ifndef AK_UTIL_STOP_H
#define AK_UTIL_STOP_H

#include <glib.h>

/* A flag that a signal handler sets; long work looks at it between steps. NULL: never stopped. */
static inline gboolean ak_is_stopped(const volatile gint *stop)
{
    return stop != NULL && *stop != 0;
}

#endif
