#include "cli/sinks.h"

#include "cli/json.h"
#include "cli/stop.h"
#include "cli/text.h"
#include "export/deliver.h"

typedef struct {
    AkSinkConfig sink;
    AkDeliverConfig config;
    AkDeliverReport report;
    char *url, *name;
    GThread *thread;
    GError *error;
} Part;

struct AkSinks {
    const AkCli *cli;
    AkExportConfig export;
    guint n;
    Part *parts;
};

void ak_sinks_config(const AkCli *cli, const char *url, AkSinkConfig *out)
{
    *out = (AkSinkConfig){
        .url = url,
        .chain = ak_cli_text(cli, AK_OPT_CHAIN),
        .stop = ak_stop_flag(),
        .kafka_config = ak_cli_text(cli, AK_OPT_KAFKA_CONFIG),
        .kafka_format = ak_cli_text(cli, AK_OPT_KAFKA_FORMAT),
        .kafka_source = ak_cli_text(cli, AK_OPT_KAFKA_SOURCE),
        .snowflake_host = ak_cli_text(cli, AK_OPT_SNOWFLAKE_HOST),
        .snowflake_user = ak_cli_text(cli, AK_OPT_SNOWFLAKE_USER),
        .snowflake_key_file = ak_cli_text(cli, AK_OPT_SNOWFLAKE_KEY_FILE),
        .snowflake_key_file_2 = ak_cli_text(cli, AK_OPT_SNOWFLAKE_KEY_FILE_2),
        .snowflake_passphrase = ak_cli_text(cli, AK_OPT_SNOWFLAKE_PASSPHRASE),
        .snowflake_pipe = ak_cli_text(cli, AK_OPT_SNOWFLAKE_PIPE),
        .snowflake_role = ak_cli_text(cli, AK_OPT_SNOWFLAKE_ROLE),
        .snowflake_warehouse = ak_cli_text(cli, AK_OPT_SNOWFLAKE_WAREHOUSE),
        .snowflake_ca_bundle = ak_cli_text(cli, AK_OPT_SNOWFLAKE_CA_BUNDLE),
        .snowflake_use_offset_token = ak_cli_flag(cli, AK_OPT_SNOWFLAKE_OFFSET_TOKEN),
        .snowflake_known_errors = ak_cli_number(cli, AK_OPT_SNOWFLAKE_KNOWN_ERRORS),
    };
}

char **ak_sinks_urls(const AkCli *cli)
{
    const char *text = ak_cli_text(cli, AK_OPT_SINK);
    const char *brokers = ak_cli_text(cli, AK_OPT_KAFKA_BROKERS);
    g_auto(GStrv) words = g_strsplit_set(text != NULL ? text : "", " \t\n", -1);
    GPtrArray *urls = g_ptr_array_new();

    for (guint i = 0; words[i] != NULL; i++) {
        const char *topic = words[i] + strlen("kafka:");

        if (*words[i] == '\0')
            continue;
        if (brokers != NULL && g_str_has_prefix(words[i], "kafka:") &&
            !g_str_has_prefix(topic, "//"))
            g_ptr_array_add(urls, g_strdup_printf("kafka://%s/%s", brokers, topic));
        else
            g_ptr_array_add(urls, g_strdup(words[i]));
    }
    g_ptr_array_add(urls, NULL);
    return (char **)g_ptr_array_free(urls, FALSE);
}

static void free_sinks(AkSinks *sinks)
{
    for (guint i = 0; i < sinks->n; i++) {
        g_free(sinks->parts[i].url);
        g_free(sinks->parts[i].name);
        g_clear_error(&sinks->parts[i].error);
    }
    g_free(sinks->parts);
    g_free(sinks);
}

static gboolean add_part(AkSinks *sinks, const char *url, GError **error)
{
    const AkSinkDriver *driver = ak_sink_find(url, error);
    char *name = driver != NULL ? ak_sink_name(url, error) : NULL;
    Part *part = &sinks->parts[sinks->n];

    if (name == NULL)
        return FALSE;
    for (guint i = 0; i < sinks->n; i++) {
        if (strcmp(sinks->parts[i].name, name) == 0) {
            g_set_error(error, AK_ERROR, AK_ERROR_CONFIG, "--sink names '%s' twice", name);
            g_free(name);
            return FALSE;
        }
    }
    sinks->n++;
    part->url = g_strdup(url);
    part->name = name;
    ak_sinks_config(sinks->cli, part->url, &part->sink);
    part->sink.stop = sinks->export.stop;
    part->config = (AkDeliverConfig){
        .export = &sinks->export,
        .sink = &part->sink,
        .driver = driver,
        .name = name,
        .after_archived = ak_cli_number(sinks->cli, AK_OPT_DELIVER_AFTER) != 0,
    };
    return TRUE;
}

AkSinks *ak_sinks_new(const AkCli *cli, const AkExportConfig *export, GError **error)
{
    g_auto(GStrv) urls = ak_sinks_urls(cli);
    AkSinks *sinks;

    if (urls[0] == NULL)
        return NULL;
    sinks = g_new0(AkSinks, 1);
    sinks->cli = cli;
    sinks->export = *export;
    sinks->parts = g_new0(Part, g_strv_length(urls));
    for (guint i = 0; urls[i] != NULL; i++) {
        if (!add_part(sinks, urls[i], error)) {
            free_sinks(sinks);
            return NULL;
        }
    }
    return sinks;
}

static gpointer run_part(gpointer data)
{
    Part *part = data;

    if (!ak_deliver_run(&part->config, &part->report, &part->error))
        g_warning("sink '%s' has stopped: %s", part->name, part->error->message);
    return NULL;
}

void ak_sinks_start(AkSinks *sinks)
{
    for (guint i = 0; i < sinks->n; i++)
        sinks->parts[i].thread = g_thread_new("sink", run_part, &sinks->parts[i]);
}

static void append_json(GString *out, const AkCli *cli, const Part *part)
{
    AkJson json = {.out = out};

    ak_json_open(&json, NULL, '{');
    ak_json_string(&json, "chain", ak_cli_text(cli, AK_OPT_CHAIN));
    ak_json_string(&json, "sink", part->name);
    ak_json_uint(&json, "events", part->report.events);
    ak_json_uint(&json, "skipped", part->report.skipped);
    ak_json_cursor(&json, "head", &part->report.head);
    ak_json_close(&json, '}');
    g_string_append_c(out, '\n');
}

static void append_text(GString *out, const Part *part)
{
    const AkDeliverReport *report = &part->report;

    g_string_append_printf(out, "%s: delivered %" G_GUINT64_FORMAT " event%s; it has confirmed %s",
                           part->name, report->events, ak_text_plural(report->events),
                           report->head.index < 0 ? "nothing yet\n" : "");
    if (report->head.index >= 0)
        g_string_append_printf(out, "index %" G_GINT64_FORMAT ", %s\n", report->head.index,
                               report->head.id);
}

/* Nobody has to guess: a fault in the data is worse than a place that could not be reached. */
static void keep_worse(Part *part, GError **worst)
{
    if (part->error == NULL || (*worst != NULL && (ak_error_exit_status(*worst) == 1 ||
                                                   ak_error_exit_status(part->error) != 1)))
        return;
    g_clear_error(worst);
    *worst = g_steal_pointer(&part->error);
    g_prefix_error(worst, "sink '%s': ", part->name);
}

gboolean ak_sinks_end(AkSinks *sinks, GString *report, GError **error)
{
    GError *worst = NULL;

    for (guint i = 0; i < sinks->n; i++) {
        Part *part = &sinks->parts[i];
        g_autoptr(GString) text = g_string_new(NULL);

        (void)g_thread_join(part->thread);
        if (report != NULL && ak_cli_flag(sinks->cli, AK_OPT_JSON))
            append_json(report, sinks->cli, part);
        else
            append_text(report != NULL ? report : text, part);
        if (report == NULL)
            g_message("%s", g_strchomp(text->str));
        keep_worse(part, &worst);
    }
    free_sinks(sinks);
    if (worst == NULL)
        return TRUE;
    g_propagate_error(error, worst);
    return FALSE;
}
