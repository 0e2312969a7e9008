#include "store/s3_location.h"

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

static gboolean is_region_name(const char *region)
{
    return region[0] != '\0' && strlen(region) <= 63 &&
           strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(region);
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

gboolean ak_s3_location_init(AkS3Location *location, const AkStoreConfig *config, GError **error)
{
    const char *region = config->region != NULL ? config->region : "us-east-1";
    g_autofree char *endpoint = config->endpoint != NULL
                                    ? g_strdup(config->endpoint)
                                    : g_strdup_printf("https://s3.%s.amazonaws.com%s", region,
                                                      g_str_has_prefix(region, "cn-") ? ".cn" : "");
    g_autofree char *scheme = NULL;
    g_autofree char *host = NULL;
    gboolean is_address = FALSE;

    *location = (AkS3Location){0};
    if (!is_region_name(region))
        return set_bad(error, "region", region, "check AWS_REGION");
    if (!parse_url(location, config->url, error) ||
        !parse_endpoint(endpoint, &scheme, &host, &is_address, error)) {
        ak_s3_location_clear(location);
        return FALSE;
    }
    /* A dotted bucket does not fit the wildcard of the endpoint's certificate. */
    location->is_path_style =
        config->use_path_style || is_address || strchr(location->bucket, '.') != NULL;
    location->region = g_strdup(region);
    location->host = location->is_path_style ? g_steal_pointer(&host)
                                             : g_strconcat(location->bucket, ".", host, NULL);
    location->origin = g_strconcat(scheme, "://", location->host, NULL);
    return TRUE;
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
