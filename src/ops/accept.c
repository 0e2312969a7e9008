#include "ops/accept.h"

#include "chain/link.h"
#include "util/stop.h"

/* Time of the last archived event: where reading begins. */
static gboolean take_last_time(const AkSegmentRow *row, gpointer data, GError **error)
{
    if (row->is_archived)
        *(gint64 *)data = row->last_ts_usec;
    return TRUE;
}

static AkWalk *begin(AkSource *source, GError **error)
{
    g_auto(AkChainState) state = {0};
    gint64 ts_usec = G_MININT64;
    guint64 from;

    if (!source->driver->check(source, error) || !source->driver->state(source, &state, error))
        return NULL;
    from = (guint64)MAX(state.archived.index, 0);
    if (!source->driver->segments(source, from, take_last_time, &ts_usec, error))
        return NULL;
    return ak_walk_new(source, &state.archived, ts_usec);
}

gboolean ak_accept_find_break(AkSource *source, const AkAcceptor *acceptor,
                              const volatile gint *stop, AkBreak *out, GError **error)
{
    g_autoptr(AkWalk) walk = begin(source, error);

    if (walk == NULL)
        return FALSE;
    *out = (AkBreak){.step = AK_WALK_EVENT, .head = AK_CURSOR_START};
    for (;;) {
        g_auto(AkAcceptance) acceptance = {0};
        g_auto(AkBuf) statement = {0};
        gboolean is_accepted;
        AkRow row;

        if (ak_is_stopped(stop)) {
            g_set_error(error, AK_ERROR, AK_ERROR_CANCELLED, "looking for the break was stopped");
            return FALSE;
        }
        if (!ak_walk_next(walk, &out->step, &row, error))
            return FALSE;
        if (out->step == AK_WALK_EVENT) {
            ak_cursor_move(&out->head, &row.event);
            continue;
        }
        if (out->step == AK_WALK_END)
            return TRUE;
        out->fault = *ak_walk_fault(walk);
        if (!ak_acceptance_find(source, acceptor, out->step, &out->fault, &acceptance, &statement,
                                &is_accepted, error))
            return FALSE;
        if (!is_accepted)
            return TRUE;
        if (!ak_walk_accept(walk, acceptance.rejected_id, error))
            return FALSE;
    }
}

static gboolean refuse_index(const AkBreak *found, guint64 index, GError **error)
{
    const AkWalkFault *fault = &found->fault;

    if (found->step == AK_WALK_END)
        g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT,
                    "the chain is not broken at index %" G_GUINT64_FORMAT
                    ": it is whole up to its end, or goes on where that was accepted",
                    index);
    else
        g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT,
                    "the chain is not broken at index %" G_GUINT64_FORMAT
                    " but at %" G_GINT64_FORMAT ", before event '%s'%s%s%s",
                    index, fault->head.index + 1, fault->orphan_id,
                    found->step == AK_WALK_FORK ? " or '" : "",
                    found->step == AK_WALK_FORK ? fault->rival_id : "",
                    found->step == AK_WALK_FORK ? "'" : "");
    return FALSE;
}

static gboolean refuse_id(const AkBreak *found, const char *id, GError **error)
{
    const AkWalkFault *fault = &found->fault;

    if (fault->followed_id[0] != '\0')
        g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT,
                    "cannot go on with event '%s': the chain has followed '%s', and of this fork "
                    "only that can be accepted",
                    id, fault->followed_id);
    else if (found->step == AK_WALK_FORK)
        g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT,
                    "cannot go on with event '%s': the branches of the fork are '%s' and '%s'", id,
                    fault->rival_id, fault->orphan_id);
    else
        g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT,
                    "cannot go on with event '%s': the next one behind the gap is '%s'", id,
                    fault->orphan_id);
    return FALSE;
}

static gboolean choose(const AkBreak *found, const char *id, AkAcceptance *out)
{
    const AkWalkFault *fault = &found->fault;
    const char *rejected = "";

    if (found->step == AK_WALK_FORK) {
        gboolean is_rival = g_ascii_strcasecmp(id, fault->rival_id) == 0;

        rejected = is_rival ? fault->orphan_id : fault->rival_id;
        if (!is_rival && g_ascii_strcasecmp(id, fault->orphan_id) != 0)
            return FALSE;
        if (strcmp(rejected, fault->followed_id) == 0)
            return FALSE;
        (void)g_strlcpy(out->event_id, is_rival ? fault->rival_id : fault->orphan_id,
                        sizeof out->event_id);
    } else {
        if (g_ascii_strcasecmp(id, fault->orphan_id) != 0)
            return FALSE;
        memcpy(out->event_id, fault->orphan_id, sizeof out->event_id);
    }
    (void)g_strlcpy(out->rejected_id, rejected, sizeof out->rejected_id);
    return TRUE;
}

gboolean ak_accept_describe(const AkBreak *found, guint64 index, const char *id, AkAcceptance *out,
                            GError **error)
{
    const AkWalkFault *fault = &found->fault;

    if (found->step == AK_WALK_END || (gint64)index != fault->head.index + 1)
        return refuse_index(found, index, error);
    if (!choose(found, id, out))
        return refuse_id(found, id, error);
    out->kind = found->step == AK_WALK_FORK ? AK_BREAK_FORK : AK_BREAK_GAP;
    out->index = index;
    memcpy(out->head_id, fault->head.id, sizeof out->head_id);
    memcpy(out->head_hash, fault->head.hash, sizeof out->head_hash);
    memcpy(out->event_prev, fault->orphan_prev, sizeof out->event_prev);
    return TRUE;
}
