#include "store/s3_route.h"

#include "util/time.h"

enum { MAX_FAILURES = 3, PROBE_SECONDS = 30, PROBE_MS = 2000 };

gboolean ak_s3_route_add_regional(AkS3Route *route, const AkStoreConfig *config, GError **error)
{
    AkHttpConfig http = {.ca_bundle = config->ca_bundle,
                         .is_s3 = TRUE,
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
