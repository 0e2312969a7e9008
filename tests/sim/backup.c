#include "sim/backup.h"

#include "sim/seals.h"

struct SimBackup {
    char holder[16];
    guint64 epoch;
    gint64 lease_until_usec;
    AkCursor pointer;
    gint64 pointer_usec;
    GPtrArray *segments, *seals;
    SimRow rows[SIM_MAX_EVENTS];
};

void sim_segment_free(gpointer segment)
{
    ak_segment_row_clear(segment);
    g_free(segment);
}

static gpointer copy_segment(gconstpointer segment, gpointer data)
{
    AkSegmentRow *copy = g_new0(AkSegmentRow, 1);

    ak_segment_row_copy(copy, segment);
    return copy;
}

void sim_backup_take(SimWorld *world)
{
    struct SimBackup *backup = g_new(struct SimBackup, 1);

    backup->epoch = world->epoch;
    backup->lease_until_usec = world->lease_until_usec;
    backup->pointer = world->pointer;
    backup->pointer_usec = world->pointer_usec;
    backup->segments = g_ptr_array_copy(world->segments, copy_segment, NULL);
    g_ptr_array_set_free_func(backup->segments, sim_segment_free);
    backup->seals = g_ptr_array_copy(world->seals, sim_seal_copy, NULL);
    g_ptr_array_set_free_func(backup->seals, sim_seal_free);
    memcpy(backup->holder, world->holder, sizeof backup->holder);
    memcpy(backup->rows, world->rows, sizeof backup->rows);
    world->backup = backup;
    sim_trace(world, "a backup is taken, pointer at %" G_GINT64_FORMAT, world->pointer.index);
}

void sim_backup_restore(SimWorld *world)
{
    struct SimBackup *backup = world->backup;
    GPtrArray *segments = world->segments, *seals = world->seals;

    world->epoch = world->seen_epoch = backup->epoch;
    world->lease_until_usec = backup->lease_until_usec;
    world->pointer = backup->pointer;
    world->pointer_usec = backup->pointer_usec;
    world->seen_pointer = backup->pointer.index;
    memcpy(world->holder, backup->holder, sizeof world->holder);
    world->segments = backup->segments;
    backup->segments = segments;
    world->seals = backup->seals;
    backup->seals = seals;
    for (guint i = 0; i < world->n_events; i++) {
        world->rows[i].is_archived = backup->rows[i].is_archived;
        world->rows[i].has_hash = backup->rows[i].has_hash;
        world->rows[i].is_gone = backup->rows[i].is_gone;
        world->rows[i].key = NULL;
    }
    sim_trace(world, "the database is restored, pointer at %" G_GINT64_FORMAT,
              world->pointer.index);
}

void sim_backup_free(SimWorld *world)
{
    if (world->backup != NULL) {
        g_ptr_array_unref(world->backup->segments);
        g_ptr_array_unref(world->backup->seals);
    }
    g_clear_pointer(&world->backup, g_free);
}
