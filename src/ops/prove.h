#ifndef AK_OPS_PROVE_H
#define AK_OPS_PROVE_H

#include "chain/signer.h"
#include "ops/hash_tree.h"
#include "segment/proof.h"
#include "source/source.h"
#include "tree/checkpoint.h"

typedef struct {
    AkStore *store;
    const AkSourceConfig *source; /* narrows the search; NULL: search the archive */
    const char *chain;
    const char *id;
    const AkNoteKey *key;     /* the archiver's: the checkpoint has to be signed by it */
    const AkSigners *signers; /* the event's signer is taken from there; may be NULL */
} AkProveConfig;

/*
 * Fills @out with the proof that the archive holds the event, under the newest checkpoint over it;
 * it is checked before it is handed out. MISSING when no object holds the event, BAD_SIGNATURE when
 * the checkpoint is not signed by the key, BAD_INPUT when the archive does not lead to its root.
 */
gboolean ak_prove_run(const AkProveConfig *config, AkProof *out, GError **error) AK_MUST_CHECK;

#endif
