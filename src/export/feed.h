#ifndef AK_EXPORT_FEED_H
#define AK_EXPORT_FEED_H

#include "source/batch.h"
#include "source/walk.h"

/* When a segment ends. The same rows always end it at the same place. */
typedef struct {
    guint max_events;
    gsize max_bytes;  /* as read; a segment may reach twice that to end on a frame */
    guint64 max_rows; /* that the feed reads in all; 0: no limit */
} AkFeedLimits;

/* Cuts the walk over a source into batches, one per segment. Used by one thread at a time. */
typedef struct AkFeed AkFeed;

typedef enum {
    AK_FEED_BATCH, /* *out_batch is complete; *out_day is the day it is filed under */
    AK_FEED_END,   /* the head of the chain: what is open stays open */
    AK_FEED_GAP,   /* as AkWalkStep; ak_feed_fault() says what */
    AK_FEED_FORK
} AkFeedStep;

/* @source is borrowed; @open_day is the day of the segment before. */
AkFeed *ak_feed_new(AkSource *source, const AkCursor *from, gint64 from_ts_usec, gint64 open_day,
                    const AkFeedLimits *limits);
void ak_feed_free(AkFeed *feed);

/*
 * From now on the feed goes on over gaps and forks that somebody accepted (source/acceptance.h).
 * What comes after an accepted gap begins a batch, which says so.
 */
void ak_feed_accept(AkFeed *feed, const char *origin, const guint8 public_key[32]);

/* @stop: leaves with CANCELLED when it becomes non-zero; may be NULL. */
gboolean ak_feed_next(AkFeed *feed, const volatile gint *stop, AkFeedStep *out_step,
                      AkBatch **out_batch, gint64 *out_day, GError **error) AK_MUST_CHECK;

/*
 * The rows up to @last_index as one batch, whatever the limits: a segment that was planned before.
 * CONFLICT when the chain ends or breaks before that.
 */
gboolean ak_feed_planned(AkFeed *feed, guint64 last_index, gint64 day, AkBatch **out_batch,
                         GError **error) AK_MUST_CHECK;

/* Reads at most @max_rows rows more. */
void ak_feed_limit(AkFeed *feed, guint64 max_rows);

/* From now on no batch goes on behind @last_index; G_MAXUINT64: that was all. */
void ak_feed_bound(AkFeed *feed, guint64 last_index);

/* Has the feed read all the rows that its limit allows? */
gboolean ak_feed_is_spent(const AkFeed *feed);

/* The day of what was handed out last (or is open); G_MININT64: none yet. */
gint64 ak_feed_day(const AkFeed *feed);

/* Nothing is filed under an earlier day than @day from now on. When nothing is open. */
void ak_feed_open_day(AkFeed *feed, gint64 day);

/* Rows that are read and not handed out yet. */
guint ak_feed_open(const AkFeed *feed);

/* What is open, as a batch; NULL when nothing is. */
AkBatch *ak_feed_flush(AkFeed *feed, gint64 *out_day);

const AkWalkFault *ak_feed_fault(const AkFeed *feed);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkFeed, ak_feed_free)

#endif
