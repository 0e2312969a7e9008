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

/* What the headers of an answer to HEAD say of its object (all but its key); FALSE when they lack a
 * size or hold a bad date. */
gboolean ak_s3_read_object(const AkS3Reply *reply, AkObject *out) AK_MUST_CHECK;

/* The bytes of @reply that were asked for (@len 0: to the end); FALSE when the store sent others.
 */
gboolean ak_s3_pick_range(const AkS3Reply *reply, guint64 offset, guint64 len,
                          AkView *out) AK_MUST_CHECK;

#endif
