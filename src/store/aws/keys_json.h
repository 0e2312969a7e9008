#ifndef AK_STORE_AWS_KEYS_JSON_H
#define AK_STORE_AWS_KEYS_JSON_H

#include "store/aws/credentials.h"
#include "util/view.h"

/* How the three sources that answer in JSON differ. */
typedef enum {
    AK_KEYS_JSON_PROCESS,   /* "Version":1, "SessionToken", expiry optional */
    AK_KEYS_JSON_CONTAINER, /* "Token", expiry required */
    AK_KEYS_JSON_INSTANCE   /* the same, and "Code":"Success" */
} AkKeysJson;

enum { AK_KEYS_JSON_MAX = 64 * 1024 };

/* The keys in @text, checked. CONFIG, or DENIED for another code than success; the message holds
 * nothing of the text. @source names where it comes from. */
gboolean ak_aws_keys_from_json(AkView text, AkKeysJson form, const char *source, AkAwsKeys *out,
                               GError **error) AK_MUST_CHECK;

#endif
