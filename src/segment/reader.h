#ifndef AK_SEGMENT_READER_H
#define AK_SEGMENT_READER_H

#include "segment/frame.h"
#include "segment/manifest.h"

/* The end of an archive object: enough to find and check each frame by itself. */
typedef struct {
    AkManifest manifest;
    GArray *frames; /* AkFrame, data frames only */
    AkView leaves;  /* count × 32 bytes; borrowed from the tail */
    AkView tags;    /* count × 8 bytes; borrowed from the tail */
} AkFooter;

void ak_footer_clear(AkFooter *footer);

/*
 * Reads the footer from @tail, the last bytes of an object of @object_bytes. When @tail is too
 * short *out_need is set to how many last bytes it takes and FALSE is returned without an error.
 * BAD_INPUT when the object is no segment, or the footer contradicts itself.
 */
gboolean ak_footer_parse(AkView tail, guint64 object_bytes, AkFooter *out, gsize *out_need,
                         GError **error) AK_MUST_CHECK;

/* Number of the data frame that holds @index, which the manifest has to cover. */
guint ak_footer_frame_of(const AkFooter *footer, guint64 index);

/* First index in data frame @frame. */
guint64 ak_footer_first_index(const AkFooter *footer, guint frame);

/*
 * Decompresses data frame @frame, whose bytes are @bytes, into @lines (truncated first), and checks
 * each line against its leaf hash in the footer. BAD_INPUT names the index that does not fit.
 */
gboolean ak_footer_open_frame(const AkFooter *footer, AkSha256 *sha, guint frame, AkView bytes,
                              AkBuf *lines, GError **error) AK_MUST_CHECK;

/*
 * A whole object: footer, every frame, every leaf hash, the content's digest. @footer points into
 * @object.
 */
gboolean ak_footer_open_object(AkView object, AkFooter *footer, GError **error) AK_MUST_CHECK;

/* Cuts the next line off @rest, without its newline. FALSE at the end. A last line without a
 * newline is a line too. */
gboolean ak_line_next(AkView *rest, AkView *line);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkFooter, ak_footer_clear)

#endif
