#ifndef AK_SOURCE_BATCH_H
#define AK_SOURCE_BATCH_H

#include "source/source.h"
#include "util/arena.h"

/* Rows copied out of a source, so that another thread can work on them. */
typedef struct {
    AkArena arena;
    GArray *events;      /* AkEvent */
    GArray *ids;         /* char[37] */
    GArray *locators;    /* guint64 */
    GPtrArray *accepted; /* GBytes: signed statements on the break before the first row; or NULL */
} AkBatch;

AkBatch *ak_batch_new(void);
void ak_batch_free(AkBatch *batch);

void ak_batch_add(AkBatch *batch, const AkRow *row);

/* Keeps a copy of @statement, with which a batch without rows begins. */
void ak_batch_accept(AkBatch *batch, AkView statement);

/* Frees the events; ids and locators stay. */
void ak_batch_drop_events(AkBatch *batch);

/* Rows that were added. */
static inline guint ak_batch_count(const AkBatch *batch)
{
    return batch->ids->len;
}

static inline const AkEvent *ak_batch_event(const AkBatch *batch, guint i)
{
    return &g_array_index(batch->events, AkEvent, i);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkBatch, ak_batch_free)

#endif
