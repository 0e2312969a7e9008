#ifndef AK_OPS_CHECK_PROOF_H
#define AK_OPS_CHECK_PROOF_H

#include "chain/envelope.h"
#include "segment/proof.h"
#include "tree/checkpoint.h"

/* Whom to believe. What is NULL is taken from the proof itself, and the verdict says so. */
typedef struct {
    const guint8 *key;        /* the archiver's, Ed25519, 32 bytes */
    const char *origin;       /* the first part of the checkpoint's; NULL: any */
    const AkSigners *signers; /* who may sign events */
} AkProofTrust;

typedef enum {
    AK_PROOF_UNSIGNED,  /* the event carries no signature */
    AK_PROOF_UNCHECKED, /* no key for it is at hand */
    AK_PROOF_SIGNED,    /* valid */
    AK_PROOF_BAD_SIGNATURE
} AkProofSignature;

typedef struct {
    AkFaultSet faults;                  /* 0: everything holds */
    GPtrArray *texts;                   /* char *: one per fault, what is wrong */
    gboolean is_own_key, is_own_signer; /* taken from the proof */
    char *key_text;                     /* the archiver's key; NULL: there is none */
    char *origin;
    guint64 size; /* of the tree that was signed */
    guint8 root[AK_SHA256_LEN];
    char id[37], hash[65];                /* of the event; "" when the line cannot be read */
    char *chain, *event_type, *signer_id; /* NULL: not there */
    gint64 ts_usec;
    AkProofSignature signature;
} AkProofVerdict;

void ak_proof_verdict_clear(AkProofVerdict *verdict);

/* Offline: nothing but the proof and the keys is looked at. Takes note of all that is wrong. */
void ak_proof_check(const AkProof *proof, const AkProofTrust *trust, AkProofVerdict *out);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkProofVerdict, ak_proof_verdict_clear)

#endif
