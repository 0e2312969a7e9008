#include "cli/commands.h"
#include "cli/json.h"
#include "cli/open.h"
#include "cli/stop.h"
#include "cli/text.h"
#include "ops/restore.h"
#include "verify/verify.h"

static void append_report(GString *out, const AkCli *cli, const AkRestoreReport *report)
{
    AkJson json = {.out = out};
    gboolean has_head = report->head.index >= 0;

    if (!ak_cli_flag(cli, AK_OPT_JSON)) {
        g_string_append_printf(
            out, "%s %" G_GUINT64_FORMAT " event%s of %" G_GUINT64_FORMAT " object%s%s%s\n",
            ak_cli_flag(cli, AK_OPT_DRY_RUN) ? "would restore" : "restored", report->events,
            ak_text_plural(report->events), report->segments, ak_text_plural(report->segments),
            has_head ? ", up to " : "", has_head ? report->head.id : "");
        return;
    }
    ak_json_open(&json, NULL, '{');
    ak_json_uint(&json, "events", report->events);
    ak_json_uint(&json, "segments", report->segments);
    ak_json_cursor(&json, "head", &report->head);
    ak_json_close(&json, '}');
    g_string_append_c(out, '\n');
}

static void on_finding(const AkFinding *finding, gpointer data)
{
    g_warning("%s: %s", ak_fault_name(finding->code), finding->detail);
}

/* What restore would believe, without a database to write to. */
static gboolean verify_only(AkCli *cli, const AkRestoreConfig *restore, AkRestoreReport *report,
                            GError **error)
{
    AkVerifyConfig config = {
        .what = AK_VERIFY_ARCHIVE,
        .store = restore->store,
        .chain = restore->chain,
        .signers = restore->signers,
        .checkpoint_key = restore->checkpoint_key,
        .origin = restore->origin,
        .retention = "1 day", /* how long the lock is makes no event worse */
        .since_usec = G_MININT64,
        .until_usec = G_MAXINT64,
        .stop = restore->stop,
        .on_finding = on_finding,
    };
    AkVerifyReport found = {0};

    if (!ak_verify_run(&config, &found, error))
        return FALSE;
    report->events = found.archive_events;
    report->segments = found.segments;
    report->head = found.archive_head;
    cli->exit_status = found.n_faults > 0 ? 1 : 0;
    return TRUE;
}

/* The usual --source is the database that the events came from: not to be written by habit. */
static gboolean check_consent(const AkCli *cli, GError **error)
{
    if (ak_cli_flag(cli, AK_OPT_YES) || ak_cli_flag(cli, AK_OPT_DRY_RUN))
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                "'restore' writes into the database at --source; hint: --dry-run shows what it "
                "would do, --yes does it");
    return FALSE;
}

gboolean ak_cmd_restore(AkCli *cli, GError **error)
{
    gboolean is_dry_run = ak_cli_flag(cli, AK_OPT_DRY_RUN);
    g_autoptr(AkStore) store = NULL;
    g_autoptr(AkSigners) signers = NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    AkSourceConfig target;
    AkRestoreConfig config = {.chain = ak_cli_text(cli, AK_OPT_CHAIN),
                              .origin = ak_cli_text(cli, AK_OPT_ORIGIN),
                              .stop = ak_stop_flag()};
    AkRestoreReport report = {.head = AK_CURSOR_START};
    gboolean has_key;
    guint8 key[32];

    if (!check_consent(cli, error) || !ak_open_source_config(cli, &target, error) ||
        !ak_open_signers(cli, &signers, error) ||
        !ak_open_checkpoint_key(cli, key, &has_key, error))
        return FALSE;
    store = ak_open_store(cli, error);
    if (store == NULL)
        return FALSE;
    config.store = store;
    config.target = &target;
    config.signers = signers;
    config.checkpoint_key = has_key ? key : NULL;
    if (!(is_dry_run ? verify_only(cli, &config, &report, error)
                     : ak_restore_run(&config, &report, error)))
        return FALSE;
    append_report(out, cli, &report);
    return ak_cli_write(ak_view(out->str, out->len), error);
}
