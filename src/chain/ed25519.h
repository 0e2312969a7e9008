#ifndef AK_CHAIN_ED25519_H
#define AK_CHAIN_ED25519_H

#include <glib.h>

/*
 * Ed25519 verification for few keys and many signatures: a table of multiples is precomputed per
 * public key, as one usually is for the base point only. Accepts and refuses exactly what OpenSSL
 * 3's EVP_DigestVerify does (cofactorless, S < L, R compared as encoded; RFC 8032 §5.1.7).
 * Public data only: nothing here is constant-time.
 */
typedef struct AkEd25519Key AkEd25519Key;

/*
 * FALSE when @public_key is no point, or one of small order, for which anybody can make signatures
 * that verify. OpenSSL does not look; a registry should.
 */
gboolean ak_ed25519_is_safe_key(const guint8 public_key[32]);

/* NULL when @public_key is no point that OpenSSL would take. Immutable afterwards; thread safe. */
AkEd25519Key *ak_ed25519_key_new(const guint8 public_key[32]);
void ak_ed25519_key_free(AkEd25519Key *key);

gboolean ak_ed25519_verify(const AkEd25519Key *key, const guint8 *message, gsize len,
                           const guint8 signature[64]);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkEd25519Key, ak_ed25519_key_free)

#endif
