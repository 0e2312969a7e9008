/* The s3 driver against an S3 that answers by a script. */
#include "s3_fixture.h"

static void assert_check_fails(Fixture *f, AkErrorCode class, const char *text)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(ak_store_check(f->store, &error));
    g_assert_error(error, AK_ERROR, (int)class);
    assert_message(error, text);
}

static void test_stall_is_timeout(void)
{
    START(f, {.request = "HEAD /bucket/p/k HTTP", .act = SCRIPTED_STALL},
          {.request = "HEAD /bucket/p/k HTTP", .reply = LOCKED});
    g_auto(AkObject) object = {0};
    g_autoptr(GError) error = NULL;

    ((AkS3 *)f.store)->budget.max_attempts = 1;
    g_assert_false(ak_store_head(f.store, "k", NULL, &object, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_TIMEOUT);
    assert_message(error, "cannot head 's3://bucket/p/k'");
    g_clear_error(&error);
    g_assert_true(ak_store_head(f.store, "k", NULL, &object, &error));
    tear_down(&f);
}

static gboolean get(Fixture *f, guint64 offset, guint64 len, AkBuf *out, GError **error)
{
    return ak_store_get(f->store, "k", "v 1", offset, len, 100, out, error);
}

#define GET "GET /bucket/p/k?versionId=v%201 HTTP"

static void test_cut_answer_is_fetched_again(void)
{
    START(f, {.request = GET, .reply = "200 OK", .body = "hel", .act = SCRIPTED_CUT},
          {.request = GET, .reply = "200 OK", .body = "hello"});
    g_auto(AkBuf) buf = {0};
    g_autoptr(GError) error = NULL;

    g_assert_true(get(&f, 0, 0, &buf, &error));
    g_assert_cmpmem(buf.data, buf.len, "hello", 5);
    tear_down(&f);
}

static void test_cut_for_ever(void)
{
    START(f, {.request = GET, .reply = "200 OK", .body = "hel", .act = SCRIPTED_CUT},
          {.request = GET, .reply = "200 OK", .body = "hel", .act = SCRIPTED_CUT},
          {.request = GET, .reply = "200 OK", .body = "hel", .act = SCRIPTED_CUT});
    g_auto(AkBuf) buf = {0};
    g_autoptr(GError) error = NULL;

    g_assert_false(get(&f, 0, 0, &buf, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_NETWORK);
    g_assert_cmpuint(buf.len, ==, 0);
    tear_down(&f);
}

static void test_wrong_ranges_are_noticed(void)
{
    static const char *const wrong[] = {"206 Partial\r\ncontent-range: bytes 0-3/10",
                                        "206 Partial\r\ncontent-range: bytes 3-7/10",
                                        "206 Partial\r\ncontent-range: bytes */10", "206 Partial"};

    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        START(f, {.request = GET, .header = "range: bytes=3-6", .reply = wrong[i], .body = "345"});
        g_auto(AkBuf) buf = {0};
        g_autoptr(GError) error = NULL;

        g_assert_false(get(&f, 3, 4, &buf, &error));
        g_assert_error(error, AK_ERROR, AK_ERROR_INTERNAL);
        tear_down(&f);
    }
}

static void test_range_may_be_ignored(void)
{
    START(f, {.request = GET, .reply = "200 OK", .body = "0123456789"});
    g_auto(AkBuf) buf = {0};
    g_autoptr(GError) error = NULL;

    g_assert_true(get(&f, 3, 4, &buf, &error));
    g_assert_cmpmem(buf.data, buf.len, "3456", 4);
    tear_down(&f);
}

static void test_wrong_region_by_redirect(void)
{
    START(f, {.request = CHECK,
              .reply = "301 Moved\r\nx-amz-bucket-region: eu-west-3",
              .body = ERROR_XML("PermanentRedirect")});

    assert_check_fails(&f, AK_ERROR_CONFIG, "the bucket is in region 'eu-west-3', set AWS_REGION");
    tear_down(&f);
}

static void test_wrong_region_by_header(void)
{
    START(f, {.request = CHECK,
              .reply = "400 Bad Request",
              .body = "<Error><Code>AuthorizationHeaderMalformed</Code><Message>m</Message>"
                      "<Region>eu-west-3</Region></Error>"});

    assert_check_fails(&f, AK_ERROR_CONFIG, "the bucket is in region 'eu-west-3'");
    tear_down(&f);
}

static void test_wrong_region_by_head(void)
{
    START(f, {.request = "HEAD /bucket/p/k HTTP",
              .reply = "400 Bad Request\r\nx-amz-bucket-region: eu-west-3"});
    g_auto(AkObject) object = {0};
    g_autoptr(GError) error = NULL;

    g_assert_false(ak_store_head(f.store, "k", NULL, &object, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CONFIG);
    assert_message(error, "the bucket is in region 'eu-west-3'");
    tear_down(&f);
}

static void test_skew_is_seen_in_head(void)
{
    START(f,
          {.request = "HEAD /bucket/p/k HTTP",
           .header = DATE_NOW,
           .reply = "403 Forbidden\r\ndate: Thu, 01 Jan 2026 01:00:00 GMT"},
          {.request = "HEAD /bucket/p/k HTTP", .header = DATE_LATER, .reply = LOCKED});
    g_auto(AkObject) object = {0};
    g_autoptr(GError) error = NULL;

    g_assert_true(ak_store_head(f.store, "k", NULL, &object, &error));
    tear_down(&f);
}

static void test_checksum_of_the_store_is_told(void)
{
    START(f,
          {.request = "HEAD /bucket/p/k HTTP",
           .reply = LOCKED "\r\nx-amz-meta-root: a=b\r\nx-amz-checksum-sha256: "
                           "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="},
          {.request = "HEAD /bucket/p/k HTTP",
           .reply = LOCKED "\r\nx-amz-checksum-sha256: LPJNul+wow4m6Ds=-3"});
    g_auto(AkObject) object = {0};
    g_auto(AkObject) composite = {0};
    g_autoptr(GError) error = NULL;
    TestPut test;

    test_put_init(&test, "k", "hello");
    g_assert_true(ak_store_head(f.store, "k", NULL, &object, &error));
    g_assert_true(object.has_sha256);
    g_assert_cmpmem(object.sha256, AK_SHA256_LEN, test.sha256, AK_SHA256_LEN);
    g_assert_cmpstr(ak_object_meta(&object, "root"), ==, "a=b");
    g_assert_true(ak_store_head(f.store, "k", NULL, &composite, &error));
    g_assert_false(composite.has_sha256);
    tear_down(&f);
}

static void test_replication_states(void)
{
    static const struct {
        const char *reply;
        AkReplication state;
    } cases[] = {
        {LOCKED "\r\nx-amz-replication-status: PENDING", AK_REPLICATION_PENDING},
        {LOCKED "\r\nx-amz-replication-status: COMPLETED", AK_REPLICATION_COMPLETED},
        {LOCKED "\r\nx-amz-replication-status: COMPLETE", AK_REPLICATION_COMPLETED},
        {LOCKED "\r\nx-amz-replication-status: FAILED", AK_REPLICATION_FAILED},
        {LOCKED "\r\nx-amz-replication-status: REPLICA", AK_REPLICATION_REPLICA},
        {LOCKED, AK_REPLICATION_NONE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        START(f, {.request = "HEAD /bucket/p/k HTTP", .reply = cases[i].reply});
        g_auto(AkObject) object = {0};
        g_autoptr(GError) error = NULL;

        g_assert_true(ak_store_head(f.store, "k", NULL, &object, &error));
        g_assert_cmpint(object.replication, ==, cases[i].state);
        tear_down(&f);
    }
}

static void test_versioning_off(void)
{
    START(f, {.request = CHECK, .reply = "200 OK", .body = "<ListBucketResult/>"},
          {.request = "GET /bucket?object-lock= HTTP",
           .reply = "200 OK",
           .body = "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>"
                   "</ObjectLockConfiguration>"},
          {.request = "GET /bucket?versioning= HTTP",
           .reply = "200 OK",
           .body = "<VersioningConfiguration><Status>Suspended</Status>"
                   "</VersioningConfiguration>"});
    g_autoptr(GError) error = NULL;

    g_assert_false(ak_store_check(f.store, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_LOCK_OFF);
    tear_down(&f);
}

static void test_refusals_are_told_apart(void)
{
    static const struct {
        const char *status;
        const char *body;
        AkErrorCode class;
        const char *text;
    } cases[] = {
        {"403 Forbidden", ERROR_XML("AccessDenied"), AK_ERROR_DENIED, "bucket policy"},
        {"403 Forbidden", ERROR_XML("SignatureDoesNotMatch"), AK_ERROR_DENIED,
         "check AWS_SECRET_ACCESS_KEY"},
        {"403 Forbidden", ERROR_XML("InvalidAccessKeyId"), AK_ERROR_DENIED,
         "check AWS_ACCESS_KEY_ID"},
        {"400 Bad Request", ERROR_XML("ExpiredToken"), AK_ERROR_DENIED, "has expired"},
        {"404 Not Found", ERROR_XML("NoSuchBucket"), AK_ERROR_MISSING, "create the bucket"},
        {"400 Bad Request", ERROR_XML("Unheard"), AK_ERROR_CONFIG, "HTTP 400 Unheard"},
        {"418 Teapot", "<html>", AK_ERROR_INTERNAL, "HTTP 418"},
        {"507 Full", NULL, AK_ERROR_FULL, "HTTP 507"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        START(f, {.request = CHECK,
                  .header = "x-amz-security-token: session/token",
                  .reply = cases[i].status,
                  .body = cases[i].body});

        assert_check_fails(&f, cases[i].class, cases[i].text);
        tear_down(&f);
    }
}

static void test_bad_listings(void)
{
    static const struct {
        const char *body;
        AkErrorCode class;
    } cases[] = {
        {"no xml", AK_ERROR_BAD_INPUT},
        {"<Other/>", AK_ERROR_BAD_INPUT},
        {"<ListVersionsResult><IsTruncated>true</IsTruncated></ListVersionsResult>",
         AK_ERROR_INTERNAL},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        START(f, {.request = "GET /bucket?", .reply = "200 OK", .body = cases[i].body});
        g_autoptr(GError) error = NULL;
        AkObjectFunc never = NULL;

        g_assert_false(ak_store_list(f.store, "", never, NULL, &error));
        g_assert_error(error, AK_ERROR, (int)cases[i].class);
        assert_message(error, "cannot list versions");
        tear_down(&f);
    }
}

static void test_listing_goes_on_where_it_stopped(void)
{
    START(f,
          {.request = "GET /bucket?encoding-type=url&prefix=p%2F&versions= HTTP",
           .reply = "200 OK",
           .body = "<ListVersionsResult><IsTruncated>true</IsTruncated><EncodingType>url"
                   "</EncodingType><NextKeyMarker>p%2Fa%20b</NextKeyMarker><NextVersionIdMarker>v"
                   "</NextVersionIdMarker><Version><Key>p/a</Key></Version></ListVersionsResult>"},
          {.request = "GET /bucket?encoding-type=url&key-marker=p%2Fa%20b&prefix=p%2F"
                      "&version-id-marker=v&versions= HTTP",
           .reply = "200 OK",
           .body = LISTING("<Version><Key>p/c</Key></Version>"
                           "<DeleteMarker><Key>p/b%2Fx</Key></DeleteMarker>")});

    g_autofree char *keys = list_keys(f.store, "");
    g_assert_cmpstr(keys, ==, "a !b/x c");
    tear_down(&f);
}

static void test_virtual_host(void)
{
    const ScriptedStep steps[] = {{.request = "HEAD /p/k HTTP", .reply = LOCKED}};
    Fixture f;
    g_auto(AkObject) object = {0};
    g_autoptr(GError) error = NULL;

    set_up(&f, steps, 1);
    AkS3 *s3 = (AkS3 *)f.store;
    g_autofree char *endpoint = g_strdup_printf("http://localhost:%u", scripted_port(f.scripted));
    AkStoreConfig config = {
        .url = "s3://bucket/p", .endpoint = endpoint, .path_style = AK_PATH_STYLE_NEVER};
    ak_s3_location_clear(&s3->route.configured);
    g_assert_true(ak_s3_location_init(&s3->route.configured, &config, &error));
    g_assert_true(g_str_has_prefix(s3->location->host, "bucket.localhost:"));
    g_assert_true(ak_store_head(f.store, "k", NULL, &object, &error));
    tear_down(&f);
}

static void add_cases(void)
{
    CASE("head/stall-is-timeout", test_stall_is_timeout);
    CASE("head/wrong-region", test_wrong_region_by_head);
    CASE("head/skew", test_skew_is_seen_in_head);
    CASE("head/checksum-is-told", test_checksum_of_the_store_is_told);
    CASE("head/replication-states", test_replication_states);
    CASE("head/virtual-host", test_virtual_host);
    CASE("get/cut-answer-is-fetched-again", test_cut_answer_is_fetched_again);
    CASE("get/cut-for-ever", test_cut_for_ever);
    CASE("get/wrong-ranges-are-noticed", test_wrong_ranges_are_noticed);
    CASE("get/range-may-be-ignored", test_range_may_be_ignored);
    CASE("check/wrong-region-by-redirect", test_wrong_region_by_redirect);
    CASE("check/wrong-region-by-header", test_wrong_region_by_header);
    CASE("check/versioning-off", test_versioning_off);
    CASE("check/refusals-are-told-apart", test_refusals_are_told_apart);
    CASE("list/bad-listings", test_bad_listings);
    CASE("list/goes-on-where-it-stopped", test_listing_goes_on_where_it_stopped);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_cases();
    return g_test_run();
}
