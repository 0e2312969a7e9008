#ifndef AK_SIM_BACKUP_H
#define AK_SIM_BACKUP_H

#include "sim/world.h"

/* Keeps lease, plans, pointer and marks as they are now. */
void sim_backup_take(SimWorld *world);

/* Brings them back; the rows stay, and those that were deleted since come back. */
void sim_backup_restore(SimWorld *world);

void sim_backup_free(SimWorld *world);

void sim_segment_free(gpointer segment);

#endif
