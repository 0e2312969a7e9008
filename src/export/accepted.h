#ifndef AK_EXPORT_ACCEPTED_H
#define AK_EXPORT_ACCEPTED_H

#include "export/export.h"
#include "export/feed.h"

/* Lets @feed go on over breaks that were accepted with the archiver's key. */
void ak_accepted_let_pass(AkFeed *feed, const AkExportConfig *config);

/*
 * Archives what was accepted before @batch, which comes before its segment is planned: locked,
 * once. An object that is in the way counts only if it is the same and locked; else CONFLICT.
 */
gboolean ak_accepted_put(const AkExportConfig *config, const AkBatch *batch,
                         gint64 retain_until_usec, GError **error) AK_MUST_CHECK;

#endif
