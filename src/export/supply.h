#ifndef AK_EXPORT_SUPPLY_H
#define AK_EXPORT_SUPPLY_H

#include "export/export.h"
#include "sink/sink.h"

/*
 * The chain from a position on, as a sink gets it: from the rows, and from the archive where rows
 * were pruned. Used by one thread.
 */
typedef struct AkSupply AkSupply;

typedef struct {
    guint max_events; /* of a slice; 0: 1024 */
    gsize max_bytes;  /* of its lines, but for a larger single one; 0: 1 MiB */
    gsize max_line;   /* a longer line waits until it is archived; 0: any */
} AkSupplyLimits;

typedef enum {
    AK_SUPPLY_EVENTS,
    AK_SUPPLY_END,     /* nothing more yet */
    AK_SUPPLY_WAITING, /* an event too large for the sink is not archived yet */
    AK_SUPPLY_BROKEN   /* the chain has a gap or a fork: ak_supply_fault() */
} AkSupplyStep;

/* @config and @source are borrowed; of @config its store (NULL: rows only), signers, key and
 * origin count. @from_ts_usec: the time of @from, G_MININT64 at the start. */
AkSupply *ak_supply_new(const AkExportConfig *config, AkSource *source, const AkCursor *from,
                        gint64 from_ts_usec);
void ak_supply_free(AkSupply *supply);

/*
 * The next events, up to index @bound: *out_events (borrowed until the next call), *out_count of
 * them. GAP when the archive contradicts what was handed out; MISSING when rows are pruned and
 * there is no store; errors of source and store.
 */
gboolean ak_supply_next(AkSupply *supply, const AkSupplyLimits *limits, gint64 bound,
                        AkSupplyStep *out_step, const AkSinkEvent **out_events, gsize *out_count,
                        GError **error) AK_MUST_CHECK;

/* What a broken chain stops at, for a message; a new string. */
char *ak_supply_fault(const AkSupply *supply);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkSupply, ak_supply_free)

#endif
