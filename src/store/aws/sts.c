#include "store/aws/sts.h"

#include "store/aws/retry_kind.h"
#include "store/aws/sigv4.h"
#include "store/aws/xml.h"
#include "util/hex.h"
#include "util/sha256.h"
#include "util/time.h"

#include <curl/curl.h>
#include <openssl/evp.h>
#include <sys/stat.h>

enum { MAX_TOKEN_FILE = 64 * 1024, MAX_ANSWER = 256 * 1024 };

/* STS signs within five minutes. */
static const gint64 max_skew_usec = 4 * 60 * AK_USEC_PER_SEC;

typedef struct {
    const char *code;
    AkErrorCode class;
    const char *hint;
} CodeClass;

static const CodeClass codes[] = {
    {"AccessDenied", AK_ERROR_DENIED, "check the role's trust policy"},
    {"ExpiredTokenException", AK_ERROR_DENIED, "the token file is out of date"},
    {"ExpiredToken", AK_ERROR_DENIED, "the keys that ask for the role have expired"},
    {"InvalidIdentityToken", AK_ERROR_DENIED, "check the account's identity provider"},
    {"IDPRejectedClaim", AK_ERROR_DENIED, "check the account's identity provider"},
    {"IDPCommunicationError", AK_ERROR_NETWORK, NULL},
    {"InvalidClientTokenId", AK_ERROR_DENIED, "STS does not know the keys that ask for the role"},
    {"SignatureDoesNotMatch", AK_ERROR_DENIED, "check the secret key and this machine's clock"},
    {"RegionDisabledException", AK_ERROR_CONFIG, "activate STS in this region"},
};

static AkErrorCode classify(long status, const char *code, const char **out_hint)
{
    for (gsize i = 0; code != NULL && i < G_N_ELEMENTS(codes); i++) {
        if (g_str_equal(codes[i].code, code)) {
            *out_hint = codes[i].hint;
            return codes[i].class;
        }
    }
    if (ak_retry_kind(status, code) == AK_RETRY_THROTTLED)
        return AK_ERROR_THROTTLED;
    if (status >= 500)
        return AK_ERROR_NETWORK;
    return status == 401 || status == 403 ? AK_ERROR_DENIED : AK_ERROR_CONFIG;
}

static const char *action_of(const AkAwsRole *role)
{
    return role->web_identity_token != NULL ? "AssumeRoleWithWebIdentity" : "AssumeRole";
}

static char *form_body(const AkAwsRole *role)
{
    const struct {
        const char *name;
        const char *value;
    } fields[] = {
        {"Action", action_of(role)},
        {"Version", "2011-06-15"},
        {"RoleArn", role->role_arn},
        {"RoleSessionName", role->session_name != NULL ? role->session_name : "auditkeep"},
        {"ExternalId", role->external_id},
        {"DurationSeconds", role->duration_seconds},
        {"WebIdentityToken", role->web_identity_token},
    };
    g_auto(AkPairs) params = {0};

    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
        if (fields[i].value != NULL)
            ak_pairs_add(&params, fields[i].name, fields[i].value);
    }
    return ak_sigv4_query(&params);
}

static void sign(const AkAwsContext *context, const AkAwsKeys *keys, gint64 skew_usec,
                 const char *path, const char *body, AkPairs *headers)
{
    AkSigv4Scope scope = {context->settings->region, "sts", context->now_usec() + skew_usec, TRUE,
                          TRUE};
    char time[AK_SIGV4_TIME_LEN + 1];
    guint8 digest[AK_SHA256_LEN];

    if (EVP_Digest(body, strlen(body), digest, NULL, EVP_sha256(), NULL) != 1)
        g_error("SHA-256 is not available");
    g_autofree char *hash = ak_hex_string(digest, sizeof digest);
    AkSigv4Request request = {"POST", path, "", headers, hash};

    ak_sigv4_time(scope.time_usec, time);
    ak_pairs_add(headers, "x-amz-date", time);
    if (keys->session_token != NULL)
        ak_pairs_add(headers, "x-amz-security-token", keys->session_token);
    g_autofree char *authorization = ak_sigv4_authorization(&request, &scope, keys);
    ak_pairs_add(headers, "authorization", authorization);
}

static gboolean exchange(const AkAwsContext *context, const AkAwsRole *role, gint64 skew_usec,
                         AkHttpResponse *out, GError **error)
{
    const char *endpoint = context->settings->sts_endpoint;
    const char *slash = strchr(strstr(endpoint, "://") + strlen("://"), '/');
    g_autofree char *host = ak_http_host(endpoint);
    g_autofree char *url = g_strconcat(endpoint, slash == NULL ? "/" : "", NULL);
    g_autoptr(AkSecret) body = form_body(role);
    g_auto(AkPairs) headers = {0};
    AkHttpRequest request = {
        .method = "POST",
        .url = url,
        .headers = &headers,
        .body = body,
        .body_len = strlen(body),
        .max_response_bytes = MAX_ANSWER,
    };

    ak_pairs_add(&headers, "host", host);
    ak_pairs_add(&headers, "content-type", "application/x-www-form-urlencoded; charset=utf-8");
    if (role->keys != NULL)
        sign(context, role->keys, skew_usec, slash != NULL ? slash : "/", body, &headers);
    return ak_http_send(context->http, &request, out, error);
}

gboolean ak_sts_read_keys(AkView xml, const char *action, AkAwsKeys *out)
{
    g_autofree char *path =
        g_strdup_printf("%sResponse/%sResult/Credentials/AccessKeyId", action, action);
    gsize stem = strlen(path) - strlen("AccessKeyId");
    const struct {
        const char *name;
        char **place;
    } fields[] = {{"AccessKeyId", &out->access_key_id},
                  {"SecretAccessKey", &out->secret_access_key},
                  {"SessionToken", &out->session_token}};

    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
        g_autofree char *full = g_strdup_printf("%.*s%s", (int)stem, path, fields[i].name);

        *fields[i].place = ak_xml_text(xml, full);
    }
    g_autofree char *full = g_strdup_printf("%.*sExpiration", (int)stem, path);
    g_autofree char *expiry = ak_xml_text(xml, full);
    if (expiry == NULL || !ak_time_parse(ak_view_str(expiry), &out->expires_usec))
        return FALSE;
    out->expires_usec = MAX(out->expires_usec, 1); /* 0 means never */
    return out->session_token != NULL;
}

/* How far the clock is off that did not like our signature; 0 when that is not the reason. */
static gint64 skew_of(const AkAwsContext *context, const AkAwsRole *role,
                      const AkHttpResponse *answer)
{
    const char *date = ak_pairs_get(&answer->headers, "date");
    gint64 seconds = date != NULL ? curl_getdate(date, NULL) : -1;

    if (role->keys == NULL || answer->status < 400 || answer->status >= 500 || seconds < 0 ||
        seconds > G_GINT64_CONSTANT(253402300799))
        return 0;
    gint64 skew = seconds * AK_USEC_PER_SEC - context->now_usec();
    return ABS(skew) > max_skew_usec ? skew : 0;
}

static void set_refused(const AkAwsRole *role, const AkHttpResponse *answer, GError **error)
{
    AkView body = ak_buf_view(&answer->body);
    g_autofree char *code = ak_xml_text(body, "ErrorResponse/Error/Code");
    /* Whoever got the token could send it back in a message. */
    g_autofree char *message =
        role->keys != NULL ? ak_xml_text(body, "ErrorResponse/Error/Message") : NULL;
    g_autofree char *safe_code = ak_http_printable(code != NULL ? code : "");
    g_autofree char *safe_message = ak_http_printable(message != NULL ? message : "");
    const char *hint = NULL;
    AkErrorCode class = classify(answer->status, code, &hint);

    g_set_error(error, AK_ERROR, (int)class, "HTTP %ld %s%s%s%s%s", answer->status, safe_code,
                message != NULL ? ", " : "", safe_message, hint != NULL ? "; hint: " : "",
                hint != NULL ? hint : "");
}

gboolean ak_sts_assume(const AkAwsContext *context, const AkAwsRole *role, AkAwsKeys *out,
                       GError **error)
{
    g_auto(AkHttpResponse) answer = {0};
    g_auto(AkAwsKeys) keys = {.source = g_strdup_printf("the role '%s'", role->role_arn)};
    gint64 skew = 0;

    gboolean is_answered = exchange(context, role, 0, &answer, error);
    if (is_answered && (skew = skew_of(context, role, &answer)) != 0) {
        ak_http_response_clear(&answer);
        is_answered = exchange(context, role, skew, &answer, error);
    }
    if (is_answered && answer.status != 200)
        set_refused(role, &answer, error);
    if (!is_answered || answer.status != 200) {
        g_prefix_error(error, "cannot assume the role '%s': ", role->role_arn);
        return FALSE;
    }
    gboolean is_read = ak_sts_read_keys(ak_buf_view(&answer.body), action_of(role), &keys);
    if (answer.body.data != NULL)
        OPENSSL_cleanse(answer.body.data, answer.body.len);
    if (!is_read) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "cannot assume the role '%s': the answer is not STS's; hint: check "
                    "AWS_ENDPOINT_URL_STS",
                    role->role_arn);
        return FALSE;
    }
    if (!ak_aws_keys_check(&keys, keys.source, error))
        return FALSE;
    *out = keys;
    keys = (AkAwsKeys){0};
    return TRUE;
}

char *ak_aws_token_file(const char *path, GError **error)
{
    g_autoptr(AkSecret) text = NULL;
    g_autoptr(GError) cause = NULL;
    struct stat info;
    gsize len = 0;

    if (stat(path, &info) == 0 && (!S_ISREG(info.st_mode) || info.st_size > MAX_TOKEN_FILE)) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG, "the token file '%s' is no small file", path);
        return NULL;
    }
    if (!g_file_get_contents(path, &text, &len, &cause)) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG, "cannot read the token: %s", cause->message);
        return NULL;
    }
    g_strstrip(text);
    if (text[0] == '\0' || strpbrk(text, " \t\r\n") != NULL) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG, "the token file '%s' holds no token", path);
        return NULL;
    }
    return g_steal_pointer(&text);
}

gboolean ak_sts_assume_with_file(const AkAwsContext *context, const AkAwsRole *role,
                                 const char *token_file, AkAwsKeys *out, GError **error)
{
    g_autoptr(AkSecret) token = ak_aws_token_file(token_file, error);
    AkAwsRole with_token = *role;

    if (token == NULL)
        return FALSE;
    with_token.web_identity_token = token;
    return ak_sts_assume(context, &with_token, out, error);
}
