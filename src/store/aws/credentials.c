#include "store/aws/credentials.h"

#include <openssl/crypto.h>
#include <string.h>

typedef struct {
    AkCredentials base;
    AkAwsKeys keys;
} FixedKeys;

static void free_secret(char *secret)
{
    if (secret != NULL)
        OPENSSL_cleanse(secret, strlen(secret));
    g_free(secret);
}

void ak_aws_keys_clear(AkAwsKeys *keys)
{
    g_free(keys->access_key_id);
    free_secret(keys->secret_access_key);
    free_secret(keys->session_token);
    *keys = (AkAwsKeys){0};
}

static AkAwsKeys copy_keys(const AkAwsKeys *keys)
{
    return (AkAwsKeys){
        .access_key_id = g_strdup(keys->access_key_id),
        .secret_access_key = g_strdup(keys->secret_access_key),
        .session_token = g_strdup(keys->session_token),
        .expires_usec = keys->expires_usec,
    };
}

static gboolean fixed_fetch(AkCredentials *credentials, AkAwsKeys *out, GError **error)
{
    const AkAwsKeys *keys = &((FixedKeys *)credentials)->keys;

    if (keys->access_key_id == NULL && keys->secret_access_key == NULL) {
        g_set_error(error, AK_ERROR, AK_ERROR_MISSING, "no keys in the %s", credentials->name);
        return FALSE;
    }
    if (keys->access_key_id == NULL || keys->secret_access_key == NULL) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "half a pair of AWS keys in the %s; hint: set both AWS_ACCESS_KEY_ID and "
                    "AWS_SECRET_ACCESS_KEY",
                    credentials->name);
        return FALSE;
    }
    *out = copy_keys(keys);
    return TRUE;
}

static void fixed_free(AkCredentials *credentials)
{
    FixedKeys *fixed = (FixedKeys *)credentials;

    ak_aws_keys_clear(&fixed->keys);
    g_free(fixed);
}

static AkCredentials *fixed_new(const char *name, const AkAwsKeys *keys)
{
    FixedKeys *fixed = g_new0(FixedKeys, 1);

    fixed->base = (AkCredentials){name, fixed_fetch, fixed_free};
    fixed->keys = copy_keys(keys);
    return &fixed->base;
}

/* An empty variable counts as unset, as in the AWS tools. */
static char *variable(const char *name)
{
    const char *value = g_getenv(name);

    return value != NULL && value[0] != '\0' ? g_strdup(value) : NULL;
}

AkCredentials *ak_credentials_from_environment(void)
{
    g_auto(AkAwsKeys) keys = {
        .access_key_id = variable("AWS_ACCESS_KEY_ID"),
        .secret_access_key = variable("AWS_SECRET_ACCESS_KEY"),
        .session_token = variable("AWS_SESSION_TOKEN"),
    };

    return fixed_new("environment", &keys);
}

AkCredentials *ak_credentials_from_keys(const AkAwsKeys *keys)
{
    return fixed_new("configuration", keys);
}

gboolean ak_credentials_fetch(AkCredentials *credentials, AkAwsKeys *out, GError **error)
{
    g_autoptr(GError) local = NULL;

    if (credentials->fetch(credentials, out, &local))
        return TRUE;
    if (g_error_matches(local, AK_ERROR, AK_ERROR_MISSING)) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "no AWS credentials: %s; hint: set AWS_ACCESS_KEY_ID and "
                    "AWS_SECRET_ACCESS_KEY",
                    local->message);
        return FALSE;
    }
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

void ak_credentials_free(AkCredentials *credentials)
{
    if (credentials != NULL)
        credentials->free(credentials);
}
