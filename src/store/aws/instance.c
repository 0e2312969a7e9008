#include "store/aws/keys_json.h"
#include "store/aws/local.h"
#include "store/aws/providers.h"

enum { MAX_TRIES = 2, MAX_TOKEN = 1024, MAX_ROLE = 64 };

static const char name_for_messages[] = "the instance metadata service";
static const char roles_path[] = "/latest/meta-data/iam/security-credentials/";

typedef struct {
    AkCredentials base;
    const AkAwsContext *context;
} Instance;

/* One line of visible text out of an answer; NULL with error when it is not. */
static char *line_of(const AkHttpResponse *answer, gsize max, GError **error)
{
    g_autoptr(AkSecret) line = g_strndup(answer->body.data, answer->body.len);
    gsize len = 0;

    if (line != NULL) {
        g_strstrip(line);
        while (g_ascii_isgraph(line[len]))
            len++;
    }
    if (len > 0 && len <= max && line[len] == '\0')
        return g_steal_pointer(&line);
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG, "%s does not answer as it should",
                name_for_messages);
    return NULL;
}

/* Version 2 only: whoever can make us send a GET cannot make us send this PUT. */
static char *session_token(const AkAwsContext *context, GError **error)
{
    g_autofree char *url =
        g_strconcat(context->settings->metadata_endpoint, "/latest/api/token", NULL);
    AkLocalCall call = {name_for_messages, "PUT", url, "x-aws-ec2-metadata-token-ttl-seconds",
                        "21600"};
    g_auto(AkLocalAnswer) answer = {0};

    if (ak_local_send(context, &call, &answer, error))
        return line_of(&answer, MAX_TOKEN, error);
    return NULL;
}

static gboolean get(const AkAwsContext *context, const char *token, const char *path,
                    AkLocalAnswer *out, GError **error)
{
    g_autofree char *url = g_strconcat(context->settings->metadata_endpoint, path, NULL);
    AkLocalCall call = {name_for_messages, "GET", url, "x-aws-ec2-metadata-token", token};

    return ak_local_send(context, &call, out, error);
}

static gboolean fetch_once(const AkAwsContext *context, AkAwsKeys *out, GError **error)
{
    g_auto(AkLocalAnswer) roles = {0};
    g_auto(AkLocalAnswer) answer = {0};
    g_autoptr(AkSecret) token = session_token(context, error);

    if (token == NULL || !get(context, token, roles_path, &roles, error))
        return FALSE;
    g_autofree char *role = line_of(&roles, MAX_ROLE, error);
    if (role == NULL)
        return FALSE;
    if (strchr(role, '/') != NULL) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG, "%s names no role", name_for_messages);
        return FALSE;
    }
    g_autofree char *path = g_strconcat(roles_path, role, NULL);
    g_autofree char *source = g_strdup_printf("instance metadata, the role '%s'", role);
    return get(context, token, path, &answer, error) &&
           ak_aws_keys_from_json(ak_buf_view(&answer.body), AK_KEYS_JSON_INSTANCE, source, out,
                                 error);
}

static gboolean instance_fetch(AkCredentials *credentials, AkAwsKeys *out, GError **error)
{
    const AkAwsContext *context = ((Instance *)credentials)->context;
    g_autoptr(GError) local = NULL;

    if (context->settings->is_metadata_disabled) {
        g_set_error(error, AK_ERROR, AK_ERROR_MISSING,
                    "instance metadata is off (AWS_EC2_METADATA_DISABLED)");
        return FALSE;
    }
    for (guint tries = 0; tries < MAX_TRIES; tries++) {
        g_clear_error(&local);
        if (fetch_once(context, out, &local))
            return TRUE;
        if (local->code != AK_ERROR_NETWORK && local->code != AK_ERROR_TIMEOUT)
            break;
    }
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

static void instance_free(AkCredentials *credentials)
{
    g_free(credentials);
}

AkCredentials *ak_credentials_from_instance(const AkAwsContext *context)
{
    Instance *instance = g_new0(Instance, 1);

    instance->base =
        (AkCredentials){.name = "instance", .fetch = instance_fetch, .free = instance_free};
    instance->context = context;
    return &instance->base;
}
