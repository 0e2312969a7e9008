#ifndef AK_CLI_CONFIG_H
#define AK_CLI_CONFIG_H

#include "cli/cli.h"

#define AK_CONFIG_FILE "/etc/auditkeep/auditkeep.conf"

/*
 * Fills cli->values from the defaults, AK_CONFIG_FILE, --config FILE and the environment, each
 * overriding the ones before, without touching what the command line gave. Files are checked as a
 * whole; of the environment only what cli->command uses. CONFIG names the source that is wrong.
 */
gboolean ak_config_resolve(AkCli *cli, GError **error) AK_MUST_CHECK;

/* The commented sample, with the values that the command line gave filled in; a new string. */
char *ak_config_sample(const AkCli *cli);

#endif
