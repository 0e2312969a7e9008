#ifndef AK_OPS_RESTORE_H
#define AK_OPS_RESTORE_H

#include "chain/signer.h"
#include "source/source.h"
#include "store/store.h"

typedef struct {
    AkStore *store;
    const AkSourceConfig *target; /* a staging database; its table is created when absent */
    const char *chain;
    const AkSigners *signers;     /* NULL: signatures are not checked */
    const guint8 *checkpoint_key; /* NULL: checkpoint signatures are not checked */
    const char *origin;
    const volatile gint *stop;
} AkRestoreConfig;

typedef struct {
    guint64 events;
    guint64 segments;
    AkCursor head;
} AkRestoreReport;

/*
 * Writes the archived events back as rows, in order, a segment a transaction, each segment
 * verified before it is believed. Events that the target has already are passed over (resumable).
 * CONFLICT when the target holds another chain; GAP, BAD_SIGNATURE, … when the archive is not
 * whole.
 */
gboolean ak_restore_run(const AkRestoreConfig *config, AkRestoreReport *report,
                        GError **error) AK_MUST_CHECK;

#endif
