#include "sink/snowflake_key.h"

#include "util/view.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

enum { MAX_FILE = 64 * 1024, MAX_SIGNATURE = 2048 };

struct AkSnowflakeKey {
    EVP_PKEY *key;
    char *fingerprint;
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_MD_CTX, EVP_MD_CTX_free)

static int give_passphrase(char *buf, int size, int is_write, void *data)
{
    const char *passphrase = data;
    gsize len = passphrase != NULL ? strlen(passphrase) : 0;

    if (len == 0 || len > (gsize)size)
        return -1;
    memcpy(buf, passphrase, len);
    return (int)len;
}

static EVP_PKEY *parse(const char *path, const char *pem, gsize len, const char *passphrase,
                       GError **error)
{
    g_autoptr(BIO) bio = BIO_new_mem_buf(pem, (int)len);
    g_autofree char *copy = g_strdup(passphrase);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, copy);

    if (copy != NULL)
        OPENSSL_cleanse(copy, strlen(copy));
    ERR_clear_error();
    if (key == NULL)
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG, "key file '%s' holds no private key in PEM%s",
                    path,
                    strstr(pem, "ENCRYPTED") == NULL ? ""
                    : passphrase == NULL ? " that opens without a passphrase; hint: set "
                                           "--snowflake-passphrase-file"
                                         : " that opens with the passphrase given");
    return key;
}

static char *fingerprint_of(EVP_PKEY *key)
{
    guint8 digest[EVP_MAX_MD_SIZE];
    guint8 *der = NULL;
    int len = i2d_PUBKEY(key, &der);
    g_autofree char *text = NULL;

    if (len <= 0 || EVP_Digest(der, (gsize)len, digest, NULL, EVP_sha256(), NULL) != 1)
        g_error("SHA-256 is not available");
    OPENSSL_free(der);
    text = g_base64_encode(digest, 32);
    return g_strconcat("SHA256:", text, NULL);
}

AkSnowflakeKey *ak_snowflake_key_load(const char *path, const char *passphrase, GError **error)
{
    g_autofree char *pem = NULL;
    g_autoptr(GError) cause = NULL;
    gsize len;

    if (!g_file_get_contents(path, &pem, &len, &cause)) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG, "key file '%s' cannot be read: %s", path,
                    cause->message);
        return NULL;
    }
    EVP_PKEY *parsed = len <= MAX_FILE ? parse(path, pem, len, passphrase, error)
                                       : parse(path, "", 0, NULL, error);
    OPENSSL_cleanse(pem, len);
    if (parsed == NULL)
        return NULL;

    g_autoptr(AkSnowflakeKey) key = g_new0(AkSnowflakeKey, 1);
    key->key = parsed;
    if (!EVP_PKEY_is_a(parsed, "RSA") || EVP_PKEY_get_bits(parsed) < AK_SNOWFLAKE_KEY_MIN_BITS) {
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                    "key file '%s' holds no RSA key of at least %d bits; hint: 'openssl genrsa "
                    "2048' makes one",
                    path, AK_SNOWFLAKE_KEY_MIN_BITS);
        return NULL;
    }
    key->fingerprint = fingerprint_of(parsed);
    return g_steal_pointer(&key);
}

void ak_snowflake_key_free(AkSnowflakeKey *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_free(key->key);
    g_free(key->fingerprint);
    g_free(key);
}

const char *ak_snowflake_key_fingerprint(const AkSnowflakeKey *key)
{
    return key->fingerprint;
}

/* RFC 7515 §2: the URL-safe alphabet, no padding. */
static char *base64url(const void *data, gsize len)
{
    char *text = g_base64_encode(data, len);

    g_strdelimit(text, "+", '-');
    g_strdelimit(text, "/", '_');
    text[strcspn(text, "=")] = '\0';
    return text;
}

static char *claims(const AkSnowflakeKey *key, const char *account, const char *user, gint64 now)
{
    g_autofree char *upper_account = g_ascii_strup(account, -1);
    g_autofree char *upper_user = g_ascii_strup(user, -1);

    return g_strdup_printf("{\"iss\":\"%s.%s.%s\",\"sub\":\"%s.%s\",\"iat\":%" G_GINT64_FORMAT
                           ",\"exp\":%" G_GINT64_FORMAT "}",
                           upper_account, upper_user, key->fingerprint, upper_account, upper_user,
                           now, now + AK_SNOWFLAKE_JWT_SECONDS);
}

char *ak_snowflake_key_jwt(const AkSnowflakeKey *key, const char *account, const char *user,
                           gint64 now, GError **error)
{
    static const char header[] = "{\"alg\":\"RS256\",\"typ\":\"JWT\"}";
    g_autofree char *body = claims(key, account, user, now);
    g_autofree char *first = base64url(header, strlen(header));
    g_autofree char *second = base64url(body, strlen(body));
    g_autofree char *signed_part = g_strconcat(first, ".", second, NULL);
    g_autoptr(EVP_MD_CTX) context = EVP_MD_CTX_new();
    guint8 signature[MAX_SIGNATURE];
    gsize len = sizeof signature;

    if (EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key->key) != 1 ||
        EVP_DigestSign(context, signature, &len, (const guint8 *)signed_part,
                       strlen(signed_part)) != 1) {
        ERR_clear_error();
        g_set_error(error, AK_ERROR, AK_ERROR_INTERNAL, "the token cannot be signed");
        return NULL;
    }
    g_autofree char *third = base64url(signature, len);
    return g_strconcat(signed_part, ".", third, NULL);
}
