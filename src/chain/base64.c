#include "chain/base64.h"

#include <openssl/evp.h>

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

/* Is what follows the last character of @count padding, all of it or none? */
static gboolean is_padding(AkView rest, gsize count)
{
    gsize signs = 0;

    for (gsize i = 0; i < rest.len; i++) {
        if (rest.data[i] == '=')
            signs++;
        else if (!g_ascii_isspace(rest.data[i]))
            return FALSE;
    }
    return signs == 0 || signs == (4 - count % 4) % 4;
}

gboolean ak_base64_decode(AkView text, guint8 *out, gsize out_size, gsize *out_len)
{
    guint bits = 0;
    gsize count = 0, len = 0, at;

    for (at = 0; at < text.len; at++) {
        int value = value_of(text.data[at]);

        if (value < 0 && g_ascii_isspace(text.data[at]))
            continue;
        if (value < 0)
            break;
        bits = (bits << 6 | (guint)value) & 0xffffff;
        if (count++ % 4 == 0)
            continue;
        if (len == out_size)
            return FALSE;
        out[len++] = (guint8)(bits >> (6 - 2 * ((count - 1) % 4)));
    }
    if (count % 4 == 1 || !is_padding(ak_view(text.data + at, text.len - at), count))
        return FALSE;
    /* Two characters carry 4 bits too many, three carry 2; they have to be zero. */
    if ((count % 4 == 2 && (bits & 0xf) != 0) || (count % 4 == 3 && (bits & 0x3) != 0))
        return FALSE;
    *out_len = len;
    return TRUE;
}

void ak_base64_append(AkBuf *out, const guint8 *bytes, gsize len)
{
    guint8 *to = (guint8 *)ak_buf_reserve(out, (len + 2) / 3 * 4 + 1); /* and its NUL */

    out->len += (gsize)EVP_EncodeBlock(to, bytes, (int)len);
}
