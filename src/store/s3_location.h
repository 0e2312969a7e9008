#ifndef AK_STORE_S3_LOCATION_H
#define AK_STORE_S3_LOCATION_H

#include "store/store.h"

/* Where an s3:// URL and its settings lead. All members are owned. */
typedef struct {
    char *bucket;
    char *prefix; /* "" or "a/b/" */
    char *region;
    char *host;   /* as in the Host header: bucket in front unless path style, port if unusual */
    char *origin; /* scheme://host */
    gboolean is_path_style;
} AkS3Location;

gboolean ak_s3_location_init(AkS3Location *location, const AkStoreConfig *config,
                             GError **error) AK_MUST_CHECK;
void ak_s3_location_clear(AkS3Location *location);

/* Is it at AWS, where all endpoints lead to the same buckets? */
gboolean ak_s3_location_is_aws(const AkS3Location *location);

/* Encoded path of the request for @key, or for the bucket when it is NULL. */
char *ak_s3_location_path(const AkS3Location *location, const char *key);

/* "s3://bucket/prefix/key" for messages. */
char *ak_s3_location_name(const AkS3Location *location, const char *key);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkS3Location, ak_s3_location_clear)

#endif
