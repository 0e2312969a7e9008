#ifndef AK_VERIFY_EVENT_OBJECT_H
#define AK_VERIFY_EVENT_OBJECT_H

#include "verify/segment.h"

/* The own objects of events, where the archive has them: key → AkCatalogEntry. */

/* That of the event with @line in @segment: there, locked like it, and the line byte by byte. What
 * is wrong goes to @segment. */
void ak_event_object_check(AkSegmentCheck *segment, AkView line, AkView id);

/* After every segment was read: objects that say they are of our chain, and that no event has. */
gboolean ak_event_objects_left(const AkSegmentContext *context, const GPtrArray *objects,
                               AkFoundList *found, GError **error) AK_MUST_CHECK;

#endif
