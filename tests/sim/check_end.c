#include "segment/key.h"
#include "segment/seal.h"
#include "sim/check.h"
#include "sim/check_archive.h"
#include "sim/check_seals.h"
#include "sim/person.h"
#include "sim/store.h"
#include "util/time.h"

/* Promise 2: no event in two segments; promise 1: none left out. */
static void check_segments(SimWorld *world)
{
    guint64 next = 0;

    for (guint i = 0; i < world->segments->len; i++) {
        const AkSegmentRow *row = g_ptr_array_index(world->segments, i);

        if (row->first_index != next)
            sim_violate(world, "promise 1: '%s' where index %" G_GUINT64_FORMAT " is next",
                        row->key, next);
        next = row->last_index + 1;
        if (row->is_archived)
            sim_check_archived(world, row);
    }
}

static gboolean ended_with(const SimProcess *process, int code)
{
    return g_error_matches(process->error, AK_ERROR, code);
}

/* Rows are gone, or an object that is not ours is in the way. */
static gboolean has_obstacle(const SimWorld *world)
{
    for (guint i = 0; i < world->objects->len; i++)
        if (((SimObject *)g_ptr_array_index(world->objects, i))->is_bad)
            return TRUE;
    return world->has_seen[SIM_DELETE_HOT];
}

/* An object that the restored database does not know, behind what the chain stopped at. */
static gboolean is_out_of_reach(const SimWorld *world, const SimObject *object,
                                const SimProcess *last)
{
    AkSegmentName name;

    return world->has_seen[SIM_RESTORE] && has_obstacle(world) &&
           sim_find_plan(world, object->key) == NULL && ak_segment_key_parse(object->key, &name) &&
           (gint64)name.first_index > world->pointer.index &&
           (ended_with(last, AK_ERROR_CONFLICT) || ended_with(last, AK_ERROR_GAP));
}

/*
 * Known limit: a clock that was days ahead had the days until then sealed, so that what came later
 * was filed under a day that is still to come, where nobody looks after the database is lost.
 */
static gboolean is_yet_to_come(SimWorld *world, const SimObject *object)
{
    AkSegmentName name;

    if (!world->has_seen[SIM_RESTORE] || !world->has_seen[SIM_CLOCK_STEP] ||
        sim_find_plan(world, object->key) != NULL || !ak_segment_key_parse(object->key, &name) ||
        name.day <= ak_time_day(world->calm_usec) + 1)
        return FALSE;
    world->lab->stats.unseen_days++;
    return TRUE;
}

static void check_object(SimWorld *world, const SimObject *object, const SimProcess *last)
{
    char chain[64];
    gint64 when;

    if (ak_heartbeat_key_parse(object->key, chain, &when) || sim_is_statement(world, object))
        return; /* looked at when it was put */
    if (ak_seal_key_parse(object->key, chain, &when))
        sim_check_seal_object(world, object);
    else if (!is_out_of_reach(world, object, last) && !is_yet_to_come(world, object))
        sim_check_object(world, object);
}

/* Every object belongs to one segment, or seals some, and is what that one says. */
static void check_objects(SimWorld *world, const SimProcess *last)
{
    for (guint i = 0; i < world->objects->len; i++) {
        const SimObject *object = g_ptr_array_index(world->objects, i);

        if (object->data != NULL && !object->is_bad)
            check_object(world, object, last);
        for (guint j = 0; j < i && world->is_conditional && object->data != NULL; j++) {
            const SimObject *before = g_ptr_array_index(world->objects, j);

            if (before->data != NULL && g_str_equal(before->key, object->key) &&
                !world->has_seen[SIM_DELETE_MARKER])
                sim_violate(world, "promise 2: '%s' was written twice", object->key);
        }
    }
}

static gboolean is_gone(const SimWorld *world, guint64 index)
{
    return world->rows[world->event_of[index]].is_gone;
}

static gboolean is_passed(const SimWorld *world, guint event)
{
    for (gint64 i = 0; i <= world->pointer.index; i++)
        if (world->event_of[i] == event)
            return TRUE;
    return FALSE;
}

/* A row that hangs on a lost one, when the chain was said to go on with another: it stays out. */
static gboolean has_left_out(const SimWorld *world)
{
    for (guint i = 0; i < world->n_events; i++) {
        gboolean is_in = world->rows[i].is_gone;

        for (guint j = 0; j < world->n_archive; j++)
            is_in |= world->event_of[j] == i;
        if (!is_in)
            return TRUE;
    }
    return FALSE;
}

/* Promise 5 and the pointer: rows are marked exactly up to it. */
static void check_rows(SimWorld *world)
{
    for (guint i = 0; i < world->n_events; i++) {
        const SimRow *row = &world->rows[i];
        gboolean is_archived = is_passed(world, i);

        if (!row->is_gone && row->is_archived != is_archived)
            sim_violate(world, "row %u %s marked, pointer at %" G_GINT64_FORMAT, i,
                        row->is_archived ? "is" : "is not", world->pointer.index);
    }
}

/* The first plan that is not carried out; NULL: none. */
static const AkSegmentRow *open_plan(const SimWorld *world)
{
    for (guint i = 0; i < world->segments->len; i++) {
        const AkSegmentRow *row = g_ptr_array_index(world->segments, i);

        if (!row->is_archived)
            return row;
    }
    return NULL;
}

static gboolean is_blocked(SimWorld *world, const AkSegmentRow *plan)
{
    gboolean is_bad = FALSE;

    for (guint64 i = plan->first_index; i <= plan->last_index; i++)
        if (is_gone(world, i))
            return TRUE;
    for (guint i = 0; i < world->objects->len; i++) {
        const SimObject *object = g_ptr_array_index(world->objects, i);

        if (object->data == NULL || !g_str_equal(object->key, plan->key) ||
            object->created_usec >= world->end_usec)
            continue;
        if (!object->is_bad)
            return FALSE;
        is_bad = TRUE;
    }
    return is_bad;
}

static gboolean has_rows_after(const SimWorld *world, guint64 index)
{
    for (guint64 i = index + 1; i < world->n_archive; i++)
        if (!is_gone(world, i))
            return TRUE;
    return FALSE;
}

/*
 * Known limit: rows that hang on a missing one and are all older than the event that reading
 * starts after lie where no scan goes. They stay pending, and 'status' shows them; no run says why.
 */
static gboolean are_rows_unseen(const SimWorld *world, guint64 gone)
{
    const AkEvent *events = world->archive->events;

    for (guint64 i = gone + 1; i < world->n_archive; i++)
        if (!is_gone(world, i) &&
            (world->calm_pointer < 0 || events[i].ts_usec >= events[world->calm_pointer].ts_usec))
            return FALSE;
    return TRUE;
}

/* Progress: when faults stop the pointer reaches the head, or the run says what is in the way. */
static void check_progress(SimWorld *world, const SimProcess *last)
{
    guint64 next = (guint64)(world->pointer.index + 1);
    const AkSegmentRow *plan = open_plan(world);
    const char *said = last->error != NULL ? last->error->message : "well";

    if (ended_with(last, AK_ERROR_CONFLICT) &&
        (sim_is_seal_blocked(world) || sim_is_statement_blocked(world)))
        return;
    if (next == world->n_archive) {
        if (last->error != NULL && !(ended_with(last, AK_ERROR_GAP) && has_left_out(world)))
            sim_violate(world, "liveness: everything is archived, but the last run says: %s", said);
    } else if (plan != NULL) {
        if (!is_blocked(world, plan) ||
            (!ended_with(last, AK_ERROR_CONFLICT) && !ended_with(last, AK_ERROR_GAP)))
            sim_violate(world, "liveness: plan '%s' is not carried out; the last run ended: %s",
                        plan->key, said);
    } else if (ended_with(last, AK_ERROR_CONFLICT) && world->has_seen[SIM_RESTORE] &&
               has_obstacle(world)) {
        return; /* at an object that the database does not know any more */
    } else if (!is_gone(world, next)) {
        sim_violate(world,
                    "liveness: pointer stops before event %" G_GUINT64_FORMAT
                    "; the last run ended: %s",
                    next, said);
    } else if (has_rows_after(world, next) && !ended_with(last, AK_ERROR_GAP)) {
        if (last->error == NULL && are_rows_unseen(world, next)) {
            world->lab->stats.unseen_gaps++;
            return;
        }
        sim_violate(world,
                    "promise 1: event %" G_GUINT64_FORMAT
                    " is gone and others follow, but the last run ended: %s",
                    next, said);
    } else if (!has_rows_after(world, next) && last->error != NULL &&
               !(ended_with(last, AK_ERROR_GAP) && has_left_out(world))) {
        sim_violate(world, "liveness: nothing is left to do, but the last run says: %s", said);
    }
    if (last->error == NULL && last->report.head.index != world->pointer.index)
        sim_violate(world,
                    "the report has the pointer at %" G_GINT64_FORMAT
                    ", it stands at %" G_GINT64_FORMAT,
                    last->report.head.index, world->pointer.index);
}

void sim_check_end(SimWorld *world, const SimProcess *last)
{
    check_segments(world);
    check_objects(world, last);
    check_rows(world);
    check_progress(world, last);
    sim_check_upkeep(world, last);
    sim_check_accepted(world);
}
