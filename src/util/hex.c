#include "util/hex.h"

void ak_hex_encode(const guint8 *bytes, gsize len, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (gsize i = 0; i < len; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
}

char *ak_hex_string(const guint8 *bytes, gsize len)
{
    char *string = g_malloc(2 * len + 1);

    ak_hex_encode(bytes, len, string);
    string[2 * len] = '\0';
    return string;
}

gboolean ak_hex_decode(AkView hex, guint8 *out, gsize out_size)
{
    if (hex.len != 2 * out_size)
        return FALSE;
    for (gsize i = 0; i < out_size; i++) {
        int high = g_ascii_xdigit_value(hex.data[2 * i]);
        int low = g_ascii_xdigit_value(hex.data[2 * i + 1]);

        if (high < 0 || low < 0)
            return FALSE;
        out[i] = (guint8)(high << 4 | low);
    }
    return TRUE;
}
