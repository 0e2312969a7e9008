#ifndef AK_SIM_PERSON_H
#define AK_SIM_PERSON_H

#include "sim/call.h"

/*
 * A person accepts the gap that the chain has stopped at: finds it with what 'auditkeep accept'
 * uses, over @process's connection, signs and records it. From then on the archive has to hold the
 * chain without what is lost. FALSE when there is no gap to accept.
 */
gboolean sim_person_accepts(SimProcess *process);

/* What was accepted, in the database. */
gboolean sim_accept(SimWorld *world, const AkAcceptance *acceptance, AkView statement,
                    GError **error) AK_MUST_CHECK;

/* May the segment at @index follow a link that is not there? */
gboolean sim_is_accepted(const SimWorld *world, guint64 index, const char *prev_hash);

/* Is @object a statement of the database? */
gboolean sim_is_statement(const SimWorld *world, const SimObject *object);

/* Right after it was put. */
void sim_check_statement(SimWorld *world, const SimObject *object);

/* Is a statement in the archive with a lock that does not count? */
gboolean sim_is_statement_blocked(const SimWorld *world);

/* At the end: what the pointer has passed is in the archive. */
void sim_check_accepted(SimWorld *world);

#endif
