#ifndef AK_TEST_SEGMENT_SAMPLE_H
#define AK_TEST_SEGMENT_SAMPLE_H

#include "segment/builder.h"
#include "util/arena.h"

#define SAMPLE_CHAIN "orders"
#define SAMPLE_ORIGIN "audit.example"

enum { SAMPLE_DAY = 20120 }; /* 2025-02-01 */

/* Events of a chain that is right: hashes, links, one a second. */
typedef struct {
    AkEvent *events;
    gsize count;
    AkArena arena;
} Sample;

void sample_init(Sample *sample, guint64 first_index, gsize count);
void sample_clear(Sample *sample);

/* The tree over @size leaves that stand for the events before a segment. */
AkTree sample_tree(guint64 size);

/* The segment of @sample, built and sealed with the fixed key. */
void sample_seal(const Sample *sample, AkSegment *segment);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Sample, sample_clear)

#endif
