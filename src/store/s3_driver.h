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

/* s3_put_call.c: the headers and the body of a PUT. */
void ak_s3_put_fill(const AkS3 *s3, AkS3Call *call, const AkPut *put, AkS3Digest digest);

/* A digest of the kind that the store is known to take, which fits no body. */
void ak_s3_add_wrong_digest(AkS3Call *call, AkS3Digest digest);

/* May the digests be what the store did not like? */
gboolean ak_s3_is_digest_refused(const AkS3Reply *reply);

/* By the header's value; NONE for an unknown one. */
AkSse ak_s3_sse(const char *name);

/* Looks again at the object's legal hold, which HEAD shows only with s3:GetObjectLegalHold. */
gboolean ak_s3_ask_legal_hold(AkS3 *s3, AkObject *object, GError **error) AK_MUST_CHECK;

/* What the headers of an answer to HEAD say of its object (all but its key); FALSE when they lack a
 * size or hold a bad date. */
gboolean ak_s3_read_object(const AkS3Reply *reply, AkObject *out) AK_MUST_CHECK;

/* The bytes of @reply that were asked for (@len 0: to the end); FALSE when the store sent others.
 */
gboolean ak_s3_pick_range(const AkS3Reply *reply, guint64 offset, guint64 len,
                          AkView *out) AK_MUST_CHECK;

#endif
