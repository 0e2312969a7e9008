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
    DEFAULT_ANSWER_BYTES = 1024 * 1024,
    MIN_ANSWER_BYTES = 64 * 1024, /* an error document must fit whatever was asked for */
    STOP_POLL_USEC = 20 * 1000,
};

/* S3 refuses a request whose time is further away than this. */
static const gint64 max_skew_usec = 15 * 60 * AK_USEC_PER_SEC;

static double real_random(void)
{
    return g_random_double();
}

AkStore *ak_s3_open(const AkStoreConfig *config, AkCredentials *credentials, const AkS3Env *env,
                    GError **error)
{
    g_autoptr(AkCredentials) keys = credentials;
    g_auto(AkS3Location) location = {0};

    if (!ak_s3_location_init(&location, config, error))
        return NULL;

    AkS3 *s3 = g_new0(AkS3, 1);
    AkHttpConfig http = {
        .ca_bundle = config->ca_bundle,
        .connect_timeout_ms =
            config->connect_timeout_ms != 0 ? config->connect_timeout_ms : DEFAULT_CONNECT_MS,
        .stall_timeout_ms =
            config->stall_timeout_ms != 0 ? config->stall_timeout_ms : DEFAULT_STALL_MS,
        .request_timeout_ms =
            config->request_timeout_ms != 0 ? config->request_timeout_ms : DEFAULT_REQUEST_MS,
        .stop = config->stop,
    };
    s3->base.driver = &ak_store_s3;
    s3->location = location;
    location = (AkS3Location){0};
    s3->env = env != NULL ? *env : (AkS3Env){g_get_real_time, real_random};
    s3->http = ak_http_new(&http);
    s3->credentials = g_steal_pointer(&keys);
    s3->stop = config->stop;
    ak_retry_budget_init(&s3->budget, config->max_attempts);
    g_mutex_init(&s3->lock);
    return &s3->base;
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
static gboolean sign_headers(AkS3 *s3, const AkS3Call *call, const char *path, const char *query,
                             AkPairs *out, GError **error)
{
    g_auto(AkAwsKeys) keys = {0};
    char time[AK_SIGV4_TIME_LEN + 1];
    g_autofree char *hash = payload_hash(call);
    AkSigv4Request request = {call->method, path, query, out, hash};
    AkSigv4Scope scope = {s3->location.region, "s3", store_time(s3), FALSE, FALSE};

    if (!ak_credentials_fetch(s3->credentials, &keys, error))
        return FALSE;
    ak_sigv4_time(scope.time_usec, time);
    ak_pairs_add(out, "host", s3->location.host);
    ak_pairs_add(out, "x-amz-date", time);
    ak_pairs_add(out, "x-amz-content-sha256", hash);
    if (keys.session_token != NULL)
        ak_pairs_add(out, "x-amz-security-token", keys.session_token);
    ak_pairs_add_all(out, &call->headers);
    g_autofree char *authorization = ak_sigv4_authorization(&request, &scope, &keys);
    ak_pairs_add(out, "authorization", authorization);
    return TRUE;
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

/* One signed exchange. */
static gboolean attempt(AkS3 *s3, const AkS3Call *call, AkS3Reply *reply, GError **error)
{
    g_auto(AkPairs) headers = {0};
    g_autofree char *path = ak_s3_location_path(&s3->location, call->key);
    g_autofree char *query = ak_sigv4_query(&call->query);
    g_autofree char *url =
        g_strconcat(s3->location.origin, path, query[0] != '\0' ? "?" : "", query, NULL);
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

    if (!sign_headers(s3, call, path, query, &headers, error))
        return FALSE;
    if (!ak_http_send(s3->http, &request, &reply->http, error)) {
        g_autofree char *name = ak_s3_location_name(&s3->location, call->key);

        g_prefix_error(error, "cannot %s '%s': ", call->verb, name);
        return FALSE;
    }
    if (!ak_s3_reply_is_ok(reply))
        read_error_document(s3, reply);
    return TRUE;
}

static gboolean is_stopped(const AkS3 *s3)
{
    return s3->stop != NULL && *s3->stop != 0;
}

/* Back-off; FALSE when we are asked to stop meanwhile. */
static gboolean wait_ms(const AkS3 *s3, guint ms)
{
    gint64 end = g_get_monotonic_time() + (gint64)ms * 1000;

    for (gint64 left = (gint64)ms * 1000; left > 0; left = end - g_get_monotonic_time()) {
        if (is_stopped(s3))
            return FALSE;
        g_usleep((gulong)MIN(left, STOP_POLL_USEC));
    }
    return !is_stopped(s3);
}

static AkRetryKind kind_of(const AkS3Reply *reply, const GError *failure)
{
    if (failure == NULL)
        return ak_retry_kind(reply->http.status, reply->code);
    if (g_error_matches(failure, AK_ERROR, AK_ERROR_NETWORK))
        return AK_RETRY_TRANSIENT;
    if (g_error_matches(failure, AK_ERROR, AK_ERROR_TIMEOUT))
        return AK_RETRY_TIMEOUT;
    return AK_RETRY_NEVER;
}

/* TRUE when the store's clock told us a new offset to sign with. */
static gboolean learn_skew(AkS3 *s3, const AkS3Reply *reply)
{
    if (g_strcmp0(reply->code, "RequestTimeTooSkewed") != 0 || reply->skew_usec == 0)
        return FALSE;
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&s3->lock);
    s3->skew_usec = reply->skew_usec;
    return TRUE;
}

static gboolean set_cancelled(const AkS3 *s3, const AkS3Call *call, const GError *cause,
                              GError **error)
{
    g_autofree char *name = ak_s3_location_name(&s3->location, call->key);

    g_set_error(error, AK_ERROR, AK_ERROR_CANCELLED,
                "cannot %s '%s': asked to stop while waiting to try again%s%s", call->verb, name,
                cause != NULL ? " after: " : "", cause != NULL ? cause->message : "");
    return FALSE;
}

gboolean ak_s3_send(AkS3 *s3, const AkS3Call *call, AkS3Reply *reply, GError **error)
{
    AkRetry retry = {0};
    gboolean has_new_clock = FALSE;

    for (;;) {
        g_autoptr(GError) failure = NULL;
        guint ms = 0;

        if (call->before_attempt != NULL && !call->before_attempt(call->before_data, error))
            return FALSE;
        gboolean is_answered = attempt(s3, call, reply, &failure);

        if (is_answered && !has_new_clock && learn_skew(s3, reply)) {
            has_new_clock = TRUE;
            ak_s3_reply_clear(reply);
            continue;
        }
        if (!ak_retry_again(&s3->budget, &retry, kind_of(reply, failure), s3->env.random(), &ms)) {
            if (is_answered && ak_s3_reply_is_ok(reply))
                ak_retry_succeeded(&s3->budget, &retry);
            if (!is_answered)
                g_propagate_error(error, g_steal_pointer(&failure));
            return is_answered;
        }
        if (!wait_ms(s3, ms))
            return set_cancelled(s3, call, failure, error);
        ak_s3_reply_clear(reply);
    }
}

gboolean ak_s3_send_ok(AkS3 *s3, const AkS3Call *call, AkS3Reply *reply, GError **error)
{
    if (!ak_s3_send(s3, call, reply, error))
        return FALSE;
    if (ak_s3_reply_is_ok(reply))
        return TRUE;
    ak_s3_set_error(s3, call, reply, error);
    return FALSE;
}
