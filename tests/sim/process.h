#ifndef AK_SIM_PROCESS_H
#define AK_SIM_PROCESS_H

#include "sim/world.h"

/* Sets up exporter @number of @world; draws what is left open in its configuration. */
void sim_process_init(SimWorld *world, guint number, gboolean is_follow);
void sim_process_clear(SimProcess *process);

/* Has it run, and run again after each end, until the world is over. */
void sim_process_start(SimProcess *process);

/* One run, in the fiber that calls. */
void sim_process_run(SimProcess *process);

#endif
