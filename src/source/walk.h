#ifndef AK_SOURCE_WALK_H
#define AK_SOURCE_WALK_H

#include "source/source.h"

/*
 * Reads a source in chain order. The order is that of the prev_hash links; timestamps only say
 * where to look first. Rows are scanned by (ts, id); one that does not link yet waits in a bounded
 * cache; when the successor of the head is not there it is looked up by its prev_hash. So equal
 * timestamps, clock steps and late commits cost time, never an event. Where nothing links to the
 * head's stored hash its computed one is tried: a tampered hash column does not look like a gap.
 */
typedef struct AkWalk AkWalk;

typedef enum {
    AK_WALK_EVENT, /* *out_row is the next event; its index is set; valid until the next call */
    AK_WALK_END,   /* the head of the chain: nothing unexplained was seen; ask again later */
    AK_WALK_GAP,   /* rows were seen that hang on a predecessor that is not there */
    AK_WALK_FORK   /* two rows name the same predecessor */
} AkWalkStep;

/*
 * What a gap or a fork is about. Of two branches of a fork the longer one is followed (up to 64
 * events are counted), of equal ones the one that was met first. A fork that shows only after one
 * of its branches was followed is reported then.
 */
typedef struct {
    AkCursor head;      /* last event reached */
    char orphan_id[37]; /* GAP: oldest row that does not link; FORK: the row not followed */
    char orphan_prev[65];
    gint64 orphan_ts_usec;
    char rival_id[37];    /* FORK: the row that is, or would be, followed */
    char followed_id[37]; /* FORK that showed late: which of the two was followed; "": none yet */
    guint64 unlinked;     /* rows seen that do not link */
} AkWalkFault;

/* @source is borrowed and must not be used otherwise while the walk lives. @from: the last event
 * that is done; @from_ts_usec its time (G_MININT64 at the start). */
AkWalk *ak_walk_new(AkSource *source, const AkCursor *from, gint64 from_ts_usec);
void ak_walk_free(AkWalk *walk);

/* GAP (the error) when more than half a million rows wait for their predecessors. */
gboolean ak_walk_next(AkWalk *walk, AkWalkStep *out_step, AkRow *out_row,
                      GError **error) AK_MUST_CHECK;

/* After GAP or FORK, which come again at each call until the data or the caller changes that. */
const AkWalkFault *ak_walk_fault(const AkWalk *walk);

/*
 * For the verifier, which goes on after a fault: after GAP continue at the orphan as if it
 * followed; after FORK follow the rival and count the orphan (and what hangs on it) as explained.
 */
void ak_walk_step_over(AkWalk *walk);

/*
 * For what a person accepted. After GAP the orphan comes next; after FORK @rejected_id, which is
 * the orphan or the rival, is passed over with what hangs on it.
 */
gboolean ak_walk_accept(AkWalk *walk, const char *rejected_id, GError **error) AK_MUST_CHECK;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkWalk, ak_walk_free)

#endif
