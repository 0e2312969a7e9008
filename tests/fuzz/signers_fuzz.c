/*
 * A registry is read or refused with a reason, twice the same way. What stands after the first NUL
 * is a signature, which its signers check.
 */
#include "fuzz.h"

#include "chain/signer.h"

#include <string.h>

static AkSigners *parse(AkView json)
{
    g_autoptr(GError) error = NULL;
    AkSigners *signers = ak_signers_parse(json, &error);

    if (signers != NULL) {
        g_assert_no_error(error);
    } else {
        g_assert_error(error, AK_ERROR, AK_ERROR_BAD_INPUT);
        g_assert_true(g_utf8_validate(error->message, -1, NULL));
    }
    return signers;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const guint8 hash[AK_SHA256_LEN] = {1, 2, 3};
    const char *text = (const char *)data;
    const char *end = size > 0 ? memchr(text, '\0', size) : NULL;
    AkView json = ak_view(text, end != NULL ? (gsize)(end - text) : size);
    AkView signature = end != NULL ? ak_view(end + 1, size - json.len - 1) : AK_VIEW("");
    g_autoptr(AkSigners) signers = parse(json), again = parse(json);
    const AkSigner *signer;

    g_assert_cmpint(signers == NULL, ==, again == NULL);
    if (signers == NULL)
        return 0;
    g_assert_cmpuint(ak_signers_count(signers), ==, ak_signers_count(again));
    signer = ak_signers_find(signers, AK_VIEW("a"));
    g_assert_false(signer != NULL && ak_signer_verify(signer, hash, signature));
    return 0;
}
