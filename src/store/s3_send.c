#include "store/s3_client.h"

#include "store/aws/retry_kind.h"

/* What a request may be sent again for without counting as an attempt, once each. */
typedef struct {
    gboolean has_new_clock;
    gboolean has_new_keys;
    gboolean has_new_route;
} Afresh;

static AkRetryKind kind_of(const AkS3Reply *reply, const GError *failure)
{
    if (failure == NULL)
        return ak_retry_kind(reply->http.status, reply->code);
    if (g_error_matches(failure, AK_ERROR, AK_ERROR_NETWORK))
        return AK_RETRY_TRANSIENT;
    if (g_error_matches(failure, AK_ERROR, AK_ERROR_TIMEOUT))
        return AK_RETRY_TIMEOUT;
    if (g_error_matches(failure, AK_ERROR, AK_ERROR_THROTTLED)) /* by who gives the keys */
        return AK_RETRY_THROTTLED;
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
    g_autofree char *name = ak_s3_location_name(s3->location, call->key);

    g_set_error(error, AK_ERROR, AK_ERROR_CANCELLED,
                "cannot %s '%s': asked to stop while waiting to try again%s%s", call->verb, name,
                cause != NULL ? " after: " : "", cause != NULL ? cause->message : "");
    return FALSE;
}

/* The answer to HEAD has no code: there, any refusal may mean the keys. */
static gboolean are_keys_refused(const AkS3Reply *reply)
{
    static const char *const codes[] = {
        "ExpiredToken",          "ExpiredTokenException", "InvalidAccessKeyId",
        "InvalidClientTokenId",  "InvalidToken",          "TokenRefreshRequired",
        "SignatureDoesNotMatch", "RequestExpired",        NULL};

    if (reply->code != NULL)
        return g_strv_contains(codes, reply->code);
    return reply->http.status == 403 || reply->http.status == 400;
}

/* Is there a reason to sign and send the same again at once? */
static gboolean is_answer_mended(AkS3 *s3, const AkS3Reply *reply, Afresh *afresh)
{
    if (ak_s3_reply_is_ok(reply))
        return FALSE;
    if (!afresh->has_new_clock && learn_skew(s3, reply))
        return afresh->has_new_clock = TRUE;
    if (!afresh->has_new_keys && are_keys_refused(reply) &&
        ak_credentials_refresh(s3->credentials, &reply->keys))
        return afresh->has_new_keys = TRUE;
    return FALSE;
}

/* The request itself decides which way to go; before that, is the configured endpoint back? */
static void probe_configured(AkS3 *s3)
{
    AkS3Call call = {.verb = "probe", .method = "HEAD"};
    g_auto(AkS3Reply) reply = {0};
    g_autoptr(GError) ignored = NULL;

    if (ak_s3_route_is_probe_due(&s3->route, s3->env.now_usec()) &&
        ak_s3_attempt(s3, s3->route.probe_http, &s3->route.configured, &call, &reply, &ignored) &&
        reply.http.status < 500)
        ak_s3_route_return(&s3->route);
}

static gboolean is_unreachable(const GError *failure)
{
    return g_error_matches(failure, AK_ERROR, AK_ERROR_NETWORK) ||
           g_error_matches(failure, AK_ERROR, AK_ERROR_TIMEOUT);
}

/* One attempt where the route leads; keeps the route's and the rate's books. */
static gboolean attempt(AkS3 *s3, const AkS3Call *call, AkS3Reply *reply, gboolean *out_has_turned,
                        GError **error)
{
    g_autoptr(GError) failure = NULL;

    probe_configured(s3);
    const AkS3Location *location = ak_s3_route_location(&s3->route);
    gboolean is_answered = ak_s3_attempt(s3, NULL, location, call, reply, &failure);
    AkRetryKind kind = kind_of(reply, failure);
    if (s3->is_adaptive)
        ak_rate_observe(&s3->rate, kind == AK_RETRY_THROTTLED, g_get_monotonic_time());
    *out_has_turned =
        ak_s3_route_observe(&s3->route, location, !is_unreachable(failure), s3->env.now_usec());
    if (failure != NULL)
        g_propagate_error(error, g_steal_pointer(&failure));
    return is_answered;
}

/* The caller's say and the rate limit. */
static gboolean may_start(AkS3 *s3, const AkS3Call *call, GError **error)
{
    if (call->before_attempt != NULL && !call->before_attempt(call->before_data, error))
        return FALSE;
    return !s3->is_adaptive ||
           ak_retry_wait(ak_rate_take(&s3->rate, g_get_monotonic_time()), s3->stop) ||
           set_cancelled(s3, call, NULL, error);
}

gboolean ak_s3_send(AkS3 *s3, const AkS3Call *call, AkS3Reply *reply, GError **error)
{
    AkRetry retry = {0};
    Afresh afresh = {0};

    for (;;) {
        g_autoptr(GError) failure = NULL;
        gboolean has_turned = FALSE;
        guint ms = 0;

        if (!may_start(s3, call, error))
            return FALSE;
        gboolean is_answered = attempt(s3, call, reply, &has_turned, &failure);

        if ((is_answered && is_answer_mended(s3, reply, &afresh)) ||
            (has_turned && !afresh.has_new_route)) {
            afresh.has_new_route = afresh.has_new_route || has_turned;
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
        if (!ak_retry_wait(ms, s3->stop))
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
