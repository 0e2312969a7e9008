#ifndef AK_OPS_FOOTER_H
#define AK_OPS_FOOTER_H

#include "segment/reader.h"
#include "store/store.h"

/*
 * The footer of the segment @key (@version NULL: the current one) by one ranged read, two when it
 * is long. @tail holds what the footer points into.
 */
gboolean ak_footer_read(AkStore *store, const char *key, const char *version, AkBuf *tail,
                        AkFooter *footer, GError **error) AK_MUST_CHECK;

#endif
