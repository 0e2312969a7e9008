#ifndef AK_CHAIN_SIGNER_H
#define AK_CHAIN_SIGNER_H

#include "util/buf.h"
#include "util/error.h"
#include "util/sha256.h"

typedef enum {
    AK_ALGORITHM_ED25519,
    AK_ALGORITHM_RSA_SHA256,
    AK_ALGORITHM_HMAC_SHA256
} AkAlgorithm;

/* One key that may have signed events. Immutable once loaded, so that threads may share it. */
typedef struct AkSigner AkSigner;

/* Signers by id. */
typedef struct AkSigners AkSigners;

/*
 * A registry from the text of signers.json: an array, {"signers": [...]}, or a map of id → key or
 * id → object; names and key encodings as docs/signers.md lists. Optional validFrom / validUntil
 * (also valid_from, valid_until, notBefore, notAfter) bound when the signer may sign. Strict JSON
 * of at most 16 MiB. BAD_INPUT names the signer and the member that is wrong.
 */
AkSigners *ak_signers_parse(AkView json, GError **error) AK_MUST_CHECK;

/* The same from a file of at most 16 MiB; CONFIG when it cannot be read. */
AkSigners *ak_signers_load(const char *path, GError **error) AK_MUST_CHECK;

/*
 * Adds a signer with a secret for hmac-sha256, which never stands in a registry file. It replaces a
 * signer of that id.
 */
void ak_signers_add_hmac(AkSigners *signers, const char *id, AkView secret);

void ak_signers_free(AkSigners *signers);
guint ak_signers_count(const AkSigners *signers);

/* Borrowed; NULL when unknown. */
const AkSigner *ak_signers_find(const AkSigners *signers, AkView id);

/* AkSigner, in order of their ids; the array is the caller's, the signers are borrowed. */
GPtrArray *ak_signers_list(const AkSigners *signers);

const char *ak_signer_id(const AkSigner *signer);
AkAlgorithm ak_signer_algorithm(const AkSigner *signer);
const char *ak_algorithm_name(AkAlgorithm algorithm);

/* From when until before when the signer may sign; G_MININT64 and G_MAXINT64 where nothing says. */
void ak_signer_validity(const AkSigner *signer, gint64 *out_from_usec, gint64 *out_until_usec);

/* Appends the registry's entry for a signer with a public key, canonical JSON; FALSE for one with a
 * secret. */
gboolean ak_signer_write(const AkSigner *signer, AkBuf *out);

/* FALSE when @ts_usec is before validFrom or at or after validUntil. */
gboolean ak_signer_is_valid_at(const AkSigner *signer, gint64 ts_usec);

/*
 * TRUE when @signature (base64, with or without padding or URL alphabet, or hex) is @signer's over
 * the 32 bytes @hash: Ed25519 over them; RSASSA-PKCS1-v1_5 with them as the SHA-256 digest; HMAC
 * over them (docs/signers.md). Thread safe.
 */
gboolean ak_signer_verify(const AkSigner *signer, const guint8 hash[AK_SHA256_LEN],
                          AkView signature);

/* A private key that signs events: Ed25519, or RSA of 2048 bits or more. Thread safe. */
typedef struct AkSigningKey AkSigningKey;

/*
 * From a file with one unencrypted private key in PEM (PKCS #8, or PKCS #1 for RSA). CONFIG when it
 * cannot be read or others than its owner may read it; BAD_INPUT for anything else in it.
 */
AkSigningKey *ak_signing_key_load(const char *path, GError **error) AK_MUST_CHECK;
void ak_signing_key_free(AkSigningKey *key);
AkAlgorithm ak_signing_key_algorithm(const AkSigningKey *key);

/*
 * A new Ed25519 key, written durably to @path (PKCS #8 PEM, mode 0600, never overwrites). CONFLICT
 * when @path is there.
 */
gboolean ak_signing_key_create(const char *path, GError **error) AK_MUST_CHECK;

/* The signature over @hash, base64, appended to @out. */
gboolean ak_signing_key_sign(const AkSigningKey *key, const guint8 hash[AK_SHA256_LEN], AkBuf *out,
                             GError **error) AK_MUST_CHECK;

/* Ed25519 over any @message; CONFIG for a key of another kind. */
gboolean ak_signing_key_sign_raw(const AkSigningKey *key, const guint8 *message, gsize len,
                                 guint8 out[64], GError **error) AK_MUST_CHECK;

/* Base64 DER SubjectPublicKeyInfo of the key's public half, as a registry holds it. */
char *ak_signing_key_public(const AkSigningKey *key);

/* The 32 bytes of the public half; FALSE for a key that is not Ed25519. */
gboolean ak_signing_key_public_raw(const AkSigningKey *key, guint8 out[32]);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkSigners, ak_signers_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkSigningKey, ak_signing_key_free)

#endif
