#ifndef AK_CLI_SINKS_H
#define AK_CLI_SINKS_H

#include "cli/cli.h"
#include "export/export.h"
#include "sink/sink.h"

/* The sinks of one chain, each delivered to on a thread of its own. */
typedef struct AkSinks AkSinks;

/*
 * For the URLs of --sink; NULL without an error when there are none. CONFIG for a URL that names
 * no sink, or the same one twice. @cli and @export (source, store, signers, key, holder, …) are
 * borrowed; they run until @export's stop flag is set, when following.
 */
AkSinks *ak_sinks_new(const AkCli *cli, const AkExportConfig *export, GError **error) AK_MUST_CHECK;

void ak_sinks_start(AkSinks *sinks);

/* Waits for them, and frees @sinks; the worst error. Of each sink a report is appended to @report
 * (NULL: logged). */
gboolean ak_sinks_end(AkSinks *sinks, GString *report, GError **error) AK_MUST_CHECK;

/* The URLs of --sink, with the brokers of --kafka-brokers where they name none. */
char **ak_sinks_urls(const AkCli *cli);

/* How the sink at @url is reached; strings are the cli's, and @url. */
void ak_sinks_config(const AkCli *cli, const char *url, AkSinkConfig *out);

#endif
