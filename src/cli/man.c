#include "cli/help.h"

#include "cli/text.h"

/* Of this version: a page built twice is the same page. */
#define RELEASE_DATE "2026-11-25"

/* Text as roff prints it: man-roff(7) gives '\', '-' and a leading '.' or ''' a meaning. */
static void append_roff(GString *out, const char *text)
{
    gboolean is_line_start = out->len == 0 || out->str[out->len - 1] == '\n';

    for (const char *p = text; *p != '\0'; p++) {
        if (is_line_start && (*p == '.' || *p == '\''))
            g_string_append(out, "\\&");
        is_line_start = *p == '\n';
        if (*p == '\\')
            g_string_append(out, "\\e");
        else if (*p == '-')
            g_string_append(out, "\\-");
        else
            g_string_append_c(out, *p);
    }
}

/* In lines that stay below 80 characters when '\' is put before each '-'. */
static void append_text(GString *out, const char *text)
{
    g_autoptr(GString) lines = g_string_new(NULL);

    ak_text_wrap(lines, text, "", 70);
    append_roff(out, lines->str);
}

static void append_paragraphs(GString *out, const char *text)
{
    g_auto(GStrv) paragraphs = g_strsplit(text, "\n", -1);

    for (guint i = 0; paragraphs[i] != NULL; i++) {
        if (i > 0)
            g_string_append(out, ".PP\n");
        append_text(out, paragraphs[i]);
    }
}

static void append_bold(GString *out, const char *text)
{
    g_string_append(out, "\\fB");
    append_roff(out, text);
    g_string_append(out, "\\fR");
}

static void append_call(GString *out, const AkCommand *command, const char *program,
                        const char *name)
{
    g_autofree char *called = g_strconcat(program, name, NULL);

    append_bold(out, called);
    g_string_append(out, " [\\fIOPTION\\fR]...");
    if (*command->arguments != '\0') {
        g_string_append_c(out, ' ');
        append_roff(out, command->arguments);
    }
    g_string_append_c(out, '\n');
}

static void append_title(GString *out, const char *name, const char *summary)
{
    g_autofree char *upper = g_ascii_strup(name, -1);

    g_string_append(out, ".TH ");
    append_roff(out, upper);
    g_string_append(out, " 1 " RELEASE_DATE " \"auditkeep " AK_VERSION "\"\n.SH NAME\n");
    append_roff(out, name);
    g_string_append(out, " \\- ");
    append_roff(out, summary);
    g_string_append_c(out, '\n');
}

static void append_option(GString *out, const AkOption *option)
{
    g_autofree char *facts = ak_option_facts(option);

    g_string_append(out, ".TP\n");
    if (option->letter != 0)
        g_string_append_printf(out, "\\fB\\-%c\\fR, ", option->letter);
    g_string_append(out, "\\fB\\-\\-");
    append_roff(out, option->name);
    g_string_append(out, "\\fR");
    if (option->value != NULL)
        g_string_append_printf(out, " \\fI%s\\fR", option->value);
    g_string_append_c(out, '\n');
    append_text(out, option->summary);
    if (option->text != NULL)
        append_text(out, option->text);
    if (option->key != NULL)
        g_string_append_printf(out, "Key %s in section [%s].\n", option->key, option->section);
    if (*facts != '\0') {
        g_autofree char *text = g_strdup_printf("(%s)", facts);

        append_text(out, text);
    }
}

static void append_options(GString *out, const AkCommand *command)
{
    g_string_append(out, ".SH OPTIONS\n");
    for (guint i = 0; i < ak_option_n_sections; i++) {
        const AkOptSection *section = &ak_option_sections[i];

        if (!ak_help_has_section(section, command))
            continue;
        g_string_append_printf(out, ".SS %s\n", section->heading);
        for (guint j = 0; j < AK_OPT_N; j++)
            if (!ak_options[j].is_secret && ak_help_shows(&ak_options[j], section, command))
                append_option(out, &ak_options[j]);
    }
}

static void append_environment(GString *out, const AkCommand *command)
{
    gboolean is_open = FALSE;

    for (guint i = 0; i < AK_OPT_N; i++) {
        const AkOption *option = &ak_options[i];

        if (!ak_option_applies(option, command))
            continue;
        for (guint j = 0; j < AK_OPT_MAX_ENV && option->env[j].name != NULL; j++) {
            if (!is_open)
                g_string_append(out, ".SH ENVIRONMENT\n");
            is_open = TRUE;
            g_string_append_printf(out, ".TP\n\\fB%s\\fR\n", option->env[j].name);
            append_text(out, option->summary);
        }
    }
}

static void append_exits(GString *out, const char *const *exits)
{
    g_string_append(out, ".SH EXIT STATUS\n");
    for (guint i = 0; i < AK_EXIT_N; i++) {
        if (exits[i] == NULL)
            continue;
        g_string_append_printf(out, ".TP\n\\fB%u\\fR\n", i);
        append_text(out, exits[i]);
    }
}

static void append_program(GString *out)
{
    append_title(out, "auditkeep", "keep an audit trail whole: chained, archived, verified");
    g_string_append(out, ".SH SYNOPSIS\n\\fBauditkeep\\fR \\fICOMMAND\\fR "
                         "[\\fIOPTION\\fR]... [\\fIARGUMENT\\fR]...\n.SH DESCRIPTION\n");
    append_text(out, "Exports a hash-chained audit trail from a database to a write-once archive, "
                     "verifies both, and brings the events back. Each command has its own page.");
    g_string_append(out, ".SH COMMANDS\n");
    for (guint i = 0; i < AK_CMD_N; i++) {
        g_string_append(out, ".TP\n");
        append_bold(out, ak_commands[i].name);
        g_string_append_c(out, '\n');
        append_text(out, ak_commands[i].summary);
    }
    append_exits(out, ak_exit_meanings);
    g_string_append(out, ".SH FILES\n.TP\n\\fI/etc/auditkeep/auditkeep.conf\\fR\n");
    append_text(out, "Settings that hold for every call; 'auditkeep init --print-config' prints a "
                     "commented sample. They are overridden by --config FILE, that by the "
                     "environment, and that by the command line.");
}

void ak_man_append(GString *out, const AkCommand *command)
{
    g_autofree char *name = NULL;

    if (command == NULL) {
        append_program(out);
        return;
    }
    name = g_strdup_printf("auditkeep-%s", command->name);
    append_title(out, name, command->summary);
    g_string_append(out, ".SH SYNOPSIS\n");
    append_call(out, command, "auditkeep ", command->name);
    if (command->link != NULL) {
        g_string_append(out, ".br\n");
        append_call(out, command, "", command->link);
    }
    g_string_append(out, ".SH DESCRIPTION\n");
    append_paragraphs(out, command->description);
    append_options(out, command);
    append_environment(out, command);
    append_exits(out, command->exits);
    if (command->example != NULL) {
        g_string_append(out, ".SH EXAMPLES\n.EX\n");
        append_roff(out, command->example);
        g_string_append(out, "\n.EE\n");
    }
    g_string_append(out, ".SH SEE ALSO\n\\fBauditkeep\\fR(1)\n");
}
