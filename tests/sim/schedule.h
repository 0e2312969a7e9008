#ifndef AK_SIM_SCHEDULE_H
#define AK_SIM_SCHEDULE_H

#include "sim/world.h"

SimLab *sim_lab_new(SimMutant mutant, gboolean is_tracing);
void sim_lab_free(SimLab *lab);

/* Plays what @seed draws. NULL when every promise was kept, else what was broken first. */
char *sim_schedule_run(SimLab *lab, guint64 seed);

#endif
