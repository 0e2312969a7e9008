#include "export/batch.h"

#include "segment/frame.h"
#include "util/time.h"

AkBatch *ak_batch_new(void)
{
    AkBatch *batch = g_new0(AkBatch, 1);

    batch->events = g_array_new(FALSE, FALSE, sizeof(AkEvent));
    batch->ids = g_array_new(FALSE, TRUE, 37);
    batch->locators = g_array_new(FALSE, FALSE, sizeof(guint64));
    return batch;
}

void ak_batch_free(AkBatch *batch)
{
    if (batch == NULL)
        return;
    ak_arena_clear(&batch->arena);
    g_array_unref(batch->events);
    g_array_unref(batch->ids);
    g_array_unref(batch->locators);
    g_free(batch);
}

void ak_batch_add(AkBatch *batch, const AkRow *row, gint64 open_day)
{
    AkEvent event = row->event;
    AkView *const views[] = {&event.id,        &event.event_type, &event.payload,
                             &event.prev_hash, &event.hash,       &event.signature,
                             &event.signer_id, &event.metadata,   &event.extra};
    char id[37] = "";

    if (batch->events->len == 0)
        batch->day = MAX(open_day, ak_time_day(event.ts_usec));
    for (gsize i = 0; i < G_N_ELEMENTS(views); i++)
        *views[i] = ak_arena_copy(&batch->arena, *views[i]);
    memcpy(id, event.id.data, MIN(event.id.len, sizeof id - 1));
    g_array_append_val(batch->events, event);
    g_array_append_vals(batch->ids, id, 1);
    g_array_append_val(batch->locators, row->locator);
}

gboolean ak_batch_is_full(const AkBatch *batch, const AkBatchLimits *limits)
{
    const AkEvent *last;

    if (batch->events->len == 0)
        return FALSE;
    last = &g_array_index(batch->events, AkEvent, batch->events->len - 1);
    if (batch->events->len >= limits->max_events || batch->arena.used >= 2 * limits->max_bytes)
        return TRUE;
    return batch->arena.used >= limits->max_bytes && (last->index + 1) % AK_FRAME_EVENTS == 0;
}

gboolean ak_batch_is_other_day(const AkBatch *batch, const AkRow *row)
{
    return batch->events->len > 0 && ak_time_day(row->event.ts_usec) > batch->day;
}
