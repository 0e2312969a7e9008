#include "verify/verify.h"

#include "verify/pass.h"

gboolean ak_verify_run(const AkVerifyConfig *config, AkVerifyReport *report, GError **error)
{
    *report = (AkVerifyReport){.source_head = AK_CURSOR_START, .archive_head = AK_CURSOR_START};
    if ((config->what & AK_VERIFY_SOURCE) != 0 && !ak_verify_source(config, report, error))
        return FALSE;
    return (config->what & (AK_VERIFY_ARCHIVE | AK_VERIFY_CROSS)) == 0 ||
           ak_verify_archive(config, report, error);
}
