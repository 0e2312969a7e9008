#ifndef AK_VERIFY_CATALOG_H
#define AK_VERIFY_CATALOG_H

#include "verify/accepted.h"

/* One segment of the chain as the archive lists it; or a seal, which has no indexes. */
typedef struct {
    char *key;
    char *version; /* the version that counts: the recorded one, else the oldest */
    guint64 first_index, last_index;
    gint64 day;
    gsize size;
    gint64 modified_usec;
    gint is_claimed; /* an event's own object: the event is there; atomic */
    /* as the source recorded it: */
    gboolean is_recorded;
    gint64 retain_until_usec;
    guint8 object_sha256[AK_SHA256_LEN];
} AkCatalogEntry;

/*
 * The chain's segments in order of their indexes. What does not belong there (foreign keys,
 * shadowing versions, delete markers, overlaps, holes, pointers that do not fit) goes to @found.
 * @source NULL: nothing is recorded. @accepted takes note of the acceptances, *out_seals are the
 * chain's seals in order of their days, *out_events the events' own objects, of all chains; NULL:
 * not wanted.
 */
GPtrArray *ak_catalog_read(const AkVerifyConfig *config, AkSource *source, AkAcceptedList *accepted,
                           GPtrArray **out_seals, GPtrArray **out_events, AkFoundList *found,
                           GError **error) AK_MUST_CHECK;

#endif
