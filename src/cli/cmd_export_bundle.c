#include "cli/commands.h"
#include "cli/json.h"
#include "cli/open.h"
#include "cli/stop.h"
#include "cli/text.h"
#include "ops/bundle.h"

static gboolean print(const AkCli *cli, const AkBundleReport *report, GError **error)
{
    g_autoptr(GString) out = g_string_new(NULL);
    AkJson json = {.out = out};

    if (ak_cli_flag(cli, AK_OPT_JSON)) {
        ak_json_open(&json, NULL, '{');
        ak_json_uint(&json, "events", report->events);
        ak_json_uint(&json, "firstIndex", report->first_index);
        ak_json_uint(&json, "lastIndex", report->last_index);
        ak_json_uint(&json, "segments", report->segments);
        ak_json_uint(&json, "seals", report->seals);
        ak_json_uint(&json, "objectBytes", report->object_bytes);
        ak_json_close(&json, '}');
        g_string_append_c(out, '\n');
    } else {
        g_string_append_printf(out,
                               "exported %" G_GUINT64_FORMAT " event%s, index %" G_GUINT64_FORMAT
                               " to %" G_GUINT64_FORMAT ", and %" G_GUINT64_FORMAT " seal%s\n"
                               "next     read CHECK.md there; 'sh check.sh' verifies it all\n",
                               report->events, ak_text_plural(report->events), report->first_index,
                               report->last_index, report->seals, ak_text_plural(report->seals));
    }
    return ak_cli_write(ak_view(out->str, out->len), error);
}

gboolean ak_cmd_export_bundle(AkCli *cli, GError **error)
{
    gboolean has_since = ak_cli_text(cli, AK_OPT_SINCE) != NULL;
    gboolean has_until = ak_cli_text(cli, AK_OPT_UNTIL) != NULL;
    g_autoptr(AkSigners) signers = NULL;
    g_autoptr(AkStore) store = NULL;
    AkBundleConfig config = {0};
    AkBundleReport report;
    gboolean has_key;
    guint8 key[32];

    if (ak_cli_require(cli, AK_OPT_KEY, error) == NULL || !ak_open_signers(cli, &signers, error) ||
        !ak_open_checkpoint_key(cli, key, &has_key, error))
        return FALSE;
    store = ak_open_store(cli, error);
    if (store == NULL)
        return FALSE;
    config.store = store;
    config.chain = ak_cli_text(cli, AK_OPT_CHAIN);
    config.origin = ak_cli_text(cli, AK_OPT_ORIGIN);
    config.since_usec = has_since ? (gint64)ak_cli_number(cli, AK_OPT_SINCE) : G_MININT64;
    config.until_usec = has_until ? (gint64)ak_cli_number(cli, AK_OPT_UNTIL) : G_MAXINT64;
    config.checkpoint_key = key;
    config.signers = signers;
    config.require_signatures = ak_cli_flag(cli, AK_OPT_REQUIRE_SIGNATURES);
    config.dir = ak_cli_arg(cli, 0);
    config.threads = (guint)ak_cli_number(cli, AK_OPT_THREADS);
    config.stop = ak_stop_flag();
    return ak_bundle_run(&config, &report, error) && print(cli, &report, error);
}
