#include "export/break.h"

GError *ak_break_error(AkFeedStep step, const AkWalkFault *fault)
{
    if (step == AK_FEED_FORK)
        return g_error_new(
            AK_ERROR, AK_ERROR_GAP,
            "prev_hash_fork: events '%s' and '%s' both follow '%s' (index %" G_GINT64_FORMAT
            "); the chain stops here; "
            "hint: run 'auditkeep verify --what source'; what is as it should be is accepted with "
            "'auditkeep accept --index %" G_GINT64_FORMAT " --id ID'",
            fault->rival_id, fault->orphan_id, fault->orphan_prev, fault->head.index,
            fault->head.index + 1);
    return g_error_new(AK_ERROR, AK_ERROR_GAP,
                       "prev_hash_gap: event '%s' links to '%s', which is not there; the last "
                       "event that links is '%s' (index %" G_GINT64_FORMAT "), %" G_GUINT64_FORMAT
                       " events do not; the chain stops here; "
                       "hint: run 'auditkeep verify --what source'; what is lost for good is "
                       "accepted with 'auditkeep accept --index %" G_GINT64_FORMAT " --id %s'",
                       fault->orphan_id, fault->orphan_prev, fault->head.id, fault->head.index,
                       fault->unlinked, fault->head.index + 1, fault->orphan_id);
}
