#ifndef AK_SIM_CHAIN_H
#define AK_SIM_CHAIN_H

#include "chain/event.h"
#include "tree/merkle.h"
#include "util/arena.h"

enum { SIM_MAX_EVENTS = 60, SIM_CHAINS = 64 };
#define SIM_CHAIN_NAME "main"

/*
 * A chain of events, and what its archive has to hold: worked out here by other means than the
 * exporter's. Schedules share a pool of them and use the first so many events of one.
 */
typedef struct {
    AkArena arena;
    AkEvent events[SIM_MAX_EVENTS];   /* as the table holds them; index not set */
    guint order[SIM_MAX_EVENTS];      /* by (ts, id) */
    char hashes[SIM_MAX_EVENTS][65];  /* what the next event links to */
    AkView lines[SIM_MAX_EVENTS];     /* of the archive, newline included */
    AkTree trees[SIM_MAX_EVENTS + 1]; /* over the first so many lines */
    guint8 roots[SIM_MAX_EVENTS + 1][AK_SHA256_LEN];
    gboolean has_hashes; /* the table stores them */
} SimChain;

/* The @number-th of the pool. */
SimChain *sim_chain_new(guint number);
/* The line of @event when it stands at @index. */
AkView sim_chain_line(const SimChain *chain, guint event, guint index, AkArena *arena);

void sim_chain_free(SimChain *chain);

#endif
