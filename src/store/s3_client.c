#include "store/s3_client.h"

#include "store/aws/sigv4.h"
#include "store/s3_xml.h"
#include "util/hex.h"
#include "util/sha256.h"
#include "util/time.h"

#include <curl/curl.h>
#include <openssl/evp.h>

enum {
    DEFAULT_CONNECT_MS = 5000,
    DEFAULT_STALL_MS = 15000,
    DEFAULT_REQUEST_MS = 300000,
    MAX_KMS_KEY_ID = 2048,
    DEFAULT_ANSWER_BYTES = 1024 * 1024,
    MIN_ANSWER_BYTES = 64 * 1024, /* an error document must fit whatever was asked for */
};

/* S3 refuses a request whose time is further away than this. */
static const gint64 max_skew_usec = 15 * 60 * AK_USEC_PER_SEC;

static double real_random(void)
{
    return g_random_double();
}

static void init_http(AkS3 *s3, const AkStoreConfig *config)
{
    AkHttpConfig http = {
        .ca_bundle = config->ca_bundle,
        .hints = ak_s3_hints,
        .connect_timeout_ms =
            config->connect_timeout_ms != 0 ? config->connect_timeout_ms : DEFAULT_CONNECT_MS,
        .stall_timeout_ms =
            config->stall_timeout_ms != 0 ? config->stall_timeout_ms : DEFAULT_STALL_MS,
        .request_timeout_ms =
            config->request_timeout_ms != 0 ? config->request_timeout_ms : DEFAULT_REQUEST_MS,
        .stop = config->stop,
    };

    s3->http = ak_http_new(&http);
}

/* A key's id goes into a header. */
static gboolean init_encryption(AkS3 *s3, const AkStoreConfig *config, GError **error)
{
    const char *key = config->sse_kms_key_id;
    gboolean is_kms = config->sse == AK_SSE_KMS || config->sse == AK_SSE_KMS_DSSE;

    if ((key != NULL || config->sse_bucket_key) && !is_kms) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "a KMS key or bucket key without encryption by KMS");
        return FALSE;
    }
    for (gsize i = 0; key != NULL && (key[i] != '\0' || i == 0); i++) {
        if (!g_ascii_isgraph(key[i]) || i >= MAX_KMS_KEY_ID) {
            g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                        "the KMS key's id is empty, too long or holds blanks; hint: an id, an ARN "
                        "or 'alias/NAME'");
            return FALSE;
        }
    }
    s3->sse = config->sse;
    s3->sse_kms_key_id = g_strdup(key);
    s3->sse_bucket_key = config->sse_bucket_key;
    return TRUE;
}

AkStore *ak_s3_open(const AkStoreConfig *config, AkCredentials *credentials, const AkS3Env *env,
                    GError **error)
{
    AkS3 *s3 = g_new0(AkS3, 1);
    g_autoptr(AkStore) store = &s3->base;

    s3->base.driver = &ak_store_s3;
    s3->location = &s3->route.configured;
    s3->env = env != NULL ? *env : (AkS3Env){g_get_real_time, real_random};
    s3->credentials = credentials;
    s3->is_adaptive = g_strcmp0(config->retry_mode, "adaptive") == 0;
    s3->stop = config->stop;
    init_http(s3, config);
    ak_retry_budget_init(&s3->budget, config->max_attempts);
    ak_rate_init(&s3->rate);
    g_mutex_init(&s3->lock);
    return ak_s3_route_init(&s3->route, config, error) && init_encryption(s3, config, error)
               ? g_steal_pointer(&store)
               : NULL;
}

void ak_s3_close(AkStore *store)
{
    AkS3 *s3 = (AkS3 *)store;

    ak_s3_route_clear(&s3->route);
    ak_http_free(s3->http);
    ak_credentials_free(s3->credentials);
    ak_retry_budget_clear(&s3->budget);
    ak_rate_clear(&s3->rate);
    g_mutex_clear(&s3->lock);
    g_free(s3->sse_kms_key_id);
    g_free(s3);
}

void ak_s3_call_clear(AkS3Call *call)
{
    ak_pairs_clear(&call->query);
    ak_pairs_clear(&call->headers);
}

void ak_s3_reply_clear(AkS3Reply *reply)
{
    ak_http_response_clear(&reply->http);
    g_free(reply->code);
    g_free(reply->message);
    g_free(reply->region);
    ak_aws_keys_clear(&reply->keys);
    *reply = (AkS3Reply){0};
}

const char *ak_s3_reply_header(const AkS3Reply *reply, const char *name)
{
    return ak_pairs_get(&reply->http.headers, name);
}

static gint64 store_time(AkS3 *s3)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&s3->lock);

    return s3->env.now_usec() + s3->skew_usec;
}

/* Hex SHA-256 of the body that is sent. */
static char *payload_hash(const AkS3Call *call)
{
    guint8 digest[AK_SHA256_LEN];

    if (call->body_sha256 != NULL)
        return ak_hex_string(call->body_sha256, AK_SHA256_LEN);
    if (EVP_Digest(call->body != NULL ? call->body : "", call->body_len, digest, NULL, EVP_sha256(),
                   NULL) != 1)
        g_error("SHA-256 is not available");
    return ak_hex_string(digest, sizeof digest);
}

/* All headers of the request, the signature last. */
static void sign_headers(AkS3 *s3, const AkS3Location *location, const AkS3Call *call,
                         const char *path, const char *query, const AkAwsKeys *keys, AkPairs *out)
{
    char time[AK_SIGV4_TIME_LEN + 1];
    g_autofree char *hash = payload_hash(call);
    AkSigv4Request request = {call->method, path, query, out, hash};
    AkSigv4Scope scope = {location->region, "s3", store_time(s3), FALSE, FALSE};

    ak_sigv4_time(scope.time_usec, time);
    ak_pairs_add(out, "host", location->host);
    ak_pairs_add(out, "x-amz-date", time);
    ak_pairs_add(out, "x-amz-content-sha256", hash);
    if (keys->session_token != NULL)
        ak_pairs_add(out, "x-amz-security-token", keys->session_token);
    ak_pairs_add_all(out, &call->headers);
    g_autofree char *authorization = ak_sigv4_authorization(&request, &scope, keys);
    ak_pairs_add(out, "authorization", authorization);
}

gboolean ak_s3_http_date(const char *text, gint64 *out_usec)
{
    static const gint64 end_of_9999 = G_GINT64_CONSTANT(253402300800);
    gint64 seconds = curl_getdate(text, NULL);

    if (seconds < 0 || seconds >= end_of_9999)
        return FALSE;
    *out_usec = seconds * AK_USEC_PER_SEC;
    return TRUE;
}

static void read_error_document(AkS3 *s3, AkS3Reply *reply)
{
    AkView body = ak_buf_view(&reply->http.body);
    const char *region = ak_s3_reply_header(reply, "x-amz-bucket-region");
    const char *date = ak_s3_reply_header(reply, "date");
    gint64 theirs = 0;

    if (date != NULL && ak_s3_http_date(date, &theirs))
        reply->skew_usec = theirs - s3->env.now_usec();
    reply->code = ak_xml_text(body, "Error/Code");
    reply->message = ak_xml_text(body, "Error/Message");
    reply->region = region != NULL ? g_strdup(region) : ak_xml_text(body, "Error/Region");
    /* HEAD has no document to say so. */
    if (reply->code == NULL && reply->http.status == 403 && ABS(reply->skew_usec) > max_skew_usec)
        reply->code = g_strdup("RequestTimeTooSkewed");
}

gboolean ak_s3_attempt(AkS3 *s3, AkHttp *http, const AkS3Location *location, const AkS3Call *call,
                       AkS3Reply *reply, GError **error)
{
    g_auto(AkPairs) headers = {0};
    g_autofree char *path = ak_s3_location_path(location, call->key);
    g_autofree char *query = ak_sigv4_query(&call->query);
    g_autofree char *url =
        g_strconcat(location->origin, path, query[0] != '\0' ? "?" : "", query, NULL);
    gsize max_bytes = call->max_bytes != 0 ? call->max_bytes : DEFAULT_ANSWER_BYTES;
    AkHttpRequest request = {
        .method = call->method,
        .url = url,
        .headers = &headers,
        .body = call->body,
        .body_len = call->body_len,
        .max_response_bytes = MAX(max_bytes, MIN_ANSWER_BYTES),
        .is_once_only = call->is_once_only,
    };

    if (!ak_credentials_fetch(s3->credentials, &reply->keys, error))
        return FALSE;
    sign_headers(s3, location, call, path, query, &reply->keys, &headers);
    if (!ak_http_send(http != NULL ? http : s3->http, &request, &reply->http, error)) {
        g_autofree char *name = ak_s3_location_name(location, call->key);

        g_prefix_error(error, "cannot %s '%s': ", call->verb, name);
        return FALSE;
    }
    if (!ak_s3_reply_is_ok(reply))
        read_error_document(s3, reply);
    return TRUE;
}
