#ifndef AK_EXPORT_BATCH_H
#define AK_EXPORT_BATCH_H

#include "source/source.h"
#include "util/arena.h"

/* When a segment ends. The same rows always end it at the same place. */
typedef struct {
    guint max_events;
    gsize max_bytes; /* as read; a segment may reach twice that to end on a frame */
} AkBatchLimits;

/* The rows of one segment, copied out of the source. */
typedef struct {
    AkArena arena;
    GArray *events;   /* AkEvent */
    GArray *ids;      /* char[37] */
    GArray *locators; /* guint64 */
    gint64 day;
    gint64 opened_usec; /* when the first row was read */
} AkBatch;

AkBatch *ak_batch_new(void);
void ak_batch_free(AkBatch *batch);

/* Copies @row. The first row sets the day: its own, but never before @open_day. */
void ak_batch_add(AkBatch *batch, const AkRow *row, gint64 open_day);

/* Is the segment complete with the rows it has? */
gboolean ak_batch_is_full(const AkBatch *batch, const AkBatchLimits *limits);

/* Does @row have to start another segment? (It is of a later day; an earlier day stays.) */
gboolean ak_batch_is_other_day(const AkBatch *batch, const AkRow *row);

static inline guint ak_batch_count(const AkBatch *batch)
{
    return batch->events->len;
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkBatch, ak_batch_free)

#endif
