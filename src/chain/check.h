#ifndef AK_CHAIN_CHECK_H
#define AK_CHAIN_CHECK_H

#include "chain/canonical.h"
#include "chain/event.h"
#include "chain/fault.h"
#include "chain/signer.h"

/* What one look at an event finds: the same for append, archive, verify and explain. */
typedef struct {
    AkFaultSet faults; /* what is wrong with the event by itself, links aside */
    AkCanonicalInfo info;
    AkView canonical;           /* canonical payload; valid until the next check; NULL if none */
    guint8 hash[AK_SHA256_LEN]; /* computed; zeros when there is no canonical payload */
    gboolean has_hash;
} AkCheckResult;

/* Contexts and scratch memory of one thread. */
typedef struct AkChecker AkChecker;

/*
 * @signers is borrowed; NULL: signatures are not checked. @require_signature: an event without one
 * is SIGNATURE_MISSING. With @signers NULL neither is looked at.
 */
AkChecker *ak_checker_new(const AkSigners *signers, gboolean require_signature);
void ak_checker_free(AkChecker *checker);

/*
 * Canonical payload (appended to @canonical_out), hash against event->hash, signature over the
 * computed hash, signer and its validity at the event's time.
 */
void ak_checker_check(AkChecker *checker, const AkEvent *event, AkBuf *canonical_out,
                      AkCheckResult *result);

/*
 * SHA-256(canonical || bytes(prev_hash)); NULL or empty prev_hash contributes no bytes. FALSE when
 * prev_hash is not hex of whole bytes (at most 64 of them).
 */
gboolean ak_chain_hash(AkSha256 *sha, AkView canonical, AkView prev_hash,
                       guint8 out[AK_SHA256_LEN]) AK_MUST_CHECK;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkChecker, ak_checker_free)

#endif
