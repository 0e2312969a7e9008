#ifndef AK_CLI_DISCOVER_H
#define AK_CLI_DISCOVER_H

#include "cli/cli.h"

/* Chains that are found in the database: --chains-column and --chains-query. */

/*
 * The chain of a tenant: each byte but [a-z0-9-] as '_' and its two hex digits, "" as "_". No two
 * values share a name. A new string; CONFIG when it is longer than a chain's name may be.
 */
char *ak_discover_name(const char *value, GError **error);

/* The tenant of a chain; NULL when ak_discover_name() makes no such name. A new string. */
char *ak_discover_value(const char *name);

/* Does the call look for chains? */
gboolean ak_discover_is_asked(const AkCli *cli);

/*
 * Before a command runs: adds the chains that are there, if the command is about all of them, or
 * fills in what the named one stands for. 'init' looks by itself. CONFIG when there are more than
 * --chains-limit.
 */
gboolean ak_discover(AkCli *cli, GError **error) AK_MUST_CHECK;

/* Looks again and adds what is new; what has gone stays. */
gboolean ak_discover_again(AkCli *cli, GError **error) AK_MUST_CHECK;

#endif
