#include "chain/base64.h"
#include "chain/ed25519.h"
#include "chain/signer_internal.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

/* SubjectPublicKeyInfo of a 16384-bit RSA key, with room to spare. */
enum { MAX_DER = 4096 };

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIGNUM, BN_free)

void ak_pem_clear(AkPem *pem)
{
    OPENSSL_free(pem->label);
    OPENSSL_free(pem->header);
    OPENSSL_clear_free(pem->data, pem->len);
    *pem = (AkPem){0};
}

gboolean ak_pem_read(BIO *bio, AkPem *out)
{
    long len = 0;

    if (PEM_read_bio(bio, &out->label, &out->header, &out->data, &len) != 1) {
        ERR_clear_error();
        return FALSE;
    }
    out->len = (gsize)len;
    return TRUE;
}

static gboolean fail(GError **error, const char *why)
{
    ERR_clear_error();
    g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                "%s; hint: give a PEM public key, or base64 of its DER form or of the 32 bytes of "
                "an Ed25519 key",
                why);
    return FALSE;
}

AkAlgorithm ak_signer_key_algorithm(const EVP_PKEY *key)
{
    return EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? AK_ALGORITHM_ED25519
                                                         : AK_ALGORITHM_RSA_SHA256;
}

gboolean ak_signer_key_check(const EVP_PKEY *key, int min_rsa_bits, GError **error)
{
    const char *type = EVP_PKEY_get0_type_name(key);
    int bits = EVP_PKEY_get_bits(key);

    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519)
        return TRUE;
    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) {
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                    "unknown key type '%s'; hint: use an Ed25519 or RSA key",
                    type != NULL ? type : "?");
        return FALSE;
    }
    if (bits < min_rsa_bits || bits > AK_RSA_MAX_BITS) {
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                    "RSA key of %d bits, taken are %d to %d; hint: use an Ed25519 key", bits,
                    min_rsa_bits, AK_RSA_MAX_BITS);
        return FALSE;
    }
    return TRUE;
}

/*
 * Modulus and exponent odd, exponent above 1, which would let anybody sign. Not OpenSSL's
 * public_check: it draws lots, and now takes, now refuses the same damaged modulus.
 */
static gboolean is_rsa_sound(const EVP_PKEY *key)
{
    g_autoptr(BIGNUM) n = NULL, e = NULL;

    return EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
           EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) == 1 && BN_is_odd(n) &&
           BN_is_odd(e) && !BN_is_one(e);
}

/* What parsing alone does not check; keys with which anybody could sign are refused. */
static gboolean check_public(const EVP_PKEY *key, GError **error)
{
    guint8 raw[AK_ED25519_LEN];
    gsize len = sizeof raw;

    if (!ak_signer_key_check(key, AK_RSA_MIN_BITS, error))
        return FALSE;
    if (ak_signer_key_algorithm(key) == AK_ALGORITHM_RSA_SHA256)
        return is_rsa_sound(key) || fail(error, "the numbers are no RSA key");
    return (EVP_PKEY_get_raw_public_key(key, raw, &len) == 1 && ak_ed25519_is_safe_key(raw)) ||
           fail(error, "not a point of Ed25519, or one of small order");
}

/* @der is SubjectPublicKeyInfo, or an Ed25519 key as it is. */
static EVP_PKEY *decode_bytes(const guint8 *der, gsize len, GError **error)
{
    const guint8 *at = der;
    g_autoptr(EVP_PKEY) key = NULL;
    g_autofree char *why = NULL;

    if (len == AK_ED25519_LEN) {
        key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, der, len);
    } else {
        key = d2i_PUBKEY(NULL, &at, (long)len);
        if (key == NULL || at != der + len) {
            why = g_strdup_printf("%" G_GSIZE_FORMAT " bytes that are neither an Ed25519 key (32 "
                                  "bytes) nor a DER SubjectPublicKeyInfo",
                                  len);
            (void)fail(error, why);
            return NULL;
        }
    }
    return check_public(key, error) ? g_steal_pointer(&key) : NULL;
}

static EVP_PKEY *decode_pem(const char *text, GError **error)
{
    g_autoptr(BIO) bio = BIO_new_mem_buf(text, -1);
    g_auto(AkPem) pem = {0}, second = {0};
    g_autofree char *why = NULL;

    if (!ak_pem_read(bio, &pem))
        why = g_strdup("broken PEM text");
    else if (strcmp(pem.label, PEM_STRING_PUBLIC) != 0)
        why = g_strdup_printf("the PEM text holds a '%s', not a 'PUBLIC KEY'", pem.label);
    else if (ak_pem_read(bio, &second))
        why = g_strdup("the PEM text holds more than one key");
    if (why != NULL) {
        (void)fail(error, why);
        return NULL;
    }
    return decode_bytes(pem.data, pem.len, error);
}

EVP_PKEY *ak_public_key_decode(const char *text, GError **error)
{
    guint8 der[MAX_DER];
    gsize len;

    if (strstr(text, "-----BEGIN ") != NULL)
        return decode_pem(text, error);
    if (!ak_base64_decode(ak_view_str(text), der, sizeof der, &len)) {
        (void)fail(error, "neither PEM nor base64 of a key");
        return NULL;
    }
    return decode_bytes(der, len, error);
}
