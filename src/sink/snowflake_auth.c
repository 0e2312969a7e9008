#include "sink/snowflake_auth.h"

#include "sink/snowflake_reply.h"

#include <curl/curl.h>
#include <openssl/crypto.h>

enum {
    JWT_MINT_SECONDS = 50 * 60, /* of the hour it is good for */
    TOKEN_SECONDS = 60 * 60,    /* other clients' experience; the reply does not say */
    TOKEN_EARLY_SECONDS = 5 * 60,
    MAX_SKEW_SECONDS = 30,
    MAX_HOST = 255,
};

static gint64 server_time(const AkSnowflake *sf)
{
    return g_get_real_time() / G_USEC_PER_SEC + sf->skew_seconds;
}

static void drop_secret(char **secret)
{
    if (*secret != NULL)
        OPENSSL_cleanse(*secret, strlen(*secret));
    g_clear_pointer(secret, g_free);
}

/* The last labels of the account's host, which all its hosts share: ".snowflakecomputing.com". */
static const char *shared_domain(const char *control)
{
    const char *known = strstr(control, ".snowflakecomputing.");
    const char *dot = strchr(control, '.');

    if (known != NULL)
        return known;
    return dot != NULL && strchr(dot + 1, '.') != NULL ? dot : NULL;
}

static gboolean is_host(const char *host)
{
    gsize name = strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.");
    const char *port = host + name;

    if (name == 0 || name > MAX_HOST || host[0] == '.' || host[0] == '-')
        return FALSE;
    return *port == '\0' || (*port == ':' && port[1] != '\0' && strlen(port + 1) <= 5 &&
                             port[1 + strspn(port + 1, "0123456789")] == '\0');
}

static gboolean is_loopback(const char *name)
{
    return g_str_equal(name, "127.0.0.1") || g_str_equal(name, "localhost") ||
           g_str_has_suffix(name, ".localhost");
}

gboolean ak_snowflake_host_is_trusted(const char *host, const char *control)
{
    g_autofree char *control_host = ak_http_host(control);
    g_autofree char *ours = g_strndup(control_host, strcspn(control_host, ":"));
    g_autofree char *theirs = g_ascii_strdown(host, (gssize)strcspn(host, ":"));
    const char *domain = shared_domain(ours);

    if (!is_host(host))
        return FALSE;
    if (is_loopback(ours))
        return is_loopback(theirs);
    return g_str_equal(theirs, ours) || (domain != NULL && g_str_has_suffix(theirs, domain));
}

static gboolean mint(AkSnowflake *sf, GError **error)
{
    gint64 now = server_time(sf);

    if (sf->jwt != NULL && now < sf->jwt_until)
        return TRUE;
    drop_secret(&sf->jwt);
    sf->jwt = ak_snowflake_key_jwt(sf->keys[sf->key], sf->account, sf->config.user, now, error);
    sf->jwt_until = now + JWT_MINT_SECONDS;
    return sf->jwt != NULL;
}

static gboolean send_ok(AkSnowflake *sf, const AkSnowflakeCall *call, AkSnowflakeReply *reply,
                        GError **error)
{
    if (!ak_snowflake_send(sf, call, reply, error))
        return FALSE;
    if (reply->action == AK_SNOWFLAKE_DONE)
        return TRUE;
    ak_snowflake_set_error(call, reply, error);
    return FALSE;
}

static gboolean discover(AkSnowflake *sf, GError **error)
{
    AkSnowflakeCall call = {
        .verb = "ask for the ingest host", .method = "GET", .path = "/v2/streaming/hostname"};
    g_auto(AkSnowflakeReply) reply = {0};
    g_autofree char *host = NULL;

    if (!send_ok(sf, &call, &reply, error))
        return FALSE;
    host = ak_snowflake_read_text(ak_buf_view(&reply.http.body), "hostname", error);
    if (host == NULL) {
        g_prefix_error(error, "cannot %s: ", call.verb);
        return FALSE;
    }
    /* A documented known issue: the name comes with '_', which no certificate covers. */
    g_strdelimit(host, "_", '-');
    if (!ak_snowflake_host_is_trusted(host, sf->control)) {
        g_autofree char *safe = ak_http_printable(host);

        g_set_error(error, AK_ERROR, AK_ERROR_DENIED,
                    "the ingest host '%s' is none of the account at '%s': no token is sent there",
                    safe, sf->control);
        return FALSE;
    }
    sf->ingest_host = g_steal_pointer(&host);
    return TRUE;
}

static gboolean exchange(AkSnowflake *sf, GError **error)
{
    /* The key-pair token goes into the header, not into an 'assertion'. */
    g_autofree char *scope = g_uri_escape_string(sf->ingest_host, NULL, FALSE);
    g_autofree char *form = g_strconcat(
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&scope=", scope, NULL);
    AkSnowflakeCall call = {.verb = "get a token for the ingest host",
                            .method = "POST",
                            .path = "/oauth/token",
                            .content_type = "application/x-www-form-urlencoded",
                            .body = ak_view_str(form)};
    g_auto(AkSnowflakeReply) reply = {0};

    if (!send_ok(sf, &call, &reply, error))
        return FALSE;
    drop_secret(&sf->token);
    sf->token = ak_snowflake_read_text(ak_buf_view(&reply.http.body), "token", error);
    if (reply.http.body.len > 0)
        OPENSSL_cleanse(reply.http.body.data, reply.http.body.len);
    sf->token_until = server_time(sf) + TOKEN_SECONDS - TOKEN_EARLY_SECONDS;
    if (sf->token == NULL)
        g_prefix_error(error, "cannot %s: ", call.verb);
    return sf->token != NULL;
}

static void add_bearer(AkPairs *out, const char *token)
{
    g_autofree char *value = g_strconcat("Bearer ", token, NULL);

    ak_pairs_add(out, "Authorization", value);
    OPENSSL_cleanse(value, strlen(value));
}

gboolean ak_snowflake_auth_headers(AkSnowflake *sf, gboolean is_ingest, AkPairs *out,
                                   GError **error)
{
    if (!is_ingest) {
        if (!mint(sf, error))
            return FALSE;
        add_bearer(out, sf->jwt);
        /* Without it the token is taken for one of OAuth. */
        ak_pairs_add(out, "X-Snowflake-Authorization-Token-Type", "KEYPAIR_JWT");
        return TRUE;
    }
    if (sf->ingest_host == NULL && !discover(sf, error))
        return FALSE;
    if ((sf->token == NULL || server_time(sf) >= sf->token_until) && !exchange(sf, error))
        return FALSE;
    add_bearer(out, sf->token);
    return TRUE;
}

char *ak_snowflake_auth_origin(const AkSnowflake *sf, gboolean is_ingest)
{
    gboolean is_plain = g_str_has_prefix(sf->control, "http://");

    if (!is_ingest)
        return g_strdup(sf->control);
    return g_strconcat(is_plain ? "http://" : "https://", sf->ingest_host, NULL);
}

void ak_snowflake_forget_host(AkSnowflake *sf)
{
    g_clear_pointer(&sf->ingest_host, g_free);
    drop_secret(&sf->token);
}

/* The server's clock, when it differs enough to make our tokens invalid. */
static gboolean learn_clock(AkSnowflake *sf, const AkHttpResponse *response)
{
    const char *date = ak_pairs_get(&response->headers, "date");
    gint64 theirs = date != NULL ? (gint64)curl_getdate(date, NULL) : -1;
    gint64 behind = theirs - server_time(sf);

    if (theirs <= 0 || ABS(behind) <= MAX_SKEW_SECONDS)
        return FALSE;
    g_message("Snowflake refused a token issued at %" G_GINT64_FORMAT
              " while its clock says %" G_GINT64_FORMAT "; tokens follow its clock from now on",
              sf->jwt_until - JWT_MINT_SECONDS, theirs);
    sf->skew_seconds += behind;
    return TRUE;
}

gboolean ak_snowflake_auth_mend(AkSnowflake *sf, gboolean is_ingest, const AkHttpResponse *response,
                                AkSnowflakeMended *mended)
{
    if (is_ingest) {
        gboolean is_new = !mended->has_new_token;

        drop_secret(&sf->token);
        mended->has_new_token = TRUE;
        return is_new;
    }
    drop_secret(&sf->jwt);
    if (!mended->has_new_clock && learn_clock(sf, response))
        return mended->has_new_clock = TRUE;
    if (!mended->has_new_key && sf->keys[1] != NULL) {
        sf->key = 1 - sf->key;
        g_message("Snowflake refused the key %s; trying the other one",
                  ak_snowflake_key_fingerprint(sf->keys[1 - sf->key]));
        return mended->has_new_key = TRUE;
    }
    return FALSE;
}
