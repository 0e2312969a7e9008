#ifndef AK_EXPORT_EXPORT_H
#define AK_EXPORT_EXPORT_H

#include "chain/fault.h"
#include "chain/signer.h"
#include "source/source.h"
#include "store/store.h"
#include "util/exec.h"

/*
 * The exporter: takes the chain's lease, carries out the plans that a crash left, then reads in
 * chain order → checks and builds segments → plans → puts → commits, several segments at a time,
 * commits strictly in order (docs/architecture.md, promises 1 to 5).
 */
typedef struct {
    const AkSourceConfig *source; /* opened twice: one connection reads, one writes */
    AkStore *store;
    const AkSigners *signers; /* NULL: signatures are not checked */
    gboolean require_signatures;
    const AkSigningKey *key; /* signs checkpoints; Ed25519 */
    const char *origin;      /* of checkpoints: "<origin>/<chain>" */
    const char *retention;   /* "7 years": lock of every object, from its plan on */
    AkLockMode lock_mode;
    const char *holder;          /* who we are, for the lease */
    guint lease_ttl_ms;          /* 0: 30000 */
    guint segment_events;        /* 0: 16384 */
    gsize segment_bytes;         /* of lines, before compression; 0: 16 MiB */
    guint flush_interval_ms;     /* follow: an event waits that long for its segment; 0: 10000 */
    guint poll_interval_ms;      /* follow: look for rows at least that often; 0: 2000 */
    guint seal_grace_ms;         /* a day that is over is sealed after that time; 0: 900000 */
    guint heartbeat_interval_ms; /* follow: an idle chain says so that often; 0: never */
    guint gap_grace_ms;          /* how long a missing predecessor may still commit; 0: 2000 */
    gboolean event_objects;      /* beside the segments an object for each event, whose id then has
                                    to be a UUID */
    guint threads;               /* 0: number of processors */
    const char *after_id;        /* replay: go over what follows this event again; NULL: go on after
                                    the pointer */
    guint64 limit;               /* events at most, the replayed ones included; 0: all */
    gboolean is_dry_run;         /* read, check and build; take no lease, write nothing */
    gboolean is_visit;           /* a follower that comes by in turns: heartbeats, but no waiting */
    gboolean is_follow;          /* go on until stopped; wait for the lease; survive outages */
    AkExec *exec;                /* NULL: threads of its own */
    AkSource *(*open_source)(const AkSourceConfig *config, GError **error); /* NULL: by the URL */
    const volatile gint *stop; /* set to non-zero: finish what is planned and return */
} AkExportConfig;

typedef struct {
    guint64 events;
    guint64 segments;
    guint64 adopted;       /* segments that an earlier attempt had stored already */
    guint64 content_bytes; /* lines, before compression */
    guint64 object_bytes;
    guint64 seals;       /* that were made */
    guint64 sealed_days; /* by them */
    guint64 heartbeats;
    guint64 faults[AK_FAULT_N_CODES];
    AkCursor head; /* where the pointer stands now */
} AkExportReport;

/*
 * Runs until the head of the chain (or for ever, when following). Returns FALSE with
 * BUSY (held elsewhere), FENCED (taken from us), GAP (with what is missing), CONFLICT (an object
 * with other content is in the way), or an error of source and store. *report is filled in any
 * case. Faults of single events are no error: they are archived, marked and counted.
 */
gboolean ak_export_run(const AkExportConfig *config, AkExportReport *report,
                       GError **error) AK_MUST_CHECK;

#endif
