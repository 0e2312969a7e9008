#include "cli/help.h"

#include <string.h>

static char *spaced(const char *choices)
{
    return g_strdelimit(g_strdup(choices), "|", ' ');
}

static gboolean is_offered(const AkOption *option, const AkCommand *command)
{
    return !option->is_secret && ak_option_applies(option, command);
}

static void bash_values(GString *out)
{
    g_string_append(out, "    case $prev in\n");
    for (guint i = 0; i < AK_OPT_N; i++) {
        const AkOption *option = &ak_options[i];

        if (option->is_secret)
            continue;
        if (option->choices != NULL) {
            g_autofree char *words = spaced(option->choices);

            g_string_append_printf(out,
                                   "        --%s) COMPREPLY=($(compgen -W '%s' -- \"$cur\"));"
                                   " return ;;\n",
                                   option->name, words);
        } else if (option->type == AK_TYPE_PATH) {
            g_string_append_printf(
                out, "        --%s) COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n",
                option->name);
        } else if (option->type != AK_TYPE_BOOL) {
            g_string_append_printf(out, "        --%s) return ;;\n", option->name);
        }
    }
    g_string_append(out, "    esac\n");
}

static void append_bash(GString *out)
{
    g_string_append(out,
                    "_auditkeep()\n{\n"
                    "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
                    "    COMPREPLY=()\n");
    bash_values(out);
    g_string_append(out,
                    "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        COMPREPLY=($(compgen -W '");
    for (guint i = 0; i < AK_CMD_N; i++)
        g_string_append_printf(out, "%s%s", i > 0 ? " " : "", ak_commands[i].name);
    g_string_append(out, "' -- \"$cur\"))\n        return\n    fi\n"
                         "    case ${COMP_WORDS[1]} in\n");
    for (guint i = 0; i < AK_CMD_N; i++) {
        gboolean is_first = TRUE;

        g_string_append_printf(out, "        %s) COMPREPLY=($(compgen -W '", ak_commands[i].name);
        for (guint j = 0; j < AK_OPT_N; j++) {
            if (!is_offered(&ak_options[j], &ak_commands[i]))
                continue;
            g_string_append_printf(out, "%s--%s", is_first ? "" : " ", ak_options[j].name);
            is_first = FALSE;
        }
        g_string_append(out, "' -- \"$cur\")) ;;\n");
    }
    g_string_append(out, "    esac\n}\ncomplete -o default -F _auditkeep auditkeep\n");
}

/* Inside '…[…]' of a _arguments specification. */
static char *zsh_text(const char *text)
{
    GString *out = g_string_new(NULL);

    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '\'')
            g_string_append(out, "'\\''");
        else if (strchr("[]:\\", *p) != NULL)
            g_string_append_printf(out, "\\%c", *p);
        else
            g_string_append_c(out, *p);
    }
    return g_string_free(out, FALSE);
}

static void zsh_option(GString *out, const AkOption *option)
{
    g_autofree char *text = zsh_text(option->summary);
    g_autofree char *words = option->choices != NULL ? spaced(option->choices) : NULL;

    g_string_append_printf(out, " \\\n            '--%s%s[%s]", option->name,
                           option->type != AK_TYPE_BOOL ? "=" : "", text);
    if (words != NULL)
        g_string_append_printf(out, ":value:(%s)", words);
    else if (option->type == AK_TYPE_PATH)
        g_string_append(out, ":file:_files");
    else if (option->type != AK_TYPE_BOOL)
        g_string_append(out, ":value: ");
    g_string_append_c(out, '\'');
}

static void append_zsh(GString *out)
{
    g_string_append(out, "#compdef auditkeep\n_auditkeep()\n{\n"
                         "    if (( CURRENT == 2 )); then\n        local -a commands=(\n");
    for (guint i = 0; i < AK_CMD_N; i++) {
        g_autofree char *text = zsh_text(ak_commands[i].summary);

        g_string_append_printf(out, "            '%s:%s'\n", ak_commands[i].name, text);
    }
    g_string_append(out, "        )\n        _describe command commands\n        return\n    fi\n"
                         "    case $words[2] in\n");
    for (guint i = 0; i < AK_CMD_N; i++) {
        g_string_append_printf(out, "        %s) _arguments '*:file:_files'", ak_commands[i].name);
        for (guint j = 0; j < AK_OPT_N; j++)
            if (is_offered(&ak_options[j], &ak_commands[i]))
                zsh_option(out, &ak_options[j]);
        g_string_append(out, " ;;\n");
    }
    g_string_append(out, "    esac\n}\n_auditkeep \"$@\"\n");
}

static char *fish_text(const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, "'", -1);

    return g_strjoinv("\\'", parts);
}

static void fish_option(GString *out, const AkOption *option, const AkCommand *command)
{
    g_autofree char *text = fish_text(option->summary);
    g_autofree char *words = option->choices != NULL ? spaced(option->choices) : NULL;

    g_string_append_printf(
        out, "complete -c auditkeep -n '__fish_seen_subcommand_from %s' -l %s -d '%s'",
        command->name, option->name, text);
    if (words != NULL)
        g_string_append_printf(out, " -x -a '%s'", words);
    else if (option->type == AK_TYPE_PATH)
        g_string_append(out, " -r -F");
    else if (option->type != AK_TYPE_BOOL)
        g_string_append(out, " -x");
    g_string_append_c(out, '\n');
}

static void append_fish(GString *out)
{
    for (guint i = 0; i < AK_CMD_N; i++) {
        g_autofree char *text = fish_text(ak_commands[i].summary);

        g_string_append_printf(out,
                               "complete -c auditkeep -n __fish_use_subcommand -f -a %s -d '%s'\n",
                               ak_commands[i].name, text);
        for (guint j = 0; j < AK_OPT_N; j++)
            if (is_offered(&ak_options[j], &ak_commands[i]))
                fish_option(out, &ak_options[j], &ak_commands[i]);
    }
}

gboolean ak_completion_append(GString *out, const char *shell)
{
    static const struct {
        const char *shell;
        void (*append)(GString *out);
    } writers[] = {{"bash", append_bash}, {"zsh", append_zsh}, {"fish", append_fish}};

    for (guint i = 0; i < G_N_ELEMENTS(writers); i++) {
        if (strcmp(shell, writers[i].shell) == 0) {
            writers[i].append(out);
            return TRUE;
        }
    }
    return FALSE;
}
