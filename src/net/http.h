#ifndef AK_NET_HTTP_H
#define AK_NET_HTTP_H

#include "net/pairs.h"
#include "util/buf.h"
#include "util/error.h"

/* What to look at, for the errors of one service: an array by this, whose texts may be NULL. */
typedef enum {
    AK_HTTP_HINT_RESOLVE,
    AK_HTTP_HINT_CONNECT,
    AK_HTTP_HINT_CERTIFICATE,
    AK_HTTP_HINT_TLS,
    AK_HTTP_HINT_CA_BUNDLE,
    AK_HTTP_HINT_TIMEOUT,
    AK_HTTP_HINT_URL,
    AK_HTTP_HINT_PROXY,
    AK_HTTP_HINT_NONE
} AkHttpHint;

typedef const char *AkHttpHints[AK_HTTP_HINT_NONE];

/*
 * One HTTP exchange at a time per thread over a pool of libcurl handles, which keep their
 * connections; many threads may send at once. No redirects, no retries, no cookies; TLS 1.2 or
 * later, always verified.
 */
typedef struct AkHttp AkHttp;

typedef struct {
    const char *ca_bundle;    /* PEM file or NULL: the system's */
    const char *const *hints; /* AkHttpHints, static; may be NULL */
    gboolean is_direct;       /* past any proxy: for link-local addresses */
    guint connect_timeout_ms;
    guint stall_timeout_ms;   /* no byte moved for that long */
    guint request_timeout_ms; /* the exchange as a whole */
    /* Non-zero: an exchange under way gets five more seconds, then CANCELLED. May be NULL. */
    const volatile gint *stop;
} AkHttpConfig;

typedef struct {
    const char *method;
    const char *url; /* sent as it is */
    const AkPairs *headers;
    const void *body; /* NULL: none */
    gsize body_len;
    gsize max_response_bytes; /* more is BAD_INPUT */
    /* On a connection of its own: libcurl silently sends again what got no answer on a reused one,
     * and this must not be stored twice. */
    gboolean is_once_only;
} AkHttpRequest;

typedef struct {
    long status;
    AkPairs headers;
    AkBuf body;
} AkHttpResponse;

/* @config's strings are copied. */
AkHttp *ak_http_new(const AkHttpConfig *config);
void ak_http_free(AkHttp *http);

/*
 * TRUE when an answer arrived whole, whatever its status. Else NETWORK (name, connection, TLS, cut
 * off), TIMEOUT, CANCELLED, CONFIG (CA bundle) or BAD_INPUT (too large).
 */
gboolean ak_http_send(AkHttp *http, const AkHttpRequest *request, AkHttpResponse *out,
                      GError **error) AK_MUST_CHECK;

void ak_http_response_clear(AkHttpResponse *response);

/* "host[:port]" of a URL, for the Host header. */
char *ak_http_host(const char *url);

/* Text from outside for a message: printable, of bounded length. */
char *ak_http_printable(const char *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkHttp, ak_http_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkHttpResponse, ak_http_response_clear)

#endif
