#ifndef AK_CLI_COMMANDS_H
#define AK_CLI_COMMANDS_H

#include "cli/cli.h"

/* The commands' run functions, one file each (cmd_NAME.c); see AkCommand. */
gboolean ak_cmd_init(AkCli *cli, GError **error);
gboolean ak_cmd_append(AkCli *cli, GError **error);
gboolean ak_cmd_archive(AkCli *cli, GError **error);
gboolean ak_cmd_deliver(AkCli *cli, GError **error);
gboolean ak_cmd_accept(AkCli *cli, GError **error);
gboolean ak_cmd_status(AkCli *cli, GError **error);
gboolean ak_cmd_verify(AkCli *cli, GError **error);
gboolean ak_cmd_canonical(AkCli *cli, GError **error);
gboolean ak_cmd_explain(AkCli *cli, GError **error);
gboolean ak_cmd_export_bundle(AkCli *cli, GError **error);
gboolean ak_cmd_get(AkCli *cli, GError **error);
gboolean ak_cmd_prove(AkCli *cli, GError **error);
gboolean ak_cmd_check_proof(AkCli *cli, GError **error);
gboolean ak_cmd_restore(AkCli *cli, GError **error);
gboolean ak_cmd_demo(AkCli *cli, GError **error);
gboolean ak_cmd_help(AkCli *cli, GError **error);
gboolean ak_cmd_man(AkCli *cli, GError **error);
gboolean ak_cmd_completion(AkCli *cli, GError **error);
gboolean ak_cmd_reference(AkCli *cli, GError **error);

#endif
