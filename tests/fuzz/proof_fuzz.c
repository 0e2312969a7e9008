/*
 * A proof is read or refused with a reason; what was read is written in canonical form, which is
 * read as the same proof again. Its check ends with a verdict, whatever stands in it.
 */
#include "fuzz.h"

#include "ops/check_proof.h"

static void check(const AkProof *proof)
{
    g_auto(AkProofVerdict) verdict = {0};
    AkProofTrust trust = {0};

    ak_proof_check(proof, &trust, &verdict);
    if ((verdict.faults == 0) != (verdict.texts->len == 0))
        g_error("a fault without a sentence, or a sentence without a fault");
    if (verdict.faults == 0 && (verdict.key_text == NULL || verdict.size <= proof->index))
        g_error("proven without a key, or beyond the tree");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_auto(AkProof) proof = {0}, again = {0};
    g_auto(AkBuf) first = {0}, second = {0};
    g_autoptr(GError) error = NULL;

    if (!ak_proof_parse(ak_view((const char *)data, size), &proof, &error)) {
        if (!g_error_matches(error, AK_ERROR, AK_ERROR_BAD_INPUT))
            g_error("refused without a reason, or with another class");
        return 0;
    }
    ak_proof_write(&proof, &first);
    if (!ak_proof_parse(ak_buf_view(&first), &again, NULL))
        g_error("what was written cannot be read");
    ak_proof_write(&again, &second);
    if (!ak_view_equal(ak_buf_view(&first), ak_buf_view(&second)))
        g_error("another proof when read again");
    check(&proof);
    return 0;
}
