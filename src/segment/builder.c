#include "segment/builder.h"

#include "chain/envelope.h"
#include "chain/link.h"
#include "segment/key.h"
#include "tree/checkpoint.h"
#include "util/hex.h"
#include "util/time.h"

#include <zstd.h>

/* zstd's level 1 compresses audit events as well as level 3, twice as fast (docs/performance.md).
 */
enum { ZSTD_LEVEL = 1, HASH_TEXT = 2 * AK_SHA256_LEN + 1 };

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ZSTD_CCtx, ZSTD_freeCCtx)

struct AkSegmentBuilder {
    char *chain;
    AkChecker *checker;
    AkCanonical *canonical; /* for what stands around the payload */
    AkSha256 *leaf_sha;
    AkSha256 *content_sha;
    ZSTD_CCtx *zstd;
    AkBuf payload;
    AkBuf lines; /* of the open frame */
};

void ak_segment_clear(AkSegment *segment)
{
    ak_manifest_clear(&segment->manifest);
    ak_buf_clear(&segment->object);
    ak_buf_clear(&segment->leaves);
    ak_buf_clear(&segment->tags);
    ak_buf_clear(&segment->hashes);
    g_clear_pointer(&segment->frames, g_array_unref);
    memset(segment->faults, 0, sizeof segment->faults);
}

guint64 ak_segment_tag(AkView id)
{
    guint64 hash = G_GUINT64_CONSTANT(0xcbf29ce484222325);

    for (gsize i = 0; i < id.len; i++)
        hash = (hash ^ (guint8)id.data[i]) * G_GUINT64_CONSTANT(0x100000001b3);
    return hash;
}

AkSegmentBuilder *ak_segment_builder_new(const char *chain, const AkSigners *signers,
                                         gboolean require_signatures)
{
    AkSegmentBuilder *builder = g_new0(AkSegmentBuilder, 1);

    builder->chain = g_strdup(chain);
    builder->checker = ak_checker_new(signers, require_signatures);
    builder->canonical = ak_canonical_new();
    builder->leaf_sha = ak_sha256_new();
    builder->content_sha = ak_sha256_new();
    builder->zstd = ZSTD_createCCtx();
    if (builder->zstd == NULL ||
        ZSTD_isError(ZSTD_CCtx_setParameter(builder->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL)) ||
        ZSTD_isError(ZSTD_CCtx_setParameter(builder->zstd, ZSTD_c_checksumFlag, 1)))
        g_error("zstd offers no compression context");
    return builder;
}

void ak_segment_builder_free(AkSegmentBuilder *builder)
{
    if (builder == NULL)
        return;
    g_free(builder->chain);
    ak_checker_free(builder->checker);
    ak_canonical_free(builder->canonical);
    ak_sha256_free(builder->leaf_sha);
    ak_sha256_free(builder->content_sha);
    ZSTD_freeCCtx(builder->zstd);
    ak_buf_clear(&builder->payload);
    ak_buf_clear(&builder->lines);
    g_free(builder);
}

static gboolean close_frame(AkSegmentBuilder *builder, AkSegment *segment, GError **error)
{
    AkBuf *lines = &builder->lines;
    gsize bound = ZSTD_compressBound(lines->len);
    AkFrame frame = {segment->object.len, 0, (guint32)lines->len};
    gsize size;

    if (lines->len > AK_FRAME_MAX_BYTES) {
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                    "%d events need more than %d bytes; hint: lower --max-event-bytes",
                    AK_FRAME_EVENTS, AK_FRAME_MAX_BYTES);
        return FALSE;
    }
    ak_sha256_add(builder->content_sha, lines->data, lines->len);
    size = ZSTD_compress2(builder->zstd, ak_buf_reserve(&segment->object, bound), bound,
                          lines->data, lines->len);
    if (ZSTD_isError(size)) {
        g_set_error(error, AK_ERROR, AK_ERROR_INTERNAL, "compressing a frame: %s",
                    ZSTD_getErrorName(size));
        return FALSE;
    }
    segment->object.len += size;
    segment->manifest.content_bytes += lines->len;
    frame.compressed = (guint32)size;
    g_array_append_val(segment->frames, frame);
    ak_buf_truncate(lines, 0);
    return TRUE;
}

static void count_faults(AkFaultSet faults, AkSegment *segment)
{
    for (guint code = 0; faults != 0; code++, faults >>= 1)
        segment->faults[code] += faults & 1;
}

AkFaultSet ak_segment_line(AkSegmentBuilder *builder, const AkEvent *event, char hash[65],
                           AkBuf *out)
{
    AkEvent complete = *event;
    AkCheckResult result;

    ak_buf_truncate(&builder->payload, 0);
    ak_checker_check(builder->checker, event, &builder->payload, &result);
    memset(hash, 0, HASH_TEXT);
    if (result.has_hash)
        ak_hex_encode(result.hash, AK_SHA256_LEN, hash);
    if (complete.hash.data == NULL && result.has_hash)
        complete.hash = ak_view(hash, HASH_TEXT - 1);
    ak_envelope_write(builder->canonical, &complete, ak_view_str(builder->chain), result.canonical,
                      &result.info, result.faults, out);
    return result.faults;
}

/* The event's line, leaf hash, tag and computed hash. */
static void add_event(AkSegmentBuilder *builder, const AkEvent *event, AkSegment *segment)
{
    gsize start = builder->lines.len;
    guint64 tag = GUINT64_TO_LE(ak_segment_tag(event->id));

    count_faults(ak_segment_line(builder, event, ak_buf_reserve(&segment->hashes, HASH_TEXT),
                                 &builder->lines),
                 segment);
    segment->hashes.len += HASH_TEXT;
    ak_tree_leaf_hash(builder->leaf_sha, builder->lines.data + start, builder->lines.len - start,
                      (guint8 *)ak_buf_reserve(&segment->leaves, AK_SHA256_LEN));
    segment->leaves.len += AK_SHA256_LEN;
    ak_buf_append(&segment->tags, &tag, sizeof tag);
    ak_buf_append_byte(&builder->lines, '\n');
}

static void describe(AkSegmentBuilder *builder, const AkEvent *events, gsize count, gint64 day,
                     AkSegment *segment)
{
    AkManifest *manifest = &segment->manifest;
    const AkEvent *first = &events[0], *last = &events[count - 1];
    const char *computed = segment->hashes.data + (count - 1) * HASH_TEXT;

    manifest->chain = g_strdup(builder->chain);
    manifest->exporter = g_strdup("auditkeep " AK_VERSION);
    manifest->count = count;
    manifest->day = day;
    manifest->first_index = first->index;
    manifest->last_index = last->index;
    manifest->first_ts_usec = first->ts_usec;
    manifest->last_ts_usec = last->ts_usec;
    ak_id_copy(first->id, manifest->first_id);
    ak_id_copy(last->id, manifest->last_id);
    ak_link_copy(first->prev_hash, manifest->prev_hash);
    ak_link_copy(last->hash.data != NULL ? last->hash : ak_view_str(computed), manifest->last_hash);
}

gboolean ak_segment_build(AkSegmentBuilder *builder, const AkEvent *events, gsize count, gint64 day,
                          AkSegment *segment, GError **error)
{
    g_assert(count > 0);
    if (segment->frames == NULL)
        segment->frames = g_array_new(FALSE, FALSE, sizeof(AkFrame));
    ak_buf_truncate(&builder->lines, 0);
    ak_sha256_begin(builder->content_sha);
    for (gsize i = 0; i < count; i++) {
        if (i > 0 && events[i].index % AK_FRAME_EVENTS == 0 &&
            !close_frame(builder, segment, error))
            return FALSE;
        add_event(builder, &events[i], segment);
    }
    if (!close_frame(builder, segment, error))
        return FALSE;
    ak_sha256_end(builder->content_sha, segment->manifest.content_sha256);
    describe(builder, events, count, day, segment);
    return TRUE;
}

static void add_footer_frame(AkSegment *segment, guint32 magic, AkView content)
{
    AkFrame frame = {segment->object.len, (guint32)(content.len + AK_SKIPPABLE_HEADER), 0};

    ak_frame_put_skippable(&segment->object, magic, content);
    g_array_append_val(segment->frames, frame);
}

gboolean ak_segment_seal(AkSegment *segment, AkTree *tree, const AkSigningKey *key,
                         const char *origin, GError **error)
{
    AkManifest *manifest = &segment->manifest;
    g_autofree char *name = ak_segment_origin(origin, manifest->chain);
    g_autoptr(AkSha256) sha = ak_sha256_new();
    g_auto(AkBuf) note = {0}, json = {0};

    g_assert(tree->size == manifest->first_index);
    ak_tree_append(tree, sha, (const guint8 *)segment->leaves.data, manifest->count);
    ak_tree_root(tree, sha, manifest->root);
    manifest->tree_size = tree->size;
    if (!ak_checkpoint_sign(key, name, tree->size, manifest->root, &note, error))
        return FALSE;
    manifest->checkpoint = g_strndup(note.data, note.len);
    ak_manifest_write(manifest, &json);
    add_footer_frame(segment, AK_SKIPPABLE_LEAVES, ak_buf_view(&segment->leaves));
    add_footer_frame(segment, AK_SKIPPABLE_TAGS, ak_buf_view(&segment->tags));
    add_footer_frame(segment, AK_SKIPPABLE_MANIFEST, ak_buf_view(&json));
    ak_frame_put_seek_table(&segment->object, (const void *)segment->frames->data,
                            segment->frames->len);
    return TRUE;
}
