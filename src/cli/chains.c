#include "cli/chains.h"

#include "cli/stop.h"
#include "cli/value.h"
#include "util/stop.h"

enum { RETRY_MS = 60000, TICK_MS = 200 };

/* What a section [chain NAME] may say. */
static const AkOptId overrides[] = {AK_OPT_TABLE,  AK_OPT_WHERE_COLUMN, AK_OPT_WHERE_VALUE,
                                    AK_OPT_ORIGIN, AK_OPT_RETENTION,    AK_OPT_LOCK_MODE};

typedef struct {
    AkOptValue name;
    AkOptValue values[G_N_ELEMENTS(overrides)];
    GError *error; /* it cannot be exported */
} Chain;

static void free_chain(gpointer data)
{
    Chain *chain = data;

    for (guint i = 0; i < G_N_ELEMENTS(overrides); i++) {
        g_free(chain->values[i].text);
        g_free(chain->values[i].origin);
    }
    g_free(chain->name.text);
    g_clear_error(&chain->error);
    g_free(chain);
}

static Chain *find(const AkCli *cli, const char *name)
{
    return cli->chains != NULL ? g_hash_table_lookup(cli->chain_names, name) : NULL;
}

gboolean ak_chains_has(const AkCli *cli, const char *name)
{
    return find(cli, name) != NULL;
}

void ak_chains_expect(AkCli *cli)
{
    if (cli->chains != NULL)
        return;
    cli->chains = g_ptr_array_new_with_free_func(free_chain);
    cli->chain_names = g_hash_table_new(g_str_hash, g_str_equal);
}

static Chain *add(AkCli *cli, const char *name)
{
    Chain *chain = g_new0(Chain, 1);

    chain->name.text = g_strdup(name);
    chain->name.is_given = TRUE;
    ak_chains_expect(cli);
    g_ptr_array_add(cli->chains, chain);
    (void)g_hash_table_insert(cli->chain_names, chain->name.text, chain);
    return chain;
}

gboolean ak_chains_set(AkCli *cli, const char *name, const char *key, const char *text,
                       const char *origin, GError **error)
{
    Chain *chain = find(cli, name);
    guint64 unused;

    if (!ak_value_parse(&ak_options[AK_OPT_CHAIN], name, origin, &unused, error))
        return FALSE;
    if (chain == NULL)
        chain = add(cli, name);
    for (guint i = 0; i < G_N_ELEMENTS(overrides); i++) {
        const AkOption *option = &ak_options[overrides[i]];
        AkOptValue *value = &chain->values[i];

        if (strcmp(option->key, key) != 0)
            continue;
        if (!ak_value_parse(option, text, origin, &value->number, error))
            return FALSE;
        g_free(value->text);
        g_free(value->origin);
        value->text = g_strdup(text);
        value->origin = g_strdup(origin);
        return TRUE;
    }
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                "%s: a chain has table, where_column, where_value, origin, retention and lock_mode",
                origin);
    return FALSE;
}

static AkOptValue *value_of(Chain *chain, AkOptId id)
{
    for (guint i = 0; i < G_N_ELEMENTS(overrides); i++)
        if (overrides[i] == id)
            return &chain->values[i];
    g_assert_not_reached();
}

static gboolean take_found(Chain *chain, AkOptId id, const char *text)
{
    AkOptValue *value = value_of(chain, id);

    if (value->text == NULL)
        value->text = g_strdup(text);
    return text == NULL || strcmp(value->text, text) == 0;
}

void ak_chains_add(AkCli *cli, const char *name, const char *table, const char *column,
                   const char *value)
{
    Chain *chain = find(cli, name);

    if (chain == NULL)
        chain = add(cli, name);
    if (take_found(chain, AK_OPT_TABLE, table) && take_found(chain, AK_OPT_WHERE_COLUMN, column) &&
        take_found(chain, AK_OPT_WHERE_VALUE, value))
        return;
    g_clear_error(&chain->error);
    g_set_error(&chain->error, AK_ERROR, AK_ERROR_CONFIG,
                "chain '%s' stands for more than one thing: '%s' is one of them; hint: give each "
                "a name of its own",
                name, value != NULL ? value : table);
}

void ak_chains_add_bad(AkCli *cli, const char *name, GError *error)
{
    Chain *chain = find(cli, name);

    if (chain == NULL)
        chain = add(cli, name);
    g_clear_error(&chain->error);
    chain->error = error;
}

/* @out borrows from both. */
static void overlay(const AkCli *cli, const Chain *chain, AkCli *out)
{
    *out = *cli;
    out->exit_status = 0;
    out->is_one_of_many = cli->chains->len > 1 || ak_cli_text(cli, AK_OPT_CHAINS_COLUMN) != NULL ||
                          ak_cli_text(cli, AK_OPT_CHAINS_QUERY) != NULL;
    out->values[AK_OPT_CHAIN] = chain->name;
    for (guint i = 0; i < G_N_ELEMENTS(overrides); i++)
        if (chain->values[i].text != NULL && !cli->values[overrides[i]].is_given)
            out->values[overrides[i]] = chain->values[i];
}

const GError *ak_chains_get(AkCli *cli, guint i, AkCli *out)
{
    const Chain *chain = g_ptr_array_index(cli->chains, i);

    overlay(cli, chain, out);
    return chain->error;
}

static void copy_value(AkOptValue *value, const AkOptValue *from)
{
    g_free(value->text);
    g_free(value->origin);
    *value = *from;
    value->text = g_strdup(from->text);
    value->origin = g_strdup(from->origin);
}

gboolean ak_chains_is_named(const AkCli *cli)
{
    return cli->values[AK_OPT_CHAIN].is_given || cli->values[AK_OPT_CHAIN].origin != NULL;
}

gboolean ak_chains_takes_many(const AkCommand *command)
{
    AkCmdId id = ak_command_id(command);

    return id == AK_CMD_INIT || id == AK_CMD_ARCHIVE || id == AK_CMD_DELIVER ||
           id == AK_CMD_STATUS || id == AK_CMD_VERIFY;
}

gboolean ak_chains_resolve(AkCli *cli, GError **error)
{
    const Chain *chain;

    if (cli->chains == NULL || !ak_option_applies(&ak_options[AK_OPT_CHAIN], cli->command))
        return TRUE;
    if (!ak_chains_is_named(cli)) {
        if (ak_chains_takes_many(cli->command))
            return TRUE;
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "'%s' is about one chain, and %u are configured; hint: --chain NAME",
                    cli->command->name, cli->chains->len);
        return FALSE;
    }
    chain = find(cli, ak_cli_text(cli, AK_OPT_CHAIN));
    if (chain != NULL && chain->error != NULL) {
        g_propagate_error(error, g_error_copy(chain->error));
        return FALSE;
    }
    for (guint i = 0; chain != NULL && i < G_N_ELEMENTS(overrides); i++)
        if (chain->values[i].text != NULL && !cli->values[overrides[i]].is_given)
            copy_value(&cli->values[overrides[i]], &chain->values[i]);
    return TRUE;
}

guint ak_chains_count(const AkCli *cli)
{
    return cli->chains == NULL || ak_chains_is_named(cli) ? 1 : cli->chains->len;
}

/* One chain's part of a call. */
typedef struct {
    AkCli cli;
    AkChainFunc func;
    gpointer data;
    gboolean retry;
    GError *error; /* the last one */
} Part;

static void wait_before_retry(void)
{
    for (guint waited = 0; waited < RETRY_MS && !ak_is_stopped(ak_stop_flag()); waited += TICK_MS)
        g_usleep(TICK_MS * 1000);
}

static void run_part(gpointer data, gpointer unused)
{
    Part *part = data;
    gboolean is_done;

    if (part->error != NULL) {
        g_warning("chain '%s': %s", ak_cli_text(&part->cli, AK_OPT_CHAIN), part->error->message);
        return;
    }
    do {
        g_clear_error(&part->error);
        is_done = part->func(&part->cli, part->data, &part->error);
        if (is_done)
            break;
        g_warning("chain '%s': %s", ak_cli_text(&part->cli, AK_OPT_CHAIN), part->error->message);
        if (part->retry)
            wait_before_retry();
    } while (part->retry && !ak_is_stopped(ak_stop_flag()));
}

/* Of the exit statuses a fault in the data is the worst, and that somebody else is at it the least.
 */
guint ak_chains_badness(const AkCli *part, const GError *error)
{
    static const guint order[AK_EXIT_N] = {0, 4, 3, 2, 1};
    int status = error != NULL ? ak_error_exit_status(error) : part->exit_status;

    return order[CLAMP(status, 0, AK_EXIT_N - 1)];
}

/* The worst part decides; an error counts more than a status alike. */
static gboolean take_worst(AkCli *cli, Part *parts, guint n, GError **error)
{
    Part *worst = &parts[0];
    guint failed = 0;

    for (guint i = 0; i < n; i++) {
        failed += parts[i].error != NULL;
        if (ak_chains_badness(&parts[i].cli, parts[i].error) >
            ak_chains_badness(&worst->cli, worst->error))
            worst = &parts[i];
    }
    cli->exit_status = worst->cli.exit_status;
    if (worst->error != NULL) {
        g_propagate_prefixed_error(error, g_steal_pointer(&worst->error),
                                   "%u of %u chains failed; the worst is '%s': ", failed, n,
                                   ak_cli_text(&worst->cli, AK_OPT_CHAIN));
        return FALSE;
    }
    return TRUE;
}

static void run_all(Part *parts, guint n, guint max)
{
    GThreadPool *pool;

    if (max <= 1) {
        for (guint i = 0; i < n && !ak_is_stopped(ak_stop_flag()); i++)
            run_part(&parts[i], NULL);
        return;
    }
    pool = g_thread_pool_new(run_part, NULL, (gint)MIN(max, n), TRUE, NULL);
    for (guint i = 0; i < n; i++)
        (void)g_thread_pool_push(pool, &parts[i], NULL);
    g_thread_pool_free(pool, FALSE, TRUE);
}

gboolean ak_chains_each(AkCli *cli, guint max, gboolean retry, AkChainFunc func, gpointer data,
                        GError **error)
{
    guint n = ak_chains_count(cli);
    g_autofree Part *parts = NULL;
    gboolean is_done;

    if (cli->chains == NULL || ak_chains_is_named(cli))
        return func(cli, data, error);
    if (n == 0)
        return TRUE;
    parts = g_new0(Part, n);
    for (guint i = 0; i < n; i++) {
        const GError *bad = ak_chains_get(cli, i, &parts[i].cli);

        parts[i].func = func;
        parts[i].data = data;
        parts[i].retry = retry;
        parts[i].error = bad != NULL ? g_error_copy(bad) : NULL;
    }
    run_all(parts, n, max);
    is_done = take_worst(cli, parts, n, error);
    for (guint i = 0; i < n; i++)
        g_clear_error(&parts[i].error);
    return is_done;
}
