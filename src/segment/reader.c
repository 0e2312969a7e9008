#include "segment/reader.h"

#include "tree/merkle.h"

#include <openssl/crypto.h>

enum { N_FOOTER_FRAMES = 3, TAG_BYTES = 8 };

void ak_footer_clear(AkFooter *footer)
{
    ak_manifest_clear(&footer->manifest);
    g_clear_pointer(&footer->frames, g_array_unref);
    footer->leaves = footer->tags = AK_VIEW_NULL;
}

static gboolean bad_footer(GError **error, const char *why)
{
    g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT, "object is no whole segment: %s", why);
    return FALSE;
}

static const AkFrame *frame_at(const GArray *frames, guint i)
{
    return &g_array_index(frames, AkFrame, i);
}

guint64 ak_footer_first_index(const AkFooter *footer, guint frame)
{
    guint64 first = footer->manifest.first_index;

    return frame == 0 ? first : (first / AK_FRAME_EVENTS + frame) * AK_FRAME_EVENTS;
}

guint ak_footer_frame_of(const AkFooter *footer, guint64 index)
{
    return (guint)(index / AK_FRAME_EVENTS - footer->manifest.first_index / AK_FRAME_EVENTS);
}

/* The three skippable frames before the seek table; they must lie in @tail. */
static gboolean read_footer_frames(AkView tail, guint64 object_bytes, const GArray *all,
                                   AkFooter *out, GError **error)
{
    static const guint32 magics[N_FOOTER_FRAMES] = {AK_SKIPPABLE_LEAVES, AK_SKIPPABLE_TAGS,
                                                    AK_SKIPPABLE_MANIFEST};
    AkView contents[N_FOOTER_FRAMES];

    for (guint i = 0; i < N_FOOTER_FRAMES; i++) {
        const AkFrame *frame = frame_at(all, all->len - N_FOOTER_FRAMES + i);
        gsize back = object_bytes - frame->offset;

        if (frame->content != 0)
            return bad_footer(error, "a frame of the footer has content");
        if (!ak_frame_read_skippable(ak_view(tail.data + tail.len - back, frame->compressed),
                                     magics[i], &contents[i], error))
            return FALSE;
    }
    out->leaves = contents[0];
    out->tags = contents[1];
    return ak_manifest_parse(contents[2], &out->manifest, error);
}

static gboolean check_footer(const AkFooter *footer, GError **error)
{
    const AkManifest *manifest = &footer->manifest;
    guint64 content = 0;

    if (footer->leaves.len % AK_SHA256_LEN != 0 || footer->tags.len % TAG_BYTES != 0 ||
        footer->leaves.len / AK_SHA256_LEN != manifest->count ||
        footer->tags.len / TAG_BYTES != manifest->count)
        return bad_footer(error, "leaf hashes or tags do not fit the count");
    if (footer->frames->len != ak_footer_frame_of(footer, manifest->last_index) + 1)
        return bad_footer(error, "number of frames does not fit the indexes");
    for (guint i = 0; i < footer->frames->len; i++)
        content += frame_at(footer->frames, i)->content;
    if (content != manifest->content_bytes)
        return bad_footer(error, "frame sizes do not fit the content");
    return TRUE;
}

gboolean ak_footer_parse(AkView tail, guint64 object_bytes, AkFooter *out, gsize *out_need,
                         GError **error)
{
    g_autoptr(GArray) frames = NULL;
    g_auto(AkFooter) footer = {0};
    guint64 start;

    frames = ak_frame_read_seek_table(tail, object_bytes, out_need, error);
    if (frames == NULL)
        return FALSE;
    if (frames->len <= N_FOOTER_FRAMES)
        return bad_footer(error, "it has no data");
    start = frame_at(frames, frames->len - N_FOOTER_FRAMES)->offset;
    if (object_bytes - start > tail.len) {
        *out_need = object_bytes - start;
        return FALSE;
    }
    if (!read_footer_frames(tail, object_bytes, frames, &footer, error))
        return FALSE;
    g_array_set_size(frames, frames->len - N_FOOTER_FRAMES);
    footer.frames = g_steal_pointer(&frames);
    if (!check_footer(&footer, error))
        return FALSE;
    *out = footer;
    footer = (AkFooter){0};
    return TRUE;
}

gboolean ak_line_next(AkView *rest, AkView *line)
{
    const char *end;

    if (rest->len == 0)
        return FALSE;
    end = memchr(rest->data, '\n', rest->len);
    *line = ak_view(rest->data, end != NULL ? (gsize)(end - rest->data) : rest->len);
    *rest = end != NULL ? ak_view(end + 1, rest->len - line->len - 1) : ak_view(rest->data, 0);
    return TRUE;
}

static gboolean bad_line(GError **error, guint64 index, const char *why)
{
    g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT, "line of index %" G_GUINT64_FORMAT " %s",
                index, why);
    return FALSE;
}

static gboolean check_leaves(const AkFooter *footer, AkSha256 *sha, guint frame, AkView rest,
                             GError **error)
{
    guint64 index = ak_footer_first_index(footer, frame);
    guint64 end = MIN(ak_footer_first_index(footer, frame + 1), footer->manifest.last_index + 1);
    const char *leaf = footer->leaves.data + (index - footer->manifest.first_index) * AK_SHA256_LEN;
    AkView line;

    for (; ak_line_next(&rest, &line); index++, leaf += AK_SHA256_LEN) {
        guint8 hash[AK_SHA256_LEN];

        if (index == end)
            return bad_line(error, index, "is one too many for its frame");
        ak_tree_leaf_hash(sha, line.data, line.len, hash);
        if (CRYPTO_memcmp(hash, leaf, sizeof hash) != 0)
            return bad_line(error, index, "does not have the leaf hash of the footer");
    }
    return index == end || bad_line(error, index, "is missing from its frame");
}

gboolean ak_footer_open_frame(const AkFooter *footer, AkSha256 *sha, guint frame, AkView bytes,
                              AkBuf *lines, GError **error)
{
    ak_buf_truncate(lines, 0);
    if (!ak_frame_decompress(bytes, frame_at(footer->frames, frame)->content, lines, error) ||
        !check_leaves(footer, sha, frame, ak_buf_view(lines), error)) {
        g_prefix_error(error, "frame %u: ", frame);
        return FALSE;
    }
    return TRUE;
}

static gboolean open_frames(AkView object, const AkFooter *footer, GError **error)
{
    g_autoptr(AkSha256) sha = ak_sha256_new(), content = ak_sha256_new();
    g_auto(AkBuf) lines = {0};
    guint8 digest[AK_SHA256_LEN];

    ak_sha256_begin(content);
    for (guint i = 0; i < footer->frames->len; i++) {
        const AkFrame *frame = frame_at(footer->frames, i);

        if (!ak_footer_open_frame(footer, sha, i,
                                  ak_view(object.data + frame->offset, frame->compressed), &lines,
                                  error))
            return FALSE;
        ak_sha256_add(content, lines.data, lines.len);
    }
    ak_sha256_end(content, digest);
    if (CRYPTO_memcmp(digest, footer->manifest.content_sha256, sizeof digest) != 0)
        return bad_footer(error, "the content does not have the manifest's digest");
    return TRUE;
}

gboolean ak_footer_open_object(AkView object, AkFooter *footer, GError **error)
{
    gsize need;

    if (!ak_footer_parse(object, object.len, footer, &need, error)) {
        if (need != 0)
            return bad_footer(error, "its seek table is longer than the object");
        return FALSE;
    }
    if (!open_frames(object, footer, error)) {
        ak_footer_clear(footer);
        return FALSE;
    }
    return TRUE;
}
