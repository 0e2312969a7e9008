#include "chain/check.h"

#include "util/hex.h"

#include <openssl/crypto.h>

enum { MAX_PREV_BYTES = 64 };

struct AkChecker {
    const AkSigners *signers;
    gboolean require_signature;
    AkCanonical *canonical;
    AkSha256 *sha;
};

AkChecker *ak_checker_new(const AkSigners *signers, gboolean require_signature)
{
    AkChecker *checker = g_new0(AkChecker, 1);

    checker->signers = signers;
    checker->require_signature = require_signature;
    checker->canonical = ak_canonical_new();
    checker->sha = ak_sha256_new();
    return checker;
}

void ak_checker_free(AkChecker *checker)
{
    if (checker == NULL)
        return;
    ak_canonical_free(checker->canonical);
    ak_sha256_free(checker->sha);
    g_free(checker);
}

gboolean ak_chain_hash(AkSha256 *sha, AkView canonical, AkView prev_hash, guint8 out[AK_SHA256_LEN])
{
    guint8 prev[MAX_PREV_BYTES];
    gsize prev_len = prev_hash.len / 2;

    if (prev_hash.data == NULL)
        prev_len = 0;
    else if (prev_len > sizeof prev || !ak_hex_decode(prev_hash, prev, prev_len))
        return FALSE;
    ak_sha256_begin(sha);
    ak_sha256_add(sha, canonical.data, canonical.len);
    ak_sha256_add(sha, prev, prev_len);
    ak_sha256_end(sha, out);
    return TRUE;
}

/* A signature that fits either hash accuses the payload or the hash column, not the signer. */
static gboolean is_signed(const AkSigner *signer, const AkEvent *event, const AkCheckResult *result)
{
    guint8 stored[AK_SHA256_LEN];
    gboolean has_stored;

    if (result->has_hash && ak_signer_verify(signer, result->hash, event->signature))
        return TRUE;
    has_stored = event->hash.data != NULL && ak_hex_decode(event->hash, stored, sizeof stored);
    if (!has_stored ||
        (result->has_hash && CRYPTO_memcmp(stored, result->hash, sizeof stored) == 0))
        return FALSE;
    return ak_signer_verify(signer, stored, event->signature);
}

static AkFaultSet check_signature(const AkChecker *checker, const AkEvent *event,
                                  const AkCheckResult *result)
{
    const AkSigner *signer;

    if (checker->signers == NULL)
        return 0;
    if (ak_view_is_blank(event->signature))
        return checker->require_signature ? AK_FAULT_BIT(AK_FAULT_SIGNATURE_MISSING) : 0;
    signer = ak_signers_find(checker->signers, event->signer_id);
    if (signer == NULL)
        return AK_FAULT_BIT(AK_FAULT_SIGNER_UNKNOWN);
    if (!is_signed(signer, event, result))
        return AK_FAULT_BIT(AK_FAULT_SIGNATURE_INVALID);
    if (!ak_signer_is_valid_at(signer, event->ts_usec))
        return AK_FAULT_BIT(AK_FAULT_SIGNER_NOT_VALID_AT_TIME);
    return 0;
}

static AkFaultSet check_hash(AkChecker *checker, const AkEvent *event, AkCheckResult *result)
{
    guint8 stored[AK_SHA256_LEN];

    if (result->canonical.data == NULL)
        return 0;
    result->has_hash =
        ak_chain_hash(checker->sha, result->canonical, event->prev_hash, result->hash);
    if (!result->has_hash)
        return AK_FAULT_BIT(AK_FAULT_HASH_MISMATCH);
    if (event->hash.data == NULL) /* tables without the column: the hash is what we compute */
        return 0;
    if (!ak_hex_decode(event->hash, stored, sizeof stored) ||
        CRYPTO_memcmp(stored, result->hash, sizeof stored) != 0)
        return AK_FAULT_BIT(AK_FAULT_HASH_MISMATCH);
    return 0;
}

void ak_checker_check(AkChecker *checker, const AkEvent *event, AkBuf *canonical_out,
                      AkCheckResult *result)
{
    gsize start = canonical_out->len;
    AkView payload = event->payload.data != NULL ? event->payload : AK_VIEW("null");

    *result = (AkCheckResult){0};
    if (ak_canonical_json(checker->canonical, payload, canonical_out, &result->info, NULL)) {
        result->canonical = ak_view(canonical_out->data + start, canonical_out->len - start);
        if (result->info.is_lossy)
            result->faults |= AK_FAULT_BIT(AK_FAULT_PAYLOAD_LOSSY_NUMBER);
    } else {
        result->faults |= AK_FAULT_BIT(AK_FAULT_PAYLOAD_NOT_CANONICALISABLE);
    }
    result->faults |= check_hash(checker, event, result);
    result->faults |= check_signature(checker, event, result);
}
