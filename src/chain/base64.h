#ifndef AK_CHAIN_BASE64_H
#define AK_CHAIN_BASE64_H

#include "util/buf.h"

/*
 * Base64 (RFC 4648 §4 or §5: both alphabets), padded or not, ASCII white space anywhere, as
 * databases break lines in it. FALSE when @text is something else, has stray bits at its end, or
 * makes more than @out_size bytes.
 */
gboolean ak_base64_decode(AkView text, guint8 *out, gsize out_size, gsize *out_len);

/* Appends padded base64 of the standard alphabet. */
void ak_base64_append(AkBuf *out, const guint8 *bytes, gsize len);

#endif
