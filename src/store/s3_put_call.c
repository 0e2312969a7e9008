#include "store/s3_driver.h"
#include "util/time.h"

#include <openssl/evp.h>

enum { MD5_LEN = 16 };

static const char *const sse_names[] = {
    [AK_SSE_S3] = "AES256",
    [AK_SSE_KMS] = "aws:kms",
    [AK_SSE_KMS_DSSE] = "aws:kms:dsse",
};

AkSse ak_s3_sse(const char *name)
{
    for (guint i = AK_SSE_S3; i < G_N_ELEMENTS(sse_names); i++) {
        if (g_strcmp0(sse_names[i], name) == 0)
            return (AkSse)i;
    }
    return AK_SSE_NONE;
}

static void add_md5(AkS3Call *call, const void *data, gsize len)
{
    guint8 md5[MD5_LEN];

    /* Absent under FIPS; the SHA-256 checksum then stands alone, which S3 accepts too. */
    if (EVP_Digest(data, len, md5, NULL, EVP_md5(), NULL) != 1)
        return;
    g_autofree char *text = g_base64_encode(md5, sizeof md5);
    ak_pairs_add(&call->headers, "content-md5", text);
}

static void add_sha256(AkS3Call *call, const guint8 *sha256)
{
    g_autofree char *text = g_base64_encode(sha256, AK_SHA256_LEN);

    ak_pairs_add(&call->headers, "x-amz-sdk-checksum-algorithm", "SHA256");
    ak_pairs_add(&call->headers, "x-amz-checksum-sha256", text);
}

void ak_s3_add_wrong_digest(AkS3Call *call, AkS3Digest digest)
{
    static const guint8 zeros[AK_SHA256_LEN];

    if (digest != AK_S3_DIGEST_SHA256)
        add_md5(call, "no body", 7);
    if (digest == AK_S3_DIGEST_SHA256 || ak_pairs_get(&call->headers, "content-md5") == NULL)
        add_sha256(call, zeros);
}

gboolean ak_s3_is_digest_refused(const AkS3Reply *reply)
{
    static const char *const codes[] = {"InvalidArgument", "InvalidRequest", "NotImplemented",
                                        "XNotImplemented", NULL};

    return (reply->http.status == 400 || reply->http.status == 501) &&
           (reply->code == NULL || g_strv_contains(codes, reply->code));
}

static void add_lock(AkS3Call *call, const AkPut *put)
{
    char until[AK_TIME_MAX];

    ak_time_format_seconds(put->retain_until_usec, until);
    ak_pairs_add(&call->headers, "x-amz-object-lock-mode",
                 put->lock_mode == AK_LOCK_COMPLIANCE ? "COMPLIANCE" : "GOVERNANCE");
    ak_pairs_add(&call->headers, "x-amz-object-lock-retain-until-date", until);
    if (put->legal_hold)
        ak_pairs_add(&call->headers, "x-amz-object-lock-legal-hold", "ON");
}

static void add_encryption(const AkS3 *s3, AkS3Call *call)
{
    if (s3->sse != AK_SSE_NONE)
        ak_pairs_add(&call->headers, "x-amz-server-side-encryption", sse_names[s3->sse]);
    if (s3->sse_kms_key_id != NULL)
        ak_pairs_add(&call->headers, "x-amz-server-side-encryption-aws-kms-key-id",
                     s3->sse_kms_key_id);
    if (s3->sse_bucket_key)
        ak_pairs_add(&call->headers, "x-amz-server-side-encryption-bucket-key-enabled", "true");
}

void ak_s3_put_fill(const AkS3 *s3, AkS3Call *call, const AkPut *put, AkS3Digest digest)
{
    call->body = put->len > 0 ? put->data : "";
    call->body_len = put->len;
    call->body_sha256 = put->sha256;
    ak_pairs_add(&call->headers, "if-none-match", "*");
    ak_pairs_add(&call->headers, "content-type",
                 put->content_type != NULL ? put->content_type : "application/octet-stream");
    if (digest != AK_S3_DIGEST_SHA256)
        add_md5(call, call->body, call->body_len);
    if (digest != AK_S3_DIGEST_MD5)
        add_sha256(call, put->sha256);
    add_lock(call, put);
    add_encryption(s3, call);
    for (gsize i = 0; i < put->n_meta; i++) {
        g_autofree char *name = g_strconcat("x-amz-meta-", put->meta[i].name, NULL);

        ak_pairs_add(&call->headers, name, put->meta[i].value);
    }
}
