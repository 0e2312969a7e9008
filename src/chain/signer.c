#include "chain/signer.h"

#include "chain/base64.h"
#include "chain/canonical.h"
#include "chain/signer_internal.h"
#include "util/time.h"

#include <openssl/x509.h>

/* The tables of one registry take at most 64 times 0.9 MB; OpenSSL verifies for the keys beyond. */
enum { MAX_TABLES = 64 };

struct AkSigners {
    GHashTable *by_id; /* &signer->id_view → AkSigner */
    gint tables_left;
};

static guint view_hash(gconstpointer key)
{
    const AkView *view = key;
    guint hash = 2166136261; /* FNV-1a */

    for (gsize i = 0; i < view->len; i++)
        hash = (hash ^ (guint8)view->data[i]) * 16777619;
    return hash;
}

static gboolean view_equal(gconstpointer a, gconstpointer b)
{
    return ak_view_equal(*(const AkView *)a, *(const AkView *)b);
}

static void signer_free(gpointer data)
{
    AkSigner *signer = data;

    ak_verifier_free(signer->verifier);
    g_free(signer->id);
    g_free(signer);
}

AkSigners *ak_signers_new(void)
{
    AkSigners *signers = g_new(AkSigners, 1);

    signers->by_id = g_hash_table_new_full(view_hash, view_equal, NULL, signer_free);
    signers->tables_left = MAX_TABLES;
    return signers;
}

void ak_signers_free(AkSigners *signers)
{
    if (signers == NULL)
        return;
    g_hash_table_unref(signers->by_id);
    g_free(signers);
}

guint ak_signers_count(const AkSigners *signers)
{
    return g_hash_table_size(signers->by_id);
}

static gint by_id(gconstpointer a, gconstpointer b)
{
    const AkSigner *left = *(const AkSigner *const *)a, *right = *(const AkSigner *const *)b;

    return strcmp(left->id, right->id);
}

GPtrArray *ak_signers_list(const AkSigners *signers)
{
    GPtrArray *list = g_ptr_array_new();
    GHashTableIter iter;
    gpointer signer;

    g_hash_table_iter_init(&iter, signers->by_id);
    while (g_hash_table_iter_next(&iter, NULL, &signer))
        g_ptr_array_add(list, signer);
    g_ptr_array_sort(list, by_id);
    return list;
}

const AkSigner *ak_signers_find(const AkSigners *signers, AkView id)
{
    return g_hash_table_lookup(signers->by_id, &id);
}

static AkSigner *add(AkSigners *signers, const char *id, AkVerifier *verifier)
{
    AkSigner *signer = g_new(AkSigner, 1);

    signer->id = g_strdup(id);
    signer->id_view = ak_view_str(signer->id);
    signer->verifier = verifier;
    signer->valid_from = G_MININT64;
    signer->valid_until = G_MAXINT64;
    (void)g_hash_table_replace(signers->by_id, &signer->id_view, signer);
    return signer;
}

AkSigner *ak_signers_add(AkSigners *signers, const char *id, EVP_PKEY *key)
{
    if (ak_signers_find(signers, ak_view_str(id)) != NULL) {
        EVP_PKEY_free(key);
        return NULL;
    }
    return add(signers, id, ak_verifier_new(key, &signers->tables_left));
}

void ak_signers_add_hmac(AkSigners *signers, const char *id, AkView secret)
{
    (void)add(signers, id, ak_verifier_new_hmac(secret));
}

const char *ak_signer_id(const AkSigner *signer)
{
    return signer->id;
}

AkAlgorithm ak_signer_algorithm(const AkSigner *signer)
{
    return ak_verifier_algorithm(signer->verifier);
}

void ak_signer_validity(const AkSigner *signer, gint64 *out_from_usec, gint64 *out_until_usec)
{
    *out_from_usec = signer->valid_from;
    *out_until_usec = signer->valid_until;
}

static void write_time(AkBuf *out, const char *name, gint64 usec)
{
    char text[AK_TIME_MAX];

    (void)ak_time_format(usec, text);
    ak_buf_append_printf(out, ",\"%s\":\"%s\"", name, text);
}

gboolean ak_signer_write(const AkSigner *signer, AkBuf *out)
{
    const EVP_PKEY *key = ak_verifier_key(signer->verifier);
    guint8 *der = NULL;
    int len = key != NULL ? i2d_PUBKEY(key, &der) : -1;

    if (len < 0)
        return FALSE;
    ak_buf_append_printf(out, "{\"algorithm\":\"%s\",\"publicKey\":\"",
                         ak_algorithm_name(ak_signer_algorithm(signer)));
    ak_base64_append(out, der, (gsize)len);
    OPENSSL_free(der);
    ak_buf_append_literal(out, "\",\"signerId\":");
    ak_canonical_string(signer->id_view, out);
    if (signer->valid_from != G_MININT64)
        write_time(out, "validFrom", signer->valid_from);
    if (signer->valid_until != G_MAXINT64)
        write_time(out, "validUntil", signer->valid_until);
    ak_buf_append_byte(out, '}');
    return TRUE;
}

gboolean ak_signer_is_valid_at(const AkSigner *signer, gint64 ts_usec)
{
    return ts_usec >= signer->valid_from && ts_usec < signer->valid_until;
}

gboolean ak_signer_verify(const AkSigner *signer, const guint8 hash[AK_SHA256_LEN],
                          AkView signature)
{
    return ak_verifier_check(signer->verifier, hash, signature);
}

const char *ak_algorithm_name(AkAlgorithm algorithm)
{
    static const char *const names[] = {
        [AK_ALGORITHM_ED25519] = "ed25519",
        [AK_ALGORITHM_RSA_SHA256] = "rsa-sha256",
        [AK_ALGORITHM_HMAC_SHA256] = "hmac-sha256",
    };

    return names[algorithm];
}
