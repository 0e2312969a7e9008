#ifndef AK_STORE_AWS_LOCAL_H
#define AK_STORE_AWS_LOCAL_H

#include "store/aws/context.h"

/* A request to an agent next door, past any proxy. */
typedef struct {
    const char *what; /* for messages: "the container's agent" */
    const char *method;
    const char *url;
    const char *header; /* one header, or NULL */
    const char *value;
} AkLocalCall;

/* TRUE for an answer of 200. NETWORK, TIMEOUT, THROTTLED; MISSING for 404; DENIED for other
 * refusals. Wipe the body. */
gboolean ak_local_send(const AkAwsContext *context, const AkLocalCall *call, AkHttpResponse *out,
                       GError **error) AK_MUST_CHECK;

/* An answer to ak_local_send() that is wiped when it goes. */
typedef AkHttpResponse AkLocalAnswer;
void ak_local_answer_clear(AkLocalAnswer *answer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkLocalAnswer, ak_local_answer_clear)

#endif
