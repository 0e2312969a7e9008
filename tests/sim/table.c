#include "sim/table.h"

#include "sim/backup.h"
#include "sim/store.h"

/* Rows commit in chain order, more or less: a late one leaves its successors without it. */
void sim_table_init(SimWorld *world, guint over_ms)
{
    SimRng *rng = &world->rng;
    guint there =
        sim_rng_chance(rng, 3000) ? world->n_events : sim_rng_below(rng, world->n_events + 1);

    for (guint i = 0; i < world->n_events; i++) {
        SimRow *row = &world->rows[i];
        guint at_ms = i < there ? 0 : (i - there + 1) * over_ms / (world->n_events - there);

        if (sim_draw(world, SIM_LATE_COMMIT))
            at_ms += sim_rng_between(rng, 20, 3000);
        row->visible_usec = world->now_usec + at_ms * 1000LL;
        row->has_hash = world->chain->has_hashes;
    }
}

static void commit_rows(SimWorld *world, gint64 until_usec)
{
    for (guint i = 0; i < world->n_events; i++) {
        SimRow *row = &world->rows[i];

        if (row->is_visible || row->visible_usec > until_usec)
            continue;
        row->is_visible = TRUE;
        sim_trace(world, "row %u commits", i);
    }
}

/* Deletes a row that is (@is_archived) or is not archived. */
static void delete_row(SimWorld *world, gboolean is_archived)
{
    guint start = sim_rng_below(&world->rng, world->n_events);

    for (guint n = 0; n < world->n_events; n++) {
        guint i = (start + n) % world->n_events;

        if (!sim_row_is_there(world, i) || world->rows[i].is_archived != is_archived)
            continue;
        world->rows[i].is_gone = TRUE;
        sim_trace(world, "row %u is deleted", i);
        return;
    }
}

static void hide_object(SimWorld *world)
{
    const SimObject *hidden;
    SimObject *marker;

    if (world->objects->len == 0)
        return;
    hidden = g_ptr_array_index(world->objects, sim_rng_below(&world->rng, world->objects->len));
    marker = g_new0(SimObject, 1);
    marker->key = g_strdup(hidden->key);
    sim_trace(world, "a delete marker hides '%s'", marker->key);
    (void)sim_store_add(world, marker);
}

static gint64 next_usec(const SimWorld *world)
{
    gint64 next = world->now_usec + 400000;

    for (guint i = 0; i < world->n_events; i++)
        if (!world->rows[i].is_visible)
            next = MIN(next, world->rows[i].visible_usec);
    return MAX(next, world->now_usec);
}

void sim_table_run(gpointer data)
{
    SimWorld *world = data;
    gint64 tick_usec = 0;

    while (!world->is_over) {
        commit_rows(world, world->now_usec);
        if (world->now_usec >= tick_usec) {
            if (sim_draw(world, SIM_DELETE_COLD))
                delete_row(world, TRUE);
            if (sim_draw(world, SIM_DELETE_HOT))
                delete_row(world, FALSE);
            if (sim_draw(world, SIM_DELETE_MARKER))
                hide_object(world);
            if (world->backup == NULL && sim_rng_chance(&world->rng, 1000))
                sim_backup_take(world);
            tick_usec = world->now_usec + 200000;
        }
        sim_fiber_sleep(world->lab->fibers, next_usec(world));
    }
}

void sim_table_settle(SimWorld *world)
{
    commit_rows(world, G_MAXINT64);
}
