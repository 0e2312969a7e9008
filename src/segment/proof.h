#ifndef AK_SEGMENT_PROOF_H
#define AK_SEGMENT_PROOF_H

#include "util/buf.h"
#include "util/error.h"
#include "util/sha256.h"

/*
 * What proves one event to somebody who has nothing else (docs/proofs.md): the archived line, its
 * path in the tree, the checkpoint over it, and the keys that it takes, for comparison only.
 */

/* A line may hold 256 MiB, and escapes twice that. */
enum { AK_PROOF_MAX_HASHES = 64 };
#define AK_PROOF_MAX_BYTES ((gsize)640 << 20)

typedef struct {
    char *checkpoint;     /* signed note */
    char *checkpoint_key; /* the archiver's, as signed notes write it (ak_note_key_text()) */
    char *event;          /* the archived line, without newline */
    guint64 index;
    AkBuf proof;  /* hashes of 32 bytes, leaf first (RFC 6962 §2.1.1) */
    char *signer; /* a registry's entry for the event's signer, JSON; NULL: none */
} AkProof;

void ak_proof_clear(AkProof *proof);

/* Appends the canonical JSON. */
void ak_proof_write(const AkProof *proof, AkBuf *out);

/* BAD_INPUT names the member that is missing or wrong. Unknown members are passed over. */
gboolean ak_proof_parse(AkView json, AkProof *out, GError **error) AK_MUST_CHECK;

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkProof, ak_proof_clear)

#endif
