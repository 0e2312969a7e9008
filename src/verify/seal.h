#ifndef AK_VERIFY_SEAL_H
#define AK_VERIFY_SEAL_H

#include "verify/choice.h"
#include "verify/segment.h"

/* What the reading of a segment showed; nothing is known of one that was not read. */
typedef struct {
    gboolean has_footer, has_object, has_root;
    char last_hash[65];
    guint8 content_sha256[AK_SHA256_LEN];
    guint8 object_sha256[AK_SHA256_LEN]; /* of the bytes that were read in full */
    guint8 root[AK_SHA256_LEN];          /* of the tree that follows from the leaves up to there */
} AkSegmentFact;

/*
 * The chain's seals against its segments: @seals and @entries are AkCatalogEntry, in order, with a
 * fact each for the entries; @choice says which of them are read. Reports days that should be
 * sealed and are not.
 */
gboolean ak_seals_check(const AkSegmentContext *context, const GPtrArray *seals,
                        const GPtrArray *entries, const AkSegmentFact *facts,
                        const AkChoice *choice, AkVerifyReport *report,
                        GError **error) AK_MUST_CHECK;

#endif
