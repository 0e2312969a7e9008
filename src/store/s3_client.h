#ifndef AK_STORE_S3_CLIENT_H
#define AK_STORE_S3_CLIENT_H

#include "net/http.h"
#include "net/retry.h"
#include "store/aws/credentials.h"
#include "store/aws/rate.h"
#include "store/s3_route.h"

/* Time and chance, passed in so that tests can choose them. */
typedef struct {
    gint64 (*now_usec)(void);
    double (*random)(void); /* from [0, 1) */
} AkS3Env;

/* Does the store honour 'If-None-Match: *'? */
typedef enum {
    AK_S3_CONDITIONAL_UNKNOWN,
    AK_S3_CONDITIONAL_PROVEN,
    AK_S3_CONDITIONAL_IGNORED
} AkS3Conditional;

/* Which digests of the body a PUT carries. Stores that know only one of them refuse the other. */
typedef enum {
    AK_S3_DIGEST_UNKNOWN, /* both, to start with */
    AK_S3_DIGEST_BOTH,
    AK_S3_DIGEST_MD5,   /* Content-MD5 */
    AK_S3_DIGEST_SHA256 /* x-amz-checksum-sha256 */
} AkS3Digest;

/* The handle of the s3 driver. */
typedef struct {
    AkStore base;
    AkS3Route route;
    const AkS3Location *location; /* as configured */
    AkS3Env env;
    AkHttp *http;
    AkCredentials *credentials;
    AkRetryBudget budget;
    AkRate rate;
    gboolean is_adaptive; /* the rate is kept */
    AkSse sse;
    char *sse_kms_key_id;
    gboolean sse_bucket_key;
    const volatile gint *stop;
    gint conditional; /* AkS3Conditional, atomic */
    gint digest;      /* AkS3Digest, atomic */
    GMutex lock;
    gint64 skew_usec; /* the store's clock minus ours */
} AkS3;

/* The store of @config over @credentials (taken) and @env (NULL: the real ones). */
AkStore *ak_s3_open(const AkStoreConfig *config, AkCredentials *credentials, const AkS3Env *env,
                    GError **error) AK_MUST_CHECK;

/* The member close of ak_store_s3, see store.h. */
void ak_s3_close(AkStore *store);

typedef struct {
    const char *verb; /* for messages: "cannot <verb> 's3://…'" */
    const char *method;
    const char *key; /* NULL: the bucket itself */
    AkPairs query;
    AkPairs headers;
    const void *body; /* NULL: none */
    gsize body_len;
    const guint8 *body_sha256; /* of body; may be NULL without one */
    gsize max_bytes;           /* of the answer's body; 0: a megabyte */
    gboolean is_once_only;
    gboolean (*before_attempt)(gpointer data, GError **error); /* may be NULL */
    gpointer before_data;
} AkS3Call;

void ak_s3_call_clear(AkS3Call *call);

typedef struct {
    AkHttpResponse http;
    char *code; /* of an error document, else NULL */
    char *message;
    char *region;     /* the bucket's, when the answer names it */
    gint64 skew_usec; /* the store's clock minus ours, by its Date */
    AkAwsKeys keys;   /* that signed the request */
} AkS3Reply;

void ak_s3_reply_clear(AkS3Reply *reply);

/* One signed exchange over @http (NULL: the handle's) with the bucket at @location. */
gboolean ak_s3_attempt(AkS3 *s3, AkHttp *http, const AkS3Location *location, const AkS3Call *call,
                       AkS3Reply *reply, GError **error) AK_MUST_CHECK;

/*
 * Signs, sends and retries; fetches new keys, corrects the clock and turns to another endpoint
 * once each. TRUE when the store answered, whatever it said; FALSE for an error of
 * transport, CANCELLED, or what before_attempt() said.
 */
gboolean ak_s3_send(AkS3 *s3, const AkS3Call *call, AkS3Reply *reply, GError **error) AK_MUST_CHECK;

/* The same; an answer that is no 2xx is an error too. */
gboolean ak_s3_send_ok(AkS3 *s3, const AkS3Call *call, AkS3Reply *reply,
                       GError **error) AK_MUST_CHECK;

/* Sets the error that a refusing @reply means: class, what was tried, status, code, hint. */
void ak_s3_set_error(const AkS3 *s3, const AkS3Call *call, const AkS3Reply *reply, GError **error);

/* Value of a header of the answer or NULL. */
const char *ak_s3_reply_header(const AkS3Reply *reply, const char *name);

/* An HTTP date of the years 1970 to 9999. */
gboolean ak_s3_http_date(const char *text, gint64 *out_usec) AK_MUST_CHECK;

static inline gboolean ak_s3_reply_is_ok(const AkS3Reply *reply)
{
    return reply->http.status >= 200 && reply->http.status < 300;
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkS3Call, ak_s3_call_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkS3Reply, ak_s3_reply_clear)

#endif
