#include "cli/config.h"
#include "cli/value.h"
#include "util/log.h"

/* The command line on its way: what is not read yet. */
typedef struct {
    AkCli *cli;
    char **at;
    gboolean is_over; /* "--" was seen */
} Argv;

static gboolean config_error(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static gboolean config_error(GError **error, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error_literal(error, AK_ERROR, AK_ERROR_CONFIG, text);
    return FALSE;
}

static gboolean unknown_option(const AkCli *cli, const char *name, GError **error)
{
    const char *names[AK_OPT_N + 1] = {NULL};
    g_autofree char *hint = NULL;
    guint n = 0;

    for (guint i = 0; i < AK_OPT_N; i++)
        if (cli->command == NULL || ak_option_applies(&ak_options[i], cli->command))
            names[n++] = ak_options[i].name;
    hint = ak_value_suggest(name, names, "--");
    return config_error(error, "option '--%s' is unknown%s", name,
                        *hint != '\0' ? hint : "; hint: see 'auditkeep help'");
}

static gboolean give_value(AkCli *cli, const AkOption *option, const char *text, GError **error)
{
    AkOptValue *value = &cli->values[ak_option_id(option)];
    g_autofree char *origin = g_strdup_printf("option '--%s'", option->name);
    g_autofree char *redacted = ak_log_redact_url(text);
    g_autofree char *joined = NULL;

    if (*text == '\0')
        return config_error(error, "%s needs a value that is not empty", origin);
    if (option->type == AK_TYPE_URL && strcmp(redacted, text) != 0)
        return config_error(error,
                            "%s: a password on the command line can be read by every user of the "
                            "machine; hint: put it into the environment%s%s or the configuration "
                            "file",
                            origin, option->env[0].name != NULL ? " as " : "",
                            option->env[0].name != NULL ? option->env[0].name : "");
    if (option->is_list && value->is_given)
        joined = g_strjoin(" ", value->text, text, NULL);
    g_free(value->text);
    g_free(value->origin);
    value->text = joined != NULL ? g_steal_pointer(&joined) : g_strdup(text);
    value->origin = g_steal_pointer(&origin);
    value->is_given = TRUE;
    return ak_value_parse(option, text, value->origin, &value->number, error);
}

/* @inline_value: what stands after '=', or NULL. */
static gboolean take_option(Argv *argv, const AkOption *option, const char *inline_value,
                            gboolean is_negated, GError **error)
{
    if (option->is_secret)
        return config_error(error,
                            "option '--%s' is a secret and is not taken from the command line; "
                            "hint: set the environment variable %s",
                            option->name, option->env[0].name);
    if (option->type == AK_TYPE_BOOL) {
        if (inline_value != NULL)
            return config_error(error, "option '--%s' takes no value", option->name);
        return give_value(argv->cli, option, is_negated ? "false" : "true", error);
    }
    if (inline_value == NULL) {
        if (*argv->at == NULL)
            return config_error(error, "option '--%s' needs a value; hint: --%s %s", option->name,
                                option->name, option->value);
        inline_value = *argv->at++;
    }
    return give_value(argv->cli, option, inline_value, error);
}

static gboolean take_long(Argv *argv, const char *word, GError **error)
{
    const char *equals = strchr(word, '=');
    gsize len = equals != NULL ? (gsize)(equals - word) : strlen(word);
    const AkOption *option = ak_option_find(word, len);
    g_autofree char *name = g_strndup(word, len);

    if (option != NULL)
        return take_option(argv, option, equals != NULL ? equals + 1 : NULL, FALSE, error);
    if (g_str_has_prefix(name, "no-")) {
        option = ak_option_find(name + 3, len - 3);
        if (option != NULL && option->type == AK_TYPE_BOOL)
            return take_option(argv, option, equals != NULL ? equals + 1 : NULL, TRUE, error);
    }
    return unknown_option(argv->cli, name, error);
}

/* "-ny", "-cFILE", "-c FILE" */
static gboolean take_letters(Argv *argv, const char *letters, GError **error)
{
    for (; *letters != '\0'; letters++) {
        const AkOption *option = ak_option_find_letter(*letters);

        if (option == NULL)
            return config_error(error, "option '-%c' is unknown; hint: see 'auditkeep help'",
                                g_ascii_isprint(*letters) ? *letters : '?');
        if (option->type != AK_TYPE_BOOL)
            return take_option(argv, option, letters[1] != '\0' ? letters + 1 : NULL, FALSE, error);
        if (!take_option(argv, option, NULL, FALSE, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean take_command(AkCli *cli, const char *word, GError **error)
{
    const char *names[AK_CMD_N + 1] = {NULL};
    g_autofree char *hint = NULL;

    cli->command = ak_command_find(word);
    if (cli->command != NULL)
        return TRUE;
    for (guint i = 0; i < AK_CMD_N; i++)
        names[i] = ak_commands[i].name;
    hint = ak_value_suggest(word, names, "");
    return config_error(error, "command '%s' is unknown%s", word,
                        *hint != '\0' ? hint : "; hint: 'auditkeep help' lists them");
}

static gboolean take_word(Argv *argv, GError **error)
{
    const char *word = *argv->at++;

    if (!argv->is_over && strcmp(word, "--") == 0) {
        argv->is_over = TRUE;
        return TRUE;
    }
    if (!argv->is_over && g_str_has_prefix(word, "--"))
        return take_long(argv, word + 2, error);
    if (!argv->is_over && word[0] == '-' && word[1] != '\0')
        return take_letters(argv, word + 1, error);
    if (argv->cli->command == NULL)
        return take_command(argv->cli, word, error);
    g_ptr_array_add(argv->cli->args, g_strdup(word));
    return TRUE;
}

static gboolean check_options(const AkCli *cli, GError **error)
{
    for (guint i = 0; i < AK_OPT_N; i++)
        if (cli->values[i].is_given && !ak_option_applies(&ak_options[i], cli->command))
            return config_error(error,
                                "option '--%s' does not apply to '%s'; hint: see 'auditkeep %s "
                                "--help'",
                                ak_options[i].name, cli->command->name, cli->command->name);
    return TRUE;
}

static gboolean check_arguments(const AkCli *cli, GError **error)
{
    const AkCommand *command = cli->command;
    guint n = cli->args->len;

    if (n >= command->min_args && n <= command->max_args)
        return TRUE;
    if (n > command->max_args)
        return config_error(error,
                            "argument '%s' is one too many; hint: auditkeep %s [OPTION]... %s",
                            ak_cli_arg(cli, command->max_args), command->name, command->arguments);
    return config_error(error, "an argument is missing; hint: auditkeep %s [OPTION]... %s",
                        command->name, command->arguments);
}

/* A link's name decides: "audit-verify" is "auditkeep verify". */
static gboolean command_of_program(AkCli *cli, const char *program, GError **error)
{
    g_autofree char *base = g_path_get_basename(program);
    const char *name = ak_command_for_program(base);

    if (name == NULL)
        return TRUE;
    cli->command = ak_command_find(name);
    return cli->command != NULL ||
           config_error(error, "'%s' is not in this version: '%s' comes with a later one", base,
                        name);
}

gboolean ak_cli_parse(AkCli *cli, int argc, char **argv, GError **error)
{
    Argv words = {cli, argc > 0 ? argv + 1 : argv, FALSE};

    cli->args = g_ptr_array_new_with_free_func(g_free);
    if (argc > 0 && !command_of_program(cli, argv[0], error))
        return FALSE;
    while (*words.at != NULL)
        if (!take_word(&words, error))
            return FALSE;
    if (ak_cli_flag(cli, AK_OPT_HELP) || ak_cli_flag(cli, AK_OPT_VERSION))
        return TRUE;
    if (cli->command == NULL)
        return config_error(error, "no command given; hint: 'auditkeep help' lists them");
    return check_options(cli, error) && check_arguments(cli, error) &&
           (cli->command->is_plain || ak_cli_flag(cli, AK_OPT_PRINT_CONFIG) ||
            ak_config_resolve(cli, error));
}

void ak_cli_clear(AkCli *cli)
{
    for (guint i = 0; i < AK_OPT_N; i++) {
        g_free(cli->values[i].text);
        g_free(cli->values[i].origin);
    }
    g_clear_pointer(&cli->args, g_ptr_array_unref);
    g_clear_pointer(&cli->chains, g_ptr_array_unref);
    g_clear_pointer(&cli->chain_names, g_hash_table_unref);
    *cli = (AkCli){0};
}

const char *ak_cli_require(const AkCli *cli, AkOptId id, GError **error)
{
    const AkOption *option = &ak_options[id];

    if (cli->values[id].text != NULL)
        return cli->values[id].text;
    config_error(error, "'%s' needs --%s; hint: give it, or set%s%s%s", cli->command->name,
                 option->name, option->env[0].name != NULL ? " " : "",
                 option->env[0].name != NULL ? option->env[0].name : "",
                 option->key != NULL ? " or its key in the configuration file" : "");
    return NULL;
}

gboolean ak_cli_uuid(const AkCli *cli, guint i, char out[37], GError **error)
{
    const char *text = ak_cli_arg(cli, i);

    for (gsize at = 0; at < 36 && text[at] != '\0'; at++)
        out[at] = g_ascii_tolower(text[at]);
    out[MIN(strlen(text), 36)] = '\0';
    if (strlen(text) == 36 && g_uuid_string_is_valid(out))
        return TRUE;
    return config_error(error, "argument '%s' is not the id of an event, a UUID", text);
}
