/* put() of the s3 driver against an S3 that answers by a script. */
#include "s3_fixture.h"

#include "util/time.h"

static gboolean put(Fixture *f, AkObject *out, GError **error)
{
    TestPut test;

    test_put_init(&test, "k", "hello");
    g_assert_true(ak_time_parse(AK_VIEW(UNTIL), &test.put.retain_until_usec));
    return ak_store_put(f->store, &test.put, out, error);
}

static void assert_put_works(Fixture *f)
{
    g_auto(AkObject) object = {0};
    g_autoptr(GError) error = NULL;
    gboolean is_put = put(f, &object, &error);

    g_assert_no_error(error);
    g_assert_true(is_put);
    g_assert_cmpstr(object.version, ==, "v1");
}

static void assert_put_fails(Fixture *f, AkErrorCode class, const char *text)
{
    g_auto(AkObject) object = {0};
    g_autoptr(GError) error = NULL;

    g_assert_false(put(f, &object, &error));
    g_assert_error(error, AK_ERROR, (int)class);
    g_assert_null(object.key);
    assert_message(error, text);
}

static void test_condition_is_proven_once(void)
{
    START(f, HEAD_ABSENT, LIST_NONE, PUT_OK, HEAD_LOCKED, LIST_OURS,
          {.request = "PUT /bucket/p/k HTTP",
           .header = "if-none-match: *",
           .reply = "412 Precondition Failed",
           .body = ERROR_XML("PreconditionFailed")},
          PUT_OK, HEAD_LOCKED);

    assert_put_works(&f);
    g_assert_cmpint(((AkS3 *)f.store)->conditional, ==, AK_S3_CONDITIONAL_PROVEN);
    assert_put_works(&f);
    tear_down(&f);
}

static void test_condition_is_ignored(void)
{
    START(f, HEAD_ABSENT, LIST_NONE, PUT_OK, HEAD_LOCKED, LIST_OURS,
          {.request = "PUT /bucket/p/k HTTP",
           .reply = "400 Bad Request",
           .body = ERROR_XML("BadDigest")},
          HEAD_ABSENT, LIST_NONE, PUT_OK, HEAD_LOCKED, LIST_OURS);

    assert_put_works(&f);
    g_assert_cmpint(((AkS3 *)f.store)->conditional, ==, AK_S3_CONDITIONAL_IGNORED);
    assert_put_works(&f);
    tear_down(&f);
}

static void test_probe_that_is_stored_is_taken_back(void)
{
    START(f, HEAD_ABSENT, LIST_NONE, PUT_OK, HEAD_LOCKED, LIST_OURS,
          {.request = "PUT /bucket/p/k HTTP", .reply = "200 OK\r\nx-amz-version-id: v2"},
          {.request = "DELETE /bucket/p/k?versionId=v2 HTTP", .reply = "204 No Content"});

    assert_put_works(&f);
    tear_down(&f);
}

static void test_probe_without_answer_is_asked_again(void)
{
    START(f, HEAD_ABSENT, LIST_NONE, PUT_OK, HEAD_LOCKED, LIST_OURS,
          {.request = "PUT /bucket/p/k HTTP", .reply = "500 Oops"},
          {.request = "PUT /bucket/p/k HTTP", .reply = "500 Oops"},
          {.request = "PUT /bucket/p/k HTTP", .reply = "500 Oops"});

    assert_put_works(&f);
    g_assert_cmpint(((AkS3 *)f.store)->conditional, ==, AK_S3_CONDITIONAL_UNKNOWN);
    tear_down(&f);
}

static void test_precondition_failed(void)
{
    START_PROVEN(f, PUT_ERROR("412 Precondition Failed", "PreconditionFailed"));

    assert_put_fails(&f, AK_ERROR_CONFLICT, "cannot put 's3://bucket/p/k': HTTP 412");
    tear_down(&f);
}

static void test_lost_race_is_tried_again(void)
{
    START_PROVEN(f, PUT_ERROR("409 Conflict", "ConditionalRequestConflict"), PUT_OK, HEAD_LOCKED);

    assert_put_works(&f);
    tear_down(&f);
}

static void test_slow_down_is_tried_again(void)
{
    START_PROVEN(f, PUT_ERROR("503 Slow Down", "SlowDown"),
                 PUT_ERROR("500 Internal Server Error", "InternalError"), PUT_OK, HEAD_LOCKED);

    assert_put_works(&f);
    tear_down(&f);
}

static void test_slow_down_for_ever(void)
{
    START_PROVEN(f, PUT_ERROR("503 Slow Down", "SlowDown"), PUT_ERROR("503 Slow Down", "SlowDown"),
                 PUT_ERROR("503 Slow Down", "SlowDown"));

    assert_put_fails(&f, AK_ERROR_THROTTLED, "hint: lower the rate");
    tear_down(&f);
}

static void test_server_error_for_ever(void)
{
    START_PROVEN(f, PUT_ERROR("500 Oops", "InternalError"), PUT_ERROR("502 Oops", "Other"),
                 PUT_ERROR("504 Oops", "Other"));

    assert_put_fails(&f, AK_ERROR_TIMEOUT, "HTTP 504 Other, told   you");
    tear_down(&f);
}

static void test_lost_reply_proven(void)
{
    START_PROVEN(f, {.request = "PUT /bucket/p/k HTTP", .act = SCRIPTED_CLOSE},
                 PUT_ERROR("412 Precondition Failed", "PreconditionFailed"));

    assert_put_fails(&f, AK_ERROR_CONFLICT, "HTTP 412");
    tear_down(&f);
}

static void test_lost_reply_unproven(void)
{
    START(f, HEAD_ABSENT, LIST_NONE, {.request = "PUT /bucket/p/k HTTP", .act = SCRIPTED_CLOSE},
          {.request = "HEAD /bucket/p/k HTTP", .reply = LOCKED});

    assert_put_fails(&f, AK_ERROR_CONFLICT, "it exists already, version 'v1'");
    tear_down(&f);
}

static void test_two_versions_after_put(void)
{
    START(f, HEAD_ABSENT, LIST_NONE, PUT_OK, HEAD_LOCKED,
          {.request = LIST, .reply = "200 OK", .body = LISTING(VERSION("v1") VERSION("v0"))});

    assert_put_fails(&f, AK_ERROR_CONFLICT, "as version 'v1', but version 'v0'");
    tear_down(&f);
}

static void test_version_behind_a_delete_marker(void)
{
    START(
        f, HEAD_ABSENT,
        {.request = LIST,
         .reply = "200 OK",
         .body = LISTING(
             "<DeleteMarker><Key>p/k</Key><VersionId>m</VersionId></DeleteMarker>" VERSION("v0"))});

    assert_put_fails(&f, AK_ERROR_CONFLICT, "behind a delete marker, version 'v0'");
    tear_down(&f);
}

static void test_versions_may_be_hidden(void)
{
    START(f, HEAD_ABSENT, {.request = LIST, .reply = "403 Forbidden"}, PUT_OK, HEAD_LOCKED,
          {.request = LIST, .reply = "403 Forbidden"}, PUT_ERROR("400 Bad", "BadDigest"));

    assert_put_works(&f);
    tear_down(&f);
}

static void test_absence_may_not_be_seen(void)
{
    START(f, {.request = "HEAD /bucket/p/k HTTP", .reply = "403 Forbidden"});

    assert_put_fails(&f, AK_ERROR_DENIED, "s3:ListBucket");
    tear_down(&f);
}

static void test_stop_ends_the_waiting(void)
{
    START_PROVEN(f, PUT_ERROR("503 Slow Down", "SlowDown"));

    f.stop = 1;
    assert_put_fails(&f, AK_ERROR_CANCELLED, "asked to stop");
    tear_down(&f);
}

#define SKEWED(expected, date)                                                                     \
    {                                                                                              \
        .request = "PUT /bucket/p/k HTTP", .header = expected,                                     \
        .reply = "403 Forbidden\r\ndate: " date, .body = ERROR_XML("RequestTimeTooSkewed")         \
    }

static void test_skew_is_learned(void)
{
    START_PROVEN(f, SKEWED(DATE_NOW, "Thu, 01 Jan 2026 01:00:00 GMT"),
                 {.request = "PUT /bucket/p/k HTTP",
                  .header = DATE_LATER,
                  .reply = "200 OK\r\nx-amz-version-id: v1"},
                 {.request = HEAD_REQUEST, .header = DATE_LATER, .reply = LOCKED});

    assert_put_works(&f);
    tear_down(&f);
}

static void test_skew_is_learned_once(void)
{
    START_PROVEN(f, SKEWED(DATE_NOW, "Thu, 01 Jan 2026 01:00:00 GMT"),
                 SKEWED(DATE_LATER, "Thu, 01 Jan 2026 01:00:00 GMT"));

    assert_put_fails(&f, AK_ERROR_CONFIG, "the store's clock is +3600 s from ours");
    tear_down(&f);
}

#define RETENTION "GET /bucket/p/k?retention=&versionId=v1 HTTP"
#define HEAD_BARE                                                                                  \
    {                                                                                              \
        .request = HEAD_REQUEST, .reply = "200 OK\r\ncontent-length: 5\r\nx-amz-version-id: v1"    \
    }

static void test_lock_may_not_be_seen(void)
{
    START_PROVEN(
        f, PUT_OK, HEAD_BARE,
        {.request = RETENTION, .reply = "403 Forbidden", .body = ERROR_XML("AccessDenied")});

    assert_put_fails(&f, AK_ERROR_DENIED, "hint: allow s3:GetObjectRetention");
    tear_down(&f);
}

static void test_no_lock_at_all(void)
{
    START_PROVEN(f, PUT_OK, HEAD_BARE,
                 {.request = RETENTION,
                  .reply = "404 Not Found",
                  .body = ERROR_XML("NoSuchObjectLockConfiguration")});

    assert_put_fails(&f, AK_ERROR_LOCK_OFF, "not locked as asked for");
    tear_down(&f);
}

static void test_lock_is_seen_by_retention(void)
{
    START_PROVEN(f, PUT_OK, HEAD_BARE,
                 {.request = RETENTION,
                  .reply = "200 OK",
                  .body = "<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>2040-01-01T00:00:00."
                          "000000000Z</RetainUntilDate></Retention>"});

    assert_put_works(&f);
    tear_down(&f);
}

/* What HEAD may say after a put, and what follows from it. */
typedef struct {
    const char *headers;
    gint error; /* -1: all is well */
    const char *text;
} ReadBack;

#define SIZE_5 "200 OK\r\ncontent-length: 5\r\n"
#define MODE(mode) "x-amz-object-lock-mode: " mode "\r\n"
#define RETAIN(date) "x-amz-object-lock-retain-until-date: " date "\r\n"

static void test_read_back(void)
{
    static const ReadBack cases[] = {
        {SIZE_5 MODE("COMPLIANCE") RETAIN("2040-01-01T00:00:00.000000000Z") "x: y", -1, ""},
        {SIZE_5 MODE("COMPLIANCE") RETAIN("2041-01-01T00:00:00Z") "x: y", -1, ""},
        {SIZE_5 MODE("COMPLIANCE") RETAIN("2039-12-31T23:59:59Z") "x: y", AK_ERROR_LOCK_OFF,
         "not locked as asked"},
        {SIZE_5 MODE("GOVERNANCE") RETAIN(UNTIL) "x: y", AK_ERROR_LOCK_OFF, "not locked as asked"},
        {SIZE_5 MODE("COMPLIANCE") RETAIN("next year") "x: y", AK_ERROR_INTERNAL, "bad date"},
        {"200 OK\r\ncontent-length: 4\r\n" MODE("COMPLIANCE") RETAIN(UNTIL) "x: y",
         AK_ERROR_INTERNAL, "5 bytes sent, 4 stored"},
        {SIZE_5 MODE("COMPLIANCE")
             RETAIN(UNTIL) "x-amz-checksum-sha256: LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
         -1, ""},
        {SIZE_5 MODE("COMPLIANCE")
             RETAIN(UNTIL) "x-amz-checksum-sha256: LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCA=",
         AK_ERROR_INTERNAL, "the store's SHA-256 is not that"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        START_PROVEN(f, PUT_OK, {.request = HEAD_REQUEST, .reply = cases[i].headers});

        if (cases[i].error == -1)
            assert_put_works(&f);
        else
            assert_put_fails(&f, (AkErrorCode)cases[i].error, cases[i].text);
        tear_down(&f);
    }
}

static void test_lock_headers_to_a_bucket_without(void)
{
    START_PROVEN(f, PUT_ERROR("400 Bad Request", "InvalidRequest"),
                 {.request = CHECK, .reply = "200 OK", .body = "<ListBucketResult/>"},
                 {.request = "GET /bucket?object-lock= HTTP",
                  .reply = "404 Not Found",
                  .body = ERROR_XML("ObjectLockConfigurationNotFoundError")});

    assert_put_fails(&f, AK_ERROR_LOCK_OFF, "ObjectLockConfigurationNotFoundError");
    tear_down(&f);
}

static void add_cases(void)
{
    CASE("put/condition-is-proven-once", test_condition_is_proven_once);
    CASE("put/condition-is-ignored", test_condition_is_ignored);
    CASE("put/probe-that-is-stored-is-taken-back", test_probe_that_is_stored_is_taken_back);
    CASE("put/probe-without-answer-is-asked-again", test_probe_without_answer_is_asked_again);
    CASE("put/precondition-failed", test_precondition_failed);
    CASE("put/lost-race-is-tried-again", test_lost_race_is_tried_again);
    CASE("put/slow-down-is-tried-again", test_slow_down_is_tried_again);
    CASE("put/slow-down-for-ever", test_slow_down_for_ever);
    CASE("put/server-error-for-ever", test_server_error_for_ever);
    CASE("put/lost-reply-proven", test_lost_reply_proven);
    CASE("put/lost-reply-unproven", test_lost_reply_unproven);
    CASE("put/two-versions", test_two_versions_after_put);
    CASE("put/version-behind-a-delete-marker", test_version_behind_a_delete_marker);
    CASE("put/versions-may-be-hidden", test_versions_may_be_hidden);
    CASE("put/absence-may-not-be-seen", test_absence_may_not_be_seen);
    CASE("put/stop-ends-the-waiting", test_stop_ends_the_waiting);
    CASE("put/skew-is-learned", test_skew_is_learned);
    CASE("put/skew-is-learned-once", test_skew_is_learned_once);
    CASE("put/lock-may-not-be-seen", test_lock_may_not_be_seen);
    CASE("put/no-lock-at-all", test_no_lock_at_all);
    CASE("put/lock-is-seen-by-retention", test_lock_is_seen_by_retention);
    CASE("put/read-back", test_read_back);
    CASE("put/lock-headers-to-a-bucket-without", test_lock_headers_to_a_bucket_without);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_cases();
    return g_test_run();
}
