#ifndef AK_UTIL_BUF_H
#define AK_UTIL_BUF_H

#include "util/view.h"

/*
 * A growing byte buffer for the hot path: appends are inline and the storage is kept when it is
 * truncated, so that a unit of work allocates once. Running out of memory aborts (as in GLib);
 * callers cap what comes from outside before they append it. Zero-initialise to start.
 */
typedef struct {
    char *data;
    gsize len;
    gsize cap;
} AkBuf;

void ak_buf_clear(AkBuf *buf);

/* Slow path of ak_buf_reserve(). */
void ak_buf_grow(AkBuf *buf, gsize extra);

/* Room for @extra more bytes; returns the place to write them. Add to buf->len what was used. */
static inline char *ak_buf_reserve(AkBuf *buf, gsize extra)
{
    if (G_UNLIKELY(buf->cap - buf->len < extra))
        ak_buf_grow(buf, extra);
    return buf->data + buf->len;
}

static inline void ak_buf_append(AkBuf *buf, const void *data, gsize len)
{
    if (len > 0) {
        memcpy(ak_buf_reserve(buf, len), data, len);
        buf->len += len;
    }
}

static inline void ak_buf_append_view(AkBuf *buf, AkView view)
{
    ak_buf_append(buf, view.data, view.len);
}

static inline void ak_buf_append_byte(AkBuf *buf, char byte)
{
    *ak_buf_reserve(buf, 1) = byte;
    buf->len++;
}

#define ak_buf_append_literal(buf, literal) ak_buf_append((buf), "" literal, sizeof(literal) - 1)

void ak_buf_append_printf(AkBuf *buf, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Decimal digits of @value. */
void ak_buf_append_uint(AkBuf *buf, guint64 value);

static inline void ak_buf_truncate(AkBuf *buf, gsize len)
{
    g_assert(len <= buf->len);
    buf->len = len;
}

static inline AkView ak_buf_view(const AkBuf *buf)
{
    return (AkView){buf->data != NULL ? buf->data : "", buf->len};
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkBuf, ak_buf_clear)

#endif
