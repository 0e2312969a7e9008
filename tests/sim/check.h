#ifndef AK_SIM_CHECK_H
#define AK_SIM_CHECK_H

#include "sim/call.h"

/*
 * The promises, looked at from outside: what the database and the store have become against what
 * the chain says they should. Nothing here asks the exporter. Each reports with sim_violate().
 */
/* The segment that is or was to be stored under @key; NULL: none. */
const AkSegmentRow *sim_find_plan(const SimWorld *world, const char *key);

/* Right after an effect. */
void sim_check_acquire(SimWorld *world);
void sim_check_plan(SimWorld *world, const SimRequest *request);
void sim_check_commit(SimWorld *world, const SimRequest *request);
void sim_check_put(SimWorld *world, const SimObject *object);

/* After every step: cheap. */
void sim_check_step(SimWorld *world);

/* After a run of ak_export_run(): may it have ended like that? */
void sim_check_run(SimProcess *process);

/* At the end, after @last has run alone and without faults. */
void sim_check_end(SimWorld *world, const SimProcess *last);

#endif
