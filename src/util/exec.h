#ifndef AK_UTIL_EXEC_H
#define AK_UTIL_EXEC_H

#include <glib.h>

/*
 * All concurrency, waiting and time of the exporter go through this table: threads in production;
 * a simulator can run the same code on one thread, in an order that it draws from a seed.
 */
typedef struct AkExec AkExec;

/* Runs elsewhere. It owns @job until it returns; nobody else touches the job meanwhile. */
typedef void (*AkTask)(gpointer job);

typedef struct {
    /* Has @task run on @job some time soon; never blocks. */
    void (*submit)(AkExec *exec, AkTask task, gpointer job);
    /* A job whose task has returned; NULL when none did within @timeout_ms. */
    gpointer (*wait)(AkExec *exec, guint timeout_ms);
    /* Wall clock, microseconds since 1970. */
    gint64 (*now_usec)(AkExec *exec);
    /* Every submitted job must have been waited for. */
    void (*free)(AkExec *exec);
} AkExecDriver;

struct AkExec {
    const AkExecDriver *driver;
};

AkExec *ak_exec_threads_new(guint threads);

static inline void ak_exec_free(AkExec *exec)
{
    exec->driver->free(exec);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkExec, ak_exec_free)

#endif
