#include "store/s3_client.h"

#include "store/aws/retry_kind.h"

typedef struct {
    const char *code;
    AkErrorCode class;
    const char *hint;
} CodeClass;

static const char clock_hint[] = "set this machine's clock (NTP)";
static const char policy_hint[] =
    "check the keys' policy and the bucket policy for this action (runbook 3, AccessDenied)";

static const CodeClass codes[] = {
    {"NoSuchBucket", AK_ERROR_MISSING, "create the bucket with Object Lock, or correct its name"},
    {"NoSuchKey", AK_ERROR_MISSING, NULL},
    {"NoSuchVersion", AK_ERROR_MISSING, NULL},
    {"AccessDenied", AK_ERROR_DENIED, policy_hint},
    {"AllAccessDisabled", AK_ERROR_DENIED, policy_hint},
    {"SignatureDoesNotMatch", AK_ERROR_DENIED,
     "the secret does not belong to the access key: check AWS_SECRET_ACCESS_KEY"},
    {"InvalidAccessKeyId", AK_ERROR_DENIED,
     "the store does not know the access key: check AWS_ACCESS_KEY_ID, was it rotated?"},
    {"ExpiredToken", AK_ERROR_DENIED, "the session has expired: fetch new temporary keys"},
    {"InvalidToken", AK_ERROR_DENIED, "check AWS_SESSION_TOKEN: it must come with its keys"},
    {"RequestTimeTooSkewed", AK_ERROR_CONFIG, clock_hint},
    {"AuthorizationHeaderMalformed", AK_ERROR_CONFIG, "check AWS_REGION"},
    {"IllegalLocationConstraintException", AK_ERROR_CONFIG, "check AWS_REGION"},
    {"PermanentRedirect", AK_ERROR_CONFIG, "check AWS_REGION and AWS_ENDPOINT_URL_S3"},
    {"TemporaryRedirect", AK_ERROR_CONFIG, "use the bucket's regional endpoint"},
    {"PreconditionFailed", AK_ERROR_CONFLICT, NULL},
    {"ConditionalRequestConflict", AK_ERROR_CONFLICT, NULL},
    {"ObjectLockConfigurationNotFoundError", AK_ERROR_LOCK_OFF,
     "create a bucket with Object Lock: 'aws s3api create-bucket "
     "--object-lock-enabled-for-bucket'"},
    {"RequestTimeout", AK_ERROR_TIMEOUT, "check the network to the endpoint"},
    {"BadDigest", AK_ERROR_NETWORK, "the bytes changed on their way: check proxies"},
    {"XAmzContentSHA256Mismatch", AK_ERROR_NETWORK,
     "the bytes changed on their way: check proxies"},
    {"QuotaExceeded", AK_ERROR_FULL, "raise the quota"},
    {"NotImplemented", AK_ERROR_CONFIG, "this store lacks a function that the archive needs"},
};

/* Where there is no code, as in the answer to HEAD, or an unknown one. */
typedef struct {
    long status;
    AkErrorCode class;
    const char *hint;
} StatusClass;

static const StatusClass statuses[] = {
    {301, AK_ERROR_CONFIG, "check AWS_REGION and AWS_ENDPOINT_URL_S3"},
    {307, AK_ERROR_CONFIG, "use the bucket's regional endpoint"},
    {400, AK_ERROR_CONFIG, "check AWS_REGION and AWS_ENDPOINT_URL_S3"},
    {401, AK_ERROR_DENIED, policy_hint},
    {403, AK_ERROR_DENIED, policy_hint},
    {404, AK_ERROR_MISSING, NULL},
    {405, AK_ERROR_MISSING, NULL}, /* a delete marker's own version */
    {409, AK_ERROR_CONFLICT, NULL},
    {412, AK_ERROR_CONFLICT, NULL},
    {501, AK_ERROR_CONFIG, "this store lacks a function that the archive needs"},
    {504, AK_ERROR_TIMEOUT, NULL},
    {507, AK_ERROR_FULL, "free some space at the store"},
};

static AkErrorCode classify(const AkS3Reply *reply, const char **out_hint)
{
    for (gsize i = 0; reply->code != NULL && i < G_N_ELEMENTS(codes); i++) {
        if (g_str_equal(codes[i].code, reply->code)) {
            *out_hint = codes[i].hint;
            return codes[i].class;
        }
    }
    if (ak_retry_kind(reply->http.status, reply->code) == AK_RETRY_THROTTLED) {
        *out_hint = "lower the rate or raise AWS_MAX_ATTEMPTS";
        return AK_ERROR_THROTTLED;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(statuses); i++) {
        if (statuses[i].status == reply->http.status) {
            *out_hint = reply->code == NULL ? statuses[i].hint : NULL;
            return statuses[i].class;
        }
    }
    *out_hint = NULL;
    return reply->http.status >= 500 ? AK_ERROR_NETWORK : AK_ERROR_INTERNAL;
}

static void append_text(GString *out, const char *format, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return;
    g_autofree char *safe = ak_http_printable(text);
    g_auto(GStrv) halves = g_strsplit(format, "*", 2);
    g_string_append_printf(out, "%s%s%s", halves[0], safe, halves[1]);
}

/* The region the bucket is in: better than any general hint. */
static void append_hint(GString *out, const AkS3 *s3, const AkS3Reply *reply, const char *hint)
{
    if (reply->region != NULL && g_strcmp0(reply->region, s3->location->region) != 0)
        append_text(out, "; hint: the bucket is in region '*', set AWS_REGION to it",
                    reply->region);
    else if (hint == clock_hint)
        g_string_append_printf(out, "; hint: the store's clock is %+.0f s from ours, %s",
                               (double)reply->skew_usec / G_USEC_PER_SEC, hint);
    else
        append_text(out, "; hint: *", hint);
}

void ak_s3_set_error(const AkS3 *s3, const AkS3Call *call, const AkS3Reply *reply, GError **error)
{
    g_autofree char *name = ak_s3_location_name(s3->location, call->key);
    g_autoptr(GString) text = g_string_new(NULL);
    const char *hint = NULL;
    AkErrorCode class = classify(reply, &hint);

    g_string_append_printf(text, "cannot %s '%s': HTTP %ld", call->verb, name, reply->http.status);
    append_text(text, " *", reply->code);
    append_text(text, ", *", reply->message);
    append_text(text, " (request id *)", ak_s3_reply_header(reply, "x-amz-request-id"));
    if (class == AK_ERROR_DENIED)
        append_text(text, ", with the keys from *", reply->keys.source);
    append_hint(text, s3, reply, hint);
    g_set_error_literal(error, AK_ERROR, (int)class, text->str);
}
