#ifndef AK_SEGMENT_BUILDER_H
#define AK_SEGMENT_BUILDER_H

#include "chain/check.h"
#include "segment/frame.h"
#include "segment/manifest.h"
#include "tree/merkle.h"

/* One archive object in the making. Zero-initialise; ak_segment_clear() makes it so again. */
typedef struct {
    AkManifest manifest; /* root, tree size and checkpoint: after sealing */
    AkBuf object;        /* the frames, after sealing the whole object */
    AkBuf leaves;        /* count leaf hashes of 32 bytes */
    AkBuf tags;          /* count id tags of 8 bytes */
    AkBuf hashes;        /* count computed hashes of 64 hex digits and a NUL, for the pointer */
    GArray *frames;      /* AkFrame */
    guint64 faults[AK_FAULT_N_CODES];
} AkSegment;

void ak_segment_clear(AkSegment *segment);

/*
 * 64-bit FNV-1a of an event id. The footer's tags let a reader find the frame that holds an id;
 * a hit is always confirmed by the event itself.
 */
guint64 ak_segment_tag(AkView id);

/* Checking, hashing, serialising and compressing contexts of one thread. */
typedef struct AkSegmentBuilder AkSegmentBuilder;

/* @signers is borrowed; NULL: signatures are not checked. */
AkSegmentBuilder *ak_segment_builder_new(const char *chain, const AkSigners *signers,
                                         gboolean require_signatures);
void ak_segment_builder_free(AkSegmentBuilder *builder);

/*
 * Checks @events (in chain order, indexes set, at least one) and writes their frames. The same
 * events always give the same bytes. An event whose hash is NULL gets the computed one.
 * @day: the day the object is filed under.
 */
gboolean ak_segment_build(AkSegmentBuilder *builder, const AkEvent *events, gsize count, gint64 day,
                          AkSegment *segment, GError **error) AK_MUST_CHECK;

/*
 * Checks @event and appends its line alone, without newline: the one that ak_segment_build() writes
 * for it. @hash: the computed hash, "" when there is none.
 */
AkFaultSet ak_segment_line(AkSegmentBuilder *builder, const AkEvent *event, char hash[65],
                           AkBuf *out);

/*
 * Ends the object: appends the segment's leaves to @tree, signs the checkpoint of
 * "<origin>/<chain>" over it and writes the footer.
 */
gboolean ak_segment_seal(AkSegment *segment, AkTree *tree, const AkSigningKey *key,
                         const char *origin, GError **error) AK_MUST_CHECK;

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkSegment, ak_segment_clear)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkSegmentBuilder, ak_segment_builder_free)

#endif
