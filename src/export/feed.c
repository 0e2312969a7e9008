#include "export/feed.h"

#include "segment/frame.h"
#include "source/acceptance.h"
#include "util/stop.h"
#include "util/time.h"

struct AkFeed {
    AkSource *source;
    AkWalk *walk;
    char *origin; /* of what may be accepted; NULL: nothing */
    guint8 public_key[32];
    AkFeedLimits limits;
    AkBatch *open;
    gint64 day;     /* of what is open, or of the segment before */
    guint64 n_rows; /* read so far */
    guint64 bound;  /* a batch ends there at the latest */
};

AkFeed *ak_feed_new(AkSource *source, const AkCursor *from, gint64 from_ts_usec, gint64 open_day,
                    const AkFeedLimits *limits)
{
    AkFeed *feed = g_new0(AkFeed, 1);

    feed->source = source;
    feed->walk = ak_walk_new(source, from, from_ts_usec);
    feed->limits = *limits;
    feed->open = ak_batch_new();
    feed->day = open_day;
    feed->bound = G_MAXUINT64;
    return feed;
}

void ak_feed_free(AkFeed *feed)
{
    if (feed == NULL)
        return;
    ak_walk_free(feed->walk);
    ak_batch_free(feed->open);
    g_free(feed->origin);
    g_free(feed);
}

void ak_feed_accept(AkFeed *feed, const char *origin, const guint8 public_key[32])
{
    g_free(feed->origin);
    feed->origin = g_strdup(origin);
    memcpy(feed->public_key, public_key, sizeof feed->public_key);
}

guint ak_feed_open(const AkFeed *feed)
{
    return ak_batch_count(feed->open);
}

AkBatch *ak_feed_flush(AkFeed *feed, gint64 *out_day)
{
    AkBatch *batch = feed->open;

    if (ak_batch_count(batch) == 0)
        return NULL;
    *out_day = feed->day;
    feed->open = ak_batch_new();
    return batch;
}

const AkWalkFault *ak_feed_fault(const AkFeed *feed)
{
    return ak_walk_fault(feed->walk);
}

/* A segment's day is its first event's, but never before the day that is open. */
static void add_row(AkFeed *feed, const AkRow *row)
{
    if (ak_batch_count(feed->open) == 0)
        feed->day = MAX(feed->day, ak_time_day(row->event.ts_usec));
    ak_batch_add(feed->open, row);
    feed->n_rows++;
}

static gboolean is_full(const AkFeed *feed)
{
    guint count = ak_batch_count(feed->open);
    gsize bytes = feed->open->arena.used;
    guint64 last;

    if (count == 0)
        return FALSE;
    last = ak_batch_event(feed->open, count - 1)->index;
    if (count >= feed->limits.max_events || bytes >= 2 * feed->limits.max_bytes ||
        last >= feed->bound)
        return TRUE;
    return bytes >= feed->limits.max_bytes && (last + 1) % AK_FRAME_EVENTS == 0;
}

static gboolean is_other_day(const AkFeed *feed, const AkRow *row)
{
    return ak_batch_count(feed->open) > 0 && ak_time_day(row->event.ts_usec) > feed->day;
}

/* TRUE when the row completed a batch, or has to wait for the next one: *out_batch. */
static gboolean take_row(AkFeed *feed, const AkRow *row, AkBatch **out_batch, gint64 *out_day)
{
    if (is_other_day(feed, row)) {
        *out_batch = ak_feed_flush(feed, out_day);
        add_row(feed, row);
        return TRUE;
    }
    add_row(feed, row);
    if (!is_full(feed))
        return FALSE;
    *out_batch = ak_feed_flush(feed, out_day);
    return TRUE;
}

static AkFeedStep feed_step(AkWalkStep step)
{
    switch (step) {
    case AK_WALK_GAP:
        return AK_FEED_GAP;
    case AK_WALK_FORK:
        return AK_FEED_FORK;
    case AK_WALK_EVENT:
    case AK_WALK_END:
        break;
    }
    return AK_FEED_END;
}

/*
 * Goes on over a break, if it is accepted. What was open then has to be handed out first: with rows
 * still open nothing is done yet, and the break comes again. A planned batch has its end, though,
 * and a branch inside it was passed over when it was planned.
 */
static gboolean cross_break(AkFeed *feed, AkWalkStep step, gboolean is_planned,
                            gboolean *out_accepted, GError **error)
{
    gboolean is_inside = is_planned && step == AK_WALK_FORK;
    const AkAcceptor acceptor = {feed->origin, feed->public_key};
    g_auto(AkAcceptance) acceptance = {0};
    g_auto(AkBuf) statement = {0};

    *out_accepted = FALSE;
    if (step == AK_WALK_END || feed->origin == NULL)
        return TRUE;
    if (!ak_acceptance_find(feed->source, &acceptor, step, ak_walk_fault(feed->walk), &acceptance,
                            &statement, out_accepted, error))
        return FALSE;
    if (!*out_accepted || (ak_batch_count(feed->open) > 0 && !is_inside))
        return TRUE;
    if (!is_inside)
        ak_batch_accept(feed->open, ak_buf_view(&statement));
    return ak_walk_accept(feed->walk, acceptance.rejected_id, error);
}

void ak_feed_limit(AkFeed *feed, guint64 max_rows)
{
    feed->limits.max_rows = feed->n_rows + max_rows;
}

void ak_feed_bound(AkFeed *feed, guint64 last_index)
{
    feed->bound = last_index;
}

gboolean ak_feed_is_spent(const AkFeed *feed)
{
    return feed->limits.max_rows != 0 && feed->n_rows >= feed->limits.max_rows;
}

void ak_feed_open_day(AkFeed *feed, gint64 day)
{
    feed->day = MAX(feed->day, day);
}

gint64 ak_feed_day(const AkFeed *feed)
{
    return feed->day;
}

gboolean ak_feed_next(AkFeed *feed, const volatile gint *stop, AkFeedStep *out_step,
                      AkBatch **out_batch, gint64 *out_day, GError **error)
{
    for (;;) {
        AkWalkStep step;
        AkRow row;

        /* one row can complete two batches: the day before's, and its own when it is huge */
        if (is_full(feed)) {
            *out_batch = ak_feed_flush(feed, out_day);
            *out_step = AK_FEED_BATCH;
            return TRUE;
        }
        if (ak_is_stopped(stop)) {
            g_set_error(error, AK_ERROR, AK_ERROR_CANCELLED,
                        "reading the chain was stopped; hint: run it again to go on");
            return FALSE;
        }
        if (ak_feed_is_spent(feed)) {
            *out_step = AK_FEED_END;
            return TRUE;
        }
        if (!ak_walk_next(feed->walk, &step, &row, error))
            return FALSE;
        if (step != AK_WALK_EVENT) {
            gboolean is_accepted;

            if (!cross_break(feed, step, FALSE, &is_accepted, error))
                return FALSE;
            if (is_accepted && ak_batch_count(feed->open) == 0)
                continue;
            *out_step = is_accepted ? AK_FEED_BATCH : feed_step(step);
            if (is_accepted)
                *out_batch = ak_feed_flush(feed, out_day);
            return TRUE;
        }
        if (take_row(feed, &row, out_batch, out_day)) {
            *out_step = AK_FEED_BATCH;
            return TRUE;
        }
    }
}

static gboolean has_index(const AkFeed *feed, guint64 index)
{
    guint count = ak_batch_count(feed->open);

    return count > 0 && ak_batch_event(feed->open, count - 1)->index >= index;
}

gboolean ak_feed_planned(AkFeed *feed, guint64 last_index, gint64 day, AkBatch **out_batch,
                         GError **error)
{
    while (!has_index(feed, last_index)) {
        gboolean is_open = ak_batch_count(feed->open) > 0, is_accepted = FALSE;
        AkWalkStep step;
        AkRow row;

        if (!ak_walk_next(feed->walk, &step, &row, error) ||
            (step != AK_WALK_EVENT && !cross_break(feed, step, TRUE, &is_accepted, error)))
            return FALSE;
        if (is_accepted && (step == AK_WALK_FORK || !is_open))
            continue;
        if (step != AK_WALK_EVENT) {
            g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT,
                        "chain ends before index %" G_GUINT64_FORMAT
                        ", which was planned or exported: rows are gone or changed; "
                        "hint: run 'auditkeep verify --what source'",
                        last_index);
            return FALSE;
        }
        add_row(feed, &row);
    }
    feed->day = day;
    *out_batch = ak_feed_flush(feed, &day);
    return TRUE;
}
