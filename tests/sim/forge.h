#ifndef AK_SIM_FORGE_H
#define AK_SIM_FORGE_H

#include "sim/world.h"

/*
 * Puts somebody else's object at the key of @plan, well locked: noise, or a whole segment of the
 * same range and with a valid footer that holds other events.
 */
void sim_forge_object(SimWorld *world, const AkSegmentRow *plan);

#endif
