#ifndef AK_EXPORT_EVENT_PUT_H
#define AK_EXPORT_EVENT_PUT_H

#include "export/export.h"

/*
 * Puts the own objects of the events of @object, a whole segment that is in the archive, locked as
 * it is, some at a time. One that is there already counts when it has the very bytes and at least
 * that lock; else CONFLICT. Made from what is archived and not from the rows, so that an object and
 * its segment cannot say different things.
 */
gboolean ak_export_put_events(const AkExportConfig *config, AkView object, gint64 retain_until_usec,
                              GError **error) AK_MUST_CHECK;

#endif
