#ifndef AK_SIM_CHECK_SEALS_H
#define AK_SIM_CHECK_SEALS_H

#include "sim/call.h"

/* Day seals and heartbeats, looked at from outside, as check.h does with segments. */

/* Right after an effect. */
void sim_check_seal_plan(SimWorld *world, const SimRequest *request);
void sim_check_seal_commit(SimWorld *world, const SimRequest *request);
void sim_check_heartbeat(SimWorld *world, const SimObject *object);

/* A seal in the archive, against segments and chain. */
void sim_check_seal_object(SimWorld *world, const SimObject *object);

/* Has @process, which runs alone, sealed every day that is over, and shown that it is there? */
gboolean sim_is_kept_up(const SimProcess *process);

/* Is there something at the key of a seal that comes next which is not ours? */
gboolean sim_is_seal_blocked(const SimWorld *world);

/* At the end. */
void sim_check_upkeep(SimWorld *world, const SimProcess *last);

#endif
