#include "cli/cli.h"

#include "cli/discover.h"
#include "cli/help.h"
#include "cli/stop.h"
#include "util/log.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

static gboolean output_error(GError **error)
{
    int cause = errno;

    g_set_error(error, AK_ERROR, cause == ENOSPC ? AK_ERROR_FULL : AK_ERROR_INTERNAL,
                "standard output cannot be written: %s", g_strerror(cause));
    return FALSE;
}

gboolean ak_cli_write(AkView bytes, GError **error)
{
    errno = 0;
    if (fwrite(bytes.data, 1, bytes.len, stdout) != bytes.len || fflush(stdout) != 0)
        return output_error(error);
    return TRUE;
}

/* JSON only where it was asked for by name: people read errors even when the log is collected. */
static void print_error(const AkCli *cli, const GError *error)
{
    const AkErrorClass *class =
        ak_error_class(error->domain == AK_ERROR ? error->code : AK_ERROR_INTERNAL);
    g_autofree char *text = ak_log_redact(error->message);

    if (ak_cli_number(cli, AK_OPT_LOG_FORMAT) == AK_LOG_JSON) {
        g_log_structured(G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "AK_ERROR", class->name, "AK_REMEDY",
                         class->remedy, "AK_RUNBOOK", class->runbook, "MESSAGE", "%s", text);
        return;
    }
    g_strdelimit(text, "\n\r", ' ');
    /* Not g_printerr(): it rewrites what the locale cannot say. */
    (void)fprintf(stderr, "auditkeep: %s\n", g_strstrip(text));
}

static void init_log(const AkCli *cli)
{
    static const GLogLevelFlags levels[] = {G_LOG_LEVEL_CRITICAL, G_LOG_LEVEL_WARNING,
                                            G_LOG_LEVEL_INFO, G_LOG_LEVEL_DEBUG};

    /* The choices of --log-format are AkLogFormat's, in order. */
    ak_log_init((AkLogFormat)ak_cli_number(cli, AK_OPT_LOG_FORMAT),
                levels[MIN(ak_cli_number(cli, AK_OPT_LOG_LEVEL), G_N_ELEMENTS(levels) - 1)]);
}

static gboolean print_help(const AkCli *cli, GError **error)
{
    g_autoptr(GString) out = g_string_new(NULL);

    if (ak_cli_flag(cli, AK_OPT_HELP))
        ak_help_append(out, cli->command);
    else
        g_string_append(out, "auditkeep " AK_VERSION "\n");
    return ak_cli_write(ak_view(out->str, out->len), error);
}

static gboolean run(AkCli *cli, GError **error)
{
    if (ak_cli_flag(cli, AK_OPT_HELP) || ak_cli_flag(cli, AK_OPT_VERSION))
        return print_help(cli, error);
    if (cli->command->is_stoppable)
        ak_stop_install();
    return ak_discover(cli, error) && cli->command->run(cli, error);
}

int ak_cli_main(int argc, char **argv)
{
    g_auto(AkCli) cli = {0};
    g_autoptr(GError) error = NULL;
    gboolean is_parsed;

    /* A closed pipe is an error of a write, not a death in the middle of one. */
    (void)signal(SIGPIPE, SIG_IGN);
    is_parsed = ak_cli_parse(&cli, argc, argv, &error);
    init_log(&cli);
    if (is_parsed && run(&cli, &error))
        return cli.exit_status;
    print_error(&cli, error);
    return ak_error_exit_status(error);
}
