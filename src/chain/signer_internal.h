#ifndef AK_CHAIN_SIGNER_INTERNAL_H
#define AK_CHAIN_SIGNER_INTERNAL_H

#include "chain/signer.h"

#include <openssl/bio.h>
#include <openssl/evp.h>

/* What signer.c, signer_parse.c, signer_key.c, signer_verify.c and signing_key.c share. */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_MD_CTX, EVP_MD_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_MAC_CTX, EVP_MAC_CTX_free)

enum {
    AK_ED25519_LEN = 32,
    AK_ED25519_SIGNATURE_LEN = 64,
    /* Shorter RSA keys can be forged, longer ones only stall; signing asks for more. */
    AK_RSA_MIN_BITS = 1024,
    AK_RSA_MIN_SIGNING_BITS = 2048,
    AK_RSA_MAX_BITS = 16384,
};

/* Checks signatures of one key; immutable to its callers, thread safe. */
typedef struct AkVerifier AkVerifier;

/* Takes the public @key (Ed25519 or RSA). @tables_left: how many may still build a table; atomic.
 */
AkVerifier *ak_verifier_new(EVP_PKEY *key, gint *tables_left);
AkVerifier *ak_verifier_new_hmac(AkView secret);
void ak_verifier_free(AkVerifier *verifier);
/* Borrowed; NULL for HMAC. */
const EVP_PKEY *ak_verifier_key(const AkVerifier *verifier);
AkAlgorithm ak_verifier_algorithm(const AkVerifier *verifier);
gboolean ak_verifier_check(const AkVerifier *verifier, const guint8 hash[AK_SHA256_LEN],
                           AkView signature);

struct AkSigner {
    char *id;
    AkView id_view;
    AkVerifier *verifier;
    gint64 valid_from;  /* G_MININT64: always */
    gint64 valid_until; /* G_MAXINT64: for ever */
};

AkSigners *ak_signers_new(void);

/* A signer with the public @key (taken), without validity window; NULL when @id is there already.
 */
AkSigner *ak_signers_add(AkSigners *signers, const char *id, EVP_PKEY *key);

/*
 * The public key in one of the encodings of docs/signers.md. BAD_INPUT says what is wrong with it:
 * not a key, of another type, too short, forgeable.
 */
EVP_PKEY *ak_public_key_decode(const char *text, GError **error) AK_MUST_CHECK;

/* One block of PEM (RFC 7468), its data wiped when it is cleared. */
typedef struct {
    char *label; /* "PUBLIC KEY" ... */
    char *header;
    guint8 *data;
    gsize len;
} AkPem;

/* The next block; FALSE when there is none. */
gboolean ak_pem_read(BIO *bio, AkPem *out);
void ak_pem_clear(AkPem *pem);

/* Is the Ed25519 or RSA key of an acceptable size? BAD_INPUT names the type when it is another. */
gboolean ak_signer_key_check(const EVP_PKEY *key, int min_rsa_bits, GError **error) AK_MUST_CHECK;

/* Of an Ed25519 or RSA key. */
AkAlgorithm ak_signer_key_algorithm(const EVP_PKEY *key);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkVerifier, ak_verifier_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkPem, ak_pem_clear)

#endif
