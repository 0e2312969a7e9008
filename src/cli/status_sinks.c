#include "cli/status_sinks.h"

#include "cli/text.h"
#include "util/time.h"

typedef struct {
    const AkChainState *chain;
    AkJson *json; /* NULL: text */
    GString *out;
} Listing;

/* Events of the chain that the sink has not confirmed. */
static guint64 lag_events(const Listing *listing, const AkSinkState *state)
{
    gint64 head = listing->chain->archived.index + (gint64)listing->chain->pending;

    return head > state->at.index ? (guint64)(head - state->at.index) : 0;
}

/* How old the last confirmed event is while others wait behind it. */
static guint64 lag_seconds(const Listing *listing, const AkSinkState *state)
{
    gint64 now = g_get_real_time();

    if (lag_events(listing, state) == 0 || state->at.index < 0 || state->ts_usec > now)
        return 0;
    return (guint64)((now - state->ts_usec) / AK_USEC_PER_SEC);
}

static gboolean add_json(const AkSinkState *state, gpointer data, GError **error)
{
    const Listing *listing = data;
    AkJson *json = listing->json;

    ak_json_open(json, NULL, '{');
    ak_json_string(json, "sink", state->name);
    ak_json_cursor(json, "confirmed", &state->at);
    ak_json_time(json, "at", state->moved_usec);
    ak_json_uint(json, "lagEvents", lag_events(listing, state));
    ak_json_uint(json, "lagSeconds", lag_seconds(listing, state));
    ak_json_string(json, "holder", state->holder);
    ak_json_uint(json, "epoch", state->epoch);
    ak_json_bool(json, "held", state->is_lease_held);
    ak_json_string(json, "error", state->error);
    ak_json_time(json, "errorAt", state->error_usec);
    ak_json_close(json, '}');
    return TRUE;
}

gboolean ak_status_sinks_json(AkSource *source, const AkChainState *chain, AkJson *json,
                              GError **error)
{
    Listing listing = {chain, json, NULL};
    gboolean is_read;

    ak_json_open(json, "sinks", '[');
    is_read = source->driver->sinks(source, add_json, &listing, error);
    ak_json_close(json, ']');
    return is_read;
}

static gboolean add_text(const AkSinkState *state, gpointer data, GError **error)
{
    const Listing *listing = data;
    char ts[AK_TIME_MAX];
    guint64 lag = lag_events(listing, state);

    g_string_append_printf(listing->out, "sink     %s: ", state->name);
    if (state->at.index < 0)
        g_string_append(listing->out, "nothing confirmed yet");
    else
        g_string_append_printf(listing->out, "confirmed up to index %" G_GINT64_FORMAT ", %s",
                               state->at.index, state->at.id);
    g_string_append_printf(listing->out, ", %" G_GUINT64_FORMAT " event%s behind, writer %s\n", lag,
                           ak_text_plural(lag), state->holder != NULL ? state->holder : "none");
    if (state->error == NULL)
        return TRUE;
    (void)ak_time_format_seconds(state->error_usec, ts);
    g_string_append_printf(listing->out, "         since %s: %s\n", ts, state->error);
    return TRUE;
}

gboolean ak_status_sinks_text(AkSource *source, const AkChainState *chain, GString *out,
                              GError **error)
{
    Listing listing = {chain, NULL, out};

    return source->driver->sinks(source, add_text, &listing, error);
}
