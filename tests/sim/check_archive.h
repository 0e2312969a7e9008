#ifndef AK_SIM_CHECK_ARCHIVE_H
#define AK_SIM_CHECK_ARCHIVE_H

#include "sim/world.h"

/* What the checker decompresses with. */
typedef struct SimArchiveCheck SimArchiveCheck;

SimArchiveCheck *sim_archive_check_new(void);
void sim_archive_check_free(SimArchiveCheck *check);

/* Is @object, line for line, what an undisturbed export of its plan would have written? */
void sim_check_object(SimWorld *world, const SimObject *object);

/* Does an archived segment's row name its object, and the chain's tree after it? */
void sim_check_archived(SimWorld *world, const AkSegmentRow *row);

#endif
