#include "cli/commands.h"
#include "cli/json.h"
#include "cli/open.h"
#include "cli/stop.h"
#include "cli/text.h"
#include "export/export.h"

#include <unistd.h>

static void append_json(GString *out, const AkExportReport *report)
{
    AkJson json = {.out = out};

    ak_json_open(&json, NULL, '{');
    ak_json_uint(&json, "events", report->events);
    ak_json_uint(&json, "segments", report->segments);
    ak_json_uint(&json, "adopted", report->adopted);
    ak_json_uint(&json, "contentBytes", report->content_bytes);
    ak_json_uint(&json, "objectBytes", report->object_bytes);
    ak_json_uint(&json, "seals", report->seals);
    ak_json_uint(&json, "sealedDays", report->sealed_days);
    ak_json_uint(&json, "heartbeats", report->heartbeats);
    ak_json_open(&json, "faults", '{');
    for (AkFaultCode code = 0; code < AK_FAULT_N_CODES; code++)
        if (report->faults[code] > 0)
            ak_json_uint(&json, ak_fault_name(code), report->faults[code]);
    ak_json_close(&json, '}');
    ak_json_cursor(&json, "head", &report->head);
    ak_json_close(&json, '}');
    g_string_append_c(out, '\n');
}

static void append_text(GString *out, const AkExportReport *report, gboolean is_dry_run)
{
    g_string_append_printf(
        out,
        "%s%" G_GUINT64_FORMAT " event%s in %" G_GUINT64_FORMAT " object%s: %" G_GUINT64_FORMAT
        " bytes of lines, %" G_GUINT64_FORMAT " bytes stored\n",
        is_dry_run ? "would archive " : "archived ", report->events, ak_text_plural(report->events),
        report->segments, ak_text_plural(report->segments), report->content_bytes,
        report->object_bytes);
    if (report->adopted > 0)
        g_string_append_printf(
            out, "%" G_GUINT64_FORMAT " of the objects were stored by an earlier run already\n",
            report->adopted);
    if (report->seals > 0)
        g_string_append_printf(
            out, "sealed %" G_GUINT64_FORMAT " day%s in %" G_GUINT64_FORMAT " object%s\n",
            report->sealed_days, ak_text_plural(report->sealed_days), report->seals,
            ak_text_plural(report->seals));
    if (report->heartbeats > 0)
        g_string_append_printf(out, "wrote %" G_GUINT64_FORMAT " heartbeat%s\n", report->heartbeats,
                               ak_text_plural(report->heartbeats));
    for (AkFaultCode code = 0; code < AK_FAULT_N_CODES; code++)
        if (report->faults[code] > 0)
            g_string_append_printf(out, "%s %s: %" G_GUINT64_FORMAT " event%s, archived as found\n",
                                   ak_fault_is_notice(code) ? "notice" : "fault",
                                   ak_fault_name(code), report->faults[code],
                                   ak_text_plural(report->faults[code]));
    if (report->head.index >= 0)
        g_string_append_printf(out, "the pointer %s at index %" G_GINT64_FORMAT ", %s\n",
                               is_dry_run ? "would be" : "is", report->head.index, report->head.id);
}

static gboolean print_report(const AkCli *cli, const AkExportReport *report, GError **error)
{
    g_autoptr(GString) out = g_string_new(NULL);

    if (ak_cli_flag(cli, AK_OPT_JSON))
        append_json(out, report);
    else
        append_text(out, report, ak_cli_flag(cli, AK_OPT_DRY_RUN));
    return ak_cli_write(ak_view(out->str, out->len), error);
}

static void fill_config(const AkCli *cli, AkExportConfig *config)
{
    config->require_signatures = ak_cli_flag(cli, AK_OPT_REQUIRE_SIGNATURES);
    config->origin = ak_cli_text(cli, AK_OPT_ORIGIN);
    config->retention = ak_cli_text(cli, AK_OPT_RETENTION);
    config->lock_mode =
        ak_cli_number(cli, AK_OPT_LOCK_MODE) == 0 ? AK_LOCK_COMPLIANCE : AK_LOCK_GOVERNANCE;
    config->lease_ttl_ms = (guint)ak_cli_number(cli, AK_OPT_LEASE_TTL);
    config->segment_events = (guint)ak_cli_number(cli, AK_OPT_SEGMENT_EVENTS);
    config->segment_bytes = ak_cli_number(cli, AK_OPT_SEGMENT_BYTES);
    config->flush_interval_ms = (guint)ak_cli_number(cli, AK_OPT_FLUSH_INTERVAL);
    config->poll_interval_ms = (guint)ak_cli_number(cli, AK_OPT_POLL_INTERVAL);
    config->gap_grace_ms = (guint)ak_cli_number(cli, AK_OPT_GAP_GRACE);
    config->seal_grace_ms = (guint)ak_cli_number(cli, AK_OPT_SEAL_GRACE);
    config->heartbeat_interval_ms = (guint)ak_cli_number(cli, AK_OPT_HEARTBEAT_INTERVAL);
    config->threads = (guint)ak_cli_number(cli, AK_OPT_THREADS);
    config->after_id = ak_cli_text(cli, AK_OPT_AFTER_ID);
    config->limit = ak_cli_number(cli, AK_OPT_LIMIT);
    config->is_dry_run = ak_cli_flag(cli, AK_OPT_DRY_RUN);
    config->is_follow = ak_cli_flag(cli, AK_OPT_FOLLOW);
    config->stop = ak_stop_flag();
}

static gboolean check_call(const AkCli *cli, GError **error)
{
    const char *why = NULL;

    if (ak_cli_flag(cli, AK_OPT_FOLLOW) && ak_cli_flag(cli, AK_OPT_ONCE))
        why = "--once";
    else if (ak_cli_flag(cli, AK_OPT_FOLLOW) && ak_cli_flag(cli, AK_OPT_DRY_RUN))
        why = "--dry-run";
    else if (ak_cli_flag(cli, AK_OPT_FOLLOW) && ak_cli_text(cli, AK_OPT_AFTER_ID) != NULL)
        why = "--after-id";
    else if (ak_cli_flag(cli, AK_OPT_FOLLOW) && ak_cli_number(cli, AK_OPT_LIMIT) != 0)
        why = "--limit";
    if (why == NULL)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG, "--follow and %s exclude each other", why);
    return FALSE;
}

gboolean ak_cmd_archive(AkCli *cli, GError **error)
{
    /* Containers share host names and process ids. */
    g_autofree char *holder =
        g_strdup_printf("%s:%d:%08x", g_get_host_name(), (int)getpid(), g_random_int());
    g_autoptr(AkSigners) signers = NULL;
    g_autoptr(AkSigningKey) key = NULL;
    g_autoptr(AkStore) store = NULL;
    AkSourceConfig source;
    AkExportConfig config = {.source = &source, .holder = holder};
    AkExportReport report = {0};

    if (!check_call(cli, error) || !ak_open_source_config(cli, &source, error) ||
        !ak_open_signers(cli, &signers, error) || ak_cli_require(cli, AK_OPT_KEY, error) == NULL)
        return FALSE;
    key = ak_signing_key_load(ak_cli_text(cli, AK_OPT_KEY), error);
    store = key != NULL ? ak_open_store(cli, error) : NULL;
    if (store == NULL)
        return FALSE;
    config.signers = signers;
    config.key = key;
    config.store = store;
    fill_config(cli, &config);
    if (!ak_export_run(&config, &report, error)) {
        /* What was done before the error counts; the error itself is what the status tells. */
        if (report.segments > 0 || report.seals > 0)
            (void)print_report(cli, &report, NULL);
        return FALSE;
    }
    return print_report(cli, &report, error);
}
