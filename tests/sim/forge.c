#include "sim/forge.h"

#include "segment/builder.h"
#include "segment/key.h"
#include "segment/seal.h"
#include "sim/store.h"
#include "tree/checkpoint.h"

static GBytes *forge_segment(SimWorld *world, const AkSegmentRow *plan)
{
    SimLab *lab = world->lab;
    const SimChain *other = lab->chains[sim_rng_below(&world->rng, SIM_CHAINS)];
    g_autoptr(AkSegmentBuilder) builder = ak_segment_builder_new(SIM_CHAIN_NAME, NULL, FALSE);
    g_autoptr(GArray) events = g_array_new(FALSE, FALSE, sizeof(AkEvent));
    g_auto(AkSegment) segment = {0};
    AkTree tree = world->archive->trees[plan->first_index];

    if (other == world->chain)
        return g_bytes_new_static("noise", 5);
    for (guint64 i = plan->first_index; i <= plan->last_index; i++) {
        AkEvent event = other->events[i];

        event.index = i;
        g_array_append_val(events, event);
    }
    if (!ak_segment_build(builder, (const AkEvent *)(gpointer)events->data, events->len, plan->day,
                          &segment, NULL) ||
        !ak_segment_seal(&segment, &tree, lab->key, "sim", NULL))
        g_error("cannot forge a segment");
    return g_bytes_new(segment.object.data, segment.object.len);
}

/* Takes @data. */
static void plant(SimWorld *world, const char *key, gint64 retain_until_usec, GBytes *data)
{
    SimObject *object = g_new0(SimObject, 1);
    gsize len;
    gconstpointer bytes = g_bytes_get_data(data, &len);

    object->key = g_strdup(key);
    object->data = data;
    object->lock_mode = AK_LOCK_COMPLIANCE;
    object->retain_until_usec = retain_until_usec;
    object->is_bad = TRUE;
    ak_sha256_of(world->lab->sha, bytes, len, object->sha256);
    sim_trace(world, "somebody else's object is at '%s'", object->key);
    (void)sim_store_add(world, object);
}

void sim_forge_object(SimWorld *world, const AkSegmentRow *plan)
{
    gboolean is_noise = sim_rng_chance(&world->rng, 3000);

    plant(world, plan->key, plan->retain_until_usec,
          is_noise ? g_bytes_new_static("noise", 5) : forge_segment(world, plan));
}

/* Well signed, of the same days, and without their segments. */
static GBytes *forge_seal(SimWorld *world, const AkSealRow *plan)
{
    g_autofree char *origin = ak_segment_origin("sim", SIM_CHAIN_NAME);
    const SimChain *chain = world->archive;
    g_auto(AkSeal) seal = {0};
    g_auto(AkBuf) note = {0}, bytes = {0};

    ak_seal_init(&seal);
    if (!ak_checkpoint_sign(world->lab->key, origin, plan->last_index + 1,
                            chain->roots[plan->last_index + 1], &note, NULL))
        g_error("cannot forge a seal");
    seal.chain = g_strdup(SIM_CHAIN_NAME);
    seal.exporter = g_strdup("auditkeep");
    seal.checkpoint = g_strndup(note.data, note.len);
    seal.first_day = plan->first_day;
    seal.day = plan->day;
    (void)g_strlcpy(seal.prev_hash, chain->hashes[plan->last_index], sizeof seal.prev_hash);
    (void)g_strlcpy(seal.last_hash, chain->hashes[plan->last_index], sizeof seal.last_hash);
    ak_seal_write(&seal, &bytes);
    return g_bytes_new(bytes.data, bytes.len);
}

void sim_forge_seal(SimWorld *world, const AkSealRow *plan)
{
    gboolean is_noise = sim_rng_chance(&world->rng, 3000);

    plant(world, plan->key, plan->retain_until_usec,
          is_noise ? g_bytes_new_static("noise", 5) : forge_seal(world, plan));
}
