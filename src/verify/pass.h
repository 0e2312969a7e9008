#ifndef AK_VERIFY_PASS_H
#define AK_VERIFY_PASS_H

#include "verify/verify.h"

/* The passes of a verification. Each adds to the report what it finds and goes on. */

/* The source by itself: links, hashes, signatures. */
gboolean ak_verify_source(const AkVerifyConfig *config, AkVerifyReport *report,
                          GError **error) AK_MUST_CHECK;

/* The archive by itself, each archived line against its row, or both in one reading. */
gboolean ak_verify_archive(const AkVerifyConfig *config, AkVerifyReport *report,
                           GError **error) AK_MUST_CHECK;

#endif
