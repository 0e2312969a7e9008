#include "store/aws/credentials.h"

#include "store/aws/providers.h"

#include <openssl/crypto.h>
#include <string.h>

typedef struct {
    AkCredentials base;
    AkAwsKeys keys;
} FixedKeys;

void ak_secret_free(char *secret)
{
    if (secret != NULL)
        OPENSSL_cleanse(secret, strlen(secret));
    g_free(secret);
}

void ak_aws_keys_clear(AkAwsKeys *keys)
{
    g_free(keys->access_key_id);
    ak_secret_free(keys->secret_access_key);
    ak_secret_free(keys->session_token);
    g_free(keys->source);
    *keys = (AkAwsKeys){0};
}

AkAwsKeys ak_aws_keys_copy(const AkAwsKeys *keys)
{
    return (AkAwsKeys){
        .access_key_id = g_strdup(keys->access_key_id),
        .secret_access_key = g_strdup(keys->secret_access_key),
        .session_token = g_strdup(keys->session_token),
        .expires_usec = keys->expires_usec,
        .source = g_strdup(keys->source),
    };
}

gboolean ak_aws_keys_equal(const AkAwsKeys *a, const AkAwsKeys *b)
{
    return g_strcmp0(a->access_key_id, b->access_key_id) == 0 &&
           g_strcmp0(a->secret_access_key, b->secret_access_key) == 0 &&
           g_strcmp0(a->session_token, b->session_token) == 0;
}

/* What goes into a header: visible ASCII. */
static gboolean is_token(const char *text)
{
    const char *c = text;

    while (g_ascii_isgraph(*c))
        c++;
    return *c == '\0' && c != text;
}

gboolean ak_aws_keys_check(const AkAwsKeys *keys, const char *source, GError **error)
{
    if (keys->access_key_id == NULL || keys->secret_access_key == NULL) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "half a pair of AWS keys in %s; hint: it takes an access key id and its secret",
                    source);
        return FALSE;
    }
    if (is_token(keys->access_key_id) && is_token(keys->secret_access_key) &&
        (keys->session_token == NULL || is_token(keys->session_token)))
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                "the AWS keys in %s are empty or hold blanks or control characters", source);
    return FALSE;
}

static gboolean fixed_fetch(AkCredentials *credentials, AkAwsKeys *out, GError **error)
{
    const AkAwsKeys *keys = &((FixedKeys *)credentials)->keys;

    if (keys->access_key_id == NULL && keys->secret_access_key == NULL) {
        g_set_error(error, AK_ERROR, AK_ERROR_MISSING, "no keys in %s", keys->source);
        return FALSE;
    }
    if (!ak_aws_keys_check(keys, keys->source, error))
        return FALSE;
    *out = ak_aws_keys_copy(keys);
    return TRUE;
}

static void fixed_free(AkCredentials *credentials)
{
    FixedKeys *fixed = (FixedKeys *)credentials;

    ak_aws_keys_clear(&fixed->keys);
    g_free(fixed);
}

static AkCredentials *fixed_new(const char *name, const char *source, const AkAwsKeys *keys)
{
    FixedKeys *fixed = g_new0(FixedKeys, 1);

    fixed->base = (AkCredentials){.name = name, .fetch = fixed_fetch, .free = fixed_free};
    fixed->keys = ak_aws_keys_copy(keys);
    g_free(fixed->keys.source);
    fixed->keys.source = g_strdup(source);
    return &fixed->base;
}

AkCredentials *ak_credentials_from_environment(const AkAwsContext *context)
{
    g_auto(AkAwsKeys) keys = {
        .access_key_id = g_strdup(ak_aws_env(context->environ, "AWS_ACCESS_KEY_ID")),
        .secret_access_key = g_strdup(ak_aws_env(context->environ, "AWS_SECRET_ACCESS_KEY")),
        .session_token = g_strdup(ak_aws_env(context->environ, "AWS_SESSION_TOKEN")),
    };

    return fixed_new("environment", "the environment", &keys);
}

AkCredentials *ak_credentials_from_keys(const AkAwsKeys *keys)
{
    return fixed_new("configuration", "the configuration", keys);
}

gboolean ak_credentials_fetch(AkCredentials *credentials, AkAwsKeys *out, GError **error)
{
    g_autoptr(GError) local = NULL;

    if (credentials->fetch(credentials, out, &local))
        return TRUE;
    if (g_error_matches(local, AK_ERROR, AK_ERROR_MISSING)) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "no AWS credentials: %s; hint: set AWS_ACCESS_KEY_ID and "
                    "AWS_SECRET_ACCESS_KEY, or give the machine a role (docs/aws.md)",
                    local->message);
        return FALSE;
    }
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

gboolean ak_credentials_refresh(AkCredentials *credentials, const AkAwsKeys *refused)
{
    return credentials->refresh != NULL && credentials->refresh(credentials, refused);
}

void ak_credentials_free(AkCredentials *credentials)
{
    if (credentials != NULL)
        credentials->free(credentials);
}
