#ifndef AK_SIM_TABLE_H
#define AK_SIM_TABLE_H

#include "sim/world.h"

/* Draws when each row's transaction commits. */
void sim_table_init(SimWorld *world, guint over_ms);

/* A fiber: commits rows, deletes some, hides an object now and then, until the world is over. */
void sim_table_run(gpointer world);

/* Everything that was still to commit does. */
void sim_table_settle(SimWorld *world);

#endif
