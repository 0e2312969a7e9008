#ifndef AK_SEGMENT_SEAL_H
#define AK_SEGMENT_SEAL_H

#include "util/buf.h"
#include "util/error.h"
#include "util/sha256.h"

enum { AK_SEAL_FORMAT = 1, AK_SEAL_MAX_BYTES = 64 * 1024 * 1024, AK_SEAL_KEY = 160 };

/* A segment as a seal lists it. */
typedef struct {
    char key[AK_SEAL_KEY];
    guint64 first_index, last_index;
    guint8 content_sha256[AK_SHA256_LEN];
    guint8 object_sha256[AK_SHA256_LEN];
} AkSealSegment;

/* What is filed under the days first_day to day, all of it (docs/archive-format.md, "Day seals").
 */
typedef struct {
    char *chain;
    char *checkpoint; /* signed note over the tree after the last event up to day */
    char *exporter;
    gint64 first_day, day; /* util/time.h */
    char prev_hash[65];    /* head of the chain before these days */
    char last_hash[65];    /* head after them: the same when they were quiet */
    GArray *segments;      /* AkSealSegment, in order; empty: quiet days */
} AkSeal;

void ak_seal_init(AkSeal *seal);
void ak_seal_clear(AkSeal *seal);

/* Adds a segment. */
void ak_seal_add(AkSeal *seal, const AkSealSegment *segment);

/* Appends the canonical JSON. */
void ak_seal_write(const AkSeal *seal, AkBuf *out);

/*
 * BAD_INPUT names the member that is missing or wrong, or what contradicts itself. Unknown members
 * are passed over. @out is taken as empty.
 */
gboolean ak_seal_parse(AkView json, AkSeal *out, GError **error) AK_MUST_CHECK;

/* "audit/YYYY/MM/DD/<chain>-seal.json". */
char *ak_seal_key(const char *chain, gint64 day);

/* FALSE unless @key is what ak_seal_key() makes; @out_chain as AkSegmentName's. */
gboolean ak_seal_key_parse(const char *key, char out_chain[64], gint64 *out_day);

/* "audit/YYYY/MM/DD/<chain>-heartbeat-<HHMMSS>.json", of the second that @usec is in. */
char *ak_heartbeat_key(const char *chain, gint64 usec);
gboolean ak_heartbeat_key_parse(const char *key, char out_chain[64], gint64 *out_usec);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkSeal, ak_seal_clear)

#endif
