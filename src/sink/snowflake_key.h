#ifndef AK_SINK_SNOWFLAKE_KEY_H
#define AK_SINK_SNOWFLAKE_KEY_H

#include "util/error.h"

/*
 * A private RSA key and the tokens it signs: Snowflake's key-pair authentication
 * (docs.snowflake.com/en/user-guide/key-pair-auth).
 */
typedef struct AkSnowflakeKey AkSnowflakeKey;

enum {
    AK_SNOWFLAKE_KEY_MIN_BITS = 2048,
    AK_SNOWFLAKE_JWT_SECONDS = 3600 /* the server cuts anything longer to this */
};

/* A PEM file, PKCS #8 or traditional. @passphrase (may be NULL) opens an encrypted one; nobody is
 * ever asked for it. CONFIG for what is no such key, BAD_INPUT for a short one. */
AkSnowflakeKey *ak_snowflake_key_load(const char *path, const char *passphrase,
                                      GError **error) AK_MUST_CHECK;
void ak_snowflake_key_free(AkSnowflakeKey *key);

/* "SHA256:" and the base64 of the public key's digest, as DESC USER shows it. */
const char *ak_snowflake_key_fingerprint(const AkSnowflakeKey *key);

/* A token for one hour from @now (seconds). @account without region, both in any case. A secret:
 * wipe it. */
char *ak_snowflake_key_jwt(const AkSnowflakeKey *key, const char *account, const char *user,
                           gint64 now, GError **error) AK_MUST_CHECK;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkSnowflakeKey, ak_snowflake_key_free)

#endif
