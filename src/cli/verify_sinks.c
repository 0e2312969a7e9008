#include "cli/verify_sinks.h"

#include "chain/link.h"
#include "cli/sinks.h"
#include "export/compare.h"

/* The kinds that --what knows. */
static const struct {
    guint what;
    const char *scheme;
    AkFaultCode code;
} kinds[] = {{AK_VERIFY_KAFKA, "kafka", AK_FAULT_KAFKA_GAP},
             {AK_VERIFY_SNOWFLAKE, "snowflake", AK_FAULT_SNOWFLAKE_GAP}};

typedef struct {
    const AkVerifyConfig *config;
    AkVerifyReport *report;
    guint kind;
} Pass;

static void add_finding(const AkEvent *event, const char *detail, gpointer data)
{
    const Pass *pass = data;
    char id[37] = "";
    AkFinding finding = {.code = kinds[pass->kind].code,
                         .where = kinds[pass->kind].scheme,
                         .index = event != NULL ? (gint64)event->index : -1,
                         .id = event != NULL ? id : NULL,
                         .detail = detail};

    if (event != NULL)
        ak_id_copy(event->id, id);
    pass->report->faults[finding.code]++;
    pass->report->n_faults++;
    pass->config->on_finding(&finding, pass->config->data);
}

static gboolean compare(const AkCli *cli, const char *url, Pass *pass, GError **error)
{
    const AkVerifyConfig *config = pass->config;
    AkExportConfig export = {.source = config->source,
                             .store = config->store,
                             .signers = config->signers,
                             .require_signatures = config->require_signatures,
                             .origin = config->origin,
                             .stop = config->stop};
    AkSinkConfig sink;
    AkDeliverConfig deliver = {
        .export = &export, .sink = &sink, .driver = ak_sink_find(url, error)};
    g_autofree char *name = deliver.driver != NULL ? ak_sink_name(url, error) : NULL;
    guint64 events;

    if (name == NULL)
        return FALSE;
    ak_sinks_config(cli, url, &sink);
    deliver.name = name;
    if (!ak_compare_run(&deliver, add_finding, pass, &events, error)) {
        g_prefix_error(error, "reading sink '%s' back: ", name);
        return FALSE;
    }
    g_message("sink '%s': %" G_GUINT64_FORMAT " events compared", name, events);
    return TRUE;
}

static gboolean is_of_kind(const char *url, guint kind)
{
    gsize len = strlen(kinds[kind].scheme);

    return strncmp(url, kinds[kind].scheme, len) == 0 && url[len] == ':';
}

static gboolean compare_kind(const AkCli *cli, Pass *pass, GError **error)
{
    g_auto(GStrv) urls = ak_sinks_urls(cli);
    gboolean is_any = FALSE;

    for (guint i = 0; urls[i] != NULL; i++) {
        if (!is_of_kind(urls[i], pass->kind))
            continue;
        is_any = TRUE;
        if (!compare(cli, urls[i], pass, error))
            return FALSE;
    }
    if (is_any)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                "--what %s needs to know which; hint: --sink %s://…", kinds[pass->kind].scheme,
                kinds[pass->kind].scheme);
    return FALSE;
}

gboolean ak_verify_sinks(const AkCli *cli, const AkVerifyConfig *config, AkVerifyReport *report,
                         GError **error)
{
    for (guint kind = 0; kind < G_N_ELEMENTS(kinds); kind++) {
        Pass pass = {config, report, kind};

        if ((config->what & kinds[kind].what) != 0 && !compare_kind(cli, &pass, error))
            return FALSE;
    }
    return TRUE;
}
