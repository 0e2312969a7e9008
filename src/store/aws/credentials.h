#ifndef AK_STORE_AWS_CREDENTIALS_H
#define AK_STORE_AWS_CREDENTIALS_H

#include "util/error.h"

/* One set of keys. Never printed; wiped by clear. */
typedef struct {
    char *access_key_id;
    char *secret_access_key;
    char *session_token; /* NULL: long-lived keys */
    gint64 expires_usec; /* 0: never */
} AkAwsKeys;

void ak_aws_keys_clear(AkAwsKeys *keys);

/*
 * Where keys come from. fetch() may block (a file, a metadata service), may be called by many
 * threads at once and caches by itself; MISSING means "not configured here, ask the next source".
 */
typedef struct AkCredentials AkCredentials;
struct AkCredentials {
    const char *name;
    gboolean (*fetch)(AkCredentials *credentials, AkAwsKeys *out, GError **error);
    void (*free)(AkCredentials *credentials);
};

/* AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN as they are now. Never NULL. */
AkCredentials *ak_credentials_from_environment(void);

/* Given keys, copied. Never NULL. */
AkCredentials *ak_credentials_from_keys(const AkAwsKeys *keys);

/* @out holds copies of the caller's own. CONFIG when there are no keys or half of them. */
gboolean ak_credentials_fetch(AkCredentials *credentials, AkAwsKeys *out,
                              GError **error) AK_MUST_CHECK;

void ak_credentials_free(AkCredentials *credentials);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkAwsKeys, ak_aws_keys_clear)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkCredentials, ak_credentials_free)

#endif
