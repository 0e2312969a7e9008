#include "sink/snowflake_client.h"

#include "sink/snowflake_auth.h"
#include "sink/snowflake_reply.h"

#include <openssl/crypto.h>

enum {
    DEFAULT_CONNECT_MS = 5000,
    DEFAULT_STALL_MS = 30000,
    DEFAULT_REQUEST_MS = 60000,
    DEFAULT_COMMIT_MS = 60000,
    DEFAULT_ATTEMPTS = 6,
    MAX_HINT_SECONDS = 20,
};

static const AkHttpHints hints = {
    [AK_HTTP_HINT_RESOLVE] = "check --snowflake-account and --snowflake-host, and the resolver",
    [AK_HTTP_HINT_CONNECT] = "check --snowflake-host, the firewall and the network policy",
    [AK_HTTP_HINT_CERTIFICATE] = "--snowflake-ca-bundle names the certificates to trust",
    [AK_HTTP_HINT_TLS] = "the host must speak TLS 1.2 or later",
    [AK_HTTP_HINT_CA_BUNDLE] = "--snowflake-ca-bundle must name a readable PEM file",
    [AK_HTTP_HINT_TIMEOUT] = "check --snowflake-host and the network",
    [AK_HTTP_HINT_URL] = "check --snowflake-account and --snowflake-host",
    [AK_HTTP_HINT_PROXY] = "check HTTPS_PROXY",
};

static gboolean set_config(GError **error, const char *text)
{
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG, "%s", text);
    return FALSE;
}

/* Goes into a token and a host name. */
static gboolean is_name(const char *text, const char *more)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (!g_ascii_isalnum(*c) && strchr(more, *c) == NULL)
            return FALSE;
    }
    return *text != '\0';
}

static gboolean init_control(AkSnowflake *sf, GError **error)
{
    const AkSnowflakeConfig *config = &sf->config;
    g_autofree char *host = NULL;

    if (config->host == NULL)
        host = g_strconcat(config->account, ".snowflakecomputing.com", NULL);
    else if (strstr(config->host, "://") == NULL)
        host = g_strdup(config->host);
    else if (g_str_has_prefix(config->host, "http://") ||
             g_str_has_prefix(config->host, "https://"))
        host = ak_http_host(config->host);
    else
        return set_config(error, "--snowflake-host: 'https://HOST[:PORT]' or 'HOST[:PORT]' is "
                                 "wanted");
    g_strdelimit(host, "_", '-');
    gboolean is_plain = config->host != NULL && g_str_has_prefix(config->host, "http://");
    sf->control = g_strconcat(is_plain ? "http://" : "https://", host, NULL);
    if (!ak_snowflake_host_is_trusted(host, sf->control))
        return set_config(error, "--snowflake-host is no host name");
    if (is_plain && !ak_snowflake_host_is_trusted(host, "http://localhost"))
        return set_config(error, "--snowflake-host: 'http://' is for tests on loopback");
    return TRUE;
}

static gboolean init_keys(AkSnowflake *sf, GError **error)
{
    const AkSnowflakeConfig *config = &sf->config;

    sf->keys[0] = ak_snowflake_key_load(config->key_file, config->passphrase, error);
    if (sf->keys[0] == NULL || config->key_file_2 == NULL)
        return sf->keys[0] != NULL;
    sf->keys[1] = ak_snowflake_key_load(config->key_file_2, config->passphrase, error);
    return sf->keys[1] != NULL;
}

static guint or_default(guint value, guint otherwise)
{
    return value != 0 ? value : otherwise;
}

AkSnowflake *ak_snowflake_new(const AkSnowflakeConfig *config, GError **error)
{
    g_autoptr(AkSnowflake) sf = g_new0(AkSnowflake, 1);

    sf->config = *config;
    sf->config.commit_timeout_ms = or_default(config->commit_timeout_ms, DEFAULT_COMMIT_MS);
    AkHttpConfig http = {
        .ca_bundle = config->ca_bundle,
        .hints = hints,
        .connect_timeout_ms = or_default(config->connect_timeout_ms, DEFAULT_CONNECT_MS),
        .stall_timeout_ms = DEFAULT_STALL_MS,
        .request_timeout_ms = or_default(config->request_timeout_ms, DEFAULT_REQUEST_MS),
        .stop = config->stop,
    };
    sf->http = ak_http_new(&http);
    ak_retry_budget_init(&sf->budget, or_default(config->max_attempts, DEFAULT_ATTEMPTS));
    if (config->account == NULL || !is_name(config->account, "-_.")) {
        (void)set_config(error, "--snowflake-account: an account identifier (ORG-NAME) is wanted");
        return NULL;
    }
    if (config->user == NULL || !is_name(config->user, "_-.@$")) {
        (void)set_config(error, "--snowflake-user: a user's name is wanted");
        return NULL;
    }
    if (config->key_file == NULL) {
        (void)set_config(error, "--snowflake-key-file is needed");
        return NULL;
    }
    /* Without the region that old URLs carry. */
    g_autofree char *account = g_strndup(config->account, strcspn(config->account, "."));
    sf->account = g_ascii_strup(account, -1);
    return init_control(sf, error) && init_keys(sf, error) ? g_steal_pointer(&sf) : NULL;
}

void ak_snowflake_free(AkSnowflake *sf)
{
    if (sf == NULL)
        return;
    ak_snowflake_forget_host(sf);
    if (sf->jwt != NULL)
        OPENSSL_cleanse(sf->jwt, strlen(sf->jwt));
    g_free(sf->jwt);
    ak_snowflake_key_free(sf->keys[0]);
    ak_snowflake_key_free(sf->keys[1]);
    ak_retry_budget_clear(&sf->budget);
    g_clear_pointer(&sf->http, ak_http_free);
    g_free(sf->account);
    g_free(sf->control);
    g_free(sf);
}

void ak_snowflake_reply_clear(AkSnowflakeReply *reply)
{
    ak_http_response_clear(&reply->http);
    g_free(reply->code);
    g_free(reply->message);
    *reply = (AkSnowflakeReply){0};
}

static void add_headers(const AkSnowflakeCall *call, AkPairs *out)
{
    ak_pairs_add(out, "Accept", "application/json");
    if (call->content_type != NULL)
        ak_pairs_add(out, "Content-Type", call->content_type);
    if (call->content_encoding != NULL)
        ak_pairs_add(out, "Content-Encoding", call->content_encoding);
}

static gboolean attempt(AkSnowflake *sf, const AkSnowflakeCall *call, gboolean is_again,
                        AkSnowflakeReply *reply, GError **error)
{
    g_auto(AkPairs) headers = {0};

    if (!ak_snowflake_auth_headers(sf, call->is_ingest, &headers, error))
        return FALSE;
    add_headers(call, &headers);
    g_autofree char *origin = ak_snowflake_auth_origin(sf, call->is_ingest);
    const char *more = is_again && call->again_query != NULL ? call->again_query : "";
    g_autofree char *url = g_strconcat(origin, call->path, more, NULL);
    AkHttpRequest request = {
        .method = call->method,
        .url = url,
        .headers = &headers,
        .body = call->body.data,
        .body_len = call->body.len,
        .max_response_bytes = AK_SNOWFLAKE_MAX_RESULT,
        .is_once_only = call->is_once_only,
        .is_decoded = TRUE,
    };
    if (!ak_http_send(sf->http, &request, &reply->http, error)) {
        g_prefix_error(error, "cannot %s: ", call->verb);
        return FALSE;
    }
    if (reply->http.status >= 400)
        ak_snowflake_read_error(ak_buf_view(&reply->http.body), &reply->code, &reply->message);
    reply->action = ak_snowflake_action(reply->http.status, reply->code);
    return TRUE;
}

/* No answer. What went out once may have been taken all the same. */
static AkRetryKind kind_of_failure(const AkSnowflakeCall *call, AkSnowflakeReply *reply,
                                   const GError *failure)
{
    gboolean is_timeout = g_error_matches(failure, AK_ERROR, AK_ERROR_TIMEOUT);

    if (!is_timeout && !g_error_matches(failure, AK_ERROR, AK_ERROR_NETWORK))
        return AK_RETRY_NEVER;
    if (call->is_once_only && reply->http.is_sent) {
        reply->action = AK_SNOWFLAKE_UNSURE;
        reply->message = g_strdup(failure->message);
        return AK_RETRY_NEVER;
    }
    return is_timeout ? AK_RETRY_TIMEOUT : AK_RETRY_TRANSIENT;
}

static AkRetryKind kind_of_answer(const AkSnowflakeCall *call, const AkSnowflakeReply *reply)
{
    if (reply->action == AK_SNOWFLAKE_AGAIN)
        return AK_RETRY_THROTTLED;
    if (reply->http.status == 408 && !call->is_ingest) /* the statement's own time is over */
        return AK_RETRY_NEVER;
    return reply->action == AK_SNOWFLAKE_UNSURE && !call->is_once_only ? AK_RETRY_TRANSIENT
                                                                       : AK_RETRY_NEVER;
}

/* RFC 9110 §10.2.3, in seconds. */
static guint hinted_ms(const AkSnowflakeReply *reply)
{
    const char *text = ak_pairs_get(&reply->http.headers, "retry-after");
    guint64 seconds = 0;

    if (text == NULL || !g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT32, &seconds, NULL))
        return 0;
    return (guint)MIN(seconds, MAX_HINT_SECONDS) * 1000;
}

static gboolean set_stopped(const AkSnowflakeCall *call, GError **error)
{
    g_set_error(error, AK_ERROR, AK_ERROR_CANCELLED,
                "cannot %s: asked to stop while waiting to try again", call->verb);
    return FALSE;
}

/* Is it to be sent again? After the back-off. *error is set when that was cut short. */
static gboolean is_again(AkSnowflake *sf, const AkSnowflakeCall *call, AkSnowflakeReply *reply,
                         AkRetry *retry, AkRetryKind kind, GError **error)
{
    guint ms = 0;

    if (!ak_retry_again(&sf->budget, retry, kind, g_random_double(), &ms))
        return FALSE;
    if (ak_retry_wait(MAX(ms, hinted_ms(reply)), sf->config.stop))
        return TRUE;
    return set_stopped(call, error);
}

gboolean ak_snowflake_send(AkSnowflake *sf, const AkSnowflakeCall *call, AkSnowflakeReply *reply,
                           GError **error)
{
    AkSnowflakeMended mended = {0};
    AkRetry retry = {0};

    for (;;) {
        g_autoptr(GError) failure = NULL;
        g_autoptr(GError) stopped = NULL;
        gboolean is_answered = attempt(sf, call, retry.retries > 0, reply, &failure);

        if (is_answered && reply->action == AK_SNOWFLAKE_REAUTH &&
            ak_snowflake_auth_mend(sf, call->is_ingest, &reply->http, &mended)) {
            ak_snowflake_reply_clear(reply);
            continue;
        }
        AkRetryKind kind =
            is_answered ? kind_of_answer(call, reply) : kind_of_failure(call, reply, failure);
        if (is_again(sf, call, reply, &retry, kind, &stopped)) {
            ak_snowflake_reply_clear(reply);
            continue;
        }
        if (stopped != NULL)
            g_propagate_error(error, g_steal_pointer(&stopped));
        else if (!is_answered && reply->action != AK_SNOWFLAKE_UNSURE)
            g_propagate_error(error, g_steal_pointer(&failure));
        else if (reply->action == AK_SNOWFLAKE_AGAIN || reply->action == AK_SNOWFLAKE_REAUTH)
            ak_snowflake_set_error(call, reply, error);
        else {
            if (reply->action == AK_SNOWFLAKE_DONE)
                ak_retry_succeeded(&sf->budget, &retry);
            return TRUE;
        }
        return FALSE;
    }
}

static AkErrorCode class_of(const AkSnowflakeReply *reply)
{
    switch (reply->http.status) {
    case 0:
    case 500:
    case 502:
    case 503:
    case 504:
        return AK_ERROR_NETWORK;
    case 401:
    case 403:
        return AK_ERROR_DENIED;
    case 404:
        return AK_ERROR_MISSING;
    case 408:
        return AK_ERROR_TIMEOUT;
    case 409:
    case 410:
        return AK_ERROR_BUSY;
    case 429:
        return AK_ERROR_THROTTLED;
    default:
        return AK_ERROR_BAD_INPUT;
    }
}

static const char *hint_of(const AkSnowflakeReply *reply)
{
    switch (reply->http.status) {
    case 401:
        return "; hint: compare the key's fingerprint with RSA_PUBLIC_KEY_FP of 'DESC USER', and "
               "the clocks";
    case 403:
        return "; hint: 'auditkeep snowflake ddl' prints the grants that are needed";
    case 404:
        return "; hint: check database, schema, table and pipe, and their grants";
    default:
        return "";
    }
}

void ak_snowflake_set_error(const AkSnowflakeCall *call, const AkSnowflakeReply *reply,
                            GError **error)
{
    g_autofree char *code = ak_http_printable(reply->code != NULL ? reply->code : "");
    /* The message about rows may quote them. */
    gboolean is_quotable = reply->message != NULL && !call->is_once_only;
    g_autofree char *message = ak_http_printable(is_quotable ? reply->message : "");

    g_set_error(error, AK_ERROR, (int)class_of(reply), "cannot %s: HTTP %ld%s%s%s%s%s", call->verb,
                reply->http.status, *code != '\0' ? " " : "", code, *message != '\0' ? ": " : "",
                message, hint_of(reply));
}
