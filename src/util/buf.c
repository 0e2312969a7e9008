#include "util/buf.h"

#include <stdarg.h>
#include <stdio.h>

void ak_buf_clear(AkBuf *buf)
{
    g_free(buf->data);
    *buf = (AkBuf){0};
}

void ak_buf_grow(AkBuf *buf, gsize extra)
{
    gsize need, cap;

    if (!g_size_checked_add(&need, buf->len, extra) || need > G_MAXSIZE / 2)
        g_error("buffer of %" G_GSIZE_FORMAT " + %" G_GSIZE_FORMAT " bytes", buf->len, extra);
    cap = MAX(buf->cap, 256);
    while (cap < need)
        cap += cap / 2;
    buf->data = g_realloc(buf->data, cap);
    buf->cap = cap;
}

void ak_buf_append_printf(AkBuf *buf, const char *format, ...)
{
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    g_assert(len >= 0);
    va_start(args, format);
    (void)vsnprintf(ak_buf_reserve(buf, (gsize)len + 1), (gsize)len + 1, format, args);
    va_end(args);
    buf->len += (gsize)len;
}

void ak_buf_append_uint(AkBuf *buf, guint64 value)
{
    char digits[20];
    gsize at = sizeof digits;

    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    ak_buf_append(buf, digits + at, sizeof digits - at);
}
