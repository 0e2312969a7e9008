#include "segment/frame.h"

#include <zstd.h>

enum { SEEK_MAGIC_LEN = 4 };
static const guint32 seek_magic = 0x8F92EAB1;

void ak_frame_put_u32(AkBuf *out, guint32 value)
{
    guint32 le = GUINT32_TO_LE(value);

    ak_buf_append(out, &le, sizeof le);
}

guint32 ak_frame_get_u32(const char *at)
{
    guint32 le;

    memcpy(&le, at, sizeof le);
    return GUINT32_FROM_LE(le);
}

void ak_frame_put_skippable(AkBuf *out, guint32 magic, AkView content)
{
    ak_frame_put_u32(out, magic);
    ak_frame_put_u32(out, (guint32)content.len);
    ak_buf_append_view(out, content);
}

void ak_frame_put_seek_table(AkBuf *out, const AkFrame *frames, gsize n)
{
    ak_frame_put_u32(out, AK_SKIPPABLE_SEEK_TABLE);
    ak_frame_put_u32(out, (guint32)(n * AK_SEEK_ENTRY + AK_SEEK_FOOTER));
    for (gsize i = 0; i < n; i++) {
        ak_frame_put_u32(out, frames[i].compressed);
        ak_frame_put_u32(out, frames[i].content);
    }
    ak_frame_put_u32(out, (guint32)n);
    ak_buf_append_byte(out, 0);
    ak_frame_put_u32(out, seek_magic);
}

static gboolean bad_object(GError **error, const char *why)
{
    g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT, "object is no whole segment: %s", why);
    return FALSE;
}

static gboolean read_entries(const char *at, gsize n, guint64 covered, GArray *frames)
{
    guint64 offset = 0;

    for (gsize i = 0; i < n; i++, at += AK_SEEK_ENTRY) {
        AkFrame frame = {offset, ak_frame_get_u32(at), ak_frame_get_u32(at + 4)};

        g_array_append_val(frames, frame);
        offset += frame.compressed;
        if (frame.compressed == 0 || offset > covered)
            return FALSE;
    }
    return offset == covered;
}

GArray *ak_frame_read_seek_table(AkView tail, guint64 object_bytes, gsize *out_need, GError **error)
{
    g_autoptr(GArray) frames = g_array_new(FALSE, FALSE, sizeof(AkFrame));
    const char *end = tail.data + tail.len;
    const char *table;
    guint64 n, bytes;

    *out_need = 0;
    if (tail.len < AK_SEEK_FOOTER || ak_frame_get_u32(end - SEEK_MAGIC_LEN) != seek_magic) {
        (void)bad_object(error, "no seek table at its end");
        return NULL;
    }
    n = ak_frame_get_u32(end - AK_SEEK_FOOTER);
    bytes = AK_SKIPPABLE_HEADER + n * AK_SEEK_ENTRY + AK_SEEK_FOOTER;
    /* the descriptor: our frames carry their checksums themselves */
    if (end[-SEEK_MAGIC_LEN - 1] != 0 || bytes > object_bytes) {
        (void)bad_object(error, "malformed seek table");
        return NULL;
    }
    if (bytes > tail.len) {
        *out_need = bytes;
        return NULL;
    }
    table = end - bytes;
    if (ak_frame_get_u32(table) != AK_SKIPPABLE_SEEK_TABLE ||
        ak_frame_get_u32(table + 4) != bytes - AK_SKIPPABLE_HEADER ||
        !read_entries(table + AK_SKIPPABLE_HEADER, n, object_bytes - bytes, frames)) {
        (void)bad_object(error, "seek table does not fit the object");
        return NULL;
    }
    return g_steal_pointer(&frames);
}

gboolean ak_frame_read_skippable(AkView frame, guint32 magic, AkView *out, GError **error)
{
    if (frame.len < AK_SKIPPABLE_HEADER || ak_frame_get_u32(frame.data) != magic ||
        ak_frame_get_u32(frame.data + 4) != frame.len - AK_SKIPPABLE_HEADER)
        return bad_object(error, "a footer frame is malformed");
    *out = ak_view(frame.data + AK_SKIPPABLE_HEADER, frame.len - AK_SKIPPABLE_HEADER);
    return TRUE;
}

gboolean ak_frame_decompress(AkView frame, gsize content, AkBuf *out, GError **error)
{
    gsize got;

    if (content == 0 || content > AK_FRAME_MAX_BYTES)
        return bad_object(error, "a frame is empty or too large");
    got = ZSTD_decompress(ak_buf_reserve(out, content), content, frame.data, frame.len);
    if (ZSTD_isError(got))
        return bad_object(error, ZSTD_getErrorName(got));
    if (got != content)
        return bad_object(error, "a frame is shorter than the seek table says");
    out->len += got;
    return TRUE;
}
