/*
 * Our Ed25519 verifier and OpenSSL's give one answer. Input: a mode byte, 32 bytes, 64 bytes, a
 * message. Mode even: public key and signature as they are. Mode odd: the 32 bytes are a private
 * key, and its signature is changed by the 64 bytes (exclusive or).
 */
#include "fuzz.h"

#include "chain/ed25519.h"

#include <openssl/evp.h>
#include <string.h>

enum { HEAD = 1 + 32 + 64 };

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_MD_CTX, EVP_MD_CTX_free)

static gboolean openssl_verify(const guint8 public_key[32], const guint8 *message, gsize len,
                               const guint8 signature[64])
{
    g_autoptr(EVP_PKEY) key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, 32);
    g_autoptr(EVP_MD_CTX) ctx = EVP_MD_CTX_new();

    return EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
           EVP_DigestVerify(ctx, signature, 64, message, len) == 1;
}

static void sign_and_change(const guint8 seed[32], const guint8 *message, gsize len,
                            guint8 public_key[32], guint8 signature[64])
{
    g_autoptr(EVP_PKEY) key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
    g_autoptr(EVP_MD_CTX) ctx = EVP_MD_CTX_new();
    gsize key_len = 32, signature_len = 64;
    guint8 made[64];

    g_assert_cmpint(EVP_PKEY_get_raw_public_key(key, public_key, &key_len), ==, 1);
    g_assert_cmpint(EVP_DigestSignInit(ctx, NULL, NULL, NULL, key), ==, 1);
    g_assert_cmpint(EVP_DigestSign(ctx, made, &signature_len, message, len), ==, 1);
    for (gsize i = 0; i < sizeof made; i++)
        signature[i] ^= made[i];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(AkEd25519Key) key = NULL;
    guint8 public_key[32], signature[64];
    const guint8 *message;
    gsize len;

    if (size < HEAD)
        return 0;
    message = data + HEAD;
    len = size - HEAD;
    memcpy(public_key, data + 1, sizeof public_key);
    memcpy(signature, data + 33, sizeof signature);
    if (data[0] & 1)
        sign_and_change(data + 1, message, len, public_key, signature);
    key = ak_ed25519_key_new(public_key);
    g_assert_cmpint(key != NULL && ak_ed25519_verify(key, message, len, signature), ==,
                    openssl_verify(public_key, message, len, signature));
    return 0;
}
