#include "store/s3_route.h"

#include "util/time.h"

const AkHttpHints ak_s3_hints = {
    [AK_HTTP_HINT_RESOLVE] =
        "check the name of the endpoint (AWS_ENDPOINT_URL_S3, the region) and the resolver",
    [AK_HTTP_HINT_PROXY] = "check HTTPS_PROXY",
    [AK_HTTP_HINT_CONNECT] =
        "check the endpoint (AWS_ENDPOINT_URL_S3), the firewall and the VPC endpoint",
    [AK_HTTP_HINT_CERTIFICATE] = "AWS_CA_BUNDLE names the certificates to trust",
    [AK_HTTP_HINT_TLS] =
        "the endpoint must speak TLS 1.2 or later; 'http://' is for tests on loopback",
    [AK_HTTP_HINT_CA_BUNDLE] = "AWS_CA_BUNDLE must name a readable PEM file",
    [AK_HTTP_HINT_TIMEOUT] = "check the endpoint; AWS_MAX_ATTEMPTS raises the number of tries",
    [AK_HTTP_HINT_URL] = "check AWS_ENDPOINT_URL_S3",
};

enum { MAX_FAILURES = 3, PROBE_SECONDS = 30, PROBE_MS = 2000 };

gboolean ak_s3_route_add_regional(AkS3Route *route, const AkStoreConfig *config, GError **error)
{
    AkHttpConfig http = {.ca_bundle = config->ca_bundle,
                         .hints = ak_s3_hints,
                         .connect_timeout_ms = PROBE_MS,
                         .stall_timeout_ms = PROBE_MS,
                         .request_timeout_ms = PROBE_MS,
                         .stop = config->stop};

    if (!ak_s3_location_init(&route->regional, config, error))
        return FALSE;
    route->has_regional = TRUE;
    route->probe_http = ak_http_new(&http);
    return TRUE;
}

gboolean ak_s3_route_init(AkS3Route *route, const AkStoreConfig *config, GError **error)
{
    AkStoreConfig regional = *config;

    *route = (AkS3Route){0};
    g_mutex_init(&route->lock);
    if (!ak_s3_location_init(&route->configured, config, error))
        return FALSE;
    if (!config->fallback_to_regional || config->endpoint == NULL)
        return TRUE;
    if (!ak_s3_location_is_aws(&route->configured)) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "'%s' is no endpoint of AWS, so its region's own leads to another bucket; "
                    "hint: fall back from VPC endpoints only",
                    route->configured.origin);
        return FALSE;
    }
    regional.endpoint = NULL;
    return ak_s3_route_add_regional(route, &regional, error);
}

void ak_s3_route_clear(AkS3Route *route)
{
    ak_s3_location_clear(&route->configured);
    ak_s3_location_clear(&route->regional);
    ak_http_free(route->probe_http);
    g_mutex_clear(&route->lock);
}

const AkS3Location *ak_s3_route_location(AkS3Route *route)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&route->lock);

    return route->is_away ? &route->regional : &route->configured;
}

gboolean ak_s3_route_observe(AkS3Route *route, const AkS3Location *used, gboolean is_reached,
                             gint64 now_usec)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&route->lock);

    if (used != &route->configured || !route->has_regional || route->is_away)
        return FALSE;
    route->failures = is_reached ? 0 : route->failures + 1;
    if (route->failures < MAX_FAILURES)
        return FALSE;
    route->is_away = TRUE;
    route->probed_usec = now_usec;
    g_warning("'%s' cannot be reached, going on with '%s'", route->configured.origin,
              route->regional.origin);
    return TRUE;
}

gboolean ak_s3_route_is_probe_due(AkS3Route *route, gint64 now_usec)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&route->lock);

    /* Whichever way the clock moved. */
    if (!route->is_away || ABS(now_usec - route->probed_usec) < PROBE_SECONDS * AK_USEC_PER_SEC)
        return FALSE;
    route->probed_usec = now_usec;
    return TRUE;
}

void ak_s3_route_return(AkS3Route *route)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&route->lock);

    if (route->is_away)
        g_message("'%s' answers again", route->configured.origin);
    route->is_away = FALSE;
    route->failures = 0;
}
