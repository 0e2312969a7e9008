#include "store/aws/settings.h"

#include "store/aws/context.h"
#include "store/aws/partition.h"
#include "store/aws/profiles.h"

typedef struct {
    char **environ;
    const AkAwsProfiles *profiles;
    const char *profile;
} Lookup;

/* Where a setting is looked for, in order. */
typedef struct {
    const char *variables[2];
    const char *name; /* in the profile */
} Place;

static const Place region_place = {{"AWS_REGION", "AWS_DEFAULT_REGION"}, "region"};
static const Place ca_bundle_place = {{"AWS_CA_BUNDLE"}, "ca_bundle"};
static const Place ignore_place = {{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"},
                                   "ignore_configured_endpoint_urls"};
static const Place fips_place = {{"AWS_USE_FIPS_ENDPOINT"}, "use_fips_endpoint"};
static const Place dualstack_place = {{"AWS_USE_DUALSTACK_ENDPOINT"}, "use_dualstack_endpoint"};
static const Place attempts_place = {{"AWS_MAX_ATTEMPTS"}, "max_attempts"};
static const Place mode_place = {{"AWS_RETRY_MODE"}, "retry_mode"};
static const Place no_metadata_place = {{"AWS_EC2_METADATA_DISABLED"}, NULL};
static const Place metadata_place = {{"AWS_EC2_METADATA_SERVICE_ENDPOINT"},
                                     "ec2_metadata_service_endpoint"};
static const Place metadata_mode_place = {{"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"},
                                          "ec2_metadata_service_endpoint_mode"};

static const char *find(const Lookup *in, const Place *place)
{
    for (gsize i = 0; i < G_N_ELEMENTS(place->variables) && place->variables[i] != NULL; i++) {
        const char *value = ak_aws_env(in->environ, place->variables[i]);

        if (value != NULL)
            return value;
    }
    return place->name != NULL
               ? ak_aws_profiles_get(in->profiles, "profile", in->profile, place->name)
               : NULL;
}

static gboolean set_bad(const Place *place, const char *value, const char *hint, GError **error)
{
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG, "%s is '%s'; hint: %s", place->variables[0],
                value, hint);
    return FALSE;
}

static gboolean find_boolean(const Lookup *in, const Place *place, gboolean *out, GError **error)
{
    const char *value = find(in, place);

    if (value == NULL || g_ascii_strcasecmp(value, "false") == 0)
        return TRUE;
    if (g_ascii_strcasecmp(value, "true") != 0)
        return set_bad(place, value, "it takes 'true' or 'false'", error);
    *out = TRUE;
    return TRUE;
}

/* Of "S3" or "STS": the service's own variable, the common one, the profile's services section,
 * the profile. */
static const char *find_endpoint(const Lookup *in, const char *variable, const char *service)
{
    const char *found = ak_aws_env(in->environ, variable);
    const char *section = ak_aws_profiles_get(in->profiles, "profile", in->profile, "services");
    g_autofree char *nested = g_strconcat(service, ".endpoint_url", NULL);

    if (found == NULL)
        found = ak_aws_env(in->environ, "AWS_ENDPOINT_URL");
    if (found == NULL && section != NULL)
        found = ak_aws_profiles_get(in->profiles, "services", section, nested);
    return found != NULL
               ? found
               : ak_aws_profiles_get(in->profiles, "profile", in->profile, "endpoint_url");
}

/* "http[s]://host[:port][/path]", of which the last '/' is cut. Its text may hold a password. */
static gboolean check_endpoint(char *endpoint, const char *variable, GError **error)
{
    const char *rest = strstr(endpoint, "://");

    if ((!g_str_has_prefix(endpoint, "https://") && !g_str_has_prefix(endpoint, "http://")) ||
        strpbrk(endpoint, "@?#\\ \t\n") != NULL || rest[3] == '\0' || rest[3] == '/') {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "an endpoint is not of the form http[s]://host[:port]; hint: check %s",
                    variable);
        return FALSE;
    }
    if (g_str_has_suffix(endpoint, "/"))
        endpoint[strlen(endpoint) - 1] = '\0';
    return TRUE;
}

static gboolean init_endpoints(AkAwsSettings *settings, const Lookup *in, const AkAwsGiven *given,
                               GError **error)
{
    gboolean is_ignored = FALSE;
    const char *s3 = given->endpoint;
    const char *sts = NULL;

    if (!find_boolean(in, &ignore_place, &is_ignored, error))
        return FALSE;
    if (!is_ignored && s3 == NULL)
        s3 = find_endpoint(in, "AWS_ENDPOINT_URL_S3", "s3");
    if (!is_ignored)
        sts = find_endpoint(in, "AWS_ENDPOINT_URL_STS", "sts");
    settings->endpoint = g_strdup(s3);
    settings->sts_endpoint =
        sts != NULL ? g_strdup(sts)
                    : g_strdup_printf("https://sts%s.%s.%s", settings->use_fips ? "-fips" : "",
                                      settings->region, ak_aws_dns_suffix(settings->region));
    return check_endpoint(settings->sts_endpoint, "AWS_ENDPOINT_URL_STS", error);
}

static gboolean init_region(AkAwsSettings *settings, const Lookup *in, const AkAwsGiven *given,
                            GError **error)
{
    const char *region = given->region != NULL ? given->region : find(in, &region_place);

    settings->region = g_strdup(region != NULL ? region : "us-east-1");
    settings->use_fips = given->use_fips;
    settings->use_dualstack = given->use_dualstack;
    if (!ak_aws_is_region(settings->region))
        return set_bad(&region_place, settings->region, "a region is like 'eu-central-1'", error);
    return find_boolean(in, &fips_place, &settings->use_fips, error) &&
           find_boolean(in, &dualstack_place, &settings->use_dualstack, error);
}

static gboolean init_metadata(AkAwsSettings *settings, const Lookup *in, GError **error)
{
    const char *endpoint = find(in, &metadata_place);
    const char *mode = find(in, &metadata_mode_place);
    gboolean is_ipv6 = mode != NULL && g_ascii_strcasecmp(mode, "ipv6") == 0;

    if (mode != NULL && !is_ipv6 && g_ascii_strcasecmp(mode, "ipv4") != 0)
        return set_bad(&metadata_mode_place, mode, "it takes 'IPv4' or 'IPv6'", error);
    if (endpoint == NULL)
        endpoint = is_ipv6 ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
    settings->metadata_endpoint = g_strdup(endpoint);
    return check_endpoint(settings->metadata_endpoint, metadata_place.variables[0], error) &&
           find_boolean(in, &no_metadata_place, &settings->is_metadata_disabled, error);
}

static gboolean init_retries(AkAwsSettings *settings, const Lookup *in, const AkAwsGiven *given,
                             GError **error)
{
    const char *mode = given->retry_mode != NULL ? given->retry_mode : find(in, &mode_place);
    const char *attempts = find(in, &attempts_place);
    guint64 number = given->max_attempts;

    if (number == 0 && attempts != NULL &&
        !g_ascii_string_to_unsigned(attempts, 10, 1, 100, &number, NULL))
        return set_bad(&attempts_place, attempts, "it takes a number from 1 to 100", error);
    settings->max_attempts = (guint)number;
    settings->retry_mode = AK_RETRY_MODE_STANDARD;
    if (mode == NULL || g_str_equal(mode, "standard"))
        return TRUE;
    if (g_str_equal(mode, "adaptive"))
        settings->retry_mode = AK_RETRY_MODE_ADAPTIVE;
    else if (g_str_equal(mode, "legacy"))
        g_message("retry mode 'legacy' is taken as 'standard'");
    else
        return set_bad(&mode_place, mode, "it takes 'standard' or 'adaptive'", error);
    return TRUE;
}

/* A profile that somebody named has to be there. */
static gboolean init_profile(AkAwsSettings *settings, char **environ, const AkAwsGiven *given,
                             const AkAwsProfiles *profiles, GError **error)
{
    const char *named =
        given->profile != NULL ? given->profile : ak_aws_env(environ, "AWS_PROFILE");

    settings->is_profile_given = given->profile != NULL;
    settings->profile = g_strdup(named != NULL ? named : "default");
    if (named == NULL || ak_aws_profiles_has(profiles, "profile", named))
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                "there is no AWS profile '%s'; hint: check AWS_PROFILE, AWS_CONFIG_FILE and "
                "AWS_SHARED_CREDENTIALS_FILE",
                named);
    return FALSE;
}

gboolean ak_aws_settings_init(AkAwsSettings *settings, char **environ, const AkAwsGiven *given,
                              GError **error)
{
    g_autoptr(AkAwsProfiles) profiles = ak_aws_profiles_load(environ, error);
    g_auto(AkAwsSettings) made = {0};

    *settings = (AkAwsSettings){0};
    if (profiles == NULL || !init_profile(&made, environ, given, profiles, error))
        return FALSE;
    Lookup in = {environ, profiles, made.profile};
    const char *ca_bundle =
        given->ca_bundle != NULL ? given->ca_bundle : find(&in, &ca_bundle_place);
    made.ca_bundle = g_strdup(ca_bundle);
    if (!init_region(&made, &in, given, error) || !init_endpoints(&made, &in, given, error) ||
        !init_metadata(&made, &in, error) || !init_retries(&made, &in, given, error))
        return FALSE;
    *settings = made;
    made = (AkAwsSettings){0};
    return TRUE;
}

void ak_aws_settings_clear(AkAwsSettings *settings)
{
    g_free(settings->profile);
    g_free(settings->region);
    g_free(settings->endpoint);
    g_free(settings->sts_endpoint);
    g_free(settings->ca_bundle);
    g_free(settings->metadata_endpoint);
    *settings = (AkAwsSettings){0};
}
