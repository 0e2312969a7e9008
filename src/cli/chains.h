#ifndef AK_CLI_CHAINS_H
#define AK_CLI_CHAINS_H

#include "cli/cli.h"

/*
 * Many chains in one configuration: a section [chain NAME] each, whose keys (table, where_column,
 * where_value, origin, retention, lock_mode) stand before those of the other sections, but not
 * before the command line.
 */

/* A key of [chain @name]. CONFIG that names @origin. */
gboolean ak_chains_set(AkCli *cli, const char *name, const char *key, const char *text,
                       const char *origin, GError **error) AK_MUST_CHECK;

/*
 * After everything was read: where one chain was named (--chain), its section counts. CONFIG when
 * none was, there are several, and the command is about one.
 */
gboolean ak_chains_resolve(AkCli *cli, GError **error) AK_MUST_CHECK;

/*
 * A chain that was found by looking (cli/discover.c). Of a section of that name its keys stay; what
 * contradicts them, or another chain found under that name, is the chain's error.
 */
void ak_chains_add(AkCli *cli, const char *name, const char *table, const char *column,
                   const char *value);

/* One that cannot be: @error is taken, and is how its part of every call ends. */
void ak_chains_add_bad(AkCli *cli, const char *name, GError *error);

/* Is there a chain of that name, by configuration or found? */
gboolean ak_chains_has(const AkCli *cli, const char *name);

/* Was one chain named? */
gboolean ak_chains_is_named(const AkCli *cli);

/* From now on the call is about as many chains as there are, be it none. */
void ak_chains_expect(AkCli *cli);

/* @cli as it is for chain @i; borrows from both, for as long as @cli is there. What is wrong with
 * the chain, or NULL. */
const GError *ak_chains_get(AkCli *cli, guint i, AkCli *out);

/* How bad a part's end is, to find the worst: a fault in the data most, another writer least. */
guint ak_chains_badness(const AkCli *part, const GError *error);

/* Is the command about all chains, where none is named? */
gboolean ak_chains_takes_many(const AkCommand *command);

/* How many chains the call is about; 1 when none are configured. */
guint ak_chains_count(const AkCli *cli);

/* @cli as it is for one of the chains, in any thread. Sets cli->exit_status as run() does. */
typedef gboolean (*AkChainFunc)(AkCli *cli, gpointer data, GError **error);

/*
 * Calls @func for each chain, @max at a time (1: in order, in this thread). What fails in one chain
 * is logged and keeps none of the others from going on; the worst of it is the result. @retry: call
 * it again after a while, until we are asked to stop.
 */
gboolean ak_chains_each(AkCli *cli, guint max, gboolean retry, AkChainFunc func, gpointer data,
                        GError **error) AK_MUST_CHECK;

#endif
