#include "cli/chains.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/open.h"
#include "cli/status_sinks.h"
#include "cli/text.h"
#include "util/time.h"

static gint64 lag_seconds(const AkChainState *state)
{
    gint64 now = g_get_real_time();

    if (state->pending == 0 || state->oldest_pending_usec == 0 || now < state->oldest_pending_usec)
        return 0;
    return (now - state->oldest_pending_usec) / AK_USEC_PER_SEC;
}

static void append_pointer(AkJson *json, const AkChainState *state)
{
    gboolean has_pointer = state->archived.index >= 0;

    ak_json_open(json, "archived", '{');
    ak_json_int(json, "index", state->archived.index);
    ak_json_string(json, "id", has_pointer ? state->archived.id : NULL);
    ak_json_string(json, "hash", has_pointer ? state->archived.hash : NULL);
    ak_json_time(json, "at", state->archived_usec);
    ak_json_close(json, '}');
}

static void append_writer(AkJson *json, const AkChainState *state)
{
    ak_json_open(json, "writer", '{');
    ak_json_string(json, "holder", state->holder);
    ak_json_uint(json, "epoch", state->epoch);
    ak_json_bool(json, "held", state->is_lease_held);
    ak_json_time(json, "until", state->lease_until_usec);
    ak_json_close(json, '}');
}

static gboolean append_json(GString *out, const AkCli *cli, AkSource *source,
                            const AkChainState *state, GError **error)
{
    AkJson json = {.out = out};

    ak_json_open(&json, NULL, '{');
    ak_json_string(&json, "chain", ak_cli_text(cli, AK_OPT_CHAIN));
    append_pointer(&json, state);
    ak_json_uint(&json, "pending", state->pending);
    ak_json_uint(&json, "lagSeconds", (guint64)lag_seconds(state));
    if (state->pending > 0) {
        ak_json_open(&json, "oldestPending", '{');
        ak_json_string(&json, "id", state->oldest_pending_id);
        ak_json_time(&json, "ts", state->oldest_pending_usec);
        ak_json_close(&json, '}');
    } else {
        ak_json_null(&json, "oldestPending");
    }
    ak_json_uint(&json, "planned", state->planned);
    append_writer(&json, state);
    if (state->trouble != NULL) {
        ak_json_open(&json, "lastError", '{');
        ak_json_string(&json, "text", state->trouble);
        ak_json_time(&json, "at", state->trouble_usec);
        ak_json_close(&json, '}');
    } else {
        ak_json_null(&json, "lastError");
    }
    if (!ak_status_sinks_json(source, state, &json, error))
        return FALSE;
    ak_json_close(&json, '}');
    g_string_append_c(out, '\n');
    return TRUE;
}

static void append_pending(GString *out, const AkChainState *state)
{
    char ts[AK_TIME_MAX];

    if (state->pending == 0) {
        g_string_append(out, "pending  nothing: every event is archived\n");
        return;
    }
    (void)ak_time_format(state->oldest_pending_usec, ts);
    g_string_append_printf(out,
                           "pending  %" G_GUINT64_FORMAT " event%s, %" G_GINT64_FORMAT " s behind\n"
                           "oldest   %s of %s\n",
                           state->pending, ak_text_plural(state->pending), lag_seconds(state),
                           state->oldest_pending_id, ts);
}

static void append_text(GString *out, const AkCli *cli, const AkChainState *state)
{
    char ts[AK_TIME_MAX];

    g_string_append_printf(out, "chain    %s\n", ak_cli_text(cli, AK_OPT_CHAIN));
    if (state->archived.index < 0) {
        g_string_append(out, "archived nothing yet\n");
    } else {
        (void)ak_time_format(state->archived_usec, ts);
        g_string_append_printf(out,
                               "archived up to index %" G_GINT64_FORMAT ", %s, at %s\n"
                               "hash     %s\n",
                               state->archived.index, state->archived.id, ts, state->archived.hash);
    }
    append_pending(out, state);
    if (state->planned > 0)
        g_string_append_printf(out, "planned  %u object%s not archived yet\n", state->planned,
                               ak_text_plural(state->planned));
    if (state->trouble != NULL) {
        (void)ak_time_format_seconds(state->trouble_usec, ts);
        g_string_append_printf(out, "error    at %s: %s\n", ts, state->trouble);
    }
    if (state->holder == NULL) {
        g_string_append_printf(out, "writer   none, epoch %" G_GUINT64_FORMAT "\n", state->epoch);
        return;
    }
    (void)ak_time_format_seconds(state->lease_until_usec, ts);
    g_string_append_printf(out, "writer   %s, epoch %" G_GUINT64_FORMAT ", lease %s %s\n",
                           state->holder, state->epoch,
                           state->is_lease_held ? "held until" : "ended", ts);
}

static gboolean show_chain(AkCli *cli, gpointer data, GError **error)
{
    g_autoptr(AkSource) source = ak_open_source(cli, error);
    g_auto(AkChainState) state = {0};
    g_autoptr(GString) out = g_string_new(NULL);

    if (source == NULL || !source->driver->check(source, error) ||
        !source->driver->state(source, &state, error) ||
        !source->driver->count_pending(source, &state, error))
        return FALSE;
    if (ak_cli_flag(cli, AK_OPT_JSON)) {
        if (!append_json(out, cli, source, &state, error))
            return FALSE;
    } else {
        append_text(out, cli, &state);
        if (!ak_status_sinks_text(source, &state, out, error))
            return FALSE;
    }
    return ak_cli_write(ak_view(out->str, out->len), error);
}

gboolean ak_cmd_status(AkCli *cli, GError **error)
{
    return ak_chains_each(cli, 1, FALSE, show_chain, NULL, error);
}
