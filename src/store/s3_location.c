#include "store/s3_location.h"

#include "store/aws/partition.h"
#include "store/aws/sigv4.h"
#include "store/key.h"

#include <gio/gio.h>

static gboolean set_bad(GError **error, const char *what, const char *text, const char *hint)
{
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG, "no valid %s in '%s'; hint: %s", what, text,
                hint);
    return FALSE;
}

/* S3's rule for bucket names: 3 to 63 of a-z 0-9 '-' '.', a letter or digit at both ends. */
static gboolean is_bucket_name(const char *bucket)
{
    gsize len = strlen(bucket);

    if (len < 3 || len > 63 || !g_ascii_isalnum(bucket[0]) || !g_ascii_isalnum(bucket[len - 1]))
        return FALSE;
    return strspn(bucket, "abcdefghijklmnopqrstuvwxyz0123456789.-") == len &&
           strstr(bucket, "..") == NULL;
}

static gboolean parse_url(AkS3Location *location, const char *url, GError **error)
{
    g_autofree char *rest = g_strdup(url + strlen("s3://"));
    char *slash = strchr(rest, '/');
    char *prefix = slash != NULL ? slash + 1 : rest + strlen(rest);

    if (slash != NULL)
        *slash = '\0';
    if (g_str_has_suffix(prefix, "/"))
        prefix[strlen(prefix) - 1] = '\0';
    if (!is_bucket_name(rest))
        return set_bad(error, "bucket name", url, "an archive is s3://BUCKET[/PREFIX]");
    if (prefix[0] != '\0' && !ak_key_check(prefix, NULL))
        return set_bad(error, "prefix", url, "an archive is s3://BUCKET[/PREFIX]");
    location->bucket = g_strdup(rest);
    location->prefix = prefix[0] != '\0' ? g_strconcat(prefix, "/", NULL) : g_strdup("");
    return TRUE;
}

/* Without its text: it may hold a password. */
static gboolean set_bad_endpoint(GError **error)
{
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                "the S3 endpoint is not of the form http[s]://host[:port]; hint: check "
                "AWS_ENDPOINT_URL_S3");
    return FALSE;
}

/* Scheme and "host[:port]" of the endpoint; an address has no room for a bucket in front of it. */
static gboolean parse_endpoint(const char *endpoint, char **out_scheme, char **out_host,
                               gboolean *out_is_address, GError **error)
{
    g_autoptr(GUri) uri = g_uri_parse(endpoint, G_URI_FLAGS_NONE, NULL);

    if (uri == NULL || g_uri_get_host(uri) == NULL || g_uri_get_host(uri)[0] == '\0' ||
        g_uri_get_userinfo(uri) != NULL || g_uri_get_query(uri) != NULL ||
        g_uri_get_fragment(uri) != NULL || strlen(g_uri_get_path(uri)) > 1)
        return set_bad_endpoint(error);

    const char *scheme = g_uri_get_scheme(uri);
    const char *host = g_uri_get_host(uri);
    int port = g_uri_get_port(uri);
    gboolean is_tls = g_str_equal(scheme, "https");
    if (!is_tls && !g_str_equal(scheme, "http"))
        return set_bad_endpoint(error);

    g_autofree char *bare =
        strchr(host, ':') != NULL ? g_strdup_printf("[%s]", host) : g_ascii_strdown(host, -1);
    *out_scheme = g_strdup(scheme);
    *out_is_address = g_hostname_is_ip_address(host);
    *out_host = port == -1 || port == (is_tls ? 443 : 80) ? g_steal_pointer(&bare)
                                                          : g_strdup_printf("%s:%d", bare, port);
    return TRUE;
}

/* AWS's own for the region. */
static gboolean regional_endpoint(const AkStoreConfig *config, const char *region, char **out,
                                  GError **error)
{
    if (config->use_fips && !ak_aws_has_fips(region))
        return set_bad(error, "FIPS endpoint", region, "switch FIPS endpoints off");
    *out = g_strdup_printf("https://s3%s%s.%s.%s", config->use_fips ? "-fips" : "",
                           config->use_dualstack ? ".dualstack" : "", region,
                           ak_aws_dns_suffix(region));
    return TRUE;
}

static gboolean choose_endpoint(const AkStoreConfig *config, const char *region, char **out,
                                GError **error)
{
    if (config->endpoint == NULL)
        return regional_endpoint(config, region, out, error);
    /* The SDKs refuse it too: the endpoint's name already says which one it is. */
    if (config->use_fips || config->use_dualstack) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "a given S3 endpoint goes with neither FIPS nor dual-stack; hint: unset "
                    "AWS_ENDPOINT_URL_S3, or AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT");
        return FALSE;
    }
    *out = g_strdup(config->endpoint);
    return TRUE;
}

/* A dotted bucket does not fit the wildcard of the endpoint's certificate. */
static gboolean is_path_style(const AkStoreConfig *config, const char *bucket, gboolean is_address)
{
    if (is_address || strchr(bucket, '.') != NULL)
        return TRUE;
    return config->path_style == AK_PATH_STYLE_ALWAYS ||
           (config->path_style == AK_PATH_STYLE_AUTO && config->endpoint != NULL);
}

gboolean ak_s3_location_init(AkS3Location *location, const AkStoreConfig *config, GError **error)
{
    const char *region = config->region != NULL ? config->region : "us-east-1";
    g_auto(AkS3Location) made = {0};
    g_autofree char *endpoint = NULL;
    g_autofree char *scheme = NULL;
    g_autofree char *host = NULL;
    gboolean is_address = FALSE;

    *location = (AkS3Location){0};
    if (!ak_aws_is_region(region))
        return set_bad(error, "region", region, "check AWS_REGION");
    if (!choose_endpoint(config, region, &endpoint, error) ||
        !parse_url(&made, config->url, error) ||
        !parse_endpoint(endpoint, &scheme, &host, &is_address, error))
        return FALSE;
    made.is_path_style = is_path_style(config, made.bucket, is_address);
    made.region = g_strdup(region);
    made.host =
        made.is_path_style ? g_steal_pointer(&host) : g_strconcat(made.bucket, ".", host, NULL);
    made.origin = g_strconcat(scheme, "://", made.host, NULL);
    *location = made;
    made = (AkS3Location){0};
    return TRUE;
}

gboolean ak_s3_location_is_aws(const AkS3Location *location)
{
    g_autofree char *end = g_strconcat(".", ak_aws_dns_suffix(location->region), NULL);
    g_autofree char *name = g_strndup(location->host, strcspn(location->host, ":"));

    return g_str_has_suffix(name, end);
}

void ak_s3_location_clear(AkS3Location *location)
{
    g_free(location->bucket);
    g_free(location->prefix);
    g_free(location->region);
    g_free(location->host);
    g_free(location->origin);
    *location = (AkS3Location){0};
}

char *ak_s3_location_path(const AkS3Location *location, const char *key)
{
    GString *path = g_string_new("/");

    if (location->is_path_style)
        g_string_append(path, location->bucket);
    if (key != NULL) {
        g_autofree char *full = g_strconcat(location->prefix, key, NULL);
        g_autofree char *encoded = ak_sigv4_encode(ak_view_str(full), TRUE);

        g_string_append_printf(path, "%s%s", location->is_path_style ? "/" : "", encoded);
    }
    return g_string_free(path, FALSE);
}

char *ak_s3_location_name(const AkS3Location *location, const char *key)
{
    return key == NULL ? g_strdup_printf("s3://%s", location->bucket)
                       : g_strdup_printf("s3://%s/%s%s", location->bucket, location->prefix, key);
}
