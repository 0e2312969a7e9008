#include "util/ordered.h"

#include "util/exec.h"

enum { POLL_MS = 1000 };

typedef struct {
    const AkOrdered *ordered;
    gpointer item;
    gboolean is_done;
} Slot;

static void run_slot(gpointer data)
{
    Slot *slot = data;

    slot->ordered->run(slot->item);
}

static void free_slot(gpointer data)
{
    Slot *slot = data;

    slot->ordered->free(slot->item);
    g_free(slot);
}

/* Starts items until the window is full; FALSE on an error, *has_all after the last. */
static gboolean fill(const AkOrdered *ordered, AkExec *exec, GQueue *slots, guint window,
                     gboolean *has_all, GError **error)
{
    while (!*has_all && g_queue_get_length(slots) < window) {
        GError *local = NULL;
        gpointer item = ordered->next(ordered->data, &local);
        Slot *slot;

        if (item == NULL) {
            *has_all = TRUE;
            if (local == NULL)
                return TRUE;
            g_propagate_error(error, local);
            return FALSE;
        }
        slot = g_new0(Slot, 1);
        *slot = (Slot){ordered, item, FALSE};
        g_queue_push_tail(slots, slot);
        exec->driver->submit(exec, run_slot, slot);
    }
    return TRUE;
}

static void wait_one(AkExec *exec)
{
    Slot *slot = NULL;

    while (slot == NULL)
        slot = exec->driver->wait(exec, POLL_MS);
    slot->is_done = TRUE;
}

static gboolean take_head(const AkOrdered *ordered, AkExec *exec, GQueue *slots, GError **error)
{
    Slot *slot = g_queue_peek_head(slots);
    gboolean is_taken;

    while (!slot->is_done)
        wait_one(exec);
    is_taken = ordered->take(slot->item, ordered->data, error);
    free_slot(g_queue_pop_head(slots));
    return is_taken;
}

static void drain(AkExec *exec, GQueue *slots)
{
    for (GList *l = slots->head; l != NULL; l = l->next)
        while (!((Slot *)l->data)->is_done)
            wait_one(exec);
    g_queue_clear_full(slots, free_slot);
}

gboolean ak_ordered_run(const AkOrdered *ordered, GError **error)
{
    guint threads = ordered->threads != 0 ? ordered->threads : g_get_num_processors();
    g_autoptr(AkExec) exec = ak_exec_threads_new(threads);
    GQueue slots = G_QUEUE_INIT;
    gboolean has_all = FALSE, is_well = TRUE;

    while (is_well) {
        is_well = fill(ordered, exec, &slots, threads + 2, &has_all, error);
        if (is_well && g_queue_is_empty(&slots))
            break;
        is_well = is_well && take_head(ordered, exec, &slots, error);
    }
    drain(exec, &slots);
    return is_well;
}
