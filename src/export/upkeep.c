#include "export/upkeep.h"

#include "util/time.h"

static gint64 now(const AkUpkeep *upkeep)
{
    AkExec *exec = upkeep->session->exec;

    return exec->driver->now_usec(exec);
}

static gint64 interval_usec(const AkUpkeep *upkeep)
{
    const AkExportConfig *config = upkeep->session->config;

    /* keys tell seconds apart */
    return config->is_follow || config->is_visit
               ? (config->heartbeat_interval_ms + 999) / 1000 * AK_USEC_PER_SEC
               : 0;
}

gboolean ak_upkeep_open(AkUpkeep *upkeep, AkSession *session, GError **error)
{
    AkSource *writer = session->writer;
    g_auto(AkChainState) state = {0};

    *upkeep = (AkUpkeep){.session = session};
    if (!ak_sealer_open(&upkeep->sealer, session, error))
        return FALSE;
    if (interval_usec(upkeep) == 0)
        return TRUE;
    if (!writer->driver->state(writer, &state, error))
        return FALSE;
    upkeep->committed_usec = state.archived_usec;
    return TRUE;
}

void ak_upkeep_note(AkUpkeep *upkeep, gint64 day)
{
    ak_sealer_note(&upkeep->sealer, day);
    upkeep->committed_usec = now(upkeep);
}

static void describe_beat(AkUpkeep *upkeep, gint64 slot_usec, gint64 ts_usec)
{
    const AkSession *session = upkeep->session;
    g_autoptr(AkSha256) sha = ak_sha256_new();

    upkeep->is_beat = TRUE;
    upkeep->beat = (AkHeartbeat){
        .slot_usec = slot_usec,
        .ts_usec = ts_usec,
        .unchanged_usec = upkeep->committed_usec,
        .head = session->report->head,
        .size = session->tree.size,
    };
    ak_tree_root(&session->tree, sha, upkeep->beat.root);
}

/* Slots are the same for every process, so that one that starts again does not say it twice. */
static gboolean is_beat_due(AkUpkeep *upkeep, gint64 now_usec)
{
    gint64 interval = interval_usec(upkeep), slot;

    if (interval == 0)
        return FALSE;
    slot = now_usec - now_usec % interval;
    if (slot == upkeep->slot_usec || upkeep->head_usec < slot ||
        now_usec - upkeep->committed_usec < interval)
        return FALSE;
    describe_beat(upkeep, slot, now_usec);
    return TRUE;
}

gboolean ak_upkeep_is_due(AkUpkeep *upkeep, gboolean is_idle)
{
    gint64 now_usec = now(upkeep), head_usec = is_idle ? upkeep->head_usec : 0;

    upkeep->is_beat = FALSE;
    if (ak_sealer_is_due(&upkeep->sealer, now_usec, head_usec, &upkeep->until))
        return TRUE;
    return head_usec != 0 && is_beat_due(upkeep, now_usec);
}

gboolean ak_upkeep_run(AkUpkeep *upkeep, GError **error)
{
    AkSession *session = upkeep->session;
    gboolean is_put;

    if (!upkeep->is_beat)
        return ak_sealer_seal(&upkeep->sealer, upkeep->until, error);
    if (!ak_heartbeat_put(session, &upkeep->beat, &is_put, error))
        return FALSE;
    upkeep->slot_usec = upkeep->beat.slot_usec;
    session->report->heartbeats += (guint64)is_put;
    return TRUE;
}
