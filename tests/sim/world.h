#ifndef AK_SIM_WORLD_H
#define AK_SIM_WORLD_H

#include "export/export.h"
#include "sim/chain.h"
#include "sim/fiber.h"
#include "sim/rng.h"

enum { SIM_MAX_PROCESSES = 4 };

/* What goes wrong. Each has its own probability in each schedule, often none. */
typedef enum {
    SIM_CRASH,          /* before or after an effect; what had left may still arrive */
    SIM_LOST_REPLY,     /* the effect is there, the caller hears of an error */
    SIM_TIMEOUT,        /* no effect, or one that comes later */
    SIM_LATE_REQUEST,   /* the effect of a request that was given up */
    SIM_DUPLICATE,      /* a request whose reply was lost arrives a second time */
    SIM_TORN_WRITE,     /* half an object arrives; the store refuses it */
    SIM_STALL,          /* a call takes seconds */
    SIM_PAUSE,          /* a process stands still past its lease, and wakes up */
    SIM_CLOCK_STEP,     /* of a process's wall clock */
    SIM_THROTTLED,      /* by the store */
    SIM_DENIED,         /* by database or store, for a while */
    SIM_READ_CUT,       /* a scan ends with an error half way */
    SIM_LATE_COMMIT,    /* a row appears after its successors */
    SIM_DELETE_COLD,    /* an archived row is deleted */
    SIM_DELETE_HOT,     /* a row that is not archived is deleted: a gap */
    SIM_FOREIGN_OBJECT, /* somebody else's object is at a planned key */
    SIM_WEAK_OBJECT,    /* the planned object is there, under a shorter lock */
    SIM_LOCK_DROPPED,   /* the store keeps an object and not its lock */
    SIM_DELETE_MARKER,  /* somebody hides an object */
    SIM_STORE_FULL,     /* nothing is written for a while: disk full, or read-only */
    SIM_RESTORE,        /* auditkeep's state comes back from a backup, the archive is ahead of it */
    SIM_N_FAULTS
} SimFault;

const char *sim_fault_name(SimFault fault);

/* What is broken on purpose, to see that it is found. Others are built in by mutants.py. */
typedef enum {
    SIM_MUTANT_NONE,
    SIM_MUTANT_EPOCH_IGNORED,    /* the database lets stale epochs through */
    SIM_MUTANT_EPOCH_REUSED,     /* a new holder gets the epoch of the one before */
    SIM_MUTANT_LOCK_AFTER_WRITE, /* the lock is a second request */
    SIM_MUTANT_ACK_BEFORE_WRITE, /* the store says yes and writes later */
    SIM_MUTANT_OVERWRITE,        /* the store replaces what is there */
    SIM_MUTANT_POINTER_FIRST,    /* the plan moves the pointer */
    SIM_N_MUTANTS
} SimMutant;

typedef struct {
    guint64 schedules, steps, runs, done_runs, puts, commits, seals, heartbeats, accepted;
    guint64 faults[SIM_N_FAULTS];
    guint64 violations;
    guint64 unseen_gaps, unseen_days; /* known limits: check_end.c */
} SimStats;

/* What is expensive, kept from schedule to schedule. */
typedef struct {
    SimChain *chains[SIM_CHAINS];
    SimFibers *fibers;
    AkSigningKey *key;
    AkSha256 *sha;
    struct SimArchiveCheck *check;
    SimStats stats;
    SimMutant mutant;
    gboolean is_tracing;
} SimLab;

/* A row's state; its event is in the chain. */
typedef struct {
    gint64 visible_usec; /* when its transaction commits */
    gboolean is_visible, is_gone, is_archived, has_hash;
    const char *key;
} SimRow;

/* One version of an object, or a delete marker. */
typedef struct {
    char *key;
    guint number; /* grows with each version of any key */
    char version[16];
    GBytes *data; /* NULL: a delete marker */
    guint8 sha256[AK_SHA256_LEN];
    GHashTable *meta;
    AkLockMode lock_mode;
    gint64 retain_until_usec;
    gint64 created_usec;
    gboolean is_bad; /* a fault put it there, or took its lock */
} SimObject;

typedef struct SimWorld SimWorld;

/* One exporter: runs, crashes, is started again. */
typedef struct {
    SimWorld *world;
    guint number;
    AkExec exec;           /* exec.c finds the process from here */
    AkStore store;         /* store.c, too */
    AkSourceConfig source; /* source.c, too */
    AkExportConfig config;
    char holder[16];
    gboolean keeps_name; /* from run to run, as in a container */
    guint runs;
    gint stop;
    gboolean is_crashed;
    gint64 held_until; /* it stands still until then */
    gint64 skew_usec;  /* of its wall clock */
    gint64 most_skew_usec;
    SimFiber *main;
    GQueue done; /* jobs that have returned */
    guint jobs;  /* submitted and not returned to the exporter */
    gboolean is_waiting;
    GError *error; /* of the last run */
    AkExportReport report;
    gboolean is_ok; /* the last run was */
} SimProcess;

struct SimWorld {
    SimLab *lab;
    guint64 seed;
    SimRng rng;
    gint64 now_usec;
    guint64 steps;

    /* the table */
    const SimChain *chain;
    guint n_events;
    SimRow rows[SIM_MAX_EVENTS];

    /* what the archive has to hold: the chain, without what a person accepted to be lost */
    const SimChain *archive; /* by index */
    SimChain *own_archive;   /* NULL: it is the chain */
    guint n_archive;
    guint event_of[SIM_MAX_EVENTS]; /* index to event */
    GPtrArray *acceptances;         /* GBytes: statements */

    /* auditkeep's state in the database */
    char holder[16]; /* "": nobody */
    guint64 epoch;
    gint64 lease_until_usec;
    AkCursor pointer;
    gint64 pointer_usec;
    GPtrArray *segments; /* AkSegmentRow, in order */
    GPtrArray *seals;    /* AkSealRow, in order */

    struct SimBackup *backup; /* of that state and of the rows' marks; NULL: none was taken */

    /* the store */
    GPtrArray *objects; /* SimObject, in order of their writing */
    guint versions;
    gboolean is_conditional; /* it honours If-None-Match */
    gint64 full_until_usec;
    int full_code; /* what it says then */

    guint rates[SIM_N_FAULTS]; /* per 10000 */
    gboolean has_seen[SIM_N_FAULTS];
    gboolean is_calm; /* no more faults */
    gboolean is_over; /* exporters that end are not started again */
    guint ttl_ms;
    guint n_processes;
    SimProcess processes[SIM_MAX_PROCESSES];

    /* the checker's own record */
    guint64 seen_epoch;
    gint64 seen_pointer;
    gint64 calm_usec;    /* when the last exporter starts */
    gint64 calm_pointer; /* then */
    gint64 end_usec;     /* when it has ended */
    guint64 seen_segments;
    char *violation; /* the first one */
};

/* Draws whether @fault happens now; counts it. */
gboolean sim_draw(SimWorld *world, SimFault fault);

void sim_trace(const SimWorld *world, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Records that a promise is broken. */
void sim_violate(SimWorld *world, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The fiber that runs sleeps that long. */
void sim_sleep(SimWorld *world, gint64 usec);

void sim_object_free(gpointer object);

/* Where a chain's last plan ends: the index that the next one has to start at. */
static inline guint64 sim_next_index(const SimWorld *world)
{
    const AkSegmentRow *last;

    if (world->segments->len == 0)
        return 0;
    last = g_ptr_array_index(world->segments, world->segments->len - 1);
    return last->last_index + 1;
}

static inline gboolean sim_row_is_there(const SimWorld *world, guint i)
{
    return i < world->n_events && world->rows[i].is_visible && !world->rows[i].is_gone;
}

#endif
