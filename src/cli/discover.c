#include "cli/discover.h"

#include "cli/chains.h"
#include "cli/open.h"

#include <string.h>

enum { CHAIN_NAME_MAX = 63 };

static gboolean is_plain(char c)
{
    return g_ascii_islower(c) || g_ascii_isdigit(c) || c == '-';
}

char *ak_discover_name(const char *value, GError **error)
{
    g_autoptr(GString) name = g_string_new(*value == '\0' ? "_" : NULL);

    for (const char *at = value; *at != '\0'; at++) {
        if (is_plain(*at))
            g_string_append_c(name, *at);
        else
            g_string_append_printf(name, "_%02x", (guint)(guint8)*at);
    }
    if (name->len <= CHAIN_NAME_MAX)
        return g_strdup(name->str);
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                "value '%.80s' makes a chain's name of %zu characters, more than %d; hint: give "
                "it one with --chains-query or a section [chain NAME]",
                value, name->len, CHAIN_NAME_MAX);
    return NULL;
}

char *ak_discover_value(const char *name)
{
    g_autoptr(GString) value = g_string_new(NULL);
    g_autofree char *again = NULL;

    for (const char *at = name; *at != '\0' && strcmp(name, "_") != 0; at++) {
        if (*at == '_' && g_ascii_isxdigit(at[1]) && g_ascii_isxdigit(at[2])) {
            g_string_append_c(
                value, (char)(g_ascii_xdigit_value(at[1]) * 16 + g_ascii_xdigit_value(at[2])));
            at += 2;
        } else {
            g_string_append_c(value, *at);
        }
    }
    again = ak_discover_name(value->str, NULL);
    return g_strcmp0(again, name) == 0 ? g_strdup(value->str) : NULL;
}

gboolean ak_discover_is_asked(const AkCli *cli)
{
    return ak_cli_text(cli, AK_OPT_CHAINS_COLUMN) != NULL ||
           ak_cli_text(cli, AK_OPT_CHAINS_QUERY) != NULL;
}

typedef struct {
    AkCli *cli;
    guint64 found;
} Search;

static gboolean count(Search *search, GError **error)
{
    guint64 limit = ak_cli_number(search->cli, AK_OPT_CHAINS_LIMIT);

    if (search->found++ < limit)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                "more than %" G_GUINT64_FORMAT " chains are found; hint: --chains-limit", limit);
    return FALSE;
}

static gboolean add_tenant(const char *value, gpointer data, GError **error)
{
    Search *search = data;
    GError *bad = NULL;
    g_autofree char *name = ak_discover_name(value, &bad);

    if (name != NULL)
        ak_chains_add(search->cli, name, NULL, ak_cli_text(search->cli, AK_OPT_CHAINS_COLUMN),
                      value);
    else
        ak_chains_add_bad(search->cli, value, bad);
    return count(search, error);
}

static gboolean add_named(const char *name, const char *table, const char *column,
                          const char *value, gpointer data, GError **error)
{
    Search *search = data;
    GError *bad = NULL;

    if (name == NULL || (column == NULL) != (value == NULL))
        bad = g_error_new(AK_ERROR, AK_ERROR_CONFIG,
                          "the query of --chains-query gives a chain without name, or one of "
                          "column and value alone");
    if (bad != NULL)
        ak_chains_add_bad(search->cli, name != NULL ? name : "", bad);
    else
        ak_chains_add(search->cli, name, table, column, value);
    return count(search, error);
}

gboolean ak_discover_again(AkCli *cli, GError **error)
{
    const char *column = ak_cli_text(cli, AK_OPT_CHAINS_COLUMN);
    const char *query = ak_cli_text(cli, AK_OPT_CHAINS_QUERY);
    guint64 limit = ak_cli_number(cli, AK_OPT_CHAINS_LIMIT) + 1;
    Search search = {cli, 0};
    AkSourceConfig config;
    g_autoptr(AkSource) source = NULL;

    if (!ak_open_source_config(cli, &config, error))
        return FALSE;
    config.column = column;
    config.value = column != NULL ? "" : NULL;
    source = ak_source_open(&config, error);
    if (source == NULL)
        return FALSE;
    ak_chains_expect(cli);
    return column != NULL ? source->driver->tenants(source, limit, add_tenant, &search, error)
                          : source->driver->named(source, query, limit, add_named, &search, error);
}

/* The one chain that the call is about. */
static gboolean resolve_named(AkCli *cli, GError **error)
{
    const char *name = ak_cli_text(cli, AK_OPT_CHAIN);
    const char *column = ak_cli_text(cli, AK_OPT_CHAINS_COLUMN);
    g_autofree char *value = column != NULL ? ak_discover_value(name) : NULL;

    if (value != NULL)
        ak_chains_add(cli, name, NULL, column, value);
    else if (column == NULL && !ak_discover_again(cli, error))
        return FALSE;
    if (ak_chains_has(cli, name))
        return ak_chains_resolve(cli, error);
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                "there is no chain '%s'; hint: 'auditkeep status' lists the chains that are found",
                name);
    return FALSE;
}

gboolean ak_discover(AkCli *cli, GError **error)
{
    if (!ak_discover_is_asked(cli) || !ak_option_applies(&ak_options[AK_OPT_CHAIN], cli->command) ||
        ak_command_id(cli->command) == AK_CMD_INIT)
        return TRUE;
    if (ak_cli_text(cli, AK_OPT_CHAINS_COLUMN) != NULL &&
        ak_cli_text(cli, AK_OPT_CHAINS_QUERY) != NULL) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "--chains-column and --chains-query exclude each other");
        return FALSE;
    }
    if (ak_cli_require(cli, AK_OPT_SOURCE, error) == NULL)
        return FALSE;
    if (ak_chains_is_named(cli))
        return resolve_named(cli, error);
    if (ak_chains_takes_many(cli->command))
        return ak_discover_again(cli, error);
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                "'%s' is about one chain, and many may be found; hint: --chain NAME",
                cli->command->name);
    return FALSE;
}
