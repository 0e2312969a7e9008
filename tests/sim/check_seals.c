#include "sim/check_seals.h"

#include "chain/canonical.h"
#include "segment/key.h"
#include "segment/seal.h"
#include "sim/check.h"
#include "sim/seals.h"
#include "sim/store.h"
#include "tree/checkpoint.h"
#include "util/time.h"

/* A day is over, by the clock of whoever seals it, all of it is archived, and none is left out. */
void sim_check_seal_plan(SimWorld *world, const SimRequest *request)
{
    guint count = world->seals->len;
    const AkSealRow *seal = g_ptr_array_index(world->seals, count - 1), *before = NULL;

    if (count > 1)
        before = g_ptr_array_index(world->seals, count - 2);
    if (request->epoch != world->seen_epoch)
        sim_violate(world, "promise 3: seal '%s' is planned in a stale epoch", seal->key);
    /* what a restored database has forgotten may be later than the clock of whoever finds it */
    if (seal->day >= ak_time_day(request->clock_usec) &&
        sim_store_find(world, seal->key, NULL) == NULL)
        sim_violate(world, "seals: '%s' is planned while its day lasts", seal->key);
    if (before != NULL && (seal->first_day != before->day + 1 || !before->is_archived))
        sim_violate(world, "seals: '%s' does not follow '%s'", seal->key, before->key);
    if (seal->last_index > (guint64)world->pointer.index || world->pointer.index < 0)
        sim_violate(world, "seals: '%s' seals what is not archived", seal->key);
}

void sim_check_seal_commit(SimWorld *world, const SimRequest *request)
{
    const AkSealRow *row = sim_find_seal(world, request->seal.key);
    const SimObject *object = row != NULL ? sim_store_find(world, row->key, row->version) : NULL;

    world->lab->stats.seals++;
    if (object == NULL || object->data == NULL)
        sim_violate(world, "seals: '%s' is recorded and not in the archive", request->seal.key);
    else if (object->lock_mode != AK_LOCK_COMPLIANCE ||
             object->retain_until_usec < row->retain_until_usec)
        sim_violate(world, "promise 4: '%s' is recorded, and its lock is too weak", row->key);
    else if (memcmp(object->sha256, row->sha256, AK_SHA256_LEN) != 0)
        sim_violate(world, "seals: '%s' is recorded with another digest", row->key);
}

static gboolean has_checkpoint(const SimWorld *world, const AkSeal *seal, guint64 last_index)
{
    AkCheckpoint checkpoint;

    return ak_checkpoint_parse(ak_view_str(seal->checkpoint), &checkpoint, NULL) &&
           checkpoint.size == last_index + 1 &&
           memcmp(checkpoint.root, world->archive->roots[last_index + 1], AK_SHA256_LEN) == 0;
}

static gboolean is_segment(const AkSealSegment *listed, const AkSegmentRow *row)
{
    return g_str_equal(listed->key, row->key) && listed->first_index == row->first_index &&
           listed->last_index == row->last_index &&
           memcmp(listed->content_sha256, row->content_sha256, AK_SHA256_LEN) == 0 &&
           memcmp(listed->object_sha256, row->object_sha256, AK_SHA256_LEN) == 0;
}

/* Exactly the segments that are filed under its days, and the chain's hashes around them. */
static gboolean lists_segments(const SimWorld *world, const AkSeal *seal)
{
    guint64 before = 0, last = 0;
    guint at = 0;

    for (guint i = 0; i < world->segments->len; i++) {
        const AkSegmentRow *row = g_ptr_array_index(world->segments, i);

        if (row->day > seal->day)
            break;
        last = row->last_index + 1;
        if (row->day < seal->first_day)
            before = last;
        else if (at >= seal->segments->len ||
                 !is_segment(&g_array_index(seal->segments, AkSealSegment, at++), row))
            return FALSE;
    }
    return at == seal->segments->len && last > 0 &&
           g_str_equal(seal->prev_hash, before > 0 ? world->archive->hashes[before - 1] : "") &&
           g_str_equal(seal->last_hash, world->archive->hashes[last - 1]);
}

void sim_check_seal_object(SimWorld *world, const SimObject *object)
{
    const AkSealRow *row = sim_find_seal(world, object->key);
    g_auto(AkSeal) seal = {0};
    gsize len;
    gconstpointer data = g_bytes_get_data(object->data, &len);

    if (row == NULL) { /* a database from before it was made */
        if (!world->has_seen[SIM_RESTORE])
            sim_violate(world, "seals: '%s' was never planned", object->key);
        return;
    }
    if (!ak_seal_parse(ak_view(data, len), &seal, NULL))
        sim_violate(world, "seals: '%s' is none", object->key);
    else if (seal.first_day != row->first_day || seal.day != row->day ||
             !lists_segments(world, &seal))
        sim_violate(world, "seals: '%s' does not say what is archived", object->key);
    else if (!has_checkpoint(world, &seal, row->last_index))
        sim_violate(world, "promise 6: the checkpoint of '%s' is not the chain's", object->key);
}

/* Where the pointer stood, so far as nobody's clock was set. */
static gint64 head_at(const SimWorld *world, gint64 usec)
{
    gint64 head = -1;

    for (guint i = 0; i < world->segments->len; i++) {
        const AkSegmentRow *row = g_ptr_array_index(world->segments, i);

        if (row->is_archived && row->archived_usec <= usec)
            head = (gint64)row->last_index;
    }
    return head;
}

static gboolean says_checkpoint(const SimWorld *world, const char *text, guint64 size)
{
    g_autofree char *origin = ak_segment_origin("sim", SIM_CHAIN_NAME);
    g_auto(AkBuf) note = {0}, quoted = {0};

    if (!ak_checkpoint_sign(world->lab->key, origin, size, world->archive->roots[size], &note,
                            NULL))
        return FALSE;
    ak_canonical_string(ak_buf_view(&note), &quoted);
    ak_buf_append_byte(&quoted, '\0');
    return strstr(text, quoted.data) != NULL;
}

void sim_check_heartbeat(SimWorld *world, const SimObject *object)
{
    gsize len;
    const char *data = g_bytes_get_data(object->data, &len);
    g_autofree char *text = g_strndup(data, len);
    const char *index = strstr(text, "\"index\":"), *ts = strstr(text, "\"ts\":\"");
    gint64 ts_usec, head;

    world->lab->stats.heartbeats++;
    if (index == NULL || ts == NULL ||
        !ak_time_parse(ak_view(ts + 6, strcspn(ts + 6, "\"")), &ts_usec)) {
        sim_violate(world, "silence: '%s' is no heartbeat", object->key);
        return;
    }
    head = g_str_has_prefix(index + 8, "null") ? -1 : g_ascii_strtoll(index + 8, NULL, 10);
    if (!object->is_bad && object->lock_mode != AK_LOCK_COMPLIANCE)
        sim_violate(world, "promise 4: '%s' becomes visible without its lock", object->key);
    if (head > world->pointer.index ||
        (!world->has_seen[SIM_CLOCK_STEP] && head != head_at(world, ts_usec)))
        sim_violate(world, "silence: '%s' has the head at %" G_GINT64_FORMAT ", where it was not",
                    object->key, head);
    else if (head >= 0 && !says_checkpoint(world, text, (guint64)head + 1))
        sim_violate(world, "promise 6: the checkpoint of '%s' is not the chain's", object->key);
}

/* Up to there the days are over for @process, which is alone since the storm has ended. */
static gint64 due_day(const SimProcess *process)
{
    const SimWorld *world = process->world;

    return ak_time_day(world->calm_usec - process->config.seal_grace_ms * 1000LL) - 1;
}

static gboolean has_beaten(const SimWorld *world)
{
    for (guint i = world->objects->len; i-- > 0;) {
        const SimObject *object = g_ptr_array_index(world->objects, i);
        char chain[64];
        gint64 usec;

        if (object->created_usec >= world->calm_usec &&
            ak_heartbeat_key_parse(object->key, chain, &usec))
            return TRUE;
    }
    return FALSE;
}

gboolean sim_is_kept_up(const SimProcess *process)
{
    const SimWorld *world = process->world;

    return (world->pointer.index < 0 || sim_open_day(world, TRUE) > due_day(process)) &&
           (process->config.heartbeat_interval_ms == 0 || has_beaten(world));
}

gboolean sim_is_seal_blocked(const SimWorld *world)
{
    gint64 open_day = sim_open_day(world, TRUE);

    for (guint i = 0; i < world->objects->len; i++) {
        const SimObject *object = g_ptr_array_index(world->objects, i);
        char chain[64];
        gint64 day;

        if (object->is_bad && ak_seal_key_parse(object->key, chain, &day) && day >= open_day)
            return TRUE;
    }
    return FALSE;
}

/* Each day in one seal; each seal is in the archive, but for the last one if it is a plan. */
static void check_rows(SimWorld *world)
{
    const AkSegmentRow *first;
    gint64 next;

    if (world->seals->len == 0)
        return;
    first = g_ptr_array_index(world->segments, 0);
    next = first->day;
    for (guint i = 0; i < world->seals->len; i++) {
        const AkSealRow *row = g_ptr_array_index(world->seals, i);
        const SimObject *object = sim_store_find(world, row->key, row->version);

        if (row->first_day != next)
            sim_violate(world, "seals: '%s' starts a day that is not the next", row->key);
        if (!row->is_archived && i + 1 < world->seals->len)
            sim_violate(world, "seals: '%s' is passed over", row->key);
        if (row->is_archived && (object == NULL || object->data == NULL || row->version == NULL))
            sim_violate(world, "seals: '%s' is not there any more", row->key);
        else if (row->is_archived)
            sim_check_seal_object(world, object);
        next = row->day + 1;
    }
}

void sim_check_upkeep(SimWorld *world, const SimProcess *last)
{
    gint64 due = due_day(last);
    const AkSegmentRow *segment;

    check_rows(world);
    if (world->pointer.index < 0)
        return;
    segment = g_ptr_array_index(world->segments, world->segments->len - 1);
    if (last->error != NULL) {
        if (!g_error_matches(last->error, AK_ERROR, AK_ERROR_GAP) || !segment->is_archived ||
            world->has_seen[SIM_RESTORE])
            return;
        due = MIN(due, segment->day - 1); /* what is missing may still belong to that day */
    }
    if (sim_open_day(world, TRUE) <= due)
        sim_violate(world, "seals: a day that is over for %" G_GINT64_FORMAT " days is not sealed",
                    due + 1 - sim_open_day(world, TRUE));
    if (last->error == NULL && last->config.is_follow && last->config.heartbeat_interval_ms != 0 &&
        !has_beaten(world))
        sim_violate(world, "silence: an idle chain does not say that it is");
}
