#ifndef AK_SIM_SEALS_H
#define AK_SIM_SEALS_H

#include "sim/call.h"

/* Day seals in the world's database, by the rules of sql/postgres/seal.sql. */
gboolean sim_seal_plan(SimRequest *request, GError **error) AK_MUST_CHECK;
gboolean sim_seal_commit(SimRequest *request, GError **error) AK_MUST_CHECK;

/* May nothing be filed under @day any more? */
gboolean sim_is_sealed_day(const SimWorld *world, gint64 day);

/* The first day that no seal covers; the first segment's when there is none, G_MAXINT64 without
 * segments. Only @is_archived ones count, or plans too. */
gint64 sim_open_day(const SimWorld *world, gboolean is_archived);

const AkSealRow *sim_find_seal(const SimWorld *world, const char *key);

/* For g_ptr_array_copy() and its like. */
gpointer sim_seal_copy(gconstpointer seal, gpointer data);
void sim_seal_free(gpointer seal);

#endif
