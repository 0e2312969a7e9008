#ifndef AK_SIM_STORE_H
#define AK_SIM_STORE_H

#include "sim/world.h"

/* Sets up @process's handle on the world's store. */
void sim_store_init(SimProcess *process);

/* The newest version of @key, a delete marker too; NULL: none. */
SimObject *sim_store_find(const SimWorld *world, const char *key, const char *version);

/* Something that nobody asked for appears. Takes @object. */
SimObject *sim_store_add(SimWorld *world, SimObject *object);

#endif
