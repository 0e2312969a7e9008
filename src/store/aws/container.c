#include "store/aws/keys_json.h"
#include "store/aws/local.h"
#include "store/aws/providers.h"
#include "store/aws/sts.h"

#include <gio/gio.h>

static const char name_for_messages[] = "the container's agent";
static const char relative_host[] = "http://169.254.170.2";

typedef struct {
    AkCredentials base;
    const AkAwsContext *context;
} Container;

/* Plain HTTP goes to this machine and to the agents of ECS and EKS only. */
static gboolean is_local_host(const char *host)
{
    static const char *const agents[] = {"169.254.170.2", "169.254.170.23", "fd00:ec2::23", NULL};
    g_autoptr(GInetAddress) address = g_inet_address_new_from_string(host);

    if (g_ascii_strcasecmp(host, "localhost") == 0 || g_strv_contains(agents, host))
        return TRUE;
    return address != NULL && g_inet_address_get_is_loopback(address);
}

char *ak_container_url(char **environ, GError **error)
{
    const char *relative = ak_aws_env(environ, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const char *full = ak_aws_env(environ, "AWS_CONTAINER_CREDENTIALS_FULL_URI");

    if (relative == NULL && full == NULL) {
        g_set_error(error, AK_ERROR, AK_ERROR_MISSING, "no AWS_CONTAINER_CREDENTIALS_…_URI");
        return NULL;
    }
    /* "@host" after the fixed host would lead elsewhere. */
    if (relative != NULL && relative[0] != '/') {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not start with '/'");
        return NULL;
    }
    g_autofree char *url =
        relative != NULL ? g_strconcat(relative_host, relative, NULL) : g_strdup(full);
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_NONE, NULL);
    const char *host = uri != NULL ? g_uri_get_host(uri) : NULL;
    gboolean is_tls = uri != NULL && g_str_equal(g_uri_get_scheme(uri), "https");
    gboolean is_plain = uri != NULL && g_str_equal(g_uri_get_scheme(uri), "http");
    if (host != NULL && host[0] != '\0' && g_uri_get_userinfo(uri) == NULL &&
        (is_tls || (is_plain && is_local_host(host))))
        return g_steal_pointer(&url);
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                "AWS_CONTAINER_CREDENTIALS_FULL_URI is not allowed; hint: https, or http to this "
                "machine or the agents of ECS and EKS");
    return NULL;
}

/* The file is read every time and comes first; NULL without error: none. */
static char *authorization(char **environ, GError **error)
{
    const char *file = ak_aws_env(environ, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    const char *token = ak_aws_env(environ, "AWS_CONTAINER_AUTHORIZATION_TOKEN");

    if (file != NULL)
        return ak_aws_token_file(file, error);
    if (token == NULL || strpbrk(token, "\r\n") == NULL)
        return g_strdup(token);
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                "AWS_CONTAINER_AUTHORIZATION_TOKEN is more than one line");
    return NULL;
}

static gboolean container_fetch(AkCredentials *credentials, AkAwsKeys *out, GError **error)
{
    const AkAwsContext *context = ((Container *)credentials)->context;
    g_auto(AkLocalAnswer) answer = {0};
    g_autoptr(GError) local = NULL;
    g_autofree char *url = ak_container_url(context->environ, error);

    if (url == NULL)
        return FALSE;
    g_autoptr(AkSecret) token = authorization(context->environ, &local);
    AkLocalCall call = {name_for_messages, "GET", url, token != NULL ? "authorization" : NULL,
                        token};
    if (local == NULL && ak_local_send(context, &call, &answer, &local))
        return ak_aws_keys_from_json(ak_buf_view(&answer.body), AK_KEYS_JSON_CONTAINER,
                                     name_for_messages, out, error);
    /* It is configured: no other source is meant. */
    if (local->code == AK_ERROR_MISSING)
        local->code = AK_ERROR_DENIED;
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

static void container_free(AkCredentials *credentials)
{
    g_free(credentials);
}

AkCredentials *ak_credentials_from_container(const AkAwsContext *context)
{
    Container *container = g_new0(Container, 1);

    container->base =
        (AkCredentials){.name = "container", .fetch = container_fetch, .free = container_free};
    container->context = context;
    return &container->base;
}
