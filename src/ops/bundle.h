#ifndef AK_OPS_BUNDLE_H
#define AK_OPS_BUNDLE_H

#include "chain/signer.h"
#include "store/store.h"

/* A part of an archive for somebody who has neither it nor auditkeep. */
typedef struct {
    AkStore *store;
    const char *chain;
    const char *origin;
    gint64 since_usec, until_usec; /* whole days that lie in that range, or begin or end in it */
    const guint8 *checkpoint_key;  /* 32 bytes, Ed25519 */
    const AkSigners *signers;      /* NULL: no keys go with it */
    gboolean require_signatures;   /* an event without one is a fault for whoever checks */
    const char *dir;               /* made; has to be empty when it is there */
    guint threads;                 /* 0: number of processors */
    const volatile gint *stop;
} AkBundleConfig;

typedef struct {
    guint64 events, segments, seals, object_bytes;
    guint64 first_index, last_index;
} AkBundleReport;

/*
 * Writes the range's segments, seals and acceptances as they are in the archive, what leads from
 * them to the signed checkpoints, the keys, and a script that checks it all with standard tools.
 * What is exported is not verified: faulty evidence is evidence. CONFIG when there is no event in
 * the range or @dir holds something; what was written by then is left there, without
 * SHA256SUMS, which comes last.
 */
gboolean ak_bundle_run(const AkBundleConfig *config, AkBundleReport *report,
                       GError **error) AK_MUST_CHECK;

#endif
