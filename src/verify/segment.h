#ifndef AK_VERIFY_SEGMENT_H
#define AK_VERIFY_SEGMENT_H

#include "chain/check.h"
#include "segment/reader.h"
#include "tree/checkpoint.h"
#include "verify/catalog.h"
#include "verify/pace.h"

/* What the checks of many segments share; contexts are borrowed from the pools. */
typedef struct {
    const AkVerifyConfig *config;
    AkNoteKey *note_key;   /* NULL: checkpoint signatures are not checked */
    GAsyncQueue *checkers; /* idle AkChecker */
    GAsyncQueue *sources;  /* idle AkSource, for cross */
    GHashTable *events; /* key → AkCatalogEntry: the events' own objects; NULL: not looked at */
    AkPace *pace;       /* of requests to the store */
} AkSegmentContext;

/* One segment under check: alone, on any thread. What only the order can show (tree, links between
 * segments) is left to whoever takes the results in order. */
typedef struct {
    const AkSegmentContext *context;
    const AkCatalogEntry *entry;
    gboolean is_full;       /* read everything; else the footer only */
    guint number;           /* of the entry */
    gint64 known_read_usec; /* when a verification of which the ledger knows read it; 0: never */
    guint8 known_sha256[AK_SHA256_LEN]; /* what it read */
    gboolean has_digest;
    guint8 digest[AK_SHA256_LEN]; /* of the object, as the store keeps it */
    /* results */
    AkFoundList found;
    gboolean has_lock; /* the store was asked for what follows */
    AkLockMode lock_mode;
    gint64 retain_until_usec;
    AkReplication replication;
    gboolean has_object;
    guint8 object_sha256[AK_SHA256_LEN]; /* of the bytes that were read in full */
    gboolean has_footer;
    AkFooter footer; /* without its tags */
    AkBuf leaves;    /* what footer.leaves points into */
    guint64 archive_events, cross_events, signatures;
    GError *error; /* the store or the source could not be asked */
} AkSegmentCheck;

AkSegmentCheck *ak_segment_check_new(const AkSegmentContext *context, const AkCatalogEntry *entry,
                                     gboolean is_full);
void ak_segment_check_free(AkSegmentCheck *check);

void ak_segment_check_run(AkSegmentCheck *check);

/* Tells config->on_object what came out; before the findings are reported. @first_day: of a seal.
 */
void ak_segment_check_show(const AkSegmentCheck *check, gint64 first_day);

/* An object that is no segment: its lock, and the whole of it, against every digest that was kept.
 * FALSE when it cannot be read, which is a finding or an error. */
gboolean ak_segment_check_object(AkSegmentCheck *check, AkBuf *out);

#endif
