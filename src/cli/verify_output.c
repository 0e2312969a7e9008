#include "cli/verify_output.h"

#include "cli/json.h"
#include "cli/progress.h"
#include "cli/text.h"
#include "util/hex.h"
#include "util/log.h"
#include "util/time.h"
#include "verify/group.h"

#include <unistd.h>

enum { MAX_NOTICES = 1000, MAX_GROUPS = 1000 };

/* Faults are printed as they come: their number has no bound. */
struct AkVerifyOutput {
    const AkVerifyConfig *config;
    AkVerifyPage *page;
    AkGrouper *grouper;
    AkProgress progress;
    gboolean is_json;
    AkJson json, notices, groups; /* notices and groups follow the faults, in JSON */
    guint n_notices;
    guint64 n_groups;
    GString *out;
    GError *error; /* the first failure to print */
};

static void flush(AkVerifyOutput *output)
{
    if (output->error == NULL)
        (void)!ak_cli_write(ak_view(output->out->str, output->out->len), &output->error);
    g_string_truncate(output->out, 0);
}

static void finding_json(AkVerifyOutput *output, const AkFinding *finding)
{
    gboolean is_notice = ak_fault_is_notice(finding->code);
    AkJson *json = is_notice ? &output->notices : &output->json;

    if (is_notice && output->n_notices++ >= MAX_NOTICES)
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

static void append_place(GString *out, gint64 index, const char *id, const char *key)
{
    if (index >= 0)
        g_string_append_printf(out, ", index %" G_GINT64_FORMAT, index);
    if (id != NULL)
        g_string_append_printf(out, ", event %s", id);
    if (key != NULL)
        g_string_append_printf(out, ", object %s", key);
}

static void append_fault(GString *out, AkFaultCode code, const char *where)
{
    g_string_append_printf(out, "%s %s in %s", ak_fault_is_notice(code) ? "notice" : "FAULT",
                           ak_fault_name(code), where);
}

/* Names in an archive are not ours: they must not drive the terminal. */
static void end_line(GString *out, gsize start)
{
    for (gsize i = start; i < out->len; i++)
        if (g_ascii_iscntrl(out->str[i]))
            out->str[i] = '?';
    g_string_append_c(out, '\n');
}

static void finding_text(GString *out, const AkFinding *finding)
{
    gsize start = out->len;

    append_fault(out, finding->code, finding->where);
    append_place(out, finding->index, finding->id, finding->key);
    if (finding->detail != NULL)
        g_string_append_printf(out, ": %s", finding->detail);
    end_line(out, start);
}

static void on_finding(const AkFinding *finding, gpointer data)
{
    AkVerifyOutput *output = data;
    gboolean is_new = ak_grouper_add(output->grouper, finding);

    ak_progress_clear(&output->progress);
    if (output->is_json)
        finding_json(output, finding);
    else if (is_new)
        finding_text(output->out, finding);
    flush(output);
}

static void group_json(AkJson *json, const AkFindingGroup *group)
{
    ak_json_open(json, NULL, '{');
    ak_json_string(json, "fault", ak_fault_name(group->code));
    ak_json_string(json, "where", group->where);
    ak_json_uint(json, "count", group->count);
    ak_json_index(json, "firstIndex", group->first_index);
    ak_json_index(json, "lastIndex", group->last_index);
    ak_json_string(json, "firstId", group->first_id);
    ak_json_string(json, "lastId", group->last_id);
    ak_json_string(json, "firstKey", group->first_key);
    ak_json_string(json, "lastKey", group->last_key);
    ak_json_string(json, "detail", group->detail);
    ak_json_close(json, '}');
}

/* The first of the group was printed when it came. */
static void group_text(GString *out, const AkFindingGroup *group)
{
    gsize start = out->len;

    if (group->count == 1)
        return;
    append_fault(out, group->code, group->where);
    g_string_append_printf(out, ": %" G_GUINT64_FORMAT " in a row, the last", group->count);
    append_place(out, group->last_index, group->last_id, group->last_key);
    end_line(out, start);
}

static void on_group(const AkFindingGroup *group, gpointer data)
{
    AkVerifyOutput *output = data;

    if (output->page != NULL)
        ak_verify_page_add_group(output->page, group);
    if (!output->is_json)
        group_text(output->out, group);
    else if (output->n_groups < MAX_GROUPS)
        group_json(&output->groups, group);
    output->n_groups++;
    flush(output);
}

static void on_object(const AkVerifiedObject *object, gpointer data)
{
    AkVerifyOutput *output = data;

    if (output->page != NULL)
        ak_verify_page_add_object(output->page, object);
}

static void on_progress(const char *what, guint64 done, guint64 total, gpointer data)
{
    AkVerifyOutput *output = data;

    ak_progress_show(&output->progress, what, done, total);
}

AkVerifyOutput *ak_verify_output_new(const AkCli *cli, AkVerifyConfig *config, AkVerifyPage *page)
{
    AkVerifyOutput *output = g_new0(AkVerifyOutput, 1);

    output->config = config;
    output->page = page;
    output->grouper = ak_grouper_new(on_group, output);
    output->is_json = ak_cli_flag(cli, AK_OPT_JSON);
    output->out = g_string_new(NULL);
    output->json.out = output->out;
    output->notices.out = g_string_new(NULL);
    output->groups.out = g_string_new(NULL);
    output->progress.is_on =
        isatty(STDERR_FILENO) && ak_cli_number(cli, AK_OPT_LOG_FORMAT) != AK_LOG_JSON;
    config->on_finding = on_finding;
    config->on_object = on_object;
    config->on_progress = output->progress.is_on ? on_progress : NULL;
    config->data = output;
    if (output->is_json) {
        ak_json_open(&output->json, NULL, '{');
        if (cli->is_one_of_many)
            ak_json_string(&output->json, "chain", config->chain);
        ak_json_open(&output->json, "faults", '[');
    } else if (cli->is_one_of_many) {
        g_string_append_printf(output->out, "chain    %s\n", config->chain);
    }
    return output;
}

void ak_verify_output_free(AkVerifyOutput *output)
{
    if (output == NULL)
        return;
    ak_grouper_free(output->grouper);
    (void)g_string_free(output->out, TRUE);
    (void)g_string_free(output->notices.out, TRUE);
    (void)g_string_free(output->groups.out, TRUE);
    g_clear_error(&output->error);
    g_free(output);
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

static void array_json(AkJson *json, const char *name, const AkJson *elements)
{
    ak_json_open(json, name, '[');
    g_string_append_len(json->out, elements->out->str, (gssize)elements->out->len);
    ak_json_close(json, ']');
}

static void report_json(AkVerifyOutput *output, const AkVerifyReport *report, gboolean is_complete)
{
    const AkVerifyConfig *config = output->config;
    AkJson *json = &output->json;
    g_autofree char *root = report->has_root ? ak_hex_string(report->root, AK_SHA256_LEN) : NULL;

    ak_json_close(json, ']');
    array_json(json, "notices", &output->notices);
    array_json(json, "groups", &output->groups);
    ak_json_uint(json, "groupCount", output->n_groups);
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
    if (config->ledger != NULL) {
        ak_json_open(json, "ledger", '{');
        ak_json_uint(json, "knownObjects", report->known_objects);
        ak_json_uint(json, "coveredBytes", report->covered_bytes);
        ak_json_uint(json, "totalBytes", report->total_bytes);
        ak_json_time(json, "coveredSince", config->cover_since_usec);
        ak_json_close(json, '}');
    } else {
        ak_json_null(json, "ledger");
    }
    ak_json_close(json, '}');
    g_string_append_c(output->out, '\n');
}

static void parts_text(GString *out, const AkVerifyConfig *config, const AkVerifyReport *report)
{
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
}

static void cover_text(GString *out, const AkVerifyConfig *config, const AkVerifyReport *report)
{
    char since[AK_TIME_MAX];

    (void)ak_time_format_seconds(config->cover_since_usec, since);
    g_string_append_printf(out, "ledger   %" G_GUINT64_FORMAT " object%s unchanged and not read\n",
                           report->known_objects, ak_text_plural(report->known_objects));
    g_string_append_printf(out,
                           "cover    %.1f %% of %" G_GUINT64_FORMAT " bytes were read since %s\n",
                           report->total_bytes > 0 ? 100.0 * (gdouble)report->covered_bytes /
                                                         (gdouble)report->total_bytes
                                                   : 0.0,
                           report->total_bytes, since);
}

static void report_text(GString *out, const AkVerifyConfig *config, const AkVerifyReport *report)
{
    parts_text(out, config, report);
    if (report->has_root) {
        g_autofree char *root = ak_hex_string(report->root, AK_SHA256_LEN);

        g_string_append_printf(out, "tree     size %" G_GUINT64_FORMAT ", root %s\n",
                               report->tree_size, root);
    }
    if (config->sample > 0)
        g_string_append_printf(
            out, "sample   %" G_GUINT64_FORMAT " object%s, seed %" G_GUINT64_FORMAT "\n",
            config->sample, ak_text_plural(config->sample), config->seed);
    if (config->ledger != NULL)
        cover_text(out, config, report);
    if (report->n_notices > 0)
        g_string_append_printf(out, "notices  %" G_GUINT64_FORMAT "\n", report->n_notices);
    if (report->n_faults == 0)
        g_string_append(out, "verdict  clean: no fault was found\n");
    else
        g_string_append_printf(out, "verdict  FAULTS, %" G_GUINT64_FORMAT "\n", report->n_faults);
}

gboolean ak_verify_output_end(AkVerifyOutput *output, const AkVerifyReport *report,
                              gboolean is_complete, GError **error)
{
    ak_progress_clear(&output->progress);
    ak_grouper_end(output->grouper);
    if (output->is_json)
        report_json(output, report, is_complete);
    else if (is_complete)
        report_text(output->out, output->config, report);
    flush(output);
    if (output->page != NULL)
        ak_verify_page_end_chain(output->page, output->config, report, is_complete);
    if (output->error == NULL)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&output->error));
    return FALSE;
}
