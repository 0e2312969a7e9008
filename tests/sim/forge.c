#include "sim/forge.h"

#include "segment/builder.h"
#include "sim/store.h"

static GBytes *forge_segment(SimWorld *world, const AkSegmentRow *plan)
{
    SimLab *lab = world->lab;
    const SimChain *other = lab->chains[sim_rng_below(&world->rng, SIM_CHAINS)];
    g_autoptr(AkSegmentBuilder) builder = ak_segment_builder_new(SIM_CHAIN_NAME, NULL, FALSE);
    g_autoptr(GArray) events = g_array_new(FALSE, FALSE, sizeof(AkEvent));
    g_auto(AkSegment) segment = {0};
    AkTree tree = world->chain->trees[plan->first_index];

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

void sim_forge_object(SimWorld *world, const AkSegmentRow *plan)
{
    SimObject *object = g_new0(SimObject, 1);
    gsize len;
    gconstpointer data;

    object->key = g_strdup(plan->key);
    object->data = sim_rng_chance(&world->rng, 3000) ? g_bytes_new_static("noise", 5)
                                                     : forge_segment(world, plan);
    object->lock_mode = AK_LOCK_COMPLIANCE;
    object->retain_until_usec = plan->retain_until_usec;
    object->is_bad = TRUE;
    data = g_bytes_get_data(object->data, &len);
    ak_sha256_of(world->lab->sha, data, len, object->sha256);
    sim_trace(world, "somebody else's object is at '%s'", object->key);
    (void)sim_store_add(world, object);
}
