#ifndef AK_SIM_FORGE_H
#define AK_SIM_FORGE_H

#include "sim/world.h"

/*
 * Puts somebody else's object at the key of @plan, well locked: noise, or a whole segment of the
 * same range and with a valid footer that holds other events.
 */
void sim_forge_object(SimWorld *world, const AkSegmentRow *plan);

/* The same for a seal. */
void sim_forge_seal(SimWorld *world, const AkSealRow *plan);

#endif
