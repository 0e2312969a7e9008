#ifndef AK_EXPORT_SEAL_H
#define AK_EXPORT_SEAL_H

#include "export/session.h"

/*
 * Seals the days of a chain, one seal after the other: planned in the database, put, committed. A
 * day is sealed once nothing can be filed under it any more, and a grace time is over. Days without
 * events that follow each other get one seal.
 */
typedef struct {
    AkSession *session;
    gboolean is_on;  /* the source keeps seals, and this is no dry run */
    gint64 next_day; /* the first day that is not sealed; G_MAXINT64: no day counts yet */
    gint64 last_day; /* of the last archived segment; G_MININT64: none */
    guint64 start;   /* last event that is sealed, from which on segments are looked at */
} AkSealer;

/* Reads what is sealed, and carries out the plan that an earlier process left. Before the first
 * row is read; from then on nothing is filed under a sealed day. */
gboolean ak_sealer_open(AkSealer *sealer, AkSession *session, GError **error) AK_MUST_CHECK;

/* A segment of @day was committed. */
void ak_sealer_note(AkSealer *sealer, gint64 day);

/*
 * Up to which day the chain may be sealed, if a day waits for it. @head_usec: everything that was
 * there at that time is archived, and nothing is being read; 0: not known.
 */
gboolean ak_sealer_is_due(const AkSealer *sealer, gint64 now_usec, gint64 head_usec,
                          gint64 *out_until);

/* Makes the next seal, which ends at @until at the latest. CONFLICT when another one is in the way.
 */
gboolean ak_sealer_seal(AkSealer *sealer, gint64 until, GError **error) AK_MUST_CHECK;

#endif
