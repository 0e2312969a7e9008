#ifndef AK_TEST_SINK_SIMULATED_H
#define AK_TEST_SINK_SIMULATED_H

#include "sink/sink.h"

typedef struct {
    guint64 index;
    char id[37];
    char hash[65];
} SimRecord;

/* What a remote place holds, and how badly its line behaves: faults are drawn from @rng. */
typedef struct {
    GArray *records;  /* SimRecord: durable */
    GArray *pending;  /* SimRecord: taken, not durable yet */
    guint64 epoch;    /* of the last opener */
    GRand *rng;       /* NULL: nothing goes wrong */
    gboolean is_late; /* durable later: confirm() */
    gint64 pointer;   /* what open() was told last */
} SimRemote;

void sim_remote_init(SimRemote *remote, guint32 seed, gboolean is_late);
void sim_remote_clear(SimRemote *remote);

/* The driver of the remote that was made last. */
const AkSinkDriver *sim_driver(const SimRemote *remote);

#endif
