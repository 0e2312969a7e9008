#include "cli/chains.h"
#include "cli/commands.h"
#include "cli/open.h"
#include "cli/stop.h"
#include "cli/verify_output.h"
#include "cli/verify_sinks.h"
#include "verify/ledger_file.h"

static gboolean run(AkCli *cli, const AkVerifyConfig *base, AkVerifyPage *page, GError **error)
{
    AkVerifyConfig config = *base;
    g_autoptr(AkVerifyOutput) output = ak_verify_output_new(cli, &config, page);
    AkVerifyReport report = {.source_head = AK_CURSOR_START, .archive_head = AK_CURSOR_START};
    g_autoptr(GError) local = NULL;
    gboolean is_complete =
        ak_verify_run(&config, &report, &local) && ak_verify_sinks(cli, &config, &report, &local);
    gboolean is_printed = ak_verify_output_end(output, &report, is_complete, error);

    cli->exit_status = report.n_faults > 0 ? 1 : 0;
    if (is_complete)
        return is_printed;
    g_clear_error(error);
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

/* A part of the chain has no end that the next verification could go on from. */
static gboolean check_ledger_call(const AkCli *cli, const AkVerifyConfig *config, GError **error)
{
    if ((config->what & AK_VERIFY_ARCHIVE) == 0 || config->limit != 0 ||
        config->since_usec != G_MININT64 || config->until_usec != G_MAXINT64) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "--ledger is for the whole archive: it goes with neither --since, --until and "
                    "--limit, nor with a --what that leaves the archive out");
        return FALSE;
    }
    return ak_cli_require(cli, AK_OPT_LEDGER_KEY, error) != NULL;
}

static gboolean with_ledger(AkCli *cli, AkVerifyConfig *config, AkVerifyPage *page, GError **error)
{
    g_auto(AkLedgerFile) file = {0};
    g_autoptr(GError) local = NULL;
    gboolean is_done;

    if (ak_cli_text(cli, AK_OPT_LEDGER) == NULL)
        return run(cli, config, page, error);
    if (!check_ledger_call(cli, config, error) ||
        !ak_ledger_file_open(&file, ak_cli_text(cli, AK_OPT_LEDGER),
                             ak_cli_text(cli, AK_OPT_LEDGER_KEY), config->origin, config->chain,
                             error))
        return FALSE;
    config->ledger = file.ledger;
    is_done = run(cli, config, page, &local);
    if (!ak_ledger_file_save(&file, is_done ? error : NULL) && is_done)
        return FALSE;
    if (!is_done)
        g_propagate_error(error, g_steal_pointer(&local));
    return is_done;
}

/* What the options let us look at, when --what does not say. */
static guint choose_what(const AkCli *cli)
{
    guint what = (guint)ak_cli_number(cli, AK_OPT_WHAT); /* bits in the order of AK_VERIFY_… */

    if (what != 0)
        return what;
    if (ak_cli_text(cli, AK_OPT_ARCHIVE) == NULL)
        return AK_VERIFY_SOURCE;
    if (ak_cli_text(cli, AK_OPT_SOURCE) == NULL)
        return AK_VERIFY_ARCHIVE;
    return AK_VERIFY_SOURCE | AK_VERIFY_ARCHIVE | AK_VERIFY_CROSS;
}

static void fill_config(const AkCli *cli, AkVerifyConfig *config)
{
    gboolean has_since = ak_cli_text(cli, AK_OPT_SINCE) != NULL;
    gboolean has_until = ak_cli_text(cli, AK_OPT_UNTIL) != NULL;
    gboolean has_seed = ak_cli_text(cli, AK_OPT_SEED) != NULL;

    config->chain = ak_cli_text(cli, AK_OPT_CHAIN);
    config->require_signatures = ak_cli_flag(cli, AK_OPT_REQUIRE_SIGNATURES);
    config->origin = ak_cli_text(cli, AK_OPT_ORIGIN);
    config->retention = ak_cli_text(cli, AK_OPT_RETENTION);
    config->seal_grace_ms = (guint)ak_cli_number(cli, AK_OPT_SEAL_GRACE);
    config->is_unsealed_ok = !ak_cli_flag(cli, AK_OPT_REQUIRE_SEALS);
    config->since_usec = has_since ? (gint64)ak_cli_number(cli, AK_OPT_SINCE) : G_MININT64;
    config->until_usec = has_until ? (gint64)ak_cli_number(cli, AK_OPT_UNTIL) : G_MAXINT64;
    config->limit = ak_cli_number(cli, AK_OPT_LIMIT);
    config->sample = ak_cli_number(cli, AK_OPT_SAMPLE);
    config->seed = has_seed ? ak_cli_number(cli, AK_OPT_SEED) : g_random_int();
    config->is_incremental = ak_cli_flag(cli, AK_OPT_INCREMENTAL);
    config->read_limit = ak_cli_number(cli, AK_OPT_READ_LIMIT);
    config->request_rate = (guint)ak_cli_number(cli, AK_OPT_REQUEST_RATE);
    config->cover_since_usec =
        g_get_real_time() - (gint64)ak_cli_number(cli, AK_OPT_COVER_PERIOD) * 1000;
    config->threads = (guint)ak_cli_number(cli, AK_OPT_THREADS);
    config->stop = ak_stop_flag();
}

static gboolean verify_chain(AkCli *cli, gpointer data, GError **error)
{
    g_autoptr(AkSigners) signers = NULL;
    g_autoptr(AkStore) store = NULL;
    AkSourceConfig source;
    AkVerifyConfig config = {.what = choose_what(cli)};
    gboolean has_key;
    guint8 key[32];

    if (config.what != AK_VERIFY_ARCHIVE && !ak_open_source_config(cli, &source, error))
        return FALSE;
    if (!ak_open_signers(cli, &signers, error) ||
        !ak_open_checkpoint_key(cli, key, &has_key, error))
        return FALSE;
    if ((config.what & (AK_VERIFY_ARCHIVE | AK_VERIFY_CROSS)) != 0 ||
        (config.what != AK_VERIFY_SOURCE && ak_cli_text(cli, AK_OPT_ARCHIVE) != NULL)) {
        store = ak_open_store(cli, error);
        if (store == NULL)
            return FALSE;
    }
    config.source = config.what != AK_VERIFY_ARCHIVE ? &source : NULL;
    config.store = store;
    config.signers = signers;
    config.checkpoint_key = has_key ? key : NULL;
    fill_config(cli, &config);
    return with_ledger(cli, &config, data, error);
}

gboolean ak_cmd_verify(AkCli *cli, GError **error)
{
    const char *path = ak_cli_text(cli, AK_OPT_REPORT);
    g_autoptr(AkVerifyPage) page =
        path != NULL ? ak_verify_page_new(ak_cli_text(cli, AK_OPT_ARCHIVE)) : NULL;
    g_autoptr(GError) local = NULL;
    gboolean is_done = ak_chains_each(cli, 1, FALSE, verify_chain, page, &local);

    /* What stopped the verification is what the caller has to hear of. */
    if (page != NULL && !ak_verify_page_write(page, path, is_done ? error : NULL) && is_done)
        return FALSE;
    if (!is_done)
        g_propagate_error(error, g_steal_pointer(&local));
    return is_done;
}
