#include "chain/canonical_internal.h"

enum { ESCAPE_MAX = 6 };

/* RFC 8785 §3.2.2.2: the two-character escapes, else \u00xx in lower case. */
static char *put_escape(char *dst, guint byte)
{
    static const char digits[] = "0123456789abcdef";
    static const char letters[0x80] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
                                       ['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\'};

    *dst++ = '\\';
    if (letters[byte] != '\0') {
        *dst++ = letters[byte];
        return dst;
    }
    memcpy(dst, "u00", 3);
    dst[3] = digits[byte >> 4];
    dst[4] = digits[byte & 15];
    return dst + 5;
}

static char *put_character(char *dst, gunichar c)
{
    if (c < ' ' || c == '"' || c == '\\')
        return put_escape(dst, c);
    return dst + g_unichar_to_utf8(c, dst);
}

/* Four hexadecimal digits, or a value above 0xffff. */
static guint32 read_unit(const char *src)
{
    guint32 unit = 0;

    for (guint i = 0; i < 4; i++) {
        int digit = g_ascii_xdigit_value(src[i]);

        if (digit < 0)
            return G_MAXUINT32;
        unit = unit << 4 | (guint32)digit;
    }
    return unit;
}

static AkAt copy_unicode_escape(AkCanonical *canonical, AkAt at)
{
    guint32 c = read_unit(at.src + 2);
    guint n_read = ESCAPE_MAX;

    if (c > 0xffff)
        return ak_canonical_fail(canonical, at.src, "bad \\u escape");
    if ((c & 0xf800) == 0xd800) {
        gboolean is_pair = c < 0xdc00 && at.src[6] == '\\' && at.src[7] == 'u';
        guint32 low = is_pair ? read_unit(at.src + 8) : 0;

        if (low < 0xdc00 || low > 0xdfff)
            return ak_canonical_fail(canonical, at.src, "lone surrogate");
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        n_read = 2 * ESCAPE_MAX;
    }
    return (AkAt){at.src + n_read, put_character(at.dst, c)};
}

static AkAt copy_escape(AkCanonical *canonical, AkAt at)
{
    switch (at.src[1]) {
    case '"':
    case '\\':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        memcpy(at.dst, at.src, 2);
        return (AkAt){at.src + 2, at.dst + 2};
    case '/':
        *at.dst = '/';
        return (AkAt){at.src + 2, at.dst + 1};
    case 'u':
        return copy_unicode_escape(canonical, at);
    default:
        return ak_canonical_fail(canonical, at.src, "bad escape");
    }
}

static AkAt copy_utf8(AkCanonical *canonical, AkAt at)
{
    do {
        gsize len = ak_text_utf8_length(at.src, 4);

        if (len == 0)
            return ak_canonical_fail(canonical, at.src, "invalid UTF-8");
        memcpy(at.dst, at.src, 4);
        at.src += len;
        at.dst += len;
    } while ((*at.src & 0x80) != 0);
    return at;
}

static AkAt copy_special(AkCanonical *canonical, AkAt at)
{
    canonical->is_plain = FALSE;
    if (*at.src == '\\')
        return copy_escape(canonical, at);
    if ((*at.src & 0x80) != 0)
        return copy_utf8(canonical, at);
    return ak_canonical_fail(canonical, at.src, "unescaped control character");
}

AkAt ak_canonical_copy_rest(AkCanonical *canonical, AkAt at)
{
    for (;;) {
        guint n_plain = ak_text_copy_block(at.src, at.dst);

        at.src += n_plain;
        at.dst += n_plain;
        if (n_plain == AK_TEXT_BLOCK)
            continue;
        if (*at.src == '"') {
            *at.dst = '"';
            return (AkAt){at.src + 1, at.dst + 1};
        }
        at = copy_special(canonical, at);
        if (at.src == NULL)
            return at;
    }
}

/* Appends the character at @src, which is not plain; returns how much it read. */
static gsize append_character(const char *src, gsize size, AkBuf *out)
{
    guchar byte = (guchar)*src;
    gsize len;

    if (byte < 0x80) {
        char *dst = ak_buf_reserve(out, ESCAPE_MAX);

        out->len += (gsize)(put_character(dst, byte) - dst);
        return 1;
    }
    len = ak_text_utf8_length(src, size);
    if (len == 0) {
        ak_buf_append_literal(out, "\xef\xbf\xbd");
        return 1;
    }
    ak_buf_append(out, src, len);
    return len;
}

void ak_canonical_string(AkView utf8, AkBuf *out)
{
    const char *src = utf8.data;
    const char *end = src + utf8.len;

    ak_buf_append_byte(out, '"');
    while (src < end) {
        char *dst = ak_buf_reserve(out, AK_TEXT_BLOCK);
        gsize size = (gsize)(end - src);
        guint n_plain;

        if (size >= AK_TEXT_BLOCK) {
            n_plain = ak_text_copy_block(src, dst);
        } else {
            /* the zero behind the rest is not plain */
            char rest[AK_TEXT_BLOCK] = {0};

            memcpy(rest, src, size);
            n_plain = ak_text_copy_block(rest, dst);
        }
        out->len += n_plain;
        src += n_plain;
        if (n_plain < AK_TEXT_BLOCK && src < end)
            src += append_character(src, (gsize)(end - src), out);
    }
    ak_buf_append_byte(out, '"');
}
