#include "export/accepted.h"
#include "export/flight.h"
#include "export/session.h"

/*
 * Runbook 4.2: what follows an event is gone over again, in order. Each archived segment is built
 * from its rows once more: an object that is there is read and compared, one that is not is put
 * again, and the rows are marked. Nothing is skipped: an event that is not archived yet, and is not
 * the pointer's, cannot be replayed after.
 */

enum { PAGE = 64 };

typedef struct {
    AkSession *session;
    AkSource *reader; /* a third connection: the others are in use */
    AkSegmentBuilder *builder;
    AkFeed *feed;
    AkTree tree;    /* before the next segment */
    guint64 events; /* gone over */
} Replay;

/* Looking for the segment that holds an event. */
typedef struct {
    gint64 ts_usec; /* of its row */
    gboolean has_row, is_archived;
    AkSegmentRow before; /* the segment before the one looked at */
    GArray *starts;      /* AkSegmentRow: what comes before each segment that may hold it */
    GArray *lasts;       /* guint64: the last index of each of these */
} Search;

static void search_clear(Search *search)
{
    ak_segment_row_clear(&search->before);
    g_array_unref(search->starts);
    g_array_unref(search->lasts);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Search, search_clear)

static void clear_row(gpointer row)
{
    ak_segment_row_clear(row);
}

static gboolean remember_row(const AkRow *row, gpointer data, GError **error)
{
    Search *search = data;

    search->ts_usec = row->event.ts_usec;
    search->is_archived = row->is_archived;
    search->has_row = TRUE;
    return TRUE;
}

static gboolean look_at_segment(const AkSegmentRow *row, gpointer data, GError **error)
{
    Search *search = data;

    if (!row->is_archived)
        return TRUE;
    if (search->ts_usec >= row->first_ts_usec && search->ts_usec <= row->last_ts_usec) {
        AkSegmentRow start = {0};

        ak_segment_row_copy(&start, &search->before);
        g_array_append_val(search->starts, start);
        g_array_append_val(search->lasts, row->last_index);
    }
    ak_segment_row_clear(&search->before);
    ak_segment_row_copy(&search->before, row);
    search->before.is_archived = TRUE;
    return TRUE;
}

static gboolean refuse(const AkSession *session, const char *why, GError **error)
{
    g_set_error(error, AK_ERROR, AK_ERROR_GAP,
                "cannot replay after event '%s': %s; hint: the pointer is at '%s', and 'auditkeep "
                "archive --once' goes on from there",
                session->config->after_id, why, session->report->head.id);
    return FALSE;
}

static gboolean find_row(Replay *replay, Search *search, GError **error)
{
    const AkExportConfig *config = replay->session->config;
    char id[1][37] = {""};

    (void)g_strlcpy(id[0], config->after_id, sizeof id[0]);
    if (!replay->reader->driver->find_by_id(replay->reader, (const char(*)[37])id, 1, remember_row,
                                            search, error))
        return FALSE;
    if (!search->has_row)
        return refuse(replay->session, "the source has no such event", error);
    return search->is_archived ||
           refuse(replay->session, "it is not archived itself, so events would be left out", error);
}

/* Reading starts behind @start, the segment before the first that is gone over; none: the head. */
static gboolean start_behind(Replay *replay, const AkSegmentRow *start, GError **error)
{
    static const AkFeedLimits no_limits = {G_MAXUINT, G_MAXSIZE / 4, 0};
    AkCursor cursor = AK_CURSOR_START;
    gint64 ts_usec = G_MININT64;

    replay->tree = AK_TREE_EMPTY;
    if (start->is_archived) {
        cursor.index = (gint64)start->last_index;
        memcpy(cursor.id, start->last_id, sizeof cursor.id);
        memcpy(cursor.hash, start->last_hash, sizeof cursor.hash);
        ts_usec = start->last_ts_usec;
        if (!ak_tree_load(ak_buf_view(&start->edge), &replay->tree)) {
            g_set_error(error, AK_ERROR, AK_ERROR_INTERNAL, "segment '%s' has no tree", start->key);
            return FALSE;
        }
    }
    g_clear_pointer(&replay->feed, ak_feed_free);
    replay->feed = ak_feed_new(replay->reader, &cursor, ts_usec, G_MININT64, &no_limits);
    ak_accepted_let_pass(replay->feed, replay->session->config);
    return TRUE;
}

static gboolean has_id(const AkBatch *batch, const char *id)
{
    for (guint i = 0; i < ak_batch_count(batch); i++)
        if (g_ascii_strcasecmp(&g_array_index(batch->ids, char, i * 37), id) == 0)
            return TRUE;
    return FALSE;
}

/* Puts the reading before the segment that holds the event; times only narrow the search. */
static gboolean find_start(Replay *replay, guint64 *out_first, GError **error)
{
    const AkExportConfig *config = replay->session->config;
    AkSource *writer = replay->session->writer;
    g_auto(Search) search = {
        .starts = g_array_new(FALSE, FALSE, sizeof(AkSegmentRow)),
        .lasts = g_array_new(FALSE, FALSE, sizeof(guint64)),
    };

    g_array_set_clear_func(search.starts, clear_row);
    if (!find_row(replay, &search, error) ||
        !writer->driver->segments(writer, 0, look_at_segment, &search, error))
        return FALSE;
    for (guint i = 0; i < search.starts->len; i++) {
        const AkSegmentRow *start = &g_array_index(search.starts, AkSegmentRow, i);
        g_autoptr(AkBatch) batch = NULL;

        if (!start_behind(replay, start, error) ||
            !ak_feed_planned(replay->feed, g_array_index(search.lasts, guint64, i), 0, &batch,
                             error))
            return FALSE;
        if (has_id(batch, config->after_id)) {
            *out_first = start->is_archived ? start->last_index + 1 : 0;
            return start_behind(replay, start, error);
        }
    }
    return refuse(replay->session, "it is marked as archived, but in no segment", error);
}

static gboolean put_again(Replay *replay, AkFlight *flight, GError **error)
{
    const AkExportConfig *config = replay->session->config;
    gboolean is_found;

    if (!ak_flight_is_planned_content(flight)) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT,
                    "its rows are not what was archived; hint: run 'auditkeep verify --what "
                    "cross'");
        return FALSE;
    }
    if (!ak_flight_adopt(flight, config, &is_found, error))
        return FALSE;
    if (is_found)
        return TRUE;
    g_warning("object '%s' is not in the archive%s", flight->row.key,
              config->is_dry_run ? "; it would be put again" : ": putting it again");
    return config->is_dry_run || ak_flight_put(flight, config, error);
}

static gboolean replay_segment(Replay *replay, AkSegmentRow *row, GError **error)
{
    AkSession *session = replay->session;
    g_autoptr(AkFlight) flight = NULL;
    AkBatch *batch;

    if (!ak_feed_planned(replay->feed, row->last_index, row->day, &batch, error))
        return FALSE;
    flight = ak_flight_new(batch, row->day);
    if (!ak_flight_build(flight, replay->builder, error) ||
        !ak_flight_seal(flight, session->config, &replay->tree, error))
        return FALSE;
    ak_flight_resume_plan(flight, row);
    if (!put_again(replay, flight, error))
        return FALSE;
    if (!session->config->is_dry_run &&
        (!session->writer->driver->lease_renew(session->writer, session->epoch,
                                               ak_export_lease_ttl_ms(session->config), error) ||
         !ak_flight_commit(flight, session->writer, session->epoch, error)))
        return FALSE;
    replay->tree = flight->after;
    replay->events += flight->segment.manifest.count;
    ak_flight_count(flight, session->report);
    return TRUE;
}

/* The next archived segments, copied: nothing else may use the connection while it lists them. */
static gboolean add_to_page(const AkSegmentRow *row, gpointer data, GError **error)
{
    GArray *page = data;
    AkSegmentRow copy = {0};

    if (!row->is_archived || page->len >= PAGE)
        return FALSE;
    ak_segment_row_copy(&copy, row);
    g_array_append_val(page, copy);
    return TRUE;
}

static gboolean read_page(Replay *replay, guint64 from, GArray *page, GError **error)
{
    AkSource *writer = replay->session->writer;
    GError *local = NULL;

    g_array_set_size(page, 0);
    if (!writer->driver->segments(writer, from, add_to_page, page, &local) && local != NULL) {
        g_propagate_error(error, local);
        return FALSE;
    }
    return TRUE;
}

static gboolean is_spent(const Replay *replay)
{
    guint64 limit = replay->session->config->limit;

    return limit != 0 && replay->events >= limit;
}

static gboolean replay_from(Replay *replay, guint64 first, GError **error)
{
    g_autoptr(GArray) page = g_array_new(FALSE, FALSE, sizeof(AkSegmentRow));

    g_array_set_clear_func(page, clear_row);
    do {
        if (!read_page(replay, first, page, error))
            return FALSE;
        for (guint i = 0; i < page->len && !is_spent(replay); i++) {
            AkSegmentRow *row = &g_array_index(page, AkSegmentRow, i);
            g_autofree char *key = g_strdup(row->key);

            first = row->last_index + 1;
            if (!replay_segment(replay, row, error)) {
                g_prefix_error(error, "replaying '%s': ", key);
                return FALSE;
            }
        }
    } while (page->len > 0 && !is_spent(replay));
    return TRUE;
}

gboolean ak_session_replay(AkSession *session, guint64 *out_events, GError **error)
{
    const AkExportConfig *config = session->config;
    Replay replay = {.session = session};
    gboolean is_done;
    guint64 first;

    *out_events = 0;
    if (config->after_id == NULL ||
        g_ascii_strcasecmp(config->after_id, session->report->head.id) == 0)
        return TRUE;
    replay.reader = ak_session_connect(config, error);
    if (replay.reader == NULL)
        return FALSE;
    replay.builder =
        ak_segment_builder_new(config->source->chain, config->signers, config->require_signatures);
    is_done = find_start(&replay, &first, error) && replay_from(&replay, first, error);
    *out_events = replay.events;
    g_clear_pointer(&replay.feed, ak_feed_free);
    ak_source_close(replay.reader);
    ak_segment_builder_free(replay.builder);
    return is_done;
}
