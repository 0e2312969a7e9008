#ifndef AK_CLI_VERIFY_SINKS_H
#define AK_CLI_VERIFY_SINKS_H

#include "cli/cli.h"
#include "verify/verify.h"

/* Compares the sinks of --sink whose kind config->what asks for with the chain; findings go to
 * config->on_finding and into @report. CONFIG when a kind is asked for that no --sink is of. */
gboolean ak_verify_sinks(const AkCli *cli, const AkVerifyConfig *config, AkVerifyReport *report,
                         GError **error) AK_MUST_CHECK;

#endif
