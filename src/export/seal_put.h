#ifndef AK_EXPORT_SEAL_PUT_H
#define AK_EXPORT_SEAL_PUT_H

#include "export/export.h"
#include "segment/seal.h"

void ak_seal_digest(const AkBuf *bytes, guint8 out[AK_SHA256_LEN]);

/* Puts the seal under the key and the lock of @row, whose version is filled in. *out_put FALSE
 * when the key is taken. */
gboolean ak_seal_put(const AkExportConfig *config, const AkBuf *bytes, AkSealRow *row,
                     gboolean *out_put, GError **error) AK_MUST_CHECK;

/*
 * Looks in the archive for a seal of the days of @seal, or of the first of them when they are
 * quiet. One counts when it says what @seal says, but for the exporter's version, and is signed by
 * our key and locked: then @row takes key, day, digest, version and lock from it. When @is_planned
 * the row's days and lock stand, and the object has to be locked at least as long.
 * CONFLICT when there is one that does not count.
 */
gboolean ak_seal_find(const AkExportConfig *config, const AkSeal *seal, gboolean is_planned,
                      AkSealRow *row, gboolean *out_found, GError **error) AK_MUST_CHECK;

#endif
