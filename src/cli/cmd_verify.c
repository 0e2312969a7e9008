#include "cli/chains.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/open.h"
#include "cli/stop.h"
#include "cli/text.h"
#include "util/hex.h"
#include "util/log.h"
#include "verify/verify.h"

#include <stdio.h>
#include <unistd.h>

enum { MAX_NOTICES = 1000 };

/* Faults are printed as they come: their number has no bound. */
typedef struct {
    gboolean is_json;
    gboolean has_progress; /* a bar on standard error, and only on a terminal */
    AkJson json, notices;  /* notices follow the faults, in JSON */
    GString *out;
    guint n_notices;
    GError *output_error; /* the first failure to print */
} Printer;

static void flush(Printer *printer)
{
    if (printer->output_error == NULL &&
        !ak_cli_write(ak_view(printer->out->str, printer->out->len), &printer->output_error))
        g_assert(printer->output_error != NULL);
    g_string_truncate(printer->out, 0);
}

static void finding_json(Printer *printer, const AkFinding *finding)
{
    gboolean is_notice = ak_fault_is_notice(finding->code);
    AkJson *json = is_notice ? &printer->notices : &printer->json;

    if (is_notice && printer->n_notices++ >= MAX_NOTICES)
        return;
    ak_json_open(json, NULL, '{');
    ak_json_string(json, "fault", ak_fault_name(finding->code));
    ak_json_string(json, "where", finding->where);
    ak_json_index(json, "index", finding->index);
    ak_json_string(json, "id", finding->id);
    ak_json_string(json, "key", finding->key);
    ak_json_string(json, "detail", finding->detail);
    ak_json_close(json, '}');
}

static void finding_text(GString *out, const AkFinding *finding)
{
    gsize start = out->len;

    g_string_append_printf(out, "%s %s in %s",
                           ak_fault_is_notice(finding->code) ? "notice" : "FAULT",
                           ak_fault_name(finding->code), finding->where);
    if (finding->index >= 0)
        g_string_append_printf(out, ", index %" G_GINT64_FORMAT, finding->index);
    if (finding->id != NULL)
        g_string_append_printf(out, ", event %s", finding->id);
    if (finding->key != NULL)
        g_string_append_printf(out, ", object %s", finding->key);
    if (finding->detail != NULL)
        g_string_append_printf(out, ": %s", finding->detail);
    /* Names in an archive are not ours: they must not drive the terminal. */
    for (gsize i = start; i < out->len; i++)
        if (g_ascii_iscntrl(out->str[i]))
            out->str[i] = '?';
    g_string_append_c(out, '\n');
}

static void clear_progress(const Printer *printer)
{
    if (printer->has_progress)
        g_printerr("\r\033[K");
}

static void on_finding(const AkFinding *finding, gpointer data)
{
    Printer *printer = data;

    clear_progress(printer);
    if (printer->is_json)
        finding_json(printer, finding);
    else
        finding_text(printer->out, finding);
    flush(printer);
}

static void on_progress(const char *what, guint64 done, guint64 total, gpointer data)
{
    enum { WIDTH = 30 };
    char bar[WIDTH + 1];
    guint filled = total > 0 ? (guint)(MIN(done, total) * WIDTH / total) : 0;

    memset(bar, ' ', WIDTH);
    memset(bar, '=', filled);
    bar[WIDTH] = '\0';
    if (total > 0)
        g_printerr("\r\033[K%-8s [%s] %" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT, what, bar, done,
                   total);
    else
        g_printerr("\r\033[K%-8s %" G_GUINT64_FORMAT, what, done);
}

static void part_json(AkJson *json, const AkVerifyConfig *config, guint part, const char *name,
                      guint64 events, const AkCursor *head)
{
    if ((config->what & part) == 0) {
        ak_json_null(json, name);
        return;
    }
    ak_json_open(json, name, '{');
    ak_json_uint(json, "events", events);
    if (head != NULL)
        ak_json_cursor(json, "head", head);
    ak_json_close(json, '}');
}

static void report_json(Printer *printer, const AkVerifyConfig *config,
                        const AkVerifyReport *report, gboolean is_complete)
{
    AkJson *json = &printer->json;
    g_autofree char *root = report->has_root ? ak_hex_string(report->root, AK_SHA256_LEN) : NULL;

    ak_json_close(json, ']');
    ak_json_open(json, "notices", '[');
    g_string_append_len(json->out, printer->notices.out->str, (gssize)printer->notices.out->len);
    ak_json_close(json, ']');
    ak_json_bool(json, "complete", is_complete);
    ak_json_string(json, "verdict", report->n_faults > 0 ? "faults" : is_complete ? "clean" : NULL);
    ak_json_uint(json, "faultCount", report->n_faults);
    ak_json_uint(json, "noticeCount", report->n_notices);
    part_json(json, config, AK_VERIFY_SOURCE, "source", report->source_events,
              &report->source_head);
    part_json(json, config, AK_VERIFY_ARCHIVE, "archive", report->archive_events,
              &report->archive_head);
    part_json(json, config, AK_VERIFY_CROSS, "cross", report->cross_events, NULL);
    ak_json_uint(json, "segments", report->segments);
    ak_json_uint(json, "signatures", report->signatures);
    ak_json_uint(json, "treeSize", report->tree_size);
    ak_json_string(json, "root", root);
    if (config->sample > 0)
        ak_json_uint(json, "seed", config->seed);
    else
        ak_json_null(json, "seed");
    ak_json_close(json, '}');
    g_string_append_c(printer->out, '\n');
    flush(printer);
}

static void report_text(Printer *printer, const AkVerifyConfig *config,
                        const AkVerifyReport *report)
{
    GString *out = printer->out;

    if (config->what & AK_VERIFY_SOURCE)
        g_string_append_printf(out, "source   %" G_GUINT64_FORMAT " event%s\n",
                               report->source_events, ak_text_plural(report->source_events));
    if (config->what & AK_VERIFY_ARCHIVE)
        g_string_append_printf(
            out, "archive  %" G_GUINT64_FORMAT " event%s in %" G_GUINT64_FORMAT " object%s\n",
            report->archive_events, ak_text_plural(report->archive_events), report->segments,
            ak_text_plural(report->segments));
    if (config->what & AK_VERIFY_CROSS)
        g_string_append_printf(out, "cross    %" G_GUINT64_FORMAT " event%s\n",
                               report->cross_events, ak_text_plural(report->cross_events));
    if (config->signers != NULL)
        g_string_append_printf(out, "checked  %" G_GUINT64_FORMAT " signature%s\n",
                               report->signatures, ak_text_plural(report->signatures));
    else
        g_string_append(out, "checked  no signatures: no --signers\n");
    if (report->has_root) {
        g_autofree char *root = ak_hex_string(report->root, AK_SHA256_LEN);

        g_string_append_printf(out, "tree     size %" G_GUINT64_FORMAT ", root %s\n",
                               report->tree_size, root);
    }
    if (config->sample > 0)
        g_string_append_printf(
            out, "sample   %" G_GUINT64_FORMAT " object%s, seed %" G_GUINT64_FORMAT "\n",
            config->sample, ak_text_plural(config->sample), config->seed);
    if (report->n_notices > 0)
        g_string_append_printf(out, "notices  %" G_GUINT64_FORMAT "\n", report->n_notices);
    if (report->n_faults == 0)
        g_string_append(out, "verdict  clean: no fault was found\n");
    else
        g_string_append_printf(out, "verdict  FAULTS, %" G_GUINT64_FORMAT "\n", report->n_faults);
    flush(printer);
}

static gboolean run(AkCli *cli, const AkVerifyConfig *base, GError **error)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GString) notices = g_string_new(NULL);
    Printer printer = {.is_json = ak_cli_flag(cli, AK_OPT_JSON),
                       .has_progress = isatty(STDERR_FILENO) &&
                                       ak_cli_number(cli, AK_OPT_LOG_FORMAT) != AK_LOG_JSON,
                       .json.out = out,
                       .notices.out = notices,
                       .out = out};
    AkVerifyConfig config = *base;
    AkVerifyReport report = {.source_head = AK_CURSOR_START, .archive_head = AK_CURSOR_START};
    gboolean is_complete;

    config.on_finding = on_finding;
    config.on_progress = printer.has_progress ? on_progress : NULL;
    config.data = &printer;
    if (printer.is_json) {
        ak_json_open(&printer.json, NULL, '{');
        if (cli->is_one_of_many)
            ak_json_string(&printer.json, "chain", config.chain);
        ak_json_open(&printer.json, "faults", '[');
    }
    if (cli->is_one_of_many && !printer.is_json)
        g_string_append_printf(out, "chain    %s\n", config.chain);
    is_complete = ak_verify_run(&config, &report, error);
    clear_progress(&printer);
    if (printer.is_json)
        report_json(&printer, &config, &report, is_complete);
    else if (is_complete)
        report_text(&printer, &config, &report);
    cli->exit_status = report.n_faults > 0 ? 1 : 0;
    if (!is_complete) {
        g_clear_error(&printer.output_error);
        return FALSE;
    }
    if (printer.output_error == NULL)
        return TRUE;
    g_propagate_error(error, printer.output_error);
    return FALSE;
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
    if (config.what != AK_VERIFY_SOURCE) {
        store = ak_open_store(cli, error);
        if (store == NULL)
            return FALSE;
    }
    config.source = config.what != AK_VERIFY_ARCHIVE ? &source : NULL;
    config.store = store;
    config.signers = signers;
    config.checkpoint_key = has_key ? key : NULL;
    fill_config(cli, &config);
    return run(cli, &config, error);
}

gboolean ak_cmd_verify(AkCli *cli, GError **error)
{
    return ak_chains_each(cli, 1, FALSE, verify_chain, NULL, error);
}
