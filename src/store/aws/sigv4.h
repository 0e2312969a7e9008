#ifndef AK_STORE_AWS_SIGV4_H
#define AK_STORE_AWS_SIGV4_H

#include "net/pairs.h"
#include "store/aws/credentials.h"
#include "util/view.h"

/*
 * AWS Signature Version 4, pure: no clock, no I/O. The request is described exactly as it goes
 * over the wire; whoever sends it must not rewrite its URL afterwards. Strings returned are new.
 */
typedef struct {
    const char *method;
    const char *path;         /* as sent, starts with '/' */
    const char *query;        /* as sent: made by ak_sigv4_query(), "" when there is none */
    const AkPairs *headers;   /* all of them are signed; 'host' must be among them */
    const char *payload_hash; /* hex SHA-256 of the body, or "UNSIGNED-PAYLOAD" */
} AkSigv4Request;

typedef struct {
    const char *region;
    const char *service;
    gint64 time_usec;
    /* S3 signs the path as sent; other services resolve dot segments and encode it again. */
    gboolean normalize_path;
    gboolean encode_path;
} AkSigv4Scope;

enum { AK_SIGV4_TIME_LEN = 16 }; /* "20150830T123600Z" */

void ak_sigv4_time(gint64 usec, char out[AK_SIGV4_TIME_LEN + 1]);

/* Percent-encodes all but A-Za-z0-9-._~ (and '/' when @keep_slash). */
char *ak_sigv4_encode(AkView text, gboolean keep_slash);

/* Encoded, sorted, "name=" for an empty value: the query to send and to sign. */
char *ak_sigv4_query(const AkPairs *params);

char *ak_sigv4_signed_headers(const AkPairs *headers);
char *ak_sigv4_canonical_request(const AkSigv4Request *request, const AkSigv4Scope *scope);
char *ak_sigv4_string_to_sign(const AkSigv4Scope *scope, const char *canonical_request);
char *ak_sigv4_signature(const AkSigv4Scope *scope, const char *secret, const char *string_to_sign);

/* Value of the Authorization header. x-amz-date (and x-amz-security-token) are among the headers
 * already. */
char *ak_sigv4_authorization(const AkSigv4Request *request, const AkSigv4Scope *scope,
                             const AkAwsKeys *keys);

/* A query that carries the signature: @params and the X-Amz-… ones; request->query is ignored. */
char *ak_sigv4_presign(const AkSigv4Request *request, const AkPairs *params,
                       const AkSigv4Scope *scope, const AkAwsKeys *keys, guint expires_seconds);

#endif
