/* Digests, encryption and legal hold of a put, against an S3 that answers by a script. */
#include "s3_fixture.h"

#include "util/time.h"

#define PUT_K "PUT /bucket/p/k HTTP"
#define HOLD "GET /bucket/p/k?legal-hold=&versionId=v1 HTTP"

static gboolean put(Fixture *f, gboolean legal_hold, AkObject *out, GError **error)
{
    TestPut test;

    test_put_init(&test, "k", "hello");
    test.put.legal_hold = legal_hold;
    g_assert_true(ak_time_parse(AK_VIEW(UNTIL), &test.put.retain_until_usec));
    return ak_store_put(f->store, &test.put, out, error);
}

static void assert_put_works(Fixture *f, gboolean legal_hold)
{
    g_auto(AkObject) object = {0};
    g_autoptr(GError) error = NULL;
    gboolean is_put = put(f, legal_hold, &object, &error);

    g_assert_no_error(error);
    g_assert_true(is_put);
}

static void assert_put_fails(Fixture *f, gboolean legal_hold, AkErrorCode class, const char *text)
{
    g_auto(AkObject) object = {0};
    g_autoptr(GError) error = NULL;

    g_assert_false(put(f, legal_hold, &object, &error));
    g_assert_error(error, AK_ERROR, (int)class);
    assert_message(error, text);
}

#define MD5 "content-md5: XUFAKrxLKna5cZ2REBfFkg=="
#define SHA256 "x-amz-checksum-sha256: LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="
#define PUT_REFUSED(what)                                                                          \
    {                                                                                              \
        .request = PUT_K, .header = what, .reply = "501 Not Implemented",                          \
        .body = ERROR_XML("NotImplemented")                                                        \
    }

static void test_both_digests(void)
{
    START_PROVEN(f, {.request = PUT_K, .header = SHA256, .reply = "200 OK\r\nx-amz-version-id: v1"},
                 HEAD_LOCKED,
                 {.request = PUT_K, .header = MD5, .reply = "200 OK\r\nx-amz-version-id: v1"},
                 HEAD_LOCKED);

    assert_put_works(&f, FALSE);
    g_assert_cmpint(((AkS3 *)f.store)->digest, ==, AK_S3_DIGEST_BOTH);
    assert_put_works(&f, FALSE);
    tear_down(&f);
}

#define PUT_MD5_ONLY                                                                               \
    {                                                                                              \
        .request = PUT_K, .header = MD5, .absent = "x-amz-checksum-sha256",                        \
        .reply = "200 OK\r\nx-amz-version-id: v1"                                                  \
    }

static void test_md5_alone_is_remembered(void)
{
    START_PROVEN(f, PUT_REFUSED(SHA256), PUT_MD5_ONLY, HEAD_LOCKED, PUT_MD5_ONLY, HEAD_LOCKED);

    assert_put_works(&f, FALSE);
    assert_put_works(&f, FALSE);
    tear_down(&f);
}

static void test_sha256_alone(void)
{
    START_PROVEN(f, PUT_REFUSED(SHA256), PUT_REFUSED(MD5),
                 {.request = PUT_K,
                  .header = SHA256,
                  .absent = "content-md5",
                  .reply = "200 OK\r\nx-amz-version-id: v1"},
                 HEAD_LOCKED);

    assert_put_works(&f, FALSE);
    g_assert_cmpint(((AkS3 *)f.store)->digest, ==, AK_S3_DIGEST_SHA256);
    tear_down(&f);
}

static void test_neither_digest(void)
{
    START_PROVEN(f, PUT_REFUSED(SHA256), PUT_REFUSED(MD5), PUT_REFUSED(SHA256));

    assert_put_fails(&f, FALSE, AK_ERROR_CONFIG, "HTTP 501 NotImplemented");
    g_assert_cmpint(((AkS3 *)f.store)->digest, ==, AK_S3_DIGEST_UNKNOWN);
    tear_down(&f);
}

/* A trial that gets no answer says nothing about digests. */
static void test_trial_without_answer(void)
{
    START_PROVEN(f, PUT_REFUSED(SHA256), {.request = PUT_K, .act = SCRIPTED_CLOSE},
                 PUT_REFUSED(SHA256), PUT_MD5_ONLY, HEAD_LOCKED);

    ((AkS3 *)f.store)->budget.max_attempts = 1;
    assert_put_fails(&f, FALSE, AK_ERROR_NETWORK, "cannot put 's3://bucket/p/k'");
    assert_put_works(&f, FALSE);
    tear_down(&f);
}

/* A wrong digest is no refusal of the kind, and a denial is none at all. */
static void test_other_refusals_end_it(void)
{
    START_PROVEN(f, PUT_ERROR("400 Bad Request", "BadDigest"),
                 PUT_ERROR("403 Forbidden", "AccessDenied"));

    assert_put_fails(&f, FALSE, AK_ERROR_NETWORK, "BadDigest");
    assert_put_fails(&f, FALSE, AK_ERROR_DENIED, "with the keys from the configuration");
    tear_down(&f);
}

static void set_encryption(Fixture *f, AkSse sse, const char *key, gboolean bucket_key)
{
    AkS3 *s3 = (AkS3 *)f->store;

    s3->sse = sse;
    s3->sse_kms_key_id = g_strdup(key);
    s3->sse_bucket_key = bucket_key;
}

static void test_no_encryption_asked_for(void)
{
    START_PROVEN(f,
                 {.request = PUT_K,
                  .absent = "x-amz-server-side-encryption",
                  .reply = "200 OK\r\nx-amz-version-id: v1"},
                 HEAD_LOCKED);

    assert_put_works(&f, FALSE);
    tear_down(&f);
}

static void test_sse_s3(void)
{
    START_PROVEN(
        f,
        {.request = PUT_K,
         .header = "x-amz-server-side-encryption: AES256",
         .absent = "x-amz-server-side-encryption-aws-kms-key-id",
         .reply = "200 OK\r\nx-amz-version-id: v1"},
        {.request = HEAD_REQUEST, .reply = LOCKED "\r\nx-amz-server-side-encryption: AES256"});

    set_encryption(&f, AK_SSE_S3, NULL, FALSE);
    assert_put_works(&f, FALSE);
    tear_down(&f);
}

static void encrypt_by_kms(const char *header, AkSse sse, const char *name)
{
    g_autofree char *locked = g_strconcat(LOCKED "\r\nx-amz-server-side-encryption: ", name, NULL);
    START_PROVEN(f, {.request = PUT_K, .header = header, .reply = "200 OK\r\nx-amz-version-id: v1"},
                 {.request = HEAD_REQUEST, .reply = locked});

    set_encryption(&f, sse, "alias/audit", TRUE);
    assert_put_works(&f, FALSE);
    tear_down(&f);
}

static void test_sse_kms(void)
{
    encrypt_by_kms("x-amz-server-side-encryption: aws:kms", AK_SSE_KMS, "aws:kms");
    encrypt_by_kms("x-amz-server-side-encryption: aws:kms:dsse", AK_SSE_KMS_DSSE, "aws:kms:dsse");
    encrypt_by_kms("x-amz-server-side-encryption-aws-kms-key-id: alias/audit", AK_SSE_KMS,
                   "aws:kms");
    encrypt_by_kms("x-amz-server-side-encryption-bucket-key-enabled: true", AK_SSE_KMS, "aws:kms");
}

static void test_encryption_that_is_ignored(void)
{
    START_PROVEN(
        f, PUT_OK, HEAD_LOCKED, PUT_OK,
        {.request = HEAD_REQUEST, .reply = LOCKED "\r\nx-amz-server-side-encryption: AES256"});

    set_encryption(&f, AK_SSE_KMS, NULL, FALSE);
    assert_put_fails(&f, FALSE, AK_ERROR_CONFIG, "not encrypted as asked for");
    assert_put_fails(&f, FALSE, AK_ERROR_CONFIG, "not encrypted as asked for");
    tear_down(&f);
}

static void refuse_config(AkStoreConfig config)
{
    AkAwsKeys none = {0};
    g_autoptr(GError) error = NULL;

    config.url = "s3://bucket";
    g_assert_null(ak_s3_open(&config, ak_credentials_from_keys(&none), NULL, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CONFIG);
}

static void test_encryption_that_makes_no_sense(void)
{
    refuse_config((AkStoreConfig){.sse_kms_key_id = "x"});
    refuse_config((AkStoreConfig){.sse = AK_SSE_S3, .sse_kms_key_id = "x"});
    refuse_config((AkStoreConfig){.sse = AK_SSE_S3, .sse_bucket_key = TRUE});
    refuse_config((AkStoreConfig){.sse = AK_SSE_KMS, .sse_kms_key_id = ""});
    refuse_config((AkStoreConfig){.sse = AK_SSE_KMS, .sse_kms_key_id = "x\r\ny: z"});
}

#define PUT_HELD                                                                                   \
    {                                                                                              \
        .request = PUT_K, .header = "x-amz-object-lock-legal-hold: ON",                            \
        .reply = "200 OK\r\nx-amz-version-id: v1"                                                  \
    }

static void test_legal_hold(void)
{
    START_PROVEN(
        f, PUT_HELD,
        {.request = HEAD_REQUEST, .reply = LOCKED "\r\nx-amz-object-lock-legal-hold: ON"}, PUT_HELD,
        HEAD_LOCKED,
        {.request = HOLD, .reply = "200 OK", .body = "<LegalHold><Status>ON</Status></LegalHold>"});

    assert_put_works(&f, TRUE);
    f.store->legal_hold = TRUE; /* of the store, for every object */
    assert_put_works(&f, FALSE);
    tear_down(&f);
}

static void test_legal_hold_that_is_ignored(void)
{
    START_PROVEN(
        f, PUT_HELD, HEAD_LOCKED,
        {.request = HOLD, .reply = "200 OK", .body = "<LegalHold><Status>OFF</Status></LegalHold>"},
        PUT_HELD, HEAD_LOCKED,
        {.request = HOLD, .reply = "404 Not Found", .body = ERROR_XML("NoSuchObjectLock…")},
        PUT_HELD, HEAD_LOCKED,
        {.request = HOLD, .reply = "403 Forbidden", .body = ERROR_XML("AccessDenied")});

    assert_put_fails(&f, TRUE, AK_ERROR_LOCK_OFF, "not put on legal hold");
    assert_put_fails(&f, TRUE, AK_ERROR_LOCK_OFF, "not put on legal hold");
    assert_put_fails(&f, TRUE, AK_ERROR_DENIED, "hint: allow s3:GetObjectLegalHold");
    tear_down(&f);
}

static void add_cases(void)
{
    CASE("put/both-digests", test_both_digests);
    CASE("put/md5-alone-is-remembered", test_md5_alone_is_remembered);
    CASE("put/sha256-alone", test_sha256_alone);
    CASE("put/neither-digest", test_neither_digest);
    CASE("put/trial-without-answer", test_trial_without_answer);
    CASE("put/other-refusals-end-it", test_other_refusals_end_it);
    CASE("put/no-encryption-asked-for", test_no_encryption_asked_for);
    CASE("put/sse-s3", test_sse_s3);
    CASE("put/sse-kms", test_sse_kms);
    CASE("put/encryption-that-is-ignored", test_encryption_that_is_ignored);
    CASE("put/encryption-that-makes-no-sense", test_encryption_that_makes_no_sense);
    CASE("put/legal-hold", test_legal_hold);
    CASE("put/legal-hold-that-is-ignored", test_legal_hold_that_is_ignored);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_cases();
    return g_test_run();
}
