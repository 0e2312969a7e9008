#include "cli/chains.h"
#include "cli/commands.h"
#include "cli/discover.h"
#include "cli/json.h"
#include "cli/open.h"
#include "cli/rota.h"
#include "cli/sinks.h"
#include "cli/stop.h"
#include "cli/text.h"
#include "export/export.h"

#include <unistd.h>

static void append_json(GString *out, const AkExportReport *report, const char *chain)
{
    AkJson json = {.out = out};

    ak_json_open(&json, NULL, '{');
    if (chain != NULL)
        ak_json_string(&json, "chain", chain);
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
    const char *chain = cli->is_one_of_many ? ak_cli_text(cli, AK_OPT_CHAIN) : NULL;
    g_autoptr(GString) out = g_string_new(NULL);

    if (chain != NULL && !ak_cli_flag(cli, AK_OPT_JSON))
        g_string_append_printf(out, "chain %s\n", chain);

    if (ak_cli_flag(cli, AK_OPT_JSON))
        append_json(out, report, chain);
    else
        append_text(out, report, ak_cli_flag(cli, AK_OPT_DRY_RUN));
    return ak_cli_write(ak_view(out->str, out->len), error);
}

/* A segment's own lease time has to be enough for the objects of its events. */
static guint segment_events(const AkCli *cli)
{
    enum { WITH_OBJECTS = 1024 };
    guint events = (guint)ak_cli_number(cli, AK_OPT_SEGMENT_EVENTS);

    return ak_cli_number(cli, AK_OPT_LAYOUT) != 0 ? MIN(events, WITH_OBJECTS) : events;
}

static void fill_config(const AkCli *cli, AkExportConfig *config)
{
    config->require_signatures = ak_cli_flag(cli, AK_OPT_REQUIRE_SIGNATURES);
    config->origin = ak_cli_text(cli, AK_OPT_ORIGIN);
    config->retention = ak_cli_text(cli, AK_OPT_RETENTION);
    config->lock_mode =
        ak_cli_number(cli, AK_OPT_LOCK_MODE) == 0 ? AK_LOCK_COMPLIANCE : AK_LOCK_GOVERNANCE;
    config->lease_ttl_ms = (guint)ak_cli_number(cli, AK_OPT_LEASE_TTL);
    config->event_objects = ak_cli_number(cli, AK_OPT_LAYOUT) != 0;
    config->segment_events = segment_events(cli);
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

/* What all chains have in common. */
typedef struct {
    const char *holder;
    AkStore *store;
    const AkSigners *signers;
    const AkSigningKey *key;
    guint n_chains;
} Common;

/* Processors are shared out; a chain whose turn it is alone gets them all. */
static guint share_threads(const AkCli *cli, const Common *common)
{
    guint at_once = MIN(common->n_chains, (guint)ak_cli_number(cli, AK_OPT_MAX_CHAINS));
    guint threads = (guint)ak_cli_number(cli, AK_OPT_THREADS);

    if (threads != 0 || at_once <= 1)
        return threads;
    return MAX(1, g_get_num_processors() / at_once);
}

static gboolean export_chain(const AkCli *cli, const Common *common, guint64 visit_limit,
                             AkExportReport *report, GError **error)
{
    AkSourceConfig source;
    AkExportConfig config = {.source = &source,
                             .holder = common->holder,
                             .store = common->store,
                             .signers = common->signers,
                             .key = common->key};

    if (!ak_open_source_config(cli, &source, error))
        return FALSE;
    fill_config(cli, &config);
    config.threads = share_threads(cli, common);
    if (visit_limit != 0) {
        config.is_follow = FALSE;
        config.is_visit = TRUE;
        config.limit = visit_limit;
    }
    return ak_export_run(&config, report, error);
}

static gboolean archive_one(AkCli *cli, gpointer data, GError **error)
{
    AkExportReport report = {0};

    if (!export_chain(cli, data, 0, &report, error)) {
        /* What was done before the error counts; the error itself is what the status tells. */
        if (report.segments > 0 || report.seals > 0)
            (void)!print_report(cli, &report, NULL);
        return FALSE;
    }
    return print_report(cli, &report, error);
}

/* When following, the sinks run beside the export until it ends; else after it, whatever it came
 * to. */
static gboolean archive_with(AkCli *cli, Common *common, AkSinks *sinks, volatile gint *is_over,
                             GError **error)
{
    GError *own = NULL, *theirs = NULL;

    if (ak_cli_flag(cli, AK_OPT_FOLLOW))
        ak_sinks_start(sinks);
    (void)!archive_one(cli, common, &own);
    if (ak_cli_flag(cli, AK_OPT_FOLLOW))
        *is_over = 1;
    else
        ak_sinks_start(sinks);
    if (ak_sinks_end(sinks, NULL, &theirs) && own == NULL)
        return TRUE;
    g_propagate_error(error, own != NULL ? own : theirs);
    if (own != NULL)
        g_clear_error(&theirs);
    return FALSE;
}

static gboolean archive_chain(AkCli *cli, gpointer data, GError **error)
{
    Common *common = data;
    volatile gint is_over = 0;
    AkSourceConfig source;
    AkExportConfig config = {.source = &source,
                             .holder = common->holder,
                             .store = common->store,
                             .signers = common->signers,
                             .key = common->key};
    AkSinks *sinks;
    GError *local = NULL;

    if (ak_cli_flag(cli, AK_OPT_DRY_RUN) || ak_cli_text(cli, AK_OPT_SINK) == NULL)
        return archive_one(cli, data, error);
    if (!ak_open_source_config(cli, &source, error))
        return FALSE;
    fill_config(cli, &config);
    if (config.is_follow)
        config.stop = &is_over;
    sinks = ak_sinks_new(cli, &config, &local);
    if (sinks == NULL && local != NULL) {
        g_propagate_error(error, local);
        return FALSE;
    }
    if (sinks == NULL)
        return archive_one(cli, data, error);
    return archive_with(cli, common, sinks, &is_over, error);
}

/* What a visit exports at most: a chain with a long way to go gives way to others in between. */
static guint64 visit_events(const AkCli *cli)
{
    enum { VISIT_SEGMENTS = 4 };

    return VISIT_SEGMENTS * (guint64)segment_events(cli);
}

static gboolean visit_chain(AkCli *cli, gpointer data, AkExportReport *report, GError **error)
{
    return export_chain(cli, data, visit_events(cli), report, error);
}

static gboolean print_visits(AkCli *cli, const AkExportReport *report, GError **error)
{
    return print_report(cli, report, error);
}

static gboolean check_chains(const AkCli *cli, GError **error)
{
    guint n = ak_chains_count(cli);

    if (n <= 1 || ak_cli_text(cli, AK_OPT_AFTER_ID) == NULL)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                "--after-id is about one chain, and there are %u; hint: --chain NAME", n);
    return FALSE;
}

/* With few chains each has a writer of its own, all the time; else they are visited in turns. */
static gboolean is_in_turns(const AkCli *cli)
{
    return ak_cli_flag(cli, AK_OPT_FOLLOW) && !ak_chains_is_named(cli) &&
           (ak_discover_is_asked(cli) ||
            ak_chains_count(cli) > ak_cli_number(cli, AK_OPT_MAX_CHAINS));
}

static gboolean archive_chains(AkCli *cli, Common *common, GError **error)
{
    AkRota rota = {visit_chain, print_visits, common, visit_events(cli)};

    if (is_in_turns(cli) && ak_cli_text(cli, AK_OPT_SINK) != NULL) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "chains that are followed in turns have no sinks beside them; hint: run "
                    "'auditkeep deliver --follow', or raise --max-chains");
        return FALSE;
    }
    if (!is_in_turns(cli))
        return ak_chains_each(cli, (guint)ak_cli_number(cli, AK_OPT_MAX_CHAINS),
                              ak_cli_flag(cli, AK_OPT_FOLLOW), archive_chain, common, error);
    common->n_chains = (guint)ak_cli_number(cli, AK_OPT_MAX_CHAINS);
    return ak_rota_run(cli, &rota, error);
}

gboolean ak_cmd_archive(AkCli *cli, GError **error)
{
    /* Containers share host names and process ids. */
    g_autofree char *holder =
        g_strdup_printf("%s:%d:%08x", g_get_host_name(), (int)getpid(), g_random_int());
    g_autoptr(AkSigners) signers = NULL;
    g_autoptr(AkSigningKey) key = NULL;
    g_autoptr(AkStore) store = NULL;
    Common common = {.holder = holder, .n_chains = ak_chains_count(cli)};

    if (!check_call(cli, error) || !check_chains(cli, error) ||
        ak_cli_require(cli, AK_OPT_SOURCE, error) == NULL ||
        !ak_open_signers(cli, &signers, error) || ak_cli_require(cli, AK_OPT_KEY, error) == NULL)
        return FALSE;
    key = ak_signing_key_load(ak_cli_text(cli, AK_OPT_KEY), error);
    store = key != NULL ? ak_open_store(cli, error) : NULL;
    if (store == NULL)
        return FALSE;
    common.signers = signers;
    common.key = key;
    common.store = store;
    return archive_chains(cli, &common, error);
}
