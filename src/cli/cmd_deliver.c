#include "cli/chains.h"
#include "cli/commands.h"
#include "cli/open.h"
#include "cli/sinks.h"
#include "cli/stop.h"

#include <unistd.h>

/* What all chains have in common. */
typedef struct {
    const char *holder;
    AkStore *store;
    const AkSigners *signers;
    const AkSigningKey *key;
} Common;

static void fill_config(const AkCli *cli, const Common *common, AkExportConfig *config)
{
    *config = (AkExportConfig){
        .holder = common->holder,
        .store = common->store,
        .signers = common->signers,
        .key = common->key,
        .require_signatures = ak_cli_flag(cli, AK_OPT_REQUIRE_SIGNATURES),
        .origin = ak_cli_text(cli, AK_OPT_ORIGIN),
        .lease_ttl_ms = (guint)ak_cli_number(cli, AK_OPT_LEASE_TTL),
        .poll_interval_ms = (guint)ak_cli_number(cli, AK_OPT_POLL_INTERVAL),
        .gap_grace_ms = (guint)ak_cli_number(cli, AK_OPT_GAP_GRACE),
        .is_follow = ak_cli_flag(cli, AK_OPT_FOLLOW),
        .stop = ak_stop_flag(),
    };
}

static gboolean deliver_chain(AkCli *cli, gpointer data, GError **error)
{
    g_autoptr(GString) report = g_string_new(NULL);
    AkSourceConfig source;
    AkExportConfig config;
    AkSinks *sinks;
    GError *local = NULL;

    fill_config(cli, data, &config);
    config.source = &source;
    if (!ak_open_source_config(cli, &source, error))
        return FALSE;
    sinks = ak_sinks_new(cli, &config, error);
    if (sinks == NULL)
        return FALSE;
    ak_sinks_start(sinks);
    if (!ak_sinks_end(sinks, report, &local)) {
        (void)!ak_cli_write(ak_view(report->str, report->len), NULL);
        g_propagate_error(error, local);
        return FALSE;
    }
    return ak_cli_write(ak_view(report->str, report->len), error);
}

static gboolean check_call(const AkCli *cli, GError **error)
{
    if (ak_cli_flag(cli, AK_OPT_FOLLOW) && ak_cli_flag(cli, AK_OPT_ONCE)) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG, "--follow and --once exclude each other");
        return FALSE;
    }
    return ak_cli_require(cli, AK_OPT_SINK, error) != NULL &&
           ak_cli_require(cli, AK_OPT_SOURCE, error) != NULL;
}

/* An archive is needed for pruned rows only, a key for what was accepted. */
gboolean ak_cmd_deliver(AkCli *cli, GError **error)
{
    g_autofree char *holder =
        g_strdup_printf("%s:%d:%08x", g_get_host_name(), (int)getpid(), g_random_int());
    g_autoptr(AkSigners) signers = NULL;
    g_autoptr(AkSigningKey) key = NULL;
    g_autoptr(AkStore) store = NULL;
    Common common = {.holder = holder};

    if (!check_call(cli, error) || !ak_open_signers(cli, &signers, error))
        return FALSE;
    if (ak_cli_text(cli, AK_OPT_KEY) != NULL &&
        (key = ak_signing_key_load(ak_cli_text(cli, AK_OPT_KEY), error)) == NULL)
        return FALSE;
    if (ak_cli_text(cli, AK_OPT_ARCHIVE) != NULL && (store = ak_open_store(cli, error)) == NULL)
        return FALSE;
    common.store = store;
    common.signers = signers;
    common.key = key;
    return ak_chains_each(cli, MAX(ak_chains_count(cli), 1), ak_cli_flag(cli, AK_OPT_FOLLOW),
                          deliver_chain, &common, error);
}
