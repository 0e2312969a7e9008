#ifndef AK_SEGMENT_FRAME_H
#define AK_SEGMENT_FRAME_H

#include "util/buf.h"
#include "util/error.h"

/*
 * The container: zstd frames, skippable frames and the seek table of zstd's seekable format
 * (contrib/seekable_format/zstd_seekable_compression_format.md of the zstd project).
 */
enum {
    AK_FRAME_EVENTS = 256,                  /* events of a data frame at most */
    AK_FRAME_MAX_BYTES = 256 * 1024 * 1024, /* uncompressed */
    AK_SKIPPABLE_LEAVES = 0x184D2A50,
    AK_SKIPPABLE_TAGS = 0x184D2A51,
    AK_SKIPPABLE_MANIFEST = 0x184D2A52,
    AK_SKIPPABLE_SEEK_TABLE = 0x184D2A5E,
    AK_SKIPPABLE_HEADER = 8,
    AK_SEEK_FOOTER = 9,
    AK_SEEK_ENTRY = 8,
};

typedef struct {
    guint64 offset;     /* of the frame in the object */
    guint32 compressed; /* bytes, header included */
    guint32 content;    /* bytes when decompressed; 0: skippable */
} AkFrame;

/* A little-endian number. */
void ak_frame_put_u32(AkBuf *out, guint32 value);
guint32 ak_frame_get_u32(const char *at);

/* Appends a whole skippable frame. */
void ak_frame_put_skippable(AkBuf *out, guint32 magic, AkView content);

/* Appends the seek table over @frames. */
void ak_frame_put_seek_table(AkBuf *out, const AkFrame *frames, gsize n);

/*
 * Reads the seek table at the end of @tail, the last bytes of an object of @object_bytes. An array
 * of AkFrame; the frames cover the object up to the table without a hole, else BAD_INPUT. When
 * @tail is too short for the table, *out_need is set to the bytes it takes and NULL is returned
 * without an error.
 */
GArray *ak_frame_read_seek_table(AkView tail, guint64 object_bytes, gsize *out_need,
                                 GError **error) AK_MUST_CHECK;

/* Content of a skippable frame with @magic that fills @frame exactly; BAD_INPUT otherwise. */
gboolean ak_frame_read_skippable(AkView frame, guint32 magic, AkView *out,
                                 GError **error) AK_MUST_CHECK;

/* Appends the content of one zstd frame: exactly @content bytes of it, else BAD_INPUT. */
gboolean ak_frame_decompress(AkView frame, gsize content, AkBuf *out, GError **error) AK_MUST_CHECK;

#endif
