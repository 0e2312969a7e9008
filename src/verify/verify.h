#ifndef AK_VERIFY_VERIFY_H
#define AK_VERIFY_VERIFY_H

#include "chain/fault.h"
#include "chain/signer.h"
#include "source/source.h"
#include "store/store.h"
#include "verify/ledger.h"

enum {
    AK_VERIFY_SOURCE = 1,
    AK_VERIFY_ARCHIVE = 2,
    AK_VERIFY_CROSS = 4,
    AK_VERIFY_KAFKA = 8, /* sinks are compared by cli/verify_sinks.h */
    AK_VERIFY_SNOWFLAKE = 16
};

/* One thing that is wrong. Everything is borrowed for the call. */
typedef struct {
    AkFaultCode code;
    const char *where;  /* "source", "archive", "cross", or a sink's kind */
    gint64 index;       /* -1: not about one event */
    const char *id;     /* event id or NULL */
    const char *key;    /* archive object or NULL */
    const char *detail; /* what was expected and what was found; never a payload */
} AkFinding;

typedef void (*AkFindingFunc)(const AkFinding *finding, gpointer data);

/* A segment or seal of the archive, after it was looked at. Everything is borrowed for the call. */
typedef struct {
    const char *key;
    const char *version; /* NULL where the store has none */
    gboolean is_seal;
    gint64 first_day, day;           /* the days that a seal covers; the same for a segment */
    guint64 first_index, last_index; /* of a segment */
    gsize size;
    gboolean is_read;  /* in full */
    gboolean has_lock; /* the store was asked for what follows */
    AkLockMode lock_mode;
    gint64 retain_until_usec;
    AkReplication replication;
    guint n_faults; /* notices left aside */
} AkVerifiedObject;

typedef void (*AkVerifiedObjectFunc)(const AkVerifiedObject *object, gpointer data);

/* @total 0: not known. */
typedef void (*AkProgressFunc)(const char *what, guint64 done, guint64 total, gpointer data);

typedef struct {
    guint what;                   /* AK_VERIFY_… */
    const AkSourceConfig *source; /* NULL for archive alone */
    AkStore *store;               /* NULL for source alone */
    const char *chain;
    const AkSigners *signers; /* NULL: signatures are not checked */
    gboolean require_signatures;
    const guint8 *checkpoint_key; /* 32 bytes, Ed25519; NULL: checkpoint signatures unchecked */
    const char *origin;
    const char *retention;   /* policy: locked at least that long after the event's segment
                                was written */
    gint64 now_usec;         /* 0: the clock's */
    guint seal_grace_ms;     /* a day needs a seal twice that time after its end; 0: 900000 */
    gboolean is_unsealed_ok; /* days without a seal are no finding */
    gint64 since_usec;       /* G_MININT64: from the start */
    gint64 until_usec;       /* G_MAXINT64: to the end */
    guint64 limit;           /* events at most, 0: all */
    guint64 sample;          /* archive, cross: that many random segments, 0: all */
    guint64 seed;            /* of the sample; the caller prints it */
    AkLedger *ledger;        /* what the last verification saw; brought up to date, also when this
                                one ends early; NULL: none is kept */
    gboolean is_incremental; /* read what @ledger does not know; else all, against it */
    guint64 read_limit;      /* bytes of objects read in full, 0: all that is chosen */
    gint64 cover_since_usec; /* an object counts as covered when it was read since then */
    guint request_rate;      /* requests to the store per second, 0: as they come */
    guint threads;           /* 0: number of processors */
    const volatile gint *stop;
    AkFindingFunc on_finding;
    AkVerifiedObjectFunc on_object; /* segments in order, then seals in order; may be NULL */
    AkProgressFunc on_progress;     /* may be NULL */
    gpointer data;
} AkVerifyConfig;

typedef struct {
    guint64 source_events;
    guint64 archive_events;
    guint64 cross_events;
    guint64 segments;
    guint64 signatures; /* that were checked */
    guint64 faults[AK_FAULT_N_CODES];
    guint64 n_faults; /* without notices */
    guint64 n_notices;
    AkCursor source_head; /* last event seen in the source */
    AkCursor archive_head;
    guint64 tree_size;
    guint8 root[AK_SHA256_LEN]; /* of the archive's tree at tree_size */
    gboolean has_root;
    guint64 known_objects; /* that the ledger knew, unchanged, and that were not read again */
    guint64 total_bytes, covered_bytes; /* of the objects; with a ledger only */
    gboolean has_days;                  /* the archive was looked at, and is not empty */
    gint64 first_day, due_day;          /* days that need a seal */
} AkVerifyReport;

/*
 * Looks at everything asked for, never stops at a fault. FALSE only when it could not look
 * (no connection, CANCELLED, …). The verdict is report->n_faults == 0.
 */
gboolean ak_verify_run(const AkVerifyConfig *config, AkVerifyReport *report,
                       GError **error) AK_MUST_CHECK;

#endif
