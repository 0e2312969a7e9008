#ifndef AK_STORE_S3_ROUTE_H
#define AK_STORE_S3_ROUTE_H

#include "net/http.h"
#include "store/s3_location.h"

extern const AkHttpHints ak_s3_hints;

/*
 * The way to the bucket: the endpoint that was configured and, when that is wanted, the region's
 * own while the first cannot be reached. Both lead to the same bucket. Shared by all threads.
 */
typedef struct {
    AkS3Location configured;
    AkS3Location regional;
    gboolean has_regional;
    AkHttp *probe_http; /* impatient */
    GMutex lock;
    guint failures; /* of the configured endpoint, in a row */
    gboolean is_away;
    gint64 probed_usec;
} AkS3Route;

/* CONFIG also when the regional endpoint is wanted beside one that is not of AWS: there, the same
 * name is somebody else's bucket. */
gboolean ak_s3_route_init(AkS3Route *route, const AkStoreConfig *config,
                          GError **error) AK_MUST_CHECK;
void ak_s3_route_clear(AkS3Route *route);

/* Adds the region's own endpoint. */
gboolean ak_s3_route_add_regional(AkS3Route *route, const AkStoreConfig *config,
                                  GError **error) AK_MUST_CHECK;

/* Where the next request goes; stays valid. */
const AkS3Location *ak_s3_route_location(AkS3Route *route);

/* Whether @used could be reached, whatever it answered. TRUE when this made us turn elsewhere. */
gboolean ak_s3_route_observe(AkS3Route *route, const AkS3Location *used, gboolean is_reached,
                             gint64 now_usec);

/* Is it time to knock at the configured endpoint? One caller at a time is told so. */
gboolean ak_s3_route_is_probe_due(AkS3Route *route, gint64 now_usec);

/* It answers again. */
void ak_s3_route_return(AkS3Route *route);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkS3Route, ak_s3_route_clear)

#endif
