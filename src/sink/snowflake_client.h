#ifndef AK_SINK_SNOWFLAKE_CLIENT_H
#define AK_SINK_SNOWFLAKE_CLIENT_H

#include "net/http.h"
#include "net/retry.h"
#include "sink/snowflake_action.h"
#include "sink/snowflake_config.h"
#include "sink/snowflake_key.h"

/*
 * One user's connection to an account: the key-pair token for the account's host, and for the
 * ingest host, which it names, a token of that host alone. For one thread.
 */
typedef struct {
    AkSnowflakeConfig config; /* its strings are the caller's */
    AkHttp *http;
    AkRetryBudget budget;
    AkSnowflakeKey *keys[2]; /* the second may be NULL */
    guint key;
    char *account; /* upper case, without region */
    char *control; /* origin of the account's host */
    gint64 skew_seconds;
    char *jwt;
    gint64 jwt_until;  /* seconds, by the server's clock; then it is signed anew */
    char *ingest_host; /* NULL: not asked yet, or it moved */
    char *token;
    gint64 token_until;
} AkSnowflake;

typedef struct {
    const char *verb; /* for messages: "open channel 'X'" */
    const char *method;
    const char *path;        /* from '/', query included */
    const char *again_query; /* appended when it is sent again: "&retry=true"; may be NULL */
    const char *content_type;
    const char *content_encoding; /* NULL: none */
    AkView body;
    gboolean is_ingest;    /* to the ingest host, with its token */
    gboolean is_once_only; /* must not be taken twice: UNSURE is handed back */
} AkSnowflakeCall;

typedef struct {
    AkHttpResponse http;
    AkSnowflakeAction action;
    char *code; /* of a refusal; may be NULL */
    char *message;
} AkSnowflakeReply;

/* Reads the keys; sends nothing. CONFIG. */
AkSnowflake *ak_snowflake_new(const AkSnowflakeConfig *config, GError **error) AK_MUST_CHECK;
void ak_snowflake_free(AkSnowflake *snowflake);

/*
 * Sends, and sends again what may be (AGAIN; UNSURE unless once-only), with back-off. TRUE: there
 * is an answer to act on, or UNSURE without one. Else DENIED, NETWORK, TIMEOUT, THROTTLED,
 * CANCELLED, CONFIG.
 */
gboolean ak_snowflake_send(AkSnowflake *snowflake, const AkSnowflakeCall *call,
                           AkSnowflakeReply *reply, GError **error) AK_MUST_CHECK;

/* Sets the error that a reply which is not DONE stands for. */
void ak_snowflake_set_error(const AkSnowflakeCall *call, const AkSnowflakeReply *reply,
                            GError **error);

/* The ingest host is asked for again, and its token. */
void ak_snowflake_forget_host(AkSnowflake *snowflake);

void ak_snowflake_reply_clear(AkSnowflakeReply *reply);

/* Is @host, which the server named, one that may see our tokens? @control: the account's host. */
gboolean ak_snowflake_host_is_trusted(const char *host, const char *control);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkSnowflake, ak_snowflake_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkSnowflakeReply, ak_snowflake_reply_clear)

#endif
