#include "verify/verify.h"

#include "verify/pass.h"

static gboolean run_passes(const AkVerifyConfig *config, AkVerifyReport *report, GError **error)
{
    if ((config->what & AK_VERIFY_SOURCE) != 0 && !ak_verify_source(config, report, error))
        return FALSE;
    return (config->what & (AK_VERIFY_ARCHIVE | AK_VERIFY_CROSS)) == 0 ||
           ak_verify_archive(config, report, error);
}

gboolean ak_verify_run(const AkVerifyConfig *config, AkVerifyReport *report, GError **error)
{
    gboolean is_done;

    *report = (AkVerifyReport){.source_head = AK_CURSOR_START, .archive_head = AK_CURSOR_START};
    is_done = run_passes(config, report, error);
    if (config->ledger != NULL)
        ak_ledger_cover(config->ledger, config->cover_since_usec, &report->covered_bytes,
                        &report->total_bytes);
    return is_done;
}
