#include "sim/person.h"

#include "ops/accept.h"
#include "segment/acceptance_key.h"
#include "segment/key.h"
#include "sim/chain.h"
#include "sim/source.h"
#include "sim/store.h"
#include "util/time.h"

static gboolean parse(GBytes *bytes, AkAcceptance *out)
{
    gsize len;
    const char *data = g_bytes_get_data(bytes, &len);

    return ak_acceptance_parse(ak_view(data, len), out, NULL);
}

static gboolean has_statement(const SimWorld *world, AkView statement)
{
    for (guint i = 0; i < world->acceptances->len; i++) {
        gsize len;
        const char *data = g_bytes_get_data(g_ptr_array_index(world->acceptances, i), &len);

        if (ak_view_equal(statement, ak_view(data, len)))
            return TRUE;
    }
    return FALSE;
}

gboolean sim_accept(SimWorld *world, const AkAcceptance *acceptance, AkView statement,
                    GError **error)
{
    if (has_statement(world, statement))
        return TRUE;
    if ((gint64)acceptance->index <= world->pointer.index) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT, "accept: the pointer is past it");
        return FALSE;
    }
    g_ptr_array_add(world->acceptances, g_bytes_new(statement.data, statement.len));
    return TRUE;
}

gboolean sim_is_accepted(const SimWorld *world, guint64 index, const char *prev_hash)
{
    for (guint i = 0; i < world->acceptances->len; i++) {
        g_auto(AkAcceptance) acceptance = {0};

        if (parse(g_ptr_array_index(world->acceptances, i), &acceptance) &&
            acceptance.index == index && g_str_equal(acceptance.event_prev, prev_hash))
            return TRUE;
    }
    return FALSE;
}

gboolean sim_is_statement(const SimWorld *world, const SimObject *object)
{
    gsize len;
    const char *data = object->data != NULL ? g_bytes_get_data(object->data, &len) : NULL;

    return data != NULL && has_statement(world, ak_view(data, len));
}

static void check_archived(SimWorld *world, GBytes *bytes)
{
    g_auto(AkAcceptance) acceptance = {0};
    g_autofree char *key = NULL;
    const SimObject *object;
    gsize len;
    const char *data = g_bytes_get_data(bytes, &len);

    if (!parse(bytes, &acceptance) || (gint64)acceptance.index > world->pointer.index)
        return;
    key = ak_acceptance_key(SIM_CHAIN_NAME, ak_time_day(acceptance.accepted_usec), acceptance.index,
                            ak_view(data, len));
    for (guint i = 0; i < world->objects->len; i++) {
        object = g_ptr_array_index(world->objects, i);
        if (object->data != NULL && g_str_equal(object->key, key) &&
            object->lock_mode == AK_LOCK_COMPLIANCE && sim_is_statement(world, object))
            return;
    }
    sim_violate(world, "acceptances: the chain went on, and '%s' is not in the archive", key);
}

void sim_check_statement(SimWorld *world, const SimObject *object)
{
    if (!object->is_bad && object->lock_mode != AK_LOCK_COMPLIANCE)
        sim_violate(world, "promise 4: '%s' becomes visible without its lock", object->key);
}

gboolean sim_is_statement_blocked(const SimWorld *world)
{
    for (guint i = 0; i < world->objects->len; i++) {
        const SimObject *object = g_ptr_array_index(world->objects, i);

        if (object->is_bad && sim_is_statement(world, object))
            return TRUE;
    }
    return FALSE;
}

void sim_check_accepted(SimWorld *world)
{
    for (guint i = 0; i < world->acceptances->len; i++)
        check_archived(world, g_ptr_array_index(world->acceptances, i));
}

/* Events from @index on are those from @at on, which stand lower from now on. */
static void move_up(SimWorld *world, guint index, guint at)
{
    const SimChain *chain = world->chain;
    SimChain *own = world->own_archive;
    g_autoptr(AkSha256) sha = ak_sha256_new();

    if (own == NULL) {
        own = world->own_archive = g_memdup2(chain, sizeof *chain);
        own->arena = (AkArena){0};
        world->archive = own;
    }
    world->n_archive -= at - index;
    for (guint i = index; i < world->n_archive; i++) {
        guint event = world->event_of[i] = world->event_of[i + at - index];
        guint8 leaf[AK_SHA256_LEN];

        own->events[i] = chain->events[event];
        memcpy(own->hashes[i], chain->hashes[event], sizeof own->hashes[i]);
        own->lines[i] = sim_chain_line(chain, event, i, &own->arena);
        ak_tree_leaf_hash(sha, own->lines[i].data, own->lines[i].len - 1, leaf);
        own->trees[i + 1] = own->trees[i];
        ak_tree_append(&own->trees[i + 1], sha, leaf, 1);
        ak_tree_root(&own->trees[i + 1], sha, own->roots[i + 1]);
    }
}

static gboolean find_event(const SimWorld *world, guint from, const char *id, guint *out_at)
{
    for (guint i = from; i < world->n_archive; i++) {
        *out_at = i;
        if (ak_view_equal(world->archive->events[i].id, ak_view_str(id)))
            return TRUE;
    }
    return FALSE;
}

static gboolean accept_gap(SimWorld *world, AkSource *source, const AkBreak *found)
{
    g_auto(AkAcceptance) acceptance = {0};
    g_auto(AkBuf) statement = {0};
    g_autoptr(GError) error = NULL;
    guint index = (guint)(found->fault.head.index + 1), at;

    if (!find_event(world, index, found->fault.orphan_id, &at) || at == index)
        return FALSE;
    acceptance.chain = g_strdup(SIM_CHAIN_NAME);
    acceptance.origin = ak_segment_origin("sim", SIM_CHAIN_NAME);
    acceptance.reason = g_strdup("rows are lost");
    acceptance.accepted_by = g_strdup("somebody");
    acceptance.accepted_usec = world->now_usec - world->now_usec % AK_USEC_PER_SEC;
    if (!ak_accept_describe(found, index, found->fault.orphan_id, &acceptance, &error) ||
        !ak_acceptance_sign(&acceptance, world->lab->key, &statement, &error) ||
        !source->driver->accept(source, &acceptance, ak_buf_view(&statement), &error)) {
        sim_violate(world, "acceptances: a gap cannot be accepted: %s", error->message);
        return FALSE;
    }
    sim_trace(world, "somebody accepts that event %u follows at index %u", world->event_of[at],
              index);
    world->lab->stats.accepted++;
    move_up(world, index, at);
    return TRUE;
}

gboolean sim_person_accepts(SimProcess *process)
{
    SimWorld *world = process->world;
    g_autofree char *origin = ak_segment_origin("sim", SIM_CHAIN_NAME);
    g_autoptr(AkSource) source = NULL;
    g_autoptr(GError) error = NULL;
    guint8 public_key[32];
    const AkAcceptor acceptor = {origin, public_key};
    AkBreak found;

    process->is_crashed = FALSE;
    if (!ak_signing_key_public_raw(world->lab->key, public_key))
        return FALSE;
    source = sim_source_open(&process->source, &error);
    return source != NULL && ak_accept_find_break(source, &acceptor, NULL, &found, &error) &&
           found.step == AK_WALK_GAP && accept_gap(world, source, &found);
}
