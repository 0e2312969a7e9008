#ifndef AK_EXPORT_HEARTBEAT_H
#define AK_EXPORT_HEARTBEAT_H

#include "export/session.h"

/* Signed silence: the head has not moved, and somebody was there to see it. */
typedef struct {
    gint64 slot_usec;      /* names the object: one per slot, whoever writes it */
    gint64 ts_usec;        /* when the head was where it is said to be */
    gint64 unchanged_usec; /* since when; 0: nothing was ever archived */
    AkCursor head;
    guint64 size; /* of the tree */
    guint8 root[AK_SHA256_LEN];
} AkHeartbeat;

/*
 * Puts it, locked, when the chain is still ours: FENCED else. Success when the slot has one
 * already (*out_put FALSE).
 */
gboolean ak_heartbeat_put(AkSession *session, const AkHeartbeat *beat, gboolean *out_put,
                          GError **error) AK_MUST_CHECK;

#endif
