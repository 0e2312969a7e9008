#include "chain/base64.h"
#include "chain/signer_internal.h"
#include "chain/small_file.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

enum { MAX_KEY_FILE_BYTES = 64 << 10 };

struct AkSigningKey {
    EVP_PKEY *key;
};

void ak_signing_key_free(AkSigningKey *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_free(key->key);
    g_free(key);
}

AkAlgorithm ak_signing_key_algorithm(const AkSigningKey *key)
{
    return ak_signer_key_algorithm(key->key);
}

/* What is wrong with the only block of a key file; NULL when it is a private key to try. */
static const char *objection_to(const AkPem *pem)
{
    if (strcmp(pem->label, PEM_STRING_PKCS8) == 0 || strstr(pem->header, "ENCRYPTED") != NULL)
        return "the key is encrypted; hint: decrypt it with 'openssl pkey'";
    if (strstr(pem->label, "PUBLIC KEY") != NULL)
        return "it holds a public key; hint: name the file of the private key";
    if (strcmp(pem->label, PEM_STRING_PKCS8INF) != 0 && strcmp(pem->label, PEM_STRING_RSA) != 0)
        return "it holds no private key that can sign here; hint: make one with 'openssl genpkey "
               "-algorithm ed25519'";
    return NULL;
}

static gboolean fail(GError **error, const char *why)
{
    ERR_clear_error();
    g_set_error_literal(error, AK_ERROR, AK_ERROR_BAD_INPUT, why);
    return FALSE;
}

static gboolean read_only_block(GBytes *bytes, AkPem *out, GError **error)
{
    gsize len;
    const void *data = g_bytes_get_data(bytes, &len);
    g_autoptr(BIO) bio = BIO_new_mem_buf(len > 0 ? data : "", (int)len);
    g_auto(AkPem) second = {0};

    if (len == 0)
        return fail(error, "it is empty");
    if (!ak_pem_read(bio, out))
        return fail(error, "it holds no whole PEM block; hint: a private key in PEM is needed");
    if (ak_pem_read(bio, &second))
        return fail(error, "it holds more than one PEM block; hint: leave the private key alone");
    return TRUE;
}

static EVP_PKEY *parse_key(GBytes *bytes, GError **error)
{
    g_auto(AkPem) pem = {0};
    g_autoptr(EVP_PKEY) key = NULL;
    const char *objection;
    const guint8 *at;

    if (!read_only_block(bytes, &pem, error))
        return NULL;
    objection = objection_to(&pem);
    at = pem.data;
    if (objection == NULL) {
        key = d2i_AutoPrivateKey(NULL, &at, (long)pem.len);
        if (key == NULL || at != pem.data + pem.len)
            objection = "the key in it is damaged";
    }
    if (objection != NULL) {
        (void)fail(error, objection);
        return NULL;
    }
    return ak_signer_key_check(key, AK_RSA_MIN_SIGNING_BITS, error) ? g_steal_pointer(&key) : NULL;
}

AkSigningKey *ak_signing_key_load(const char *path, GError **error)
{
    g_autoptr(GBytes) bytes = ak_small_file_read(path, MAX_KEY_FILE_BYTES, TRUE, error);
    AkSigningKey *key;
    EVP_PKEY *parsed;

    if (bytes == NULL)
        return NULL;
    parsed = parse_key(bytes, error);
    if (parsed == NULL) {
        g_prefix_error(error, "could not use key file '%s': ", path);
        return NULL;
    }
    key = g_new(AkSigningKey, 1);
    key->key = parsed;
    return key;
}

static gboolean fail_openssl(GError **error, const char *what)
{
    const char *why = ERR_reason_error_string(ERR_peek_last_error());

    g_set_error(error, AK_ERROR, AK_ERROR_INTERNAL, "could not %s: %s", what,
                why != NULL ? why : "OpenSSL gave no reason");
    ERR_clear_error();
    return FALSE;
}

gboolean ak_signing_key_create(const char *path, GError **error)
{
    g_autoptr(EVP_PKEY) key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    g_autoptr(BIO) pem = BIO_new(BIO_s_secmem());
    gboolean is_created;
    char *data;
    long len;

    if (key == NULL || PEM_write_bio_PKCS8PrivateKey(pem, key, NULL, NULL, 0, NULL, NULL) != 1)
        return fail_openssl(error, "make a key");
    len = BIO_get_mem_data(pem, &data);
    is_created = ak_small_file_create(path, data, (gsize)len, error);
    OPENSSL_cleanse(data, (gsize)len);
    return is_created;
}

gboolean ak_signing_key_sign_raw(const AkSigningKey *key, const guint8 *message, gsize len,
                                 guint8 out[64], GError **error)
{
    g_autoptr(EVP_MD_CTX) ctx = EVP_MD_CTX_new();
    gsize out_len = AK_ED25519_SIGNATURE_LEN;

    if (ak_signer_key_algorithm(key->key) != AK_ALGORITHM_ED25519) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "could not sign: an Ed25519 key is needed, this is RSA; hint: make one with "
                    "'openssl genpkey -algorithm ed25519'");
        return FALSE;
    }
    if (EVP_DigestSignInit(ctx, NULL, NULL, NULL, key->key) != 1 ||
        EVP_DigestSign(ctx, out, &out_len, message, len) != 1)
        return fail_openssl(error, "sign");
    return TRUE;
}

/* RFC 8017 §8.2.1, the hash of the event standing in for the hash of a message. */
static gboolean sign_rsa(EVP_PKEY *key, const guint8 hash[AK_SHA256_LEN], guint8 *out,
                         gsize *out_len, GError **error)
{
    g_autoptr(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);

    if (ctx == NULL || EVP_PKEY_sign_init(ctx) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1 ||
        EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) != 1 ||
        EVP_PKEY_sign(ctx, out, out_len, hash, AK_SHA256_LEN) != 1)
        return fail_openssl(error, "sign");
    return TRUE;
}

gboolean ak_signing_key_sign(const AkSigningKey *key, const guint8 hash[AK_SHA256_LEN], AkBuf *out,
                             GError **error)
{
    guint8 signature[AK_RSA_MAX_BITS / 8];
    gsize len = sizeof signature;

    if (ak_signer_key_algorithm(key->key) == AK_ALGORITHM_RSA_SHA256) {
        if (!sign_rsa(key->key, hash, signature, &len, error))
            return FALSE;
    } else {
        len = AK_ED25519_SIGNATURE_LEN;
        if (!ak_signing_key_sign_raw(key, hash, AK_SHA256_LEN, signature, error))
            return FALSE;
    }
    ak_base64_append(out, signature, len);
    return TRUE;
}

char *ak_signing_key_public(const AkSigningKey *key)
{
    guint8 *der = NULL;
    int len = i2d_PUBKEY(key->key, &der);
    char *text;

    if (len < 0)
        g_error("OpenSSL cannot write a public key");
    text = g_base64_encode(der, (gsize)len);
    OPENSSL_free(der);
    return text;
}

gboolean ak_signing_key_public_raw(const AkSigningKey *key, guint8 out[32])
{
    gsize len = AK_ED25519_LEN;

    return ak_signer_key_algorithm(key->key) == AK_ALGORITHM_ED25519 &&
           EVP_PKEY_get_raw_public_key(key->key, out, &len) == 1;
}
