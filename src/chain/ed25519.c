#include "chain/ed25519.h"

#include "chain/ed25519_table.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

enum { KEY_LEN = 32, SHORT_MESSAGE = 64, SHA512_LEN = 64 };

struct AkEd25519Key {
    guint8 encoded[KEY_LEN];
    AkPointTable *negated; /* multiples of -A */
};

gboolean ak_ed25519_is_safe_key(const guint8 public_key[32])
{
    AkPoint point;

    if (!ak_point_decode(&point, public_key))
        return FALSE;
    for (int i = 0; i < 3; i++) /* eight times a point of small order is neutral: x = 0, y = 1 */
        ak_point_double(&point);
    return !ak_fe_is_zero(&point.x);
}

AkEd25519Key *ak_ed25519_key_new(const guint8 public_key[32])
{
    AkEd25519Key *key;
    AkPoint point;

    if (!ak_point_decode(&point, public_key))
        return NULL;
    ak_point_negate(&point);
    key = g_new(AkEd25519Key, 1);
    memcpy(key->encoded, public_key, KEY_LEN);
    key->negated = ak_point_table_new(&point);
    return key;
}

void ak_ed25519_key_free(AkEd25519Key *key)
{
    if (key == NULL)
        return;
    ak_point_table_free(key->negated);
    g_free(key);
}

/* One thread's SHA-512: fetching it per call would cost more than the hash. */
typedef struct {
    EVP_MD *md;
    EVP_MD_CTX *ctx;
} Sha512;

static void sha512_free(gpointer data)
{
    Sha512 *sha = data;

    EVP_MD_CTX_free(sha->ctx);
    EVP_MD_free(sha->md);
    g_free(sha);
}

static const Sha512 *sha512_of_thread(void)
{
    static GPrivate own = G_PRIVATE_INIT(sha512_free);
    Sha512 *sha = g_private_get(&own);

    if (sha == NULL) {
        sha = g_new(Sha512, 1);
        sha->md = EVP_MD_fetch(NULL, "SHA512", NULL);
        sha->ctx = EVP_MD_CTX_new();
        if (sha->md == NULL || sha->ctx == NULL)
            g_error("OpenSSL offers no SHA-512");
        g_private_set(&own, sha);
    }
    return sha;
}

/* SHA-512(R || A || M) modulo L (RFC 8032 §5.1.7). */
static void challenge(AkScalar *out, const guint8 r[32], const guint8 a[KEY_LEN],
                      const guint8 *message, gsize len)
{
    const Sha512 *sha = sha512_of_thread();
    guint8 input[2 * KEY_LEN + SHORT_MESSAGE], digest[SHA512_LEN];
    gsize head = MIN(len, SHORT_MESSAGE);

    memcpy(input, r, KEY_LEN);
    memcpy(input + KEY_LEN, a, KEY_LEN);
    if (head > 0)
        memcpy(input + 2 * KEY_LEN, message, head);
    if (EVP_DigestInit_ex2(sha->ctx, sha->md, NULL) != 1 ||
        EVP_DigestUpdate(sha->ctx, input, 2 * KEY_LEN + head) != 1 ||
        (len > head && EVP_DigestUpdate(sha->ctx, message + head, len - head) != 1) ||
        EVP_DigestFinal_ex(sha->ctx, digest, NULL) != 1)
        g_error("SHA-512 could not be computed");
    ak_scalar_reduce(out, digest);
}

gboolean ak_ed25519_verify(const AkEd25519Key *key, const guint8 *message, gsize len,
                           const guint8 signature[64])
{
    guint8 encoded[32];
    AkScalar s, h;
    AkPoint r;

    if (!ak_scalar_decode(&s, signature + 32))
        return FALSE;
    challenge(&h, signature, key->encoded, message, len);
    ak_point_table_mul_two(&r, ak_point_table_base(), &s, key->negated, &h);
    /* Comparing encodings refuses every R that is not encoded the one right way. */
    ak_point_encode(encoded, &r);
    return CRYPTO_memcmp(encoded, signature, sizeof encoded) == 0;
}
