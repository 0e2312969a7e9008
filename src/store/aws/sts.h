#ifndef AK_STORE_AWS_STS_H
#define AK_STORE_AWS_STS_H

#include "store/aws/context.h"
#include "store/aws/credentials.h"

/* A role to take on. Borrowed. */
typedef struct {
    const char *role_arn;
    const char *session_name;       /* NULL: "auditkeep" */
    const char *external_id;        /* may be NULL */
    const char *duration_seconds;   /* NULL: STS's default */
    const AkAwsKeys *keys;          /* signs the call, or NULL: */
    const char *web_identity_token; /* goes unsigned */
} AkAwsRole;

/* One exchange, no retries. DENIED, CONFIG, THROTTLED or an error of transport; never the token. */
gboolean ak_sts_assume(const AkAwsContext *context, const AkAwsRole *role, AkAwsKeys *out,
                       GError **error) AK_MUST_CHECK;

/* The same with the token that is in @token_file now. */
gboolean ak_sts_assume_with_file(const AkAwsContext *context, const AkAwsRole *role,
                                 const char *token_file, AkAwsKeys *out,
                                 GError **error) AK_MUST_CHECK;

/* A small file that holds one token, cut at its ends; CONFIG when there is none. Free with
 * ak_secret_free(). */
char *ak_aws_token_file(const char *path, GError **error) AK_MUST_CHECK;

/* The keys in STS's answer to @action. FALSE when they are not all there. */
gboolean ak_sts_read_keys(AkView xml, const char *action, AkAwsKeys *out) AK_MUST_CHECK;

#endif
