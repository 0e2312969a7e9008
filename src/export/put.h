#ifndef AK_EXPORT_PUT_H
#define AK_EXPORT_PUT_H

#include "segment/builder.h"
#include "source/source.h"
#include "store/store.h"

/*
 * Puts a sealed segment, whose content is the planned one, under its planned key and lock. When the
 * key is taken, an object that is already there counts as success (*out_adopted) only if it is the
 * one that was planned; see ak_export_adopt(). Anything else is CONFLICT, and nothing is changed.
 *
 * An adopted object's bytes take the place of the segment's.
 *
 * @plan is completed: version, object's size and digest, root. @before is the tree before the
 * segment, @after the one after it: that of the object, if an adopted one differs.
 */
gboolean ak_export_put(AkStore *store, AkSegment *segment, AkLockMode lock_mode, AkSegmentRow *plan,
                       const AkTree *before, AkTree *after, gboolean *out_adopted,
                       GError **error) AK_MUST_CHECK;

/*
 * Is the planned object in the archive? A version of the planned key counts, read in full, when it
 * is a whole segment with the content digest that the plan recorded, follows from @before, and is
 * locked at least as planned. @plan, @after and @segment are completed as above. A plan that is not
 * made yet (its lock ends at 0) takes the lock of the object, too.
 */
gboolean ak_export_adopt(AkStore *store, AkSegment *segment, AkLockMode lock_mode,
                         AkSegmentRow *plan, const AkTree *before, AkTree *after,
                         gboolean *out_found, GError **error) AK_MUST_CHECK;

#endif
