#include "cli/commands.h"
#include "cli/help.h"

/* What the two tables are printed as: help, man pages, completion, reference. */

static gboolean write_out(const GString *out, GError **error)
{
    return ak_cli_write(ak_view(out->str, out->len), error);
}

static gboolean write_page(const AkCli *cli, void (*append)(GString *, const AkCommand *),
                           GError **error)
{
    const char *name = ak_cli_arg(cli, 0);
    const AkCommand *command = name != NULL ? ak_command_find(name) : NULL;
    g_autoptr(GString) out = g_string_new(NULL);

    if (name != NULL && command == NULL) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "command '%s' is unknown; hint: 'auditkeep help' lists them", name);
        return FALSE;
    }
    append(out, command);
    return write_out(out, error);
}

gboolean ak_cmd_help(AkCli *cli, GError **error)
{
    return write_page(cli, ak_help_append, error);
}

gboolean ak_cmd_man(AkCli *cli, GError **error)
{
    return write_page(cli, ak_man_append, error);
}

gboolean ak_cmd_completion(AkCli *cli, GError **error)
{
    g_autoptr(GString) out = g_string_new(NULL);

    if (ak_completion_append(out, ak_cli_arg(cli, 0)))
        return write_out(out, error);
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                "shell '%s' is unknown; hint: one of bash, zsh, fish", ak_cli_arg(cli, 0));
    return FALSE;
}

gboolean ak_cmd_reference(AkCli *cli, GError **error)
{
    g_autoptr(GString) out = g_string_new(NULL);

    ak_reference_append(out);
    return write_out(out, error);
}
