#ifndef AK_UTIL_HEX_H
#define AK_UTIL_HEX_H

#include "util/view.h"

/* Lower-case hex of @len bytes into @out (2 * len characters, no NUL). */
void ak_hex_encode(const guint8 *bytes, gsize len, char *out);

/* The same as a new string. */
char *ak_hex_string(const guint8 *bytes, gsize len);

/* @hex (either case) into @out of @out_size bytes. FALSE unless it is hex of exactly that many. */
gboolean ak_hex_decode(AkView hex, guint8 *out, gsize out_size);

#endif
