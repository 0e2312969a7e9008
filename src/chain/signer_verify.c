#include "chain/base64.h"
#include "chain/ed25519.h"
#include "chain/signer_internal.h"
#include "util/hex.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/rsa.h>

/* A table costs as much as some twenty verifications by OpenSSL, and memory: no key gets one that
 * is hardly used. */
enum { USES_BEFORE_TABLE = 32 };

enum { MAX_SIGNATURE = AK_RSA_MAX_BITS / 8 };

/* The part of a verifier that changes under its callers' feet, atomically. */
typedef struct {
    gint uses;
    gint *tables_left;
    AkEd25519Key *table; /* NULL: not built */
} Lazy;

struct AkVerifier {
    AkAlgorithm algorithm;
    gsize signature_len;
    EVP_PKEY *key;     /* NULL for HMAC */
    Lazy *lazy;        /* Ed25519 only */
    GAsyncQueue *idle; /* contexts no thread is using: EVP_PKEY_CTX (RSA) or EVP_MAC_CTX (HMAC) */
    EVP_MAC_CTX *mac;  /* HMAC: keyed, what the others are copied from */
};

static void pkey_ctx_free(gpointer ctx)
{
    EVP_PKEY_CTX_free(ctx);
}

static void mac_ctx_free(gpointer ctx)
{
    EVP_MAC_CTX_free(ctx);
}

AkVerifier *ak_verifier_new(EVP_PKEY *key, gint *tables_left)
{
    AkVerifier *verifier = g_new0(AkVerifier, 1);

    verifier->key = key;
    verifier->algorithm = ak_signer_key_algorithm(key);
    verifier->signature_len = (gsize)EVP_PKEY_get_size(key);
    if (verifier->algorithm == AK_ALGORITHM_ED25519) {
        verifier->lazy = g_new0(Lazy, 1);
        verifier->lazy->tables_left = tables_left;
    } else {
        verifier->idle = g_async_queue_new_full(pkey_ctx_free);
    }
    return verifier;
}

AkVerifier *ak_verifier_new_hmac(AkView secret)
{
    AkVerifier *verifier = g_new0(AkVerifier, 1);
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    const guint8 *bytes = (const guint8 *)(secret.data != NULL ? secret.data : "");

    verifier->algorithm = AK_ALGORITHM_HMAC_SHA256;
    verifier->signature_len = AK_SHA256_LEN;
    verifier->idle = g_async_queue_new_full(mac_ctx_free);
    verifier->mac = EVP_MAC_CTX_new(mac);
    EVP_MAC_free(mac);
    if (verifier->mac == NULL || EVP_MAC_init(verifier->mac, bytes, secret.len, params) != 1)
        g_error("OpenSSL offers no HMAC with SHA-256");
    return verifier;
}

void ak_verifier_free(AkVerifier *verifier)
{
    if (verifier == NULL)
        return;
    if (verifier->idle != NULL)
        g_async_queue_unref(verifier->idle);
    if (verifier->lazy != NULL)
        ak_ed25519_key_free(verifier->lazy->table);
    g_free(verifier->lazy);
    EVP_MAC_CTX_free(verifier->mac);
    EVP_PKEY_free(verifier->key);
    g_free(verifier);
}

const EVP_PKEY *ak_verifier_key(const AkVerifier *verifier)
{
    return verifier->key;
}

AkAlgorithm ak_verifier_algorithm(const AkVerifier *verifier)
{
    return verifier->algorithm;
}

/* The table, where there is one or now is the time to build it: one thread sees that count. */
static const AkEd25519Key *table_of(const AkVerifier *verifier)
{
    Lazy *lazy = verifier->lazy;
    AkEd25519Key *table = g_atomic_pointer_get(&lazy->table);
    guint8 raw[AK_ED25519_LEN];
    gsize len = sizeof raw;

    if (table != NULL || g_atomic_int_add(&lazy->uses, 1) != USES_BEFORE_TABLE)
        return table;
    if (g_atomic_int_add(lazy->tables_left, -1) <= 0 ||
        EVP_PKEY_get_raw_public_key(verifier->key, raw, &len) != 1)
        return NULL;
    table = ak_ed25519_key_new(raw);
    g_atomic_pointer_set(&lazy->table, table);
    return table;
}

static gboolean check_ed25519(const AkVerifier *verifier, const guint8 *hash,
                              const guint8 *signature)
{
    const AkEd25519Key *table = table_of(verifier);
    g_autoptr(EVP_MD_CTX) ctx = NULL;

    if (table != NULL)
        return ak_ed25519_verify(table, hash, AK_SHA256_LEN, signature);
    ctx = EVP_MD_CTX_new();
    return EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, verifier->key) == 1 &&
           EVP_DigestVerify(ctx, signature, AK_ED25519_SIGNATURE_LEN, hash, AK_SHA256_LEN) == 1;
}

static EVP_PKEY_CTX *rsa_context(EVP_PKEY *key)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);

    if (ctx == NULL || EVP_PKEY_verify_init(ctx) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1 ||
        EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) != 1)
        g_error("OpenSSL offers no RSA with SHA-256");
    return ctx;
}

/* RFC 8017 §8.2.2, the hash of the event standing in for the hash of a message. */
static gboolean check_rsa(const AkVerifier *verifier, const guint8 *hash, const guint8 *signature)
{
    EVP_PKEY_CTX *ctx = g_async_queue_try_pop(verifier->idle);
    gboolean is_valid;

    if (ctx == NULL)
        ctx = rsa_context(verifier->key);
    is_valid = EVP_PKEY_verify(ctx, signature, verifier->signature_len, hash, AK_SHA256_LEN) == 1;
    g_async_queue_push(verifier->idle, ctx);
    return is_valid;
}

static gboolean check_hmac(const AkVerifier *verifier, const guint8 *hash, const guint8 *signature)
{
    EVP_MAC_CTX *ctx = g_async_queue_try_pop(verifier->idle);
    guint8 expected[AK_SHA256_LEN];
    gsize len;

    if (ctx == NULL)
        ctx = EVP_MAC_CTX_dup(verifier->mac);
    if (ctx == NULL || EVP_MAC_init(ctx, NULL, 0, NULL) != 1 ||
        EVP_MAC_update(ctx, hash, AK_SHA256_LEN) != 1 ||
        EVP_MAC_final(ctx, expected, &len, sizeof expected) != 1)
        g_error("HMAC could not be computed");
    g_async_queue_push(verifier->idle, ctx);
    return CRYPTO_memcmp(expected, signature, sizeof expected) == 0;
}

/* Hex and base64 of the same length never mean signatures of the same length. */
static gboolean decode(AkView text, guint8 *out, gsize wanted)
{
    gsize len;

    return text.data != NULL && (ak_hex_decode(text, out, wanted) ||
                                 (ak_base64_decode(text, out, wanted, &len) && len == wanted));
}

gboolean ak_verifier_check(const AkVerifier *verifier, const guint8 hash[AK_SHA256_LEN],
                           AkView signature)
{
    guint8 bytes[MAX_SIGNATURE];
    gboolean is_valid = FALSE;

    if (!decode(signature, bytes, verifier->signature_len))
        return FALSE;
    switch (verifier->algorithm) {
    case AK_ALGORITHM_ED25519:
        is_valid = check_ed25519(verifier, hash, bytes);
        break;
    case AK_ALGORITHM_RSA_SHA256:
        is_valid = check_rsa(verifier, hash, bytes);
        break;
    case AK_ALGORITHM_HMAC_SHA256:
        is_valid = check_hmac(verifier, hash, bytes);
        break;
    }
    if (!is_valid)
        ERR_clear_error(); /* what OpenSSL noted about it is nobody else's news */
    return is_valid;
}
