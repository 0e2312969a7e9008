#ifndef AK_STORE_S3_DRIVER_H
#define AK_STORE_S3_DRIVER_H

#include "store/s3_client.h"

/* The members of ak_store_s3, see store.h. */
gboolean ak_s3_check(AkStore *store, GError **error) AK_MUST_CHECK;
gboolean ak_s3_put(AkStore *store, const AkPut *put, AkObject *out, GError **error) AK_MUST_CHECK;
gboolean ak_s3_head(AkStore *store, const char *key, const char *version, AkObject *out,
                    GError **error) AK_MUST_CHECK;
gboolean ak_s3_get(AkStore *store, const char *key, const char *version, guint64 offset,
                   guint64 len, gsize max_bytes, AkBuf *out, GError **error) AK_MUST_CHECK;
gboolean ak_s3_list(AkStore *store, const char *prefix, AkObjectFunc func, gpointer data,
                    GError **error) AK_MUST_CHECK;
gboolean ak_s3_remove(AkStore *store, const char *key, const char *version,
                      GError **error) AK_MUST_CHECK;

#endif
