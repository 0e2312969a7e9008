#ifndef AK_STORE_AWS_PROCESS_H
#define AK_STORE_AWS_PROCESS_H

#include "util/buf.h"
#include "util/error.h"

typedef struct {
    const char *command; /* split as a shell would, but not run by one */
    char **environ;
    guint timeout_ms;
    gsize max_bytes;
    const volatile gint *stop; /* may be NULL */
} AkProcess;

/*
 * Runs a program to its end and appends what it prints to @out (wipe it); its standard error goes
 * nowhere. CONFIG when it cannot be run, prints too much or fails, TIMEOUT, CANCELLED; then it and
 * its children are killed.
 */
gboolean ak_process_run(const AkProcess *process, AkBuf *out, GError **error) AK_MUST_CHECK;

#endif
