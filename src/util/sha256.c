#include "util/sha256.h"

#include <openssl/evp.h>

struct AkSha256 {
    EVP_MD *md;
    EVP_MD_CTX *ctx;
};

AkSha256 *ak_sha256_new(void)
{
    AkSha256 *sha = g_new0(AkSha256, 1);

    sha->md = EVP_MD_fetch(NULL, "SHA256", NULL);
    sha->ctx = EVP_MD_CTX_new();
    if (sha->md == NULL || sha->ctx == NULL)
        g_error("OpenSSL offers no SHA-256");
    return sha;
}

void ak_sha256_free(AkSha256 *sha)
{
    if (sha == NULL)
        return;
    EVP_MD_CTX_free(sha->ctx);
    EVP_MD_free(sha->md);
    g_free(sha);
}

void ak_sha256_begin(AkSha256 *sha)
{
    if (EVP_DigestInit_ex2(sha->ctx, sha->md, NULL) != 1)
        g_error("SHA-256 could not start");
}

void ak_sha256_add(AkSha256 *sha, const void *data, gsize len)
{
    if (EVP_DigestUpdate(sha->ctx, data, len) != 1)
        g_error("SHA-256 could not go on");
}

void ak_sha256_end(AkSha256 *sha, guint8 out[AK_SHA256_LEN])
{
    if (EVP_DigestFinal_ex(sha->ctx, out, NULL) != 1)
        g_error("SHA-256 could not finish");
}

void ak_sha256_of(AkSha256 *sha, const void *data, gsize len, guint8 out[AK_SHA256_LEN])
{
    ak_sha256_begin(sha);
    ak_sha256_add(sha, data, len);
    ak_sha256_end(sha, out);
}
