#include "export/accepted.h"
#include "export/flight.h"
#include "export/session.h"

#include "segment/key.h"
#include "util/time.h"

/* Days that are looked at one by one; a longer stretch is looked at by months. */
enum { MAX_DAYS = 31 };

/* The object that starts where the chain goes on, if there is one. */
typedef struct {
    const char *chain;
    guint64 index;
    AkSegmentName name;
    char *key;
    char *version;
    gboolean is_found;
} Next;

static void next_clear(Next *next)
{
    g_free(next->key);
    g_free(next->version);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Next, next_clear)

static gboolean look_at(const AkObject *object, gpointer data, GError **error)
{
    Next *next = data;
    AkSegmentName name;

    if (object->is_delete_marker || !ak_segment_key_parse(object->key, &name) ||
        strcmp(name.chain, next->chain) != 0 || name.first_index != next->index)
        return TRUE;
    next->name = name;
    next->key = g_strdup(object->key);
    next->version = g_strdup(object->version);
    next->is_found = TRUE;
    return FALSE;
}

static gboolean look_below(AkSession *session, const char *prefix, Next *next, GError **error)
{
    GError *local = NULL;

    if (!ak_store_list(session->config->store, prefix, look_at, next, &local) && local != NULL) {
        g_propagate_error(error, local);
        return FALSE;
    }
    return TRUE;
}

static gboolean look_at_days(AkSession *session, gint64 from, gint64 to, Next *next, GError **error)
{
    for (gint64 day = from; day <= to && !next->is_found; day++) {
        g_autofree char *prefix = ak_segment_key_prefix(next->chain, day, next->index);

        if (!look_below(session, prefix, next, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean look_at_months(AkSession *session, gint64 from, gint64 to, Next *next,
                               GError **error)
{
    int y, m, d, last_y, last_m;

    ak_time_civil(from, &y, &m, &d);
    ak_time_civil(to, &last_y, &last_m, &d);
    for (; (y < last_y || (y == last_y && m <= last_m)) && !next->is_found; m++) {
        g_autofree char *prefix = NULL;

        if (m > 12) {
            m = 1;
            y++;
        }
        prefix = g_strdup_printf("audit/%04d/%02d/", y, m);
        if (!look_below(session, prefix, next, error))
            return FALSE;
    }
    return TRUE;
}

/* It is filed under the day of the last segment or a later one. */
static gboolean find_next(AkSession *session, Next *next, GError **error)
{
    gint64 from = ak_feed_day(session->feed);
    gint64 to = MAX(from, ak_time_day(session->exec->driver->now_usec(session->exec)) + 1);

    next->chain = session->config->source->chain;
    next->index = session->tree.size;
    if (from == G_MININT64)
        return look_below(session, "audit/", next, error);
    if (to - from <= MAX_DAYS)
        return look_at_days(session, from, to, next, error);
    return look_at_months(session, from, to, next, error);
}

static gboolean take_over(AkSession *session, AkSegmentBuilder *builder, const Next *next,
                          GError **error)
{
    const AkExportConfig *config = session->config;
    g_autoptr(AkFlight) flight = NULL;
    g_auto(AkObject) object = {0};
    AkBatch *batch;

    if (!ak_feed_planned(session->feed, next->name.last_index, next->name.day, &batch, error))
        return FALSE;
    flight = ak_flight_new(batch, next->name.day);
    if (!ak_store_head(config->store, next->key, next->version, &object, error) ||
        !ak_flight_build(flight, builder, error) ||
        !ak_flight_seal(flight, config, &session->tree, error) ||
        !ak_accepted_put(config, flight->batch, object.retain_until_usec, error) ||
        !ak_flight_plan(flight, session->writer, session->epoch, object.retain_until_usec, error) ||
        !ak_flight_put(flight, config, error) ||
        !ak_flight_commit(flight, session->writer, session->epoch, error))
        return FALSE;
    session->tree = flight->after;
    ak_flight_report(flight, session->report);
    return TRUE;
}

gboolean ak_session_catch_up(AkSession *session, GError **error)
{
    const AkExportConfig *config = session->config;
    g_autoptr(AkSegmentBuilder) builder = NULL;

    if (config->is_dry_run)
        return TRUE;
    for (;;) {
        g_auto(Next) next = {0};

        if (!find_next(session, &next, error))
            return FALSE;
        if (!next.is_found)
            return TRUE;
        if (builder == NULL)
            builder = ak_segment_builder_new(config->source->chain, config->signers,
                                             config->require_signatures);
        g_message("archive holds '%s' already, the pointer does not cover it: taking it over",
                  next.key);
        if (!take_over(session, builder, &next, error)) {
            g_prefix_error(error, "taking over '%s': ", next.key);
            return FALSE;
        }
    }
}
