#ifndef AK_VERIFY_ACCEPTED_H
#define AK_VERIFY_ACCEPTED_H

#include "segment/manifest.h"
#include "source/acceptance.h"
#include "verify/found.h"

/* The acceptances that the archive holds. */
typedef struct AkAcceptedList AkAcceptedList;

AkAcceptedList *ak_accepted_list_new(void);
void ak_accepted_list_free(AkAcceptedList *list);

/* FALSE: the object is no acceptance. Takes note of those of @chain; @list may be NULL. */
gboolean ak_accepted_list_add(AkAcceptedList *list, const char *chain, const AkObject *object,
                              AkFoundList *found);

/*
 * Reads them all: each that is signed is a notice, what is wrong with the others goes to @found.
 * FALSE only when the store cannot be read.
 */
gboolean ak_accepted_list_read(AkAcceptedList *list, const AkVerifyConfig *config,
                               AkFoundList *found, GError **error) AK_MUST_CHECK;

/* Did somebody accept that the segment follows the event with @head_hash, which it does not name?
 */
gboolean ak_accepted_list_has(const AkAcceptedList *list, const AkManifest *manifest,
                              const char *head_hash);

/*
 * The same for a walk over the source: when its break is accepted, reports that, goes on and sets
 * *out_accepted.
 */
gboolean ak_accepted_cross(AkSource *source, AkWalk *walk, AkWalkStep step,
                           const AkVerifyConfig *config, AkFoundList *found, gboolean *out_accepted,
                           GError **error) AK_MUST_CHECK;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkAcceptedList, ak_accepted_list_free)

#endif
