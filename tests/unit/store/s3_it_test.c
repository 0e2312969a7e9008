/* The s3 driver against a real gateway with real Object Lock: tests/services/s3. */
#include "conformance.h"

#include "store/s3_driver.h"
#include "util/time.h"

#include <glib/gstdio.h>

static const char *setting(const char *name)
{
    const char *value = g_getenv(name);

    if (value == NULL)
        g_error("%s is not set: source the s3.env of 'tests/services/s3 start DIR'", name);
    return value;
}

static gint64 real_now(void)
{
    return g_get_real_time();
}

static gint64 late_now(void)
{
    return g_get_real_time() + 3600 * AK_USEC_PER_SEC;
}

static double no_jitter(void)
{
    return 0;
}

static AkStore *open_as(const char *url, const char *key, const char *secret, gint64 (*now)(void))
{
    AkStoreConfig config = {.url = url, .endpoint = setting("AK_TEST_S3_ENDPOINT")};
    g_auto(AkAwsKeys)
        keys = {.access_key_id = g_strdup(key), .secret_access_key = g_strdup(secret)};
    AkS3Env env = {now, no_jitter};
    g_autoptr(GError) error = NULL;
    AkStore *store = ak_s3_open(&config, ak_credentials_from_keys(&keys), &env, &error);

    g_assert_no_error(error);
    return store;
}

static AkStore *open_url(const char *url)
{
    return open_as(url, setting("AWS_ACCESS_KEY_ID"), setting("AWS_SECRET_ACCESS_KEY"), real_now);
}

static char *new_name(const char *start)
{
    return g_strdup_printf("%s-%08x%08x", start, g_random_int(), g_random_int());
}

static void send_bucket(AkStore *store, const char *subresource, const char *header,
                        const char *body)
{
    g_auto(AkS3Call) call = {.verb = "set up", .method = "PUT", .body = body};
    g_auto(AkS3Reply) reply = {0};
    g_autoptr(GError) error = NULL;

    if (subresource != NULL)
        ak_pairs_add(&call.query, subresource, "");
    if (header != NULL)
        ak_pairs_add(&call.headers, header, "true");
    if (body != NULL)
        call.body_len = strlen(body);
    ak_pairs_add(&call.headers, "content-type", "application/octet-stream");
    gboolean is_done = ak_s3_send_ok((AkS3 *)store, &call, &reply, &error);
    g_assert_no_error(error);
    g_assert_true(is_done);
}

/* URL of a new bucket. */
static char *new_bucket(gboolean has_lock)
{
    g_autofree char *name = new_name("ak");
    char *url = g_strconcat("s3://", name, NULL);
    g_autoptr(AkStore) store = open_url(url);

    send_bucket(store, NULL, has_lock ? "x-amz-bucket-object-lock-enabled" : NULL, NULL);
    return url;
}

/* A prefix of its own in a bucket that all cases share. */
static char *new_place(void)
{
    static char *bucket;
    g_autofree char *prefix = new_name("p");

    if (bucket == NULL)
        bucket = new_bucket(TRUE);
    return g_strconcat(bucket, "/", prefix, NULL);
}

static AkStore *open_new(void)
{
    g_autofree char *url = new_place();

    return open_url(url);
}

static void assert_check_fails(AkStore *store, AkErrorCode class, const char *text)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(ak_store_check(store, &error));
    g_assert_error(error, AK_ERROR, (int)class);
    g_assert_nonnull(strstr(error->message, text));
}

static void test_no_bucket(void)
{
    g_autoptr(AkStore) store = open_url("s3://no-such-bucket-here");

    assert_check_fails(store, AK_ERROR_MISSING, "NoSuchBucket");
}

static void test_bucket_without_lock(void)
{
    g_autofree char *url = new_bucket(FALSE);
    g_autoptr(AkStore) store = open_url(url);
    TestPut test;
    g_auto(AkObject) object = {0};
    g_autoptr(GError) error = NULL;

    assert_check_fails(store, AK_ERROR_LOCK_OFF, "hint: ");
    test_put_init(&test, "k", "x");
    g_assert_false(ak_store_put(store, &test.put, &object, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_LOCK_OFF);
    assert_missing(store, "k");
}

static void test_wrong_secret(void)
{
    g_autofree char *url = new_place();
    g_autoptr(AkStore) store = open_as(url, setting("AWS_ACCESS_KEY_ID"), "wrong", real_now);

    assert_check_fails(store, AK_ERROR_DENIED, "SignatureDoesNotMatch");
}

static void test_unknown_key(void)
{
    g_autofree char *url = new_place();
    g_autoptr(AkStore) store = open_as(url, "AKNOBODY", "wrong", real_now);

    assert_check_fails(store, AK_ERROR_DENIED, "InvalidAccessKeyId");
}

static AkStore *open_limited(const char *url)
{
    return open_as(url, setting("AK_TEST_S3_LIMITED_KEY"), setting("AK_TEST_S3_LIMITED_SECRET"),
                   real_now);
}

static void test_no_policy(void)
{
    g_autofree char *url = new_place();
    g_autoptr(AkStore) store = open_limited(url);

    assert_check_fails(store, AK_ERROR_DENIED, "AccessDenied");
}

static void test_clock_skew_is_learned(void)
{
    g_autofree char *url = new_place();
    g_autoptr(AkStore) store =
        open_as(url, setting("AWS_ACCESS_KEY_ID"), setting("AWS_SECRET_ACCESS_KEY"), late_now);

    assert_put(store, "k", "x");
    gint64 skew = ((AkS3 *)store)->skew_usec;
    g_assert_cmpint(ABS(skew + 3600 * AK_USEC_PER_SEC), <, 60 * AK_USEC_PER_SEC);
}

/* This gateway ignores If-None-Match. */
static void test_unconditional_store_is_found_out(void)
{
    g_autoptr(AkStore) store = open_new();

    g_assert_cmpint(((AkS3 *)store)->conditional, ==, AK_S3_CONDITIONAL_UNKNOWN);
    assert_put(store, "k", "x");
    g_assert_cmpint(((AkS3 *)store)->conditional, ==, AK_S3_CONDITIONAL_IGNORED);
    g_autofree char *keys = list_keys(store, "");
    g_assert_cmpstr(keys, ==, "k");
    assert_content(store, "k", "x");
}

static void test_delete_marker_does_not_free_a_key(void)
{
    g_autoptr(AkStore) store = open_new();
    TestPut test;
    g_auto(AkObject) object = {0};
    g_autoptr(GError) error = NULL;

    assert_put(store, "k", "x");
    g_assert_true(ak_store_remove(store, "k", NULL, &error));
    assert_missing(store, "k");
    test_put_init(&test, "k", "y");
    g_assert_false(ak_store_put(store, &test.put, &object, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CONFLICT);
    g_assert_nonnull(strstr(error->message, "delete marker"));
    g_autofree char *keys = list_keys(store, "");
    g_assert_cmpstr(keys, ==, "!k k");
}

static void test_versions_are_read_by_name(void)
{
    g_autoptr(AkStore) store = open_new();
    TestPut test;
    g_auto(AkObject) put = {0};
    g_auto(AkObject) object = {0};
    g_auto(AkBuf) buf = {0};
    g_autoptr(GError) error = NULL;

    test_put_init(&test, "k", "x");
    g_assert_true(ak_store_put(store, &test.put, &put, &error));
    g_assert_nonnull(put.version);
    g_assert_true(ak_store_remove(store, "k", NULL, &error));
    g_assert_true(ak_store_head(store, "k", put.version, &object, &error));
    g_assert_cmpint(object.lock_mode, ==, AK_LOCK_COMPLIANCE);
    g_assert_true(ak_store_get(store, "k", put.version, 0, 0, 10, &buf, &error));
    g_assert_cmpmem(buf.data, buf.len, "x", 1);
}

static void allow_limited(AkStore *store, const char *url)
{
    const char *bucket = url + strlen("s3://");
    g_autofree char *policy = g_strdup_printf(
        "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":"
        "[\"arn:aws:iam:::user/limited\"]},\"Action\":[\"s3:PutObject\",\"s3:GetObject\","
        "\"s3:ListBucket\"],\"Resource\":[\"arn:aws:s3:::%s\",\"arn:aws:s3:::%s/*\"]}]}",
        bucket, bucket);

    send_bucket(store, "policy", NULL, policy);
}

static void test_invisible_lock_is_unknown(void)
{
    g_autofree char *url = new_bucket(TRUE);
    g_autoptr(AkStore) owner = open_url(url);
    g_autoptr(AkStore) store = open_limited(url);
    TestPut test;
    g_auto(AkObject) object = {0};
    g_autoptr(GError) error = NULL;

    allow_limited(owner, url);
    assert_put(owner, "k", "x");
    gboolean is_there = ak_store_head(store, "k", NULL, &object, &error);
    g_assert_no_error(error);
    g_assert_true(is_there);
    g_assert_cmpint(object.lock_mode, ==, AK_LOCK_UNKNOWN);
    ak_object_clear(&object);
    test_put_init(&test, "k", "x");
    g_assert_false(ak_store_put(store, &test.put, &object, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CONFLICT);
}

static void test_unlocked_object_is_unlocked(void)
{
    g_autofree char *url = new_bucket(TRUE);
    g_autoptr(AkStore) store = open_url(url);
    g_auto(AkS3Call)
        call = {.verb = "put", .method = "PUT", .key = "k", .body = "x", .body_len = 1};
    g_auto(AkS3Reply) reply = {0};
    g_auto(AkObject) object = {0};
    g_autoptr(GError) error = NULL;

    ak_pairs_add(&call.headers, "content-type", "text/plain");
    g_assert_true(ak_s3_send_ok((AkS3 *)store, &call, &reply, &error));
    g_assert_true(ak_store_head(store, "k", NULL, &object, &error));
    g_assert_cmpint(object.lock_mode, ==, AK_LOCK_NONE);
}

static void test_list_of_many_pages(void)
{
    g_autofree char *url = new_bucket(TRUE);
    g_autoptr(AkStore) store = open_url(url);
    g_auto(AkS3Call) call = {.verb = "put", .method = "PUT", .body = "x", .body_len = 1};
    g_autoptr(GString) expected = g_string_new(NULL);

    ak_pairs_add(&call.headers, "content-type", "text/plain");
    for (int i = 0; i < 1010; i++) {
        g_autofree char *key = g_strdup_printf("k%04d", i);
        g_auto(AkS3Reply) reply = {0};
        g_autoptr(GError) error = NULL;

        call.key = key;
        g_assert_true(ak_s3_send_ok((AkS3 *)store, &call, &reply, &error));
        g_string_append_printf(expected, "%s%s", i > 0 ? " " : "", key);
    }
    g_autofree char *keys = list_keys(store, "k");
    g_assert_cmpstr(keys, ==, expected->str);
}

static void test_environment_credentials(void)
{
    g_autofree char *url = new_place();
    AkStoreConfig config = {.url = url, .endpoint = setting("AK_TEST_S3_ENDPOINT")};
    g_autoptr(GError) error = NULL;
    g_autoptr(AkStore) store = ak_store_open(&config, &error);

    g_assert_no_error(error);
    g_assert_true(ak_store_check(store, &error));
}

/* Files of AWS's tools in a new folder: keys of the limited user, with which a role is assumed. */
static char *write_role_profile(void)
{
    g_autofree char *folder = g_dir_make_tmp("ak-it-XXXXXX", NULL);
    char *path = g_build_filename(folder, "config", NULL);
    g_autofree char *text =
        g_strdup_printf("[profile base]\naws_access_key_id=%s\naws_secret_access_key=%s\n"
                        "[profile audit]\nrole_arn=%s\nsource_profile=base\nendpoint_url=%s\n",
                        setting("AK_TEST_S3_LIMITED_KEY"), setting("AK_TEST_S3_LIMITED_SECRET"),
                        setting("AK_TEST_S3_ROLE"), setting("AK_TEST_S3_STS_ENDPOINT"));

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    return path;
}

static void remove_with_folder(const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);

    g_assert_cmpint(g_unlink(path), ==, 0);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

/* Endpoint, keys and role from a profile alone; the limited user itself may do nothing here. */
static void test_assumed_role(void)
{
    g_autofree char *url = new_place();
    AkStoreConfig config = {.url = url, .profile = "audit"};
    g_auto(AkAwsKeys) keys = {0};
    g_autoptr(GError) error = NULL;

    g_autoptr(AkStore) store = ak_store_open(&config, &error);
    g_assert_no_error(error);
    assert_put(store, "k", "x");
    assert_content(store, "k", "x");
    gboolean is_fetched = ak_credentials_fetch(((AkS3 *)store)->credentials, &keys, &error);
    g_assert_no_error(error);
    g_assert_true(is_fetched);
    g_assert_nonnull(keys.session_token);
    g_assert_cmpint(keys.expires_usec, >, g_get_real_time());
    g_assert_cmpstr(keys.source, ==, "the role 'arn:aws:iam:::role/audit'");
}

static AkStore *open_encrypting(AkSse sse, const char *key)
{
    g_autofree char *url = new_place();
    AkStoreConfig config = {
        .url = url, .endpoint = setting("AK_TEST_S3_ENDPOINT"), .sse = sse, .sse_kms_key_id = key};
    g_autoptr(GError) error = NULL;
    AkStore *store = ak_store_open(&config, &error);

    g_assert_no_error(error);
    return store;
}

static void test_encrypted_by_kms(void)
{
    g_autoptr(AkStore) store = open_encrypting(AK_SSE_KMS, "testkey");
    g_auto(AkObject) object = {0};
    g_autoptr(GError) error = NULL;

    assert_put(store, "k", "x");
    assert_content(store, "k", "x");
    g_assert_true(ak_store_head(store, "k", NULL, &object, &error));
    g_assert_cmpint(object.sse, ==, AK_SSE_KMS);
}

static void test_not_encrypted_after_all(void)
{
    /* An unknown key; the second is ignored by this gateway, the third refused. */
    static const struct {
        AkSse sse;
        const char *key;
        AkErrorCode class;
        const char *text;
    } cases[] = {
        {AK_SSE_KMS, "nosuchkey", AK_ERROR_DENIED, "HTTP 403"},
        {AK_SSE_S3, NULL, AK_ERROR_CONFIG, "not encrypted as asked for"},
        {AK_SSE_KMS_DSSE, "testkey", AK_ERROR_CONFIG, "HTTP 400 InvalidArgument"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(AkStore) store = open_encrypting(cases[i].sse, cases[i].key);
        g_auto(AkObject) object = {0};
        g_autoptr(GError) error = NULL;
        TestPut test;

        test_put_init(&test, "k", "x");
        g_assert_false(ak_store_put(store, &test.put, &object, &error));
        g_assert_error(error, AK_ERROR, (int)cases[i].class);
        g_assert_nonnull(strstr(error->message, cases[i].text));
        g_assert_null(object.key);
    }
}

static void test_nobody_listens(void)
{
    AkStoreConfig config = {
        .url = "s3://bucket", .endpoint = "http://127.0.0.1:1", .max_attempts = 1};
    g_autoptr(AkStore) store = ak_store_open(&config, NULL);

    assert_check_fails(store, AK_ERROR_NETWORK, "hint: check the endpoint");
}

int main(int argc, char **argv)
{
    static const StoreUnderTest s3 = {"s3", open_new, FALSE};

    g_test_init(&argc, &argv, NULL);
    g_autofree char *profile = write_role_profile();
    g_setenv("AWS_CONFIG_FILE", profile, TRUE); /* before there are threads */
    conformance_add(&s3);
    g_test_add_func("/store/s3/no-bucket", test_no_bucket);
    g_test_add_func("/store/s3/bucket-without-lock", test_bucket_without_lock);
    g_test_add_func("/store/s3/wrong-secret", test_wrong_secret);
    g_test_add_func("/store/s3/unknown-key", test_unknown_key);
    g_test_add_func("/store/s3/no-policy", test_no_policy);
    g_test_add_func("/store/s3/clock-skew-is-learned", test_clock_skew_is_learned);
    g_test_add_func("/store/s3/unconditional-store-is-found-out",
                    test_unconditional_store_is_found_out);
    g_test_add_func("/store/s3/delete-marker-does-not-free-a-key",
                    test_delete_marker_does_not_free_a_key);
    g_test_add_func("/store/s3/versions-are-read-by-name", test_versions_are_read_by_name);
    g_test_add_func("/store/s3/invisible-lock-is-unknown", test_invisible_lock_is_unknown);
    g_test_add_func("/store/s3/unlocked-object-is-unlocked", test_unlocked_object_is_unlocked);
    g_test_add_func("/store/s3/list-of-many-pages", test_list_of_many_pages);
    g_test_add_func("/store/s3/environment-credentials", test_environment_credentials);
    g_test_add_func("/store/s3/assumed-role", test_assumed_role);
    g_test_add_func("/store/s3/encrypted-by-kms", test_encrypted_by_kms);
    g_test_add_func("/store/s3/not-encrypted-after-all", test_not_encrypted_after_all);
    g_test_add_func("/store/s3/nobody-listens", test_nobody_listens);
    int status = g_test_run();
    remove_with_folder(profile);
    return status;
}
