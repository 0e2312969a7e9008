#include "aws_fixture.h"

#define SOURCE "instance metadata, the role 'my-role'"
#define ROLES "GET /latest/meta-data/iam/security-credentials/"
#define TOKEN                                                                                      \
    {                                                                                              \
        .request = "PUT /latest/api/token HTTP",                                                   \
        .header = "x-aws-ec2-metadata-token-ttl-seconds: 21600", .reply = "200 OK", .body = "tok"  \
    }
#define ROLE_LIST                                                                                  \
    {                                                                                              \
        .request = ROLES " HTTP", .header = "x-aws-ec2-metadata-token: tok", .reply = "200 OK",    \
        .body = "my-role\n"                                                                        \
    }

static void test_fetch(void)
{
    AWS_START(f, NULL, TOKEN, ROLE_LIST,
              {.request = ROLES "my-role HTTP",
               .header = "x-aws-ec2-metadata-token: tok",
               .reply = "200 OK",
               .body = JSON_KEYS("AKI")});

    assert_keys(ak_credentials_from_instance(&f.context), "AKI", "t/AKI", SOURCE);
    aws_tear_down(&f);
}

/* A proxy's variables do not count on the way to a link-local address. */
static void test_proxy_is_bypassed(void)
{
    AWS_START(f, NULL, TOKEN, ROLE_LIST,
              {.request = ROLES "my-role", .reply = "200 OK", .body = JSON_KEYS("AKI")});

    g_setenv("http_proxy", "http://127.0.0.1:1", TRUE);
    assert_keys(ak_credentials_from_instance(&f.context), "AKI", "t/AKI", SOURCE);
    g_unsetenv("http_proxy");
    aws_tear_down(&f);
}

static void test_disabled(void)
{
    Aws f;

    aws_set_up(&f, NULL, 0, NULL);
    aws_setenv(&f, "AWS_EC2_METADATA_DISABLED", "true");
    aws_read_settings(&f);
    assert_no_keys(ak_credentials_from_instance(&f.context), AK_ERROR_CONFIG,
                   "instance metadata is off");
    aws_tear_down(&f);
}

/* No version 1: after a refused PUT nothing more is asked. */
static void test_no_fall_back_to_version_1(void)
{
    AWS_START(f, NULL, {.request = "PUT /latest/api/token", .reply = "405 Method Not Allowed"});

    assert_no_keys(ak_credentials_from_instance(&f.context), AK_ERROR_DENIED, "HTTP 405");
    aws_tear_down(&f);
}

static void test_no_role(void)
{
    AWS_START(f, NULL, TOKEN, {.request = ROLES " ", .reply = "404 Not Found"});

    assert_no_keys(ak_credentials_from_instance(&f.context), AK_ERROR_CONFIG, "HTTP 404");
    aws_tear_down(&f);
}

static void test_strange_answers(void)
{
    AWS_START(f, NULL, {.request = "PUT /", .reply = "200 OK", .body = "a b"},
              {.request = "PUT /", .reply = "200 OK"}, TOKEN,
              {.request = ROLES, .reply = "200 OK", .body = "a/../b"}, TOKEN, ROLE_LIST,
              {.request = ROLES "my-role",
               .reply = "200 OK",
               .body = "{\"Code\":\"AssumeRoleUnauthorizedAccess\"}"});

    assert_no_keys(ak_credentials_from_instance(&f.context), AK_ERROR_CONFIG, "as it should");
    assert_no_keys(ak_credentials_from_instance(&f.context), AK_ERROR_CONFIG, "as it should");
    assert_no_keys(ak_credentials_from_instance(&f.context), AK_ERROR_CONFIG, "names no role");
    assert_no_keys(ak_credentials_from_instance(&f.context), AK_ERROR_DENIED, "trust policy");
    aws_tear_down(&f);
}

static void test_tried_twice(void)
{
    AWS_START(f, NULL, {.request = "PUT /", .reply = "500 Oops"}, TOKEN, ROLE_LIST,
              {.request = ROLES "my-role", .reply = "200 OK", .body = JSON_KEYS("AKI")});

    assert_keys(ak_credentials_from_instance(&f.context), "AKI", "t/AKI", SOURCE);
    aws_tear_down(&f);
}

static void test_silence_is_short(void)
{
    AWS_START(f, NULL, {.request = "PUT /", .act = SCRIPTED_STALL},
              {.request = "PUT /", .act = SCRIPTED_STALL});
    gint64 start = g_get_monotonic_time();

    assert_no_keys(ak_credentials_from_instance(&f.context), AK_ERROR_TIMEOUT, "cannot ask");
    g_assert_cmpint(g_get_monotonic_time() - start, <, 10 * G_USEC_PER_SEC);
    aws_tear_down(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/instance/fetch", test_fetch);
    g_test_add_func("/store/instance/proxy-is-bypassed", test_proxy_is_bypassed);
    g_test_add_func("/store/instance/disabled", test_disabled);
    g_test_add_func("/store/instance/no-fall-back-to-version-1", test_no_fall_back_to_version_1);
    g_test_add_func("/store/instance/no-role", test_no_role);
    g_test_add_func("/store/instance/strange-answers", test_strange_answers);
    g_test_add_func("/store/instance/tried-twice", test_tried_twice);
    g_test_add_func("/store/instance/silence-is-short", test_silence_is_short);
    return g_test_run();
}
