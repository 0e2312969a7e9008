#ifndef AK_CLI_VERIFY_OUTPUT_H
#define AK_CLI_VERIFY_OUTPUT_H

#include "cli/cli.h"
#include "cli/verify_page.h"

/* What 'verify' prints of one chain: findings as they come, then the report. */
typedef struct AkVerifyOutput AkVerifyOutput;

/*
 * Begins the output and makes @config report to it. @page, which may be NULL, is given all of it
 * too. Both are borrowed.
 */
AkVerifyOutput *ak_verify_output_new(const AkCli *cli, AkVerifyConfig *config, AkVerifyPage *page);
void ak_verify_output_free(AkVerifyOutput *output);

/* Prints the report. FALSE when something of the output could not be written. */
gboolean ak_verify_output_end(AkVerifyOutput *output, const AkVerifyReport *report,
                              gboolean is_complete, GError **error) AK_MUST_CHECK;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkVerifyOutput, ak_verify_output_free)

#endif
