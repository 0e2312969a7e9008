#ifndef AK_STORE_AWS_CREDENTIALS_H
#define AK_STORE_AWS_CREDENTIALS_H

#include "util/error.h"

/* One set of keys. Never printed; wiped by clear. */
typedef struct {
    char *access_key_id;
    char *secret_access_key;
    char *session_token; /* NULL: long-lived keys */
    gint64 expires_usec; /* 0: never */
    char *source;        /* where they come from, for messages: "profile 'audit'" */
} AkAwsKeys;

void ak_aws_keys_clear(AkAwsKeys *keys);
AkAwsKeys ak_aws_keys_copy(const AkAwsKeys *keys);
gboolean ak_aws_keys_equal(const AkAwsKeys *a, const AkAwsKeys *b);

/* Both halves there, and nothing in them that a header cannot carry; else CONFIG naming @source. */
gboolean ak_aws_keys_check(const AkAwsKeys *keys, const char *source, GError **error) AK_MUST_CHECK;

/* Wipes and frees a string; NULL is fine. */
void ak_secret_free(char *secret);

/*
 * Where keys come from. Members after free() may be NULL.
 *
 * fetch() may block (a file, a metadata service) and may be called by many threads at once;
 * MISSING means "not configured here, ask the next source", any other error that it is configured
 * and does not work.
 * refresh(): the store refused @refused; TRUE when fetch() now gives other keys.
 * is_changed(): TRUE when a file that keys were read from has changed since; cheap.
 */
typedef struct AkCredentials AkCredentials;
struct AkCredentials {
    const char *name;
    gboolean (*fetch)(AkCredentials *credentials, AkAwsKeys *out, GError **error);
    void (*free)(AkCredentials *credentials);
    gboolean (*refresh)(AkCredentials *credentials, const AkAwsKeys *refused);
    gboolean (*is_changed)(AkCredentials *credentials);
};

/* Given keys, copied. Never NULL. */
AkCredentials *ak_credentials_from_keys(const AkAwsKeys *keys);

/* @out holds copies of the caller's own. CONFIG when there are no keys or half of them. */
gboolean ak_credentials_fetch(AkCredentials *credentials, AkAwsKeys *out,
                              GError **error) AK_MUST_CHECK;

gboolean ak_credentials_refresh(AkCredentials *credentials, const AkAwsKeys *refused);

void ak_credentials_free(AkCredentials *credentials);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkAwsKeys, ak_aws_keys_clear)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkCredentials, ak_credentials_free)

typedef char AkSecret;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkSecret, ak_secret_free)

#endif
