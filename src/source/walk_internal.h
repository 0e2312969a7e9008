#ifndef AK_SOURCE_WALK_INTERNAL_H
#define AK_SOURCE_WALK_INTERNAL_H

#include "chain/canonical.h"
#include "source/walk.h"
#include "source/walk_cache.h"

/* Shared by walk.c (the way forward) and walk_fault.c (what a dead end means) only. */

/* Why a row is passed over. Bits. */
typedef enum {
    AK_PASSED_AHEAD = 1, /* it was handed out before the scan met it */
    AK_PASSED_ORPHAN = 2 /* the branch of a fork that was not followed */
} AkPassed;

struct AkWalk {
    AkSource *source;
    AkCursor from;
    gboolean is_begun;
    gboolean is_from_pointer; /* rows that are archived are before the start */

    /* the head: the event emitted last */
    AkCursor head;
    AkLink link, prev; /* what the next event has to name; what the head itself names */
    AkLink alias;      /* the computed hash, where the stored one differs: it goes first */
    gboolean has_link, has_prev, has_alias, is_alias_known;
    AkBuf payload, prev_hash; /* of the head, to compute that when the next row does not link */

    /* the scan */
    AkScanPos pos;
    guint64 chunk_rows;
    gboolean is_scanning;
    gboolean is_dry;      /* the last chunk was not full */
    gboolean has_sibling; /* a row names the head's predecessor: look into it at once */

    AkWalkCache cache;  /* seen, not linked */
    GHashTable *passed; /* id → AkPassed: rows to pass over when they are met */
    GHashTable *dead;   /* links of branches that are explained: what hangs on them is, too */
    AkWaiting *current; /* the row handed out, when it is not the scan's */

    AkWalkStep step; /* of the last call */
    AkWalkFault fault;
    AkWaiting *orphan; /* FORK: what step_over() passes over */
    AkLink jump;       /* GAP, and forks where the other branch won: where step_over() goes on */
    gboolean has_jump;

    AkCanonical *canonical;
    AkSha256 *sha;
    AkBuf text;
};

/* The link that a successor of @event has to name: its hash, computed where it is not stored. */
gboolean ak_walk_own_link(AkWalk *walk, const AkEvent *event, AkLink *out);

/* The computed one. FALSE when the payload cannot be canonicalised. */
gboolean ak_walk_computed_link(AkWalk *walk, const AkEvent *event, AkLink *out);

/* Copies of the rows that name @link, without those that are passed over as @but. Not in a scan. */
GPtrArray *ak_walk_lookup(AkWalk *walk, const AkLink *link, AkPassed but,
                          GError **error) AK_MUST_CHECK;

/* Two or more rows follow the head: sets the fault. */
gboolean ak_walk_judge_rivals(AkWalk *walk, AkWaiting **rivals, gsize count,
                              GError **error) AK_MUST_CHECK;

/*
 * What do the waiting rows mean? Drops those that are explained; sets walk->step to FORK or, where
 * the head has no successor (@is_leaf), GAP, with the fault; to END when there is none.
 */
gboolean ak_walk_judge_waiting(AkWalk *walk, gboolean is_leaf, GError **error) AK_MUST_CHECK;

/* Why @id is passed over; 0: it is not. */
static inline guint ak_walk_passed(const AkWalk *walk, AkView id)
{
    char text[37] = "";

    if (G_LIKELY(g_hash_table_size(walk->passed) == 0))
        return 0;
    memcpy(text, id.data, MIN(id.len, sizeof text - 1));
    return GPOINTER_TO_UINT(g_hash_table_lookup(walk->passed, text));
}

static inline void ak_walk_pass(AkWalk *walk, const char *id, AkPassed why)
{
    g_hash_table_insert(walk->passed, g_strdup(id), GUINT_TO_POINTER((guint)why));
}

#endif
