#ifndef AK_CLI_STATUS_SINKS_H
#define AK_CLI_STATUS_SINKS_H

#include "cli/json.h"
#include "source/source.h"

/* The chain's downstream sinks, for status: pointer, lag, lease and last error of each. */
gboolean ak_status_sinks_json(AkSource *source, const AkChainState *chain, AkJson *json,
                              GError **error) AK_MUST_CHECK;
gboolean ak_status_sinks_text(AkSource *source, const AkChainState *chain, GString *out,
                              GError **error) AK_MUST_CHECK;

#endif
