#include "segment/reader.h"

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

    if (footer->leaves.len != manifest->count * AK_SHA256_LEN ||
        footer->tags.len != manifest->count * TAG_BYTES)
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
