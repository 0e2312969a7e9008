#include "store/aws/open.h"

#include "store/aws/providers.h"

enum {
    CONNECT_MS = 5000,
    STS_MS = 20000,
    LOCAL_MS = 1000,
    LOCAL_TOTAL_MS = 2000,
    PROCESS_MS = 60000,
};

/* The context of the sources, and what asks them. */
typedef struct {
    AkCredentials base;
    AkAwsContext context;
    AkAwsSettings settings;
    AkCredentials *cached;
} Opened;

static double real_random(void)
{
    return g_random_double();
}

static gboolean opened_fetch(AkCredentials *credentials, AkAwsKeys *out, GError **error)
{
    AkCredentials *cached = ((Opened *)credentials)->cached;

    return cached->fetch(cached, out, error);
}

static gboolean opened_refresh(AkCredentials *credentials, const AkAwsKeys *refused)
{
    return ak_credentials_refresh(((Opened *)credentials)->cached, refused);
}

static void opened_free(AkCredentials *credentials)
{
    Opened *opened = (Opened *)credentials;

    ak_credentials_free(opened->cached);
    ak_http_free(opened->context.http);
    ak_http_free(opened->context.local);
    g_strfreev(opened->context.environ);
    ak_aws_settings_clear(&opened->settings);
    g_free(opened);
}

static void init_context(Opened *opened, char **environ, const volatile gint *stop)
{
    AkHttpConfig sts = {.ca_bundle = opened->settings.ca_bundle,
                        .connect_timeout_ms = CONNECT_MS,
                        .stall_timeout_ms = CONNECT_MS,
                        .request_timeout_ms = STS_MS,
                        .stop = stop};
    AkHttpConfig local = {.ca_bundle = opened->settings.ca_bundle,
                          .is_direct = TRUE,
                          .connect_timeout_ms = LOCAL_MS,
                          .stall_timeout_ms = LOCAL_MS,
                          .request_timeout_ms = LOCAL_TOTAL_MS,
                          .stop = stop};

    opened->context = (AkAwsContext){
        .environ = g_strdupv(environ),
        .settings = &opened->settings,
        .http = ak_http_new(&sts),
        .local = ak_http_new(&local),
        .now_usec = g_get_real_time,
        .random = real_random,
        .process_timeout_ms = PROCESS_MS,
        .stop = stop,
    };
}

AkCredentials *ak_aws_open(const AkAwsGiven *given, char **environ, const char *source,
                           const volatile gint *stop, const AkAwsSettings **out_settings,
                           GError **error)
{
    g_auto(AkAwsSettings) settings = {0};

    if (!ak_aws_settings_init(&settings, environ, given, error))
        return NULL;
    Opened *opened = g_new0(Opened, 1);
    g_autoptr(AkCredentials) owner = &opened->base;
    opened->base = (AkCredentials){
        .name = "aws", .fetch = opened_fetch, .free = opened_free, .refresh = opened_refresh};
    opened->settings = settings;
    settings = (AkAwsSettings){0};
    init_context(opened, environ, stop);
    if (source == NULL && opened->settings.is_profile_given)
        source = "profile";
    AkCredentials *found = ak_credentials_chain(&opened->context, source, error);
    if (found == NULL)
        return NULL;
    opened->cached = ak_credentials_cached(found, &opened->context);
    *out_settings = &opened->settings;
    return g_steal_pointer(&owner);
}
