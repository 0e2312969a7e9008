#include "cli/option.h"

#include <string.h>

const AkOption *ak_option_find(const char *name, gsize len)
{
    for (guint i = 0; i < AK_OPT_N; i++)
        if (strlen(ak_options[i].name) == len && strncmp(ak_options[i].name, name, len) == 0)
            return &ak_options[i];
    return NULL;
}

const AkOption *ak_option_find_letter(char letter)
{
    for (guint i = 0; i < AK_OPT_N; i++)
        if (letter != 0 && ak_options[i].letter == letter)
            return &ak_options[i];
    return NULL;
}

const AkOption *ak_option_find_key(const char *section, const char *key)
{
    for (guint i = 0; i < AK_OPT_N; i++) {
        const AkOption *option = &ak_options[i];

        if (option->key != NULL && strcmp(option->section, section) == 0 &&
            strcmp(option->key, key) == 0)
            return option;
    }
    return NULL;
}

char *ak_option_usage(const AkOption *option)
{
    return option->value == NULL ? g_strdup_printf("--%s", option->name)
                                 : g_strdup_printf("--%s %s", option->name, option->value);
}

static void add_fact(GString *facts, const char *fact)
{
    if (facts->len > 0)
        g_string_append(facts, "; ");
    g_string_append(facts, fact);
}

static void add_environment(GString *facts, const AkOption *option)
{
    for (guint i = 0; i < AK_OPT_MAX_ENV && option->env[i].name != NULL; i++) {
        g_autofree char *name =
            option->env[i].prefix == NULL
                ? g_strdup(option->env[i].name)
                : g_strdup_printf("%s$%s", option->env[i].prefix, option->env[i].name);

        if (i == 0)
            add_fact(facts, "environment ");
        else
            g_string_append(facts, ", ");
        g_string_append(facts, name);
    }
}

char *ak_option_facts(const AkOption *option)
{
    GString *facts = g_string_new(NULL);

    if (option->choices != NULL)
        add_fact(facts, option->choices);
    if (option->type == AK_TYPE_UINT && option->max < G_MAXINT64) {
        g_autofree char *range = g_strdup_printf("%" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT,
                                                 option->min, option->max);

        add_fact(facts, range);
    }
    if (option->initial != NULL) {
        gboolean is_on = option->type == AK_TYPE_BOOL && strcmp(option->initial, "true") == 0;
        g_autofree char *initial =
            g_strdup_printf("default %s%s%s%s", option->initial, is_on ? "; --no-" : "",
                            is_on ? option->name : "", is_on ? " turns it off" : "");

        add_fact(facts, initial);
    }
    add_environment(facts, option);
    return g_string_free(facts, FALSE);
}
