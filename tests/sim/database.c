#include "sim/call.h"
#include "sim/check.h"
#include "sim/forge.h"
#include "sim/person.h"
#include "sim/seals.h"

/* Lease, plans and pointer, by the rules of sql/postgres/procedures.sql. Each is one transaction.
 */

gboolean sim_database_lock(const SimRequest *request, GError **error)
{
    const SimWorld *world = request->world;

    if (world->lab->mutant == SIM_MUTANT_EPOCH_IGNORED ||
        (world->epoch == request->epoch && world->holder[0] != '\0'))
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_FENCED, "epoch %" G_GUINT64_FORMAT " is over",
                request->epoch);
    return FALSE;
}

static gboolean acquire(SimRequest *request, GError **error)
{
    SimWorld *world = request->world;

    if (world->holder[0] != '\0' && !g_str_equal(world->holder, request->holder) &&
        world->lease_until_usec > world->now_usec) {
        g_set_error(error, AK_ERROR, AK_ERROR_BUSY, "chain is held by '%s'", world->holder);
        return FALSE;
    }
    if (world->lab->mutant != SIM_MUTANT_EPOCH_REUSED || world->epoch == 0)
        world->epoch++;
    (void)g_strlcpy(world->holder, request->holder, sizeof world->holder);
    world->lease_until_usec = world->now_usec + request->ttl_ms * 1000LL;
    request->number = world->epoch;
    sim_check_acquire(world);
    return TRUE;
}

static gboolean renew(const SimRequest *request, GError **error)
{
    if (!sim_database_lock(request, error))
        return FALSE;
    request->world->lease_until_usec = request->world->now_usec + request->ttl_ms * 1000LL;
    return TRUE;
}

static gboolean release(const SimRequest *request, GError **error)
{
    if (!sim_database_lock(request, error))
        return FALSE;
    request->world->holder[0] = '\0';
    return TRUE;
}

static AkSegmentRow *find_segment(const SimWorld *world, guint64 first_index)
{
    for (guint i = 0; i < world->segments->len; i++) {
        AkSegmentRow *row = g_ptr_array_index(world->segments, i);

        if (row->first_index == first_index)
            return row;
    }
    return NULL;
}

/* The same range under the same key; its rows may have changed. */
static gboolean is_same_range(const AkSegmentRow *a, const AkSegmentRow *b)
{
    return a->first_index == b->first_index && a->last_index == b->last_index &&
           g_str_equal(a->first_id, b->first_id) && g_str_equal(a->last_id, b->last_id) &&
           g_str_equal(a->prev_hash, b->prev_hash) && g_str_equal(a->last_hash, b->last_hash) &&
           a->day == b->day && a->retain_until_usec == b->retain_until_usec &&
           g_str_equal(a->key, b->key);
}

static gboolean is_same_content(const AkSegmentRow *a, const AkSegmentRow *b)
{
    return a->first_ts_usec == b->first_ts_usec && a->last_ts_usec == b->last_ts_usec &&
           memcmp(a->content_sha256, b->content_sha256, AK_SHA256_LEN) == 0;
}

static gboolean set_wrong_move(const char *what, const AkSegmentRow *row, GError **error)
{
    g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT,
                "%s %" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT " does not follow", what,
                row->first_index, row->last_index);
    return FALSE;
}

static gboolean plan(const SimRequest *request, GError **error)
{
    SimWorld *world = request->world;
    const AkSegmentRow *row = &request->row, *last = NULL;
    AkSegmentRow *added, *same;

    if (!sim_database_lock(request, error))
        return FALSE;
    same = find_segment(world, row->first_index);
    if (same != NULL && is_same_range(same, row) &&
        (is_same_content(same, row) || !same->is_archived)) {
        same->first_ts_usec = row->first_ts_usec;
        same->last_ts_usec = row->last_ts_usec;
        memcpy(same->content_sha256, row->content_sha256, AK_SHA256_LEN);
        return TRUE;
    }
    if (world->segments->len > 0)
        last = g_ptr_array_index(world->segments, world->segments->len - 1);
    if (row->first_index != sim_next_index(world) ||
        (!g_str_equal(row->prev_hash, last != NULL ? last->last_hash : "") &&
         !sim_is_accepted(world, row->first_index, row->prev_hash)))
        return set_wrong_move("plan", row, error);
    if (sim_is_sealed_day(world, row->day))
        return set_wrong_move("plan under a sealed day:", row, error);
    added = g_memdup2(row, sizeof *row);
    added->key = g_strdup(row->key);
    added->version = NULL;
    added->edge = (AkBuf){0};
    g_ptr_array_add(world->segments, added);
    sim_check_plan(world, request);
    if (world->lab->mutant == SIM_MUTANT_POINTER_FIRST)
        world->pointer.index = (gint64)row->last_index;
    if (sim_draw(world, SIM_FOREIGN_OBJECT))
        sim_forge_object(world, added);
    return TRUE;
}

/* Rows that have gone are passed over. */
static guint64 mark_rows(SimWorld *world, const SimRequest *request, const char *key)
{
    guint64 marked = 0;

    for (guint i = 0; i < request->ids->len; i++) {
        const char *id = request->ids->data + i * 37;

        for (guint row = 0; row < world->n_events; row++) {
            if (world->rows[row].is_gone ||
                !ak_view_equal(world->chain->events[row].id, ak_view_str(id)))
                continue;
            world->rows[row].is_archived = TRUE;
            world->rows[row].has_hash = TRUE;
            world->rows[row].key = key;
            marked++;
        }
    }
    return marked;
}

static void move_pointer(SimWorld *world, AkSegmentRow *segment, const AkSegmentRow *row)
{
    segment->is_archived = TRUE;
    segment->archived_usec = world->now_usec;
    segment->version = g_strdup(row->version);
    segment->object_bytes = row->object_bytes;
    memcpy(segment->object_sha256, row->object_sha256, AK_SHA256_LEN);
    memcpy(segment->root, row->root, AK_SHA256_LEN);
    ak_buf_append_view(&segment->edge, ak_buf_view(&row->edge));
    world->pointer.index = (gint64)segment->last_index;
    memcpy(world->pointer.id, segment->last_id, sizeof world->pointer.id);
    memcpy(world->pointer.hash, segment->last_hash, sizeof world->pointer.hash);
    world->pointer_usec = world->now_usec;
}

static gboolean commit(SimRequest *request, GError **error)
{
    SimWorld *world = request->world;
    const AkSegmentRow *row = &request->row;
    AkSegmentRow *segment = find_segment(world, row->first_index);

    if (!sim_database_lock(request, error))
        return FALSE;
    if (segment == NULL || segment->last_index != row->last_index ||
        memcmp(segment->content_sha256, row->content_sha256, AK_SHA256_LEN) != 0)
        return set_wrong_move("commit of what was not planned:", row, error);
    if (segment->is_archived &&
        memcmp(segment->object_sha256, row->object_sha256, AK_SHA256_LEN) == 0 &&
        memcmp(segment->root, row->root, AK_SHA256_LEN) == 0) {
        g_free(segment->version);
        segment->version = g_strdup(row->version);
    } else {
        if ((gint64)row->first_index != world->pointer.index + 1 ||
            (!g_str_equal(segment->prev_hash, world->pointer.hash) &&
             !sim_is_accepted(world, row->first_index, segment->prev_hash)))
            return set_wrong_move("commit of", row, error);
        move_pointer(world, segment, row);
        sim_check_commit(world, request);
    }
    request->number = mark_rows(world, request, segment->key);
    return TRUE;
}

gboolean sim_database_apply(SimRequest *request, GError **error)
{
    switch (request->kind) {
    case SIM_LEASE_ACQUIRE:
        return acquire(request, error);
    case SIM_LEASE_RENEW:
        return renew(request, error);
    case SIM_LEASE_RELEASE:
        return release(request, error);
    case SIM_PLAN:
        return plan(request, error);
    case SIM_COMMIT:
        return commit(request, error);
    case SIM_SEAL_PLAN:
        return sim_seal_plan(request, error);
    case SIM_SEAL_COMMIT:
        return sim_seal_commit(request, error);
    case SIM_PUT:
    case SIM_LOCK:
    case SIM_N_REQUESTS:
        break;
    }
    g_assert_not_reached();
}
