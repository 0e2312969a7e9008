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
