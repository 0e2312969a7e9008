#include "cli/config.h"

#include "cli/chains.h"
#include "cli/text.h"
#include "cli/value.h"

/* Sets a value unless the command line has it. @origin may be NULL (the default). */
static gboolean set_value(AkCli *cli, const AkOption *option, const char *text, const char *origin,
                          GError **error)
{
    AkOptValue *value = &cli->values[ak_option_id(option)];
    guint64 number;

    if (!ak_value_parse(option, text, origin != NULL ? origin : "default", &number, error))
        return FALSE;
    if (value->is_given)
        return TRUE;
    g_free(value->text);
    g_free(value->origin);
    value->text = g_strdup(text);
    value->origin = g_strdup(origin);
    value->number = number;
    return TRUE;
}

static gboolean unknown_key(const char *path, const char *section, const char *key, GError **error)
{
    const char *names[AK_OPT_N + 1] = {NULL};
    g_autofree char *hint = NULL;
    guint n = 0;

    for (guint i = 0; i < AK_OPT_N; i++)
        if (ak_options[i].key != NULL && strcmp(ak_options[i].section, section) == 0)
            names[n++] = ak_options[i].key;
    hint = ak_value_suggest(key, names, "");
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG, "configuration file '%s': section '%s' %s '%s'%s",
                path, section, n > 0 ? "has no key" : "is unknown, key", key, hint);
    return FALSE;
}

#define CHAIN_SECTION "chain "

static gboolean apply_chain_key(AkCli *cli, const char *path, const char *section, const char *key,
                                const char *text, GError **error)
{
    g_autofree char *origin =
        g_strdup_printf("configuration file '%s', section '%s', key '%s'", path, section, key);
    g_autofree char *name = g_strdup(section + strlen(CHAIN_SECTION));

    return ak_chains_set(cli, g_strstrip(name), key, text, origin, error);
}

static gboolean apply_key(AkCli *cli, const char *path, GKeyFile *file, const char *section,
                          const char *key, GError **error)
{
    const AkOption *option = ak_option_find_key(section, key);
    g_autofree char *text = NULL;
    g_autofree char *origin = NULL;

    if (g_str_has_prefix(section, CHAIN_SECTION)) {
        text = g_key_file_get_value(file, section, key, NULL);
        return text == NULL || *g_strstrip(text) == '\0' ||
               apply_chain_key(cli, path, section, key, text, error);
    }
    if (option == NULL)
        return unknown_key(path, section, key, error);
    text = g_key_file_get_value(file, section, key, NULL);
    if (text == NULL || *g_strstrip(text) == '\0')
        return TRUE;
    origin = g_strdup_printf("configuration file '%s', section '%s', key '%s'", path, section, key);
    return set_value(cli, option, text, origin, error);
}

static gboolean apply_section(AkCli *cli, const char *path, GKeyFile *file, const char *section,
                              GError **error)
{
    g_auto(GStrv) keys = g_key_file_get_keys(file, section, NULL, NULL);

    for (char **key = keys; key != NULL && *key != NULL; key++)
        if (!apply_key(cli, path, file, section, *key, error))
            return FALSE;
    if (keys != NULL && keys[0] != NULL)
        return TRUE;
    for (guint i = 0; i < AK_OPT_N; i++)
        if (ak_options[i].key != NULL && strcmp(ak_options[i].section, section) == 0)
            return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                "configuration file '%s': section '%s' is unknown", path, section);
    return FALSE;
}

static gboolean apply_file(AkCli *cli, const char *path, gboolean may_be_missing, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) cause = NULL;
    g_auto(GStrv) sections = NULL;

    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &cause)) {
        if (may_be_missing && g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            return TRUE;
        /* GLib quotes the line it stumbles over, and that may hold a password. */
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG, "configuration file '%s' cannot be read: %s",
                    path,
                    cause->domain == G_KEY_FILE_ERROR
                        ? "a line is neither a [section], nor a key=value, nor a comment"
                        : cause->message);
        return FALSE;
    }
    sections = g_key_file_get_groups(file, NULL);
    for (char **section = sections; *section != NULL; section++)
        if (!apply_section(cli, path, file, *section, error))
            return FALSE;
    return TRUE;
}

static gboolean apply_environment(AkCli *cli, const AkOption *option, GError **error)
{
    for (guint i = 0; i < AK_OPT_MAX_ENV && option->env[i].name != NULL; i++) {
        const AkOptEnv *env = &option->env[i];
        const char *raw = g_getenv(env->name);
        g_autofree char *text = NULL;
        g_autofree char *origin = NULL;

        if (raw == NULL || *raw == '\0')
            continue;
        text = g_strconcat(env->prefix != NULL ? env->prefix : "", raw, NULL);
        origin = g_strdup_printf("environment variable %s", env->name);
        return set_value(cli, option, text, origin, error);
    }
    return TRUE;
}

static gboolean apply_defaults(AkCli *cli, GError **error)
{
    for (guint i = 0; i < AK_OPT_N; i++)
        if (ak_options[i].initial != NULL &&
            !set_value(cli, &ak_options[i], ak_options[i].initial, NULL, error))
            return FALSE;
    return TRUE;
}

gboolean ak_config_resolve(AkCli *cli, GError **error)
{
    /* 'init --config FILE' writes the file when it is not there. */
    gboolean may_be_missing = ak_command_id(cli->command) == AK_CMD_INIT;
    const char *path;

    if (!apply_defaults(cli, error) || !apply_file(cli, AK_CONFIG_FILE, TRUE, error) ||
        !apply_environment(cli, &ak_options[AK_OPT_CONFIG], error))
        return FALSE;
    path = ak_cli_text(cli, AK_OPT_CONFIG);
    if (path != NULL && !apply_file(cli, path, may_be_missing, error))
        return FALSE;
    for (guint i = 0; i < AK_OPT_N; i++) {
        const AkOption *option = &ak_options[i];

        if (!option->is_secret && ak_option_applies(option, cli->command) &&
            !apply_environment(cli, option, error))
            return FALSE;
    }
    return ak_chains_resolve(cli, error);
}

static void sample_option(GString *out, const AkCli *cli, const AkOption *option)
{
    const AkOptValue *value = &cli->values[ak_option_id(option)];
    g_autofree char *facts = ak_option_facts(option);

    ak_text_wrap(out, option->summary, "# ", 78);
    if (option->text != NULL)
        ak_text_wrap(out, option->text, "# ", 78);
    if (*facts != '\0')
        ak_text_wrap(out, facts, "# ", 78);
    g_string_append_printf(out, "%s%s=%s\n\n", value->is_given ? "" : "#", option->key,
                           value->is_given           ? value->text
                           : option->initial != NULL ? option->initial
                                                     : "");
}

char *ak_config_sample(const AkCli *cli)
{
    GString *out = g_string_new(NULL);

    ak_text_wrap(out,
                 "Configuration of auditkeep. Later ones override: defaults, " AK_CONFIG_FILE
                 ", --config FILE, the environment, the command line.",
                 "# ", 78);
    for (guint i = 0; i < ak_option_n_sections; i++) {
        const AkOptSection *section = &ak_option_sections[i];
        gboolean is_open = FALSE;

        for (guint j = 0; j < AK_OPT_N; j++) {
            if (ak_options[j].key == NULL || strcmp(ak_options[j].section, section->name) != 0)
                continue;
            if (!is_open)
                g_string_append_printf(out, "\n[%s]\n", section->name);
            is_open = TRUE;
            sample_option(out, cli, &ak_options[j]);
        }
    }
    g_string_truncate(out, out->len - 1);
    return g_string_free(out, FALSE);
}
