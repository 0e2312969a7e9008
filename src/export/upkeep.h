#ifndef AK_EXPORT_UPKEEP_H
#define AK_EXPORT_UPKEEP_H

#include "export/heartbeat.h"
#include "export/seal.h"

/* What the exporter owes besides the events: day seals, and a heartbeat when there are none. */
typedef struct {
    AkSealer sealer;
    AkSession *session;
    gint64 head_usec;      /* everything that was there at that time has been read; 0: not known */
    gint64 committed_usec; /* when the head moved last; 0: never */
    gint64 slot_usec;      /* of the heartbeat that was written last */
    /* what to do next */
    gboolean is_beat; /* else a seal */
    gint64 until;
    AkHeartbeat beat;
} AkUpkeep;

/* Before the first row is read, under the lease; see ak_sealer_open(). */
gboolean ak_upkeep_open(AkUpkeep *upkeep, AkSession *session, GError **error) AK_MUST_CHECK;

/* A segment of @day was committed. */
void ak_upkeep_note(AkUpkeep *upkeep, gint64 day);

/* Is there something to do? @is_idle: everything that was read is committed, and nothing is being
 * read. */
gboolean ak_upkeep_is_due(AkUpkeep *upkeep, gboolean is_idle);

/* Does it, with the session's writer. Nothing may be read meanwhile. */
gboolean ak_upkeep_run(AkUpkeep *upkeep, GError **error) AK_MUST_CHECK;

#endif
