#include "export/accepted.h"
#include "export/ahead.h"
#include "export/break.h"
#include "export/flight.h"
#include "export/seal.h"
#include "export/session.h"

#include "util/stop.h"
#include "util/time.h"

/*
 * Uploads overtake each other. So when a database forgets what it planned last, the archive may be
 * ahead of it with holes: objects that are there, and before them rows whose upload never
 * succeeded. The holes are filled with segments that end where the next object begins; what is
 * there is taken over, seals and acceptances too. Nothing is archived twice.
 */
typedef struct {
    AkSession *session;
    AkSegmentBuilder *builder;
    AkSealer sealer;
    guint next_seal; /* of ahead->seal_days */
} CatchUp;

static gboolean is_stopped(const CatchUp *up)
{
    return ak_is_stopped(up->session->config->stop) || ak_feed_is_spent(up->session->feed);
}

static gboolean renew(AkSession *session, GError **error)
{
    return session->writer->driver->lease_renew(session->writer, session->epoch,
                                                ak_export_lease_ttl_ms(session->config), error);
}

/* @batch as a flight that is sealed. */
static AkFlight *build(CatchUp *up, AkBatch *batch, gint64 day, GError **error)
{
    AkSession *session = up->session;
    const AkExportConfig *config = session->config;
    g_autoptr(AkFlight) flight = ak_flight_new(batch, day);

    if (up->builder == NULL)
        up->builder = ak_segment_builder_new(config->source->chain, config->signers,
                                             config->require_signatures);
    if (!ak_flight_build(flight, up->builder, error) ||
        !ak_flight_seal(flight, config, &session->tree, error) || !renew(session, error))
        return NULL;
    return g_steal_pointer(&flight);
}

static gboolean commit(CatchUp *up, AkFlight *flight, GError **error)
{
    AkSession *session = up->session;

    if (!ak_flight_commit(flight, session->writer, session->epoch, error))
        return FALSE;
    session->tree = flight->after;
    ak_sealer_note(&up->sealer, flight->day);
    ak_flight_report(flight, session->report);
    return TRUE;
}

static gboolean take_over(CatchUp *up, const AkSegmentName *name, GError **error)
{
    AkSession *session = up->session;
    const AkExportConfig *config = session->config;
    g_autoptr(AkFlight) flight = NULL;
    gboolean is_found;
    AkBatch *batch;
    gint64 until;

    if (!ak_feed_planned(session->feed, name->last_index, name->day, &batch, error))
        return FALSE;
    flight = build(up, batch, name->day, error);
    if (flight == NULL || !ak_flight_find(flight, config, &is_found, error))
        return FALSE;
    until = flight->row.retain_until_usec;
    if (is_found)
        return ak_accepted_put(config, flight->batch, until, error) &&
               ak_flight_plan(flight, session->writer, session->epoch, until, error) &&
               commit(up, flight, error);
    g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT,
                "it does not hold what the rows from '%s' to '%s' (index %" G_GUINT64_FORMAT
                " to %" G_GUINT64_FORMAT ") give now, or has a weaker lock; hint: keep it as "
                "evidence, see what it holds with 'auditkeep get', and put the rows right",
                flight->row.first_id, flight->row.last_id, name->first_index, name->last_index);
    return FALSE;
}

static gboolean archive(CatchUp *up, AkBatch *batch, gint64 day, GError **error)
{
    AkSession *session = up->session;
    const AkExportConfig *config = session->config;
    g_autoptr(AkFlight) flight = build(up, batch, day, error);
    gint64 until;

    return flight != NULL &&
           ak_flight_retain_until(config, session->exec->driver->now_usec(session->exec), &until,
                                  error) &&
           ak_accepted_put(config, flight->batch, until, error) &&
           ak_flight_plan(flight, session->writer, session->epoch, until, error) &&
           ak_flight_put(flight, config, error) && commit(up, flight, error);
}

static gboolean fail_hole(const CatchUp *up, AkFeedStep step, GError **error)
{
    const AkSession *session = up->session;

    if (step != AK_FEED_END) {
        g_propagate_prefixed_error(error, ak_break_error(step, ak_feed_fault(session->feed)),
                                   "in the rows before it: ");
        return FALSE;
    }
    g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT,
                "rows before it are gone: the chain ends with event '%s' (index %" G_GINT64_FORMAT
                "); hint: keep it as evidence, and bring the rows back from a backup",
                session->report->head.id, session->report->head.index);
    return FALSE;
}

/* The rows up to @end, which is the index of an object that is there. */
static gboolean fill_hole(CatchUp *up, guint64 end, GError **error)
{
    AkSession *session = up->session;

    ak_feed_bound(session->feed, end - 1);
    while (session->tree.size < end && !is_stopped(up)) {
        AkBatch *batch = NULL;
        AkFeedStep step;
        gint64 day;

        if (!ak_feed_next(session->feed, NULL, &step, &batch, &day, error))
            return FALSE;
        if (step == AK_FEED_END && is_stopped(up))
            break;
        if (step != AK_FEED_BATCH)
            return fail_hole(up, step, error);
        if (!archive(up, batch, day, error))
            return FALSE;
    }
    ak_feed_bound(session->feed, G_MAXUINT64);
    return TRUE;
}

typedef struct {
    const AkAheadPlace *place;
    gboolean is_there, has_link;
} FirstRow;

static gboolean compare_first(const AkRow *row, gpointer data, GError **error)
{
    FirstRow *first = data;
    const char *prev = first->place->prev_hash;
    AkView is = row->event.prev_hash;

    first->is_there = TRUE;
    first->has_link = is.len == strlen(prev) && g_ascii_strncasecmp(is.data, prev, is.len) == 0;
    return TRUE;
}

/* Before a hole is filled: do the rows reach the object behind it at all? */
static gboolean check_first_row(CatchUp *up, const AkAheadPlace *place, GError **error)
{
    AkSource *writer = up->session->writer;
    FirstRow first = {place, FALSE, FALSE};
    char ids[1][37];

    memcpy(ids[0], place->first_id, sizeof ids[0]);
    if (!writer->driver->find_by_id(writer, (const char(*)[37])ids, 1, compare_first, &first,
                                    error))
        return FALSE;
    if (first.has_link)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT,
                "its first event, '%s', %s; hint: keep it as evidence, and bring the rows back "
                "from a backup",
                place->first_id,
                first.is_there ? "has another predecessor in the source"
                               : "is not in the source any more");
    return FALSE;
}

/* Seals of days whose events are all committed. From then on nothing is filed under them. */
static gboolean take_seals(CatchUp *up, const AkAhead *ahead, GError **error)
{
    AkSession *session = up->session;
    AkSealer *sealer = &up->sealer;

    for (; sealer->is_on && up->next_seal < ahead->seal_days->len; up->next_seal++) {
        gint64 day = g_array_index(ahead->seal_days, gint64, up->next_seal);
        guint64 size;

        if (sealer->next_day == G_MAXINT64)
            break;
        if (day < sealer->next_day)
            continue;
        if (!ak_ahead_read_seal(session->config, day, &size, error))
            return FALSE;
        if (size > session->tree.size)
            break;
        while (size > 0 && sealer->next_day <= day)
            if (!renew(session, error) || !ak_sealer_seal(sealer, day, error))
                return FALSE;
    }
    if (sealer->next_day != G_MAXINT64)
        ak_feed_open_day(session->feed, sealer->next_day);
    return TRUE;
}

static gboolean take_segment(CatchUp *up, const AkSegmentName *name, const char *key,
                             GError **error)
{
    AkSession *session = up->session;
    AkAheadPlace place = {0};
    gboolean is_segment;

    if (!ak_ahead_read_place(session->config, name, key, &place, &is_segment, error))
        return FALSE;
    if (!is_segment) {
        g_warning("'%s' is not what its name says, and does not count", key);
        return TRUE;
    }
    g_message("archive holds '%s' already, the pointer does not cover it: taking it over", key);
    if (session->tree.size < name->first_index) {
        g_message("the events before it are not in the archive: archiving them");
        if (!check_first_row(up, &place, error) || !fill_hole(up, name->first_index, error))
            return FALSE;
    }
    return is_stopped(up) || take_over(up, name, error);
}

static gboolean take_all(CatchUp *up, const AkAhead *ahead, GError **error)
{
    AkSession *session = up->session;

    if (!ak_ahead_take_acceptances(session->config, ahead, session->tree.size, session->writer,
                                   error))
        return FALSE;
    up->next_seal = 0;
    for (guint i = 0; i < ahead->segments->len && !is_stopped(up); i++) {
        const AkSegmentName *name = &g_array_index(ahead->segments, AkSegmentName, i);
        g_autofree char *key = NULL;

        if (name->first_index < session->tree.size)
            continue;
        if (!take_seals(up, ahead, error))
            return FALSE;
        key = ak_segment_key(name->chain, name->day, name->first_index, name->last_index);
        if (!take_segment(up, name, key, error)) {
            g_prefix_error(error, "taking over '%s': ", key);
            return FALSE;
        }
    }
    return is_stopped(up) || take_seals(up, ahead, error);
}

gboolean ak_session_catch_up(AkSession *session, GError **error)
{
    const AkExportConfig *config = session->config;
    CatchUp up = {.session = session};
    gboolean is_ok, has_more = TRUE;

    if (config->is_dry_run)
        return TRUE;
    is_ok = ak_sealer_open(&up.sealer, session, error);
    while (is_ok && has_more && !is_stopped(&up)) {
        gint64 from = ak_feed_day(session->feed);
        gint64 tomorrow = ak_time_day(session->exec->driver->now_usec(session->exec)) + 1;
        guint64 size = session->tree.size;
        g_auto(AkAhead) ahead = {0};

        is_ok = ak_ahead_list(config, from, MAX(from, tomorrow), size, &ahead, error) &&
                take_all(&up, &ahead, error);
        has_more = ahead.has_more && session->tree.size > size;
    }
    ak_segment_builder_free(up.builder);
    return is_ok;
}
