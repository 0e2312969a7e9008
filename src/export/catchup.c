#include "export/flight.h"
#include "export/session.h"

#include "segment/key.h"

/* The object that starts where the chain goes on, if there is one. */
typedef struct {
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

    if (object->is_delete_marker || !ak_segment_key_parse(object->key, &next->name))
        return TRUE;
    next->key = g_strdup(object->key);
    next->version = g_strdup(object->version);
    next->is_found = TRUE;
    return FALSE;
}

static gboolean find_next(AkSession *session, gint64 day, Next *next, GError **error)
{
    g_autofree char *prefix =
        ak_segment_key_prefix(session->config->source->chain, day, session->tree.size);
    GError *local = NULL;

    if (!ak_store_list(session->config->store, prefix, look_at, next, &local) && local != NULL) {
        g_propagate_error(error, local);
        return FALSE;
    }
    return TRUE;
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
        gboolean has_day;
        gint64 day;

        if (!ak_feed_peek_day(session->feed, &has_day, &day, error))
            return FALSE;
        if (!has_day)
            return TRUE;
        if (!find_next(session, day, &next, error))
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
