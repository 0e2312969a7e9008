#include "cli/help.h"

#include <string.h>

static void append_line(GString *out, const char *name, const char *text)
{
    g_string_append_printf(out, "| %s | %s |\n", name, text);
}

/* '|' would end the cell of a table. */
static char *cell(const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, "|", -1);

    return g_strjoinv("\\|", parts);
}

static void append_command(GString *out, const AkCommand *command)
{
    g_auto(GStrv) paragraphs = g_strsplit(command->description, "\n", -1);
    g_autofree char *description = g_strjoinv("\n\n", paragraphs);

    g_string_append_printf(out, "\n### %s\n\n%s.\n\n    auditkeep %s [OPTION]...%s%s\n\n%s\n\n",
                           command->name, command->summary, command->name,
                           *command->arguments != '\0' ? " " : "", command->arguments, description);
    if (command->example != NULL)
        g_string_append_printf(out, "    %s\n\n", command->example);
    g_string_append(out, "| exit status | meaning |\n| --- | --- |\n");
    for (guint i = 0; i < AK_EXIT_N; i++) {
        char status[] = "0";

        status[0] = (char)('0' + i);
        if (command->exits[i] != NULL)
            append_line(out, status, command->exits[i]);
    }
}

static void append_names(GString *out, guint32 commands)
{
    gboolean is_first = TRUE;

    if (commands == AK_CMD_ALL) {
        g_string_append(out, "all commands");
        return;
    }
    for (guint i = 0; i < AK_CMD_N; i++) {
        if ((commands & AK_CMD_BIT(i)) == 0)
            continue;
        g_string_append_printf(out, "%s`%s`", is_first ? "" : ", ", ak_commands[i].name);
        is_first = FALSE;
    }
}

static void append_option(GString *out, const AkOption *option)
{
    g_autofree char *usage = ak_option_usage(option);
    g_autofree char *facts = ak_option_facts(option);
    g_autofree char *safe = cell(facts);

    if (option->is_secret)
        g_string_append_printf(out, "| `%s` (environment only) | %s", option->env[0].name,
                               option->summary);
    else
        g_string_append_printf(out, "| `%s` | %s", usage, option->summary);
    if (option->text != NULL)
        g_string_append_printf(out, " %s", option->text);
    if (*safe != '\0' && !option->is_secret)
        g_string_append_printf(out, " (%s)", safe);
    g_string_append(out, " | ");
    if (option->key != NULL)
        g_string_append_printf(out, "`%s`", option->key);
    g_string_append(out, " | ");
    append_names(out, option->commands);
    g_string_append(out, " |\n");
}

void ak_reference_append(GString *out)
{
    g_string_append(out, "# Reference\n\n"
                         "Made by `auditkeep reference` from the tables that the parser reads; "
                         "a test compares the two.\n\n"
                         "Later ones override: defaults, `/etc/auditkeep/auditkeep.conf`, "
                         "`--config FILE`, the environment, the command line.\n\n## Commands\n");
    for (guint i = 0; i < AK_CMD_N; i++)
        append_command(out, &ak_commands[i]);
    g_string_append(out, "\n## Options\n");
    for (guint i = 0; i < ak_option_n_sections; i++) {
        const AkOptSection *section = &ak_option_sections[i];

        g_string_append_printf(out,
                               "\n### %s (`[%s]`)\n\n| option | meaning | key | commands |\n"
                               "| --- | --- | --- | --- |\n",
                               section->heading, section->name);
        for (guint j = 0; j < AK_OPT_N; j++)
            if (ak_help_shows(&ak_options[j], section, NULL))
                append_option(out, &ak_options[j]);
    }
}
