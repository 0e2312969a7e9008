#include "cli/help.h"

#include "cli/text.h"

#include <string.h>

enum { WIDTH = 80, OPTION_COLUMN = 30 };

const char *const ak_exit_meanings[AK_EXIT_N] = {
    "all is well", "the check found something wrong: a fault in the data",
    "the call or the configuration is wrong",
    "something outside could not be reached or refused us (database, archive, disk)",
    "another writer holds the chain"};

gboolean ak_help_shows(const AkOption *option, const AkOptSection *section,
                       const AkCommand *command)
{
    return strcmp(option->section, section->name) == 0 &&
           (command == NULL || ak_option_applies(option, command));
}

gboolean ak_help_has_section(const AkOptSection *section, const AkCommand *command)
{
    for (guint i = 0; i < AK_OPT_N; i++)
        if (!ak_options[i].is_secret && ak_help_shows(&ak_options[i], section, command))
            return TRUE;
    return FALSE;
}

/* @head in the first column, @text wrapped in the second. */
static void append_entry(GString *out, const char *head, guint column, const char *text)
{
    g_autofree char *margin = g_strnfill(column, ' ');
    gsize start = out->len, len = (gsize)g_utf8_strlen(head, -1);

    ak_text_wrap(out, text, margin, WIDTH);
    if (len + 2 <= column) {
        g_string_erase(out, (gssize)start, (gssize)len);
        g_string_insert(out, (gssize)start, head);
    } else {
        g_string_insert(out, (gssize)start, "\n");
        g_string_insert(out, (gssize)start, head);
    }
}

static void append_option(GString *out, const AkOption *option)
{
    g_autofree char *usage = ak_option_usage(option);
    g_autofree char *facts = ak_option_facts(option);
    g_autofree char *head = option->letter != 0
                                ? g_strdup_printf("  -%c, %s", option->letter, usage)
                                : g_strdup_printf("      %s", usage);
    g_autofree char *text = *facts != '\0' ? g_strdup_printf("%s [%s]", option->summary, facts)
                                           : g_strdup(option->summary);

    append_entry(out, head, OPTION_COLUMN, text);
}

static void append_options(GString *out, const AkCommand *command)
{
    for (guint i = 0; i < ak_option_n_sections; i++) {
        const AkOptSection *section = &ak_option_sections[i];

        if (!ak_help_has_section(section, command))
            continue;
        g_string_append_printf(out, "\n%s:\n", section->heading);
        for (guint j = 0; j < AK_OPT_N; j++)
            if (!ak_options[j].is_secret && ak_help_shows(&ak_options[j], section, command))
                append_option(out, &ak_options[j]);
    }
}

static void append_exits(GString *out, const char *const *exits)
{
    g_string_append(out, "\nExit status:\n");
    for (guint i = 0; i < AK_EXIT_N; i++) {
        char head[] = "  0";

        head[2] = (char)('0' + i);
        if (exits[i] != NULL)
            append_entry(out, head, 5, exits[i]);
    }
}

static void append_program(GString *out)
{
    g_string_append(out, "auditkeep - keep an audit trail whole: chained, archived, verified\n\n"
                         "Usage: auditkeep COMMAND [OPTION]... [ARGUMENT]...\n\nCommands:\n");
    for (guint i = 0; i < AK_CMD_N; i++) {
        g_autofree char *head = g_strdup_printf("  %s", ak_commands[i].name);

        append_entry(out, head, 17, ak_commands[i].summary);
    }
    g_string_append(out, "\n");
    ak_text_wrap(out,
                 "'auditkeep COMMAND --help' describes a command and its options. Settings are "
                 "taken from /etc/auditkeep/auditkeep.conf, --config FILE, the environment and "
                 "the command line; later ones override.",
                 "", WIDTH);
    append_exits(out, ak_exit_meanings);
}

void ak_help_append(GString *out, const AkCommand *command)
{
    if (command == NULL) {
        append_program(out);
        return;
    }
    g_string_append_printf(out, "auditkeep %s - %s\n\nUsage: auditkeep %s [OPTION]...%s%s\n",
                           command->name, command->summary, command->name,
                           *command->arguments != '\0' ? " " : "", command->arguments);
    if (command->link != NULL)
        g_string_append_printf(out, "   or: %s [OPTION]...%s%s\n", command->link,
                               *command->arguments != '\0' ? " " : "", command->arguments);
    g_string_append_c(out, '\n');
    ak_text_wrap(out, command->description, "", WIDTH);
    if (command->example != NULL)
        g_string_append_printf(out, "\nExample:\n  %s\n", command->example);
    append_options(out, command);
    append_exits(out, command->exits);
}
