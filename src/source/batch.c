#include "source/batch.h"

#include "chain/link.h"

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
    g_clear_pointer(&batch->accepted, g_ptr_array_unref);
    g_free(batch);
}

void ak_batch_add(AkBatch *batch, const AkRow *row)
{
    AkEvent event = row->event;
    AkView *const views[] = {&event.id,        &event.event_type, &event.payload,
                             &event.prev_hash, &event.hash,       &event.signature,
                             &event.signer_id, &event.metadata,   &event.extra};
    char id[37];

    for (gsize i = 0; i < G_N_ELEMENTS(views); i++)
        *views[i] = ak_arena_copy(&batch->arena, *views[i]);
    ak_id_copy(event.id, id);
    g_array_append_val(batch->events, event);
    g_array_append_vals(batch->ids, id, 1);
    g_array_append_val(batch->locators, row->locator);
}

static void free_bytes(gpointer bytes)
{
    g_bytes_unref(bytes);
}

void ak_batch_accept(AkBatch *batch, AkView statement)
{
    if (batch->accepted == NULL)
        batch->accepted = g_ptr_array_new_with_free_func(free_bytes);
    g_ptr_array_add(batch->accepted, g_bytes_new(statement.data, statement.len));
}

void ak_batch_drop_events(AkBatch *batch)
{
    ak_arena_clear(&batch->arena);
    g_array_set_size(batch->events, 0);
}
