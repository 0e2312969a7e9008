#include "sim/check.h"

#include "segment/seal.h"
#include "sim/check_seals.h"
#include "sim/person.h"
#include "sim/seals.h"
#include "sim/store.h"
#include "util/time.h"

/* Promise 3: epochs grow. */
void sim_check_acquire(SimWorld *world)
{
    if (world->epoch <= world->seen_epoch)
        sim_violate(world, "promise 3: epoch %" G_GUINT64_FORMAT " was given out before",
                    world->epoch);
    world->seen_epoch = world->epoch;
}

static void check_epoch(SimWorld *world, const SimRequest *request)
{
    if (request->epoch != world->seen_epoch)
        sim_violate(world,
                    "promise 3: '%s' of epoch %" G_GUINT64_FORMAT
                    " had an effect in epoch %" G_GUINT64_FORMAT,
                    sim_request_name(request->kind), request->epoch, world->seen_epoch);
}

static void expected_digest(SimWorld *world, const AkSegmentRow *row, guint8 out[AK_SHA256_LEN])
{
    AkSha256 *sha = world->lab->sha;

    ak_sha256_begin(sha);
    for (guint64 i = row->first_index; i <= row->last_index; i++)
        ak_sha256_add(sha, world->archive->lines[i].data, world->archive->lines[i].len);
    ak_sha256_end(sha, out);
}

/* The day of a segment's folder: its first event's, but never before the one that is open, nor one
 * that is sealed. */
static gboolean is_right_day(const SimWorld *world, guint at)
{
    gint64 open_day = world->seals->len > 0 ? sim_open_day(world, FALSE) : G_MININT64;
    const AkSegmentRow *row = g_ptr_array_index(world->segments, at), *before = NULL;
    gint64 day = ak_time_day(world->archive->events[row->first_index].ts_usec);

    if (at > 0) {
        before = g_ptr_array_index(world->segments, at - 1);
        day = MAX(day, before->day);
    }
    day = MAX(day, open_day);
    for (guint64 i = row->first_index; i <= row->last_index; i++)
        if (ak_time_day(world->archive->events[i].ts_usec) > row->day)
            return FALSE;
    /* a restored database may not know yet what was sealed when its object was filed */
    return row->day == day || (row->day > day && world->has_seen[SIM_RESTORE]);
}

/* Promises 1, 2, 3: a plan starts where the last one ends and covers the chain's own events. */
void sim_check_plan(SimWorld *world, const SimRequest *request)
{
    guint count = world->segments->len;
    const AkSegmentRow *row = g_ptr_array_index(world->segments, count - 1), *before;
    guint64 first = 0;
    guint8 digest[AK_SHA256_LEN];

    check_epoch(world, request);
    if (count > 1) {
        before = g_ptr_array_index(world->segments, count - 2);
        first = before->last_index + 1;
    }
    if (row->first_index != first || row->last_index < first ||
        row->last_index >= world->n_archive) {
        sim_violate(world,
                    "promise 1: plan of %" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT
                    " where %" G_GUINT64_FORMAT " is next",
                    row->first_index, row->last_index, first);
        return;
    }
    expected_digest(world, row, digest);
    if (memcmp(digest, row->content_sha256, sizeof digest) != 0)
        sim_violate(world, "promise 1: '%s' is planned with lines that are not the chain's",
                    row->key);
    if (!is_right_day(world, count - 1))
        sim_violate(world, "promise 6: '%s' is filed under a wrong day", row->key);
}

const AkSegmentRow *sim_find_plan(const SimWorld *world, const char *key)
{
    for (guint i = 0; i < world->segments->len; i++) {
        const AkSegmentRow *row = g_ptr_array_index(world->segments, i);

        if (g_str_equal(row->key, key))
            return row;
    }
    return NULL;
}

static gboolean is_locked(const SimObject *object, gint64 until_usec)
{
    return object->lock_mode == AK_LOCK_COMPLIANCE && object->retain_until_usec >= until_usec;
}

/* Promises 2 and 4: what becomes visible was planned, and is locked at that moment. */
void sim_check_put(SimWorld *world, const SimObject *object)
{
    const AkSegmentRow *row = sim_find_plan(world, object->key);
    const AkSealRow *seal = row == NULL ? sim_find_seal(world, object->key) : NULL;
    gint64 until = row != NULL    ? row->retain_until_usec
                   : seal != NULL ? seal->retain_until_usec
                                  : 0;
    char chain[64];
    gint64 usec;

    world->lab->stats.puts++;
    if (row == NULL && seal == NULL && ak_heartbeat_key_parse(object->key, chain, &usec))
        sim_check_heartbeat(world, object);
    else if (row == NULL && seal == NULL && sim_is_statement(world, object))
        sim_check_statement(world, object);
    else if (row == NULL && seal == NULL)
        sim_violate(world, "promise 2: '%s' is put without a plan", object->key);
    else if (!object->is_bad && !is_locked(object, until))
        sim_violate(world, "promise 4: '%s' becomes visible without its lock", object->key);
}

/* Promises 1, 2, 4: the pointer moves over what is in the archive. */
void sim_check_commit(SimWorld *world, const SimRequest *request)
{
    const AkSegmentRow *row = sim_find_plan(world, request->row.key);
    const SimObject *object = row != NULL ? sim_store_find(world, row->key, row->version) : NULL;

    world->lab->stats.commits++;
    check_epoch(world, request);
    if (object == NULL || object->data == NULL)
        sim_violate(world, "promise 1: pointer moves over '%s', which is not in the archive",
                    request->row.key);
    else if (!is_locked(object, row->retain_until_usec))
        sim_violate(world, "promise 4: pointer moves over '%s', whose lock is too weak", row->key);
    else if (memcmp(object->sha256, row->object_sha256, AK_SHA256_LEN) != 0)
        sim_violate(world, "promise 2: pointer moves over '%s', which is another object", row->key);
}

void sim_check_step(SimWorld *world)
{
    gint64 archived = -1;

    if (world->pointer.index == world->seen_pointer && world->segments->len == world->seen_segments)
        return;
    for (guint i = 0; i < world->segments->len; i++) {
        const AkSegmentRow *row = g_ptr_array_index(world->segments, i);

        if (row->is_archived && (gint64)row->first_index == archived + 1)
            archived = (gint64)row->last_index;
        else if (row->is_archived)
            sim_violate(world, "promise 1: '%s' is archived before what precedes it", row->key);
    }
    if (world->pointer.index != archived || world->pointer.index < world->seen_pointer)
        sim_violate(world,
                    "promise 1: pointer at %" G_GINT64_FORMAT ", archive reaches %" G_GINT64_FORMAT,
                    world->pointer.index, archived);
    world->seen_pointer = world->pointer.index;
    world->seen_segments = world->segments->len;
}

static gboolean has_seen_any(const SimWorld *world, const SimFault *faults, gsize count)
{
    for (gsize i = 0; i < count; i++)
        if (world->has_seen[faults[i]])
            return TRUE;
    return FALSE;
}

/* What may a run end with, given what went wrong in this schedule? */
static gboolean is_explained(const SimWorld *world, int code)
{
    static const SimFault gaps[] = {SIM_LATE_COMMIT, SIM_DELETE_HOT};
    static const SimFault conflicts[] = {SIM_DELETE_HOT, SIM_FOREIGN_OBJECT, SIM_WEAK_OBJECT,
                                         SIM_LOCK_DROPPED, SIM_RESTORE};
    static const SimFault outages[] = {SIM_TIMEOUT, SIM_LOST_REPLY, SIM_READ_CUT, SIM_TORN_WRITE};

    switch (code) {
    case AK_ERROR_GAP:
        return has_seen_any(world, gaps, G_N_ELEMENTS(gaps));
    case AK_ERROR_CONFLICT:
        return has_seen_any(world, conflicts, G_N_ELEMENTS(conflicts));
    case AK_ERROR_NETWORK:
    case AK_ERROR_TIMEOUT:
        return has_seen_any(world, outages, G_N_ELEMENTS(outages));
    case AK_ERROR_THROTTLED:
        return world->has_seen[SIM_THROTTLED];
    case AK_ERROR_DENIED:
        return world->has_seen[SIM_DENIED] || world->has_seen[SIM_STORE_FULL];
    case AK_ERROR_FULL:
        return world->has_seen[SIM_STORE_FULL];
    case AK_ERROR_LOCK_OFF:
        return world->has_seen[SIM_LOCK_DROPPED];
    case AK_ERROR_BUSY:
    case AK_ERROR_FENCED:
        return world->epoch > 0;
    case AK_ERROR_CANCELLED:
        return world->is_over;
    default:
        return FALSE;
    }
}

/* Following, only what a person has to mend ends a run. */
static gboolean needs_person(int code)
{
    return code == AK_ERROR_GAP || code == AK_ERROR_CONFLICT || code == AK_ERROR_LOCK_OFF;
}

void sim_check_run(SimProcess *process)
{
    SimWorld *world = process->world;
    const GError *error = process->error;

    world->lab->stats.runs++;
    if (process->jobs != 0)
        sim_violate(world, "p%u leaves %u jobs behind", process->number, process->jobs);
    if (process->is_crashed)
        return;
    if (error == NULL) {
        world->lab->stats.done_runs++;
        if (process->config.is_follow && process->stop == 0)
            sim_violate(world, "liveness: p%u follows no more", process->number);
        return;
    }
    if (error->domain != AK_ERROR || !is_explained(world, error->code))
        sim_violate(world, "p%u ends with an error that nothing explains: %s", process->number,
                    error->message);
    else if (process->config.is_follow && process->stop == 0 && !needs_person(error->code))
        sim_violate(world, "liveness: p%u does not follow on after: %s", process->number,
                    error->message);
}
