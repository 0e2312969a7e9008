#include "store/aws/providers.h"
#include "store/aws/sts.h"

typedef struct {
    AkCredentials base;
    const AkAwsContext *context;
} WebIdentity;

static gboolean web_fetch(AkCredentials *credentials, AkAwsKeys *out, GError **error)
{
    const AkAwsContext *context = ((WebIdentity *)credentials)->context;
    const char *token_file = ak_aws_env(context->environ, "AWS_WEB_IDENTITY_TOKEN_FILE");
    AkAwsRole role = {.role_arn = ak_aws_env(context->environ, "AWS_ROLE_ARN"),
                      .session_name = ak_aws_env(context->environ, "AWS_ROLE_SESSION_NAME")};

    if (token_file == NULL) {
        g_set_error(error, AK_ERROR, AK_ERROR_MISSING, "no AWS_WEB_IDENTITY_TOKEN_FILE");
        return FALSE;
    }
    if (role.role_arn == NULL) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "AWS_WEB_IDENTITY_TOKEN_FILE is set, AWS_ROLE_ARN is not; hint: annotate the "
                    "service account with its role");
        return FALSE;
    }
    if (!ak_sts_assume_with_file(context, &role, token_file, out, error)) {
        g_prefix_error(error, "web identity: ");
        return FALSE;
    }
    g_free(out->source);
    out->source = g_strdup_printf("web identity, the role '%s'", role.role_arn);
    return TRUE;
}

static void web_free(AkCredentials *credentials)
{
    g_free(credentials);
}

AkCredentials *ak_credentials_from_web_identity(const AkAwsContext *context)
{
    WebIdentity *web = g_new0(WebIdentity, 1);

    web->base = (AkCredentials){.name = "web-identity", .fetch = web_fetch, .free = web_free};
    web->context = context;
    return &web->base;
}
