#ifndef AK_SEGMENT_MANIFEST_H
#define AK_SEGMENT_MANIFEST_H

#include "util/buf.h"
#include "util/error.h"
#include "util/sha256.h"

enum { AK_SEGMENT_FORMAT = 1, AK_MANIFEST_MAX_BYTES = 1024 * 1024 };

/* What a segment says of itself (docs/archive-format.md, "manifest"). */
typedef struct {
    char *chain;
    char *checkpoint; /* signed note over tree_size and root */
    char *exporter;   /* "auditkeep <version>" */
    guint64 content_bytes;
    guint8 content_sha256[AK_SHA256_LEN]; /* of the uncompressed lines, newlines included */
    guint64 count;
    gint64 day;                 /* util/time.h */
    gboolean has_event_objects; /* each event has an object of its own, too */
    char first_id[37], last_id[37];
    guint64 first_index, last_index;
    gint64 first_ts_usec, last_ts_usec;
    char prev_hash[65]; /* the event before the first: "" at the head of the chain */
    char last_hash[65]; /* what the next segment's prev_hash has to be */
    guint8 root[AK_SHA256_LEN];
    guint64 tree_size;
} AkManifest;

void ak_manifest_clear(AkManifest *manifest);

/* Appends the canonical JSON. */
void ak_manifest_write(const AkManifest *manifest, AkBuf *out);

/* BAD_INPUT names the member that is missing or wrong. Unknown members are passed over. */
gboolean ak_manifest_parse(AkView json, AkManifest *out, GError **error) AK_MUST_CHECK;

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkManifest, ak_manifest_clear)

#endif
