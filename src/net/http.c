#include "net/http.h"

#include <curl/curl.h>

enum {
    MAX_IDLE = 64,
    MAX_HEADER_BYTES = 64 * 1024,
    MAX_PRINTABLE = 200,
    STOP_GRACE_USEC = 5 * G_USEC_PER_SEC,
};

struct AkHttp {
    AkHttpConfig config;
    char *ca_bundle;
    GAsyncQueue *idle; /* CURL * with live connections */
};

typedef struct {
    AkHttp *http;
    const AkHttpRequest *request;
    AkHttpResponse *response;
    gsize header_bytes;
    gint64 stop_seen_usec;
    gboolean is_too_large;
} Exchange;

typedef struct curl_slist HeaderList;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HeaderList, curl_slist_free_all)

static void cleanup_handle(gpointer curl)
{
    curl_easy_cleanup(curl);
}

AkHttp *ak_http_new(const AkHttpConfig *config)
{
    static gsize is_ready;
    AkHttp *http = g_new0(AkHttp, 1);

    if (g_once_init_enter(&is_ready)) {
        curl_global_init(CURL_GLOBAL_DEFAULT);
        g_once_init_leave(&is_ready, 1);
    }
    http->config = *config;
    http->ca_bundle = g_strdup(config->ca_bundle);
    http->idle = g_async_queue_new_full(cleanup_handle);
    return http;
}

void ak_http_free(AkHttp *http)
{
    if (http == NULL)
        return;
    g_async_queue_unref(http->idle);
    g_free(http->ca_bundle);
    g_free(http);
}

void ak_http_response_clear(AkHttpResponse *response)
{
    ak_pairs_clear(&response->headers);
    ak_buf_clear(&response->body);
    *response = (AkHttpResponse){0};
}

char *ak_http_host(const char *url)
{
    const char *start = strstr(url, "://");

    start = start != NULL ? start + strlen("://") : url;
    return g_strndup(start, strcspn(start, "/?#"));
}

char *ak_http_printable(const char *text)
{
    g_autofree char *head = g_strndup(text, MAX_PRINTABLE);
    char *safe = g_utf8_make_valid(head, -1);

    for (char *c = safe; *c != '\0'; c++) {
        if (g_ascii_iscntrl(*c))
            *c = ' ';
    }
    return safe;
}

static size_t on_body(char *data, size_t size, size_t count, void *user)
{
    Exchange *exchange = user;
    AkBuf *body = &exchange->response->body;
    gsize len = size * count;

    if (len > exchange->request->max_response_bytes - body->len) {
        exchange->is_too_large = TRUE;
        return 0;
    }
    ak_buf_append(body, data, len);
    return len;
}

static size_t on_header(char *data, size_t size, size_t count, void *user)
{
    Exchange *exchange = user;
    gsize len = size * count;
    const char *colon = memchr(data, ':', len);

    exchange->header_bytes += len;
    if (exchange->header_bytes > MAX_HEADER_BYTES) {
        exchange->is_too_large = TRUE;
        return 0;
    }
    /* A status line: the answer proper follows one to a proxy or an interim one. */
    if (len >= 5 && g_ascii_strncasecmp(data, "HTTP/", 5) == 0)
        ak_pairs_clear(&exchange->response->headers);
    else if (colon != NULL) {
        g_autofree char *name = g_ascii_strdown(data, colon - data);
        g_autofree char *value = g_strstrip(g_strndup(colon + 1, len - 1 - (gsize)(colon - data)));

        ak_pairs_add(&exchange->response->headers, name, value);
    }
    return len;
}

static int on_progress(void *user, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up)
{
    Exchange *exchange = user;
    const volatile gint *stop = exchange->http->config.stop;

    if (stop == NULL || *stop == 0)
        return 0;
    if (exchange->stop_seen_usec == 0)
        exchange->stop_seen_usec = g_get_monotonic_time();
    return g_get_monotonic_time() - exchange->stop_seen_usec > STOP_GRACE_USEC;
}

static HeaderList *header_list(const AkPairs *headers)
{
    HeaderList *list = NULL;

    for (gsize i = 0; i < headers->len; i++) {
        const AkPair *pair = &headers->items[i];
        /* "name;" is libcurl's way to send an empty value. */
        g_autofree char *line = pair->value[0] != '\0'
                                    ? g_strdup_printf("%s: %s", pair->name, pair->value)
                                    : g_strdup_printf("%s;", pair->name);

        list = curl_slist_append(list, line);
    }
    list = curl_slist_append(list, "Expect:");
    return list;
}

static void set_limits(CURL *curl, const AkHttpConfig *config)
{
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)config->connect_timeout_ms);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)config->request_timeout_ms);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)(config->stall_timeout_ms + 999) / 1000);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "auditkeep/" AK_VERSION);
}

static void set_request(CURL *curl, Exchange *exchange, const HeaderList *headers)
{
    const AkHttpRequest *request = exchange->request;

    curl_easy_setopt(curl, CURLOPT_URL, request->url);
    /* What is signed is what is sent. */
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    if (g_str_equal(request->method, "HEAD")) {
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    } else {
        if (request->body != NULL) {
            curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
            curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
        }
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    }
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, (long)request->is_once_only);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, exchange);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, exchange);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, exchange);
}

typedef struct {
    CURLcode code;
    AkErrorCode class;
    AkHttpHint hint;
} Failure;

/* What is not listed is NETWORK. */
static const Failure failures[] = {
    {CURLE_COULDNT_RESOLVE_HOST, AK_ERROR_NETWORK, AK_HTTP_HINT_RESOLVE},
    {CURLE_COULDNT_RESOLVE_PROXY, AK_ERROR_NETWORK, AK_HTTP_HINT_PROXY},
    {CURLE_COULDNT_CONNECT, AK_ERROR_NETWORK, AK_HTTP_HINT_CONNECT},
    {CURLE_PEER_FAILED_VERIFICATION, AK_ERROR_NETWORK, AK_HTTP_HINT_CERTIFICATE},
    {CURLE_SSL_CONNECT_ERROR, AK_ERROR_NETWORK, AK_HTTP_HINT_TLS},
    {CURLE_SSL_CACERT_BADFILE, AK_ERROR_CONFIG, AK_HTTP_HINT_CA_BUNDLE},
    {CURLE_OPERATION_TIMEDOUT, AK_ERROR_TIMEOUT, AK_HTTP_HINT_TIMEOUT},
    {CURLE_ABORTED_BY_CALLBACK, AK_ERROR_CANCELLED, AK_HTTP_HINT_NONE},
    {CURLE_URL_MALFORMAT, AK_ERROR_CONFIG, AK_HTTP_HINT_URL},
};

static void set_failure(const Exchange *exchange, CURLcode code, const char *detail, GError **error)
{
    Failure failure = {code, AK_ERROR_NETWORK, AK_HTTP_HINT_NONE};

    if (exchange->is_too_large) {
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                    "the answer is larger than the %" G_GSIZE_FORMAT " bytes allowed",
                    exchange->request->max_response_bytes);
        return;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(failures); i++) {
        if (failures[i].code == code)
            failure = failures[i];
    }
    const char *const *hints = exchange->http->config.hints;
    const char *hint =
        hints != NULL && failure.hint != AK_HTTP_HINT_NONE ? hints[failure.hint] : NULL;
    g_set_error(error, AK_ERROR, (int)failure.class, "%s%s%s",
                failure.class == AK_ERROR_CANCELLED ? "asked to stop"
                : detail[0] != '\0'                 ? detail
                                                    : curl_easy_strerror(code),
                hint != NULL ? "; hint: " : "", hint != NULL ? hint : "");
}

static void give_back(AkHttp *http, CURL *curl)
{
    curl_easy_reset(curl); /* keeps the connections */
    if (g_async_queue_length(http->idle) < MAX_IDLE)
        g_async_queue_push(http->idle, curl);
    else
        curl_easy_cleanup(curl);
}

gboolean ak_http_send(AkHttp *http, const AkHttpRequest *request, AkHttpResponse *out,
                      GError **error)
{
    CURL *curl = g_async_queue_try_pop(http->idle);
    Exchange exchange = {http, request, out, 0, 0, FALSE};
    g_autoptr(HeaderList) headers = header_list(request->headers);
    char detail[CURL_ERROR_SIZE] = "";

    if (curl == NULL)
        curl = curl_easy_init();
    set_limits(curl, &http->config);
    if (http->ca_bundle != NULL)
        curl_easy_setopt(curl, CURLOPT_CAINFO, http->ca_bundle);
    if (http->config.is_direct)
        curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    set_request(curl, &exchange, headers);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);

    CURLcode code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &out->status);
    give_back(http, curl);
    if (code != CURLE_OK) {
        set_failure(&exchange, code, detail, error);
        return FALSE;
    }
    return TRUE;
}
