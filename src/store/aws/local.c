#include "store/aws/local.h"

#include "store/aws/keys_json.h"
#include "store/aws/retry_kind.h"

#include <openssl/crypto.h>

static AkErrorCode classify(long status)
{
    if (ak_retry_kind(status, NULL) == AK_RETRY_THROTTLED)
        return AK_ERROR_THROTTLED;
    if (status == 404)
        return AK_ERROR_MISSING;
    return status >= 500 ? AK_ERROR_NETWORK : AK_ERROR_DENIED;
}

gboolean ak_local_send(const AkAwsContext *context, const AkLocalCall *call, AkHttpResponse *out,
                       GError **error)
{
    g_auto(AkPairs) headers = {0};
    AkHttpRequest request = {
        .method = call->method,
        .url = call->url,
        .headers = &headers,
        .max_response_bytes = AK_KEYS_JSON_MAX,
    };

    ak_pairs_add(&headers, "accept", "*/*");
    if (call->header != NULL)
        ak_pairs_add(&headers, call->header, call->value);
    if (g_str_equal(call->method, "PUT"))
        request.body = "";
    if (!ak_http_send(context->local, &request, out, error)) {
        g_prefix_error(error, "cannot ask %s for keys: ", call->what);
        return FALSE;
    }
    if (out->status == 200)
        return TRUE;
    g_set_error(error, AK_ERROR, (int)classify(out->status), "%s answers HTTP %ld", call->what,
                out->status);
    return FALSE;
}

void ak_local_answer_clear(AkLocalAnswer *answer)
{
    if (answer->body.data != NULL)
        OPENSSL_cleanse(answer->body.data, answer->body.len);
    ak_http_response_clear(answer);
}
