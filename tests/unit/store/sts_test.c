/* Roles through STS: web identity, and what STS refuses. */
#include "aws_fixture.h"

#include "store/aws/sts.h"

#define WEB "AssumeRoleWithWebIdentity"
#define ROLE "arn:aws:iam::123456789012:role/audit"

static void set_web_identity(Aws *f)
{
    aws_setenv(f, "AWS_WEB_IDENTITY_TOKEN_FILE", "%D/token");
    aws_setenv(f, "AWS_ROLE_ARN", ROLE);
    aws_write(f, "token", "first.token\n");
}

static void test_web_identity(void)
{
    AWS_START(f, NULL,
              {.request = "POST / HTTP",
               .absent = "authorization",
               .in_body =
                   "Action=" WEB "&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Faudit&"
                   "RoleSessionName=auditkeep&Version=2011-06-15&WebIdentityToken=first.token",
               .reply = "200 OK",
               .body = STS_KEYS(WEB, "AK1")});

    set_web_identity(&f);
    assert_keys(ak_credentials_from_web_identity(&f.context), "AK1", "t/AK1",
                "web identity, the role '" ROLE "'");
    aws_tear_down(&f);
}

static void test_token_is_read_again(void)
{
    AWS_START(f, NULL,
              {.request = "POST /",
               .in_body = "WebIdentityToken=first.token",
               .reply = "200 OK",
               .body = STS_KEYS(WEB, "AK1")},
              {.request = "POST /",
               .in_body = "RoleSessionName=me&Version=2011-06-15&WebIdentityToken=second",
               .reply = "200 OK",
               .body = STS_KEYS(WEB, "AK2")});

    set_web_identity(&f);
    assert_keys(ak_credentials_from_web_identity(&f.context), "AK1", "t/AK1",
                "web identity, the role '" ROLE "'");
    aws_write(&f, "token", "second");
    aws_setenv(&f, "AWS_ROLE_SESSION_NAME", "me");
    assert_keys(ak_credentials_from_web_identity(&f.context), "AK2", "t/AK2",
                "web identity, the role '" ROLE "'");
    aws_tear_down(&f);
}

static void test_not_configured(void)
{
    Aws f;

    aws_set_up(&f, NULL, 0, NULL);
    assert_no_keys(ak_credentials_from_web_identity(&f.context), AK_ERROR_CONFIG,
                   "no AWS credentials: no AWS_WEB_IDENTITY_TOKEN_FILE");
    set_web_identity(&f);
    aws_setenv(&f, "AWS_ROLE_ARN", "");
    assert_no_keys(ak_credentials_from_web_identity(&f.context), AK_ERROR_CONFIG,
                   "AWS_ROLE_ARN is not");
    aws_tear_down(&f);
}

static void test_bad_token_file(void)
{
    Aws f;

    aws_set_up(&f, NULL, 0, NULL);
    set_web_identity(&f);
    aws_write(&f, "token", " \n");
    assert_no_keys(ak_credentials_from_web_identity(&f.context), AK_ERROR_CONFIG, "no token");
    aws_write(&f, "token", "two " AWS_SECRET);
    assert_no_keys(ak_credentials_from_web_identity(&f.context), AK_ERROR_CONFIG, "no token");
    aws_setenv(&f, "AWS_WEB_IDENTITY_TOKEN_FILE", "%D/absent");
    assert_no_keys(ak_credentials_from_web_identity(&f.context), AK_ERROR_CONFIG,
                   "cannot read the token");
    aws_setenv(&f, "AWS_WEB_IDENTITY_TOKEN_FILE", "/dev/zero");
    assert_no_keys(ak_credentials_from_web_identity(&f.context), AK_ERROR_CONFIG, "no small file");
    aws_tear_down(&f);
}

typedef struct {
    const char *reply;
    const char *body;
    AkErrorCode class;
    const char *text;
} Refusal;

static void test_refusals(void)
{
    static const Refusal cases[] = {
        {"400 Bad Request", STS_ERROR("ExpiredTokenException"), AK_ERROR_DENIED, "out of date"},
        {"403 Forbidden", STS_ERROR("AccessDenied"), AK_ERROR_DENIED, "trust policy"},
        {"400 Bad Request", STS_ERROR("IDPCommunicationError"), AK_ERROR_NETWORK, "HTTP 400"},
        {"403 Forbidden", STS_ERROR("RegionDisabledException"), AK_ERROR_CONFIG, "activate STS"},
        {"400 Bad Request", STS_ERROR("Throttling"), AK_ERROR_THROTTLED, "Throttling"},
        {"503 Oops", "", AK_ERROR_NETWORK, "HTTP 503"},
        {"403 Forbidden", "<html>", AK_ERROR_DENIED, "HTTP 403"},
        {"400 Bad Request", STS_ERROR("ValidationError"), AK_ERROR_CONFIG, "ValidationError"},
        {"200 OK", "<html>", AK_ERROR_CONFIG, "the answer is not STS's"},
        {"200 OK", STS_KEYS("AssumeRole", "AK"), AK_ERROR_CONFIG, "the answer is not STS's"},
        {"200 OK", STS_KEYS(WEB, "A K"), AK_ERROR_CONFIG, "hold blanks"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        AWS_START(f, NULL, {.request = "POST /", .reply = cases[i].reply, .body = cases[i].body});

        set_web_identity(&f);
        assert_no_keys(ak_credentials_from_web_identity(&f.context), cases[i].class, cases[i].text);
        aws_tear_down(&f);
    }
}

/* A server that sends the token back does not get it into the log. */
static void test_token_is_not_repeated(void)
{
    AWS_START(f, NULL,
              {.request = "POST /",
               .reply = "403 Forbidden",
               .body = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>" AWS_SECRET
                       "</Message></Error></ErrorResponse>"});

    set_web_identity(&f);
    aws_write(&f, "token", AWS_SECRET);
    assert_no_keys(ak_credentials_from_web_identity(&f.context), AK_ERROR_DENIED, "AccessDenied");
    aws_tear_down(&f);
}

static gboolean assume(Aws *f, AkAwsKeys *out, GError **error)
{
    AkAwsKeys keys = {.access_key_id = (char[]){"AK"},
                      .secret_access_key = (char[]){AWS_SECRET},
                      .session_token = (char[]){"base/token"}};
    AkAwsRole role = {
        .role_arn = ROLE, .external_id = "ext", .duration_seconds = "900", .keys = &keys};

    return ak_sts_assume(&f->context, &role, out, error);
}

static void test_assume_role_is_signed(void)
{
    AWS_START(f, AWS_SECRET,
              {.request = "POST / HTTP",
               .header = "x-amz-security-token: base/token",
               .in_body = "Action=AssumeRole&DurationSeconds=900&ExternalId=ext&RoleArn=arn",
               .reply = "200 OK",
               .body = STS_KEYS("AssumeRole", "AK1")});
    g_auto(AkAwsKeys) keys = {0};
    g_autoptr(GError) error = NULL;

    g_assert_true(assume(&f, &keys, &error));
    g_assert_cmpstr(keys.source, ==, "the role '" ROLE "'");
    g_assert_cmpint(keys.expires_usec, ==, aws_now_usec + G_GINT64_CONSTANT(3600) * G_USEC_PER_SEC);
    aws_tear_down(&f);
}

static void test_skewed_clock_is_corrected(void)
{
    AWS_START(f, AWS_SECRET,
              {.request = "POST / HTTP",
               .header = "x-amz-date: 20260101T000000Z",
               .reply = "403 Forbidden\r\ndate: Thu, 01 Jan 2026 01:00:00 GMT",
               .body = STS_ERROR("SignatureDoesNotMatch")},
              {.request = "POST / HTTP",
               .header = "x-amz-date: 20260101T010000Z",
               .reply = "200 OK",
               .body = STS_KEYS("AssumeRole", "AK1")});
    g_auto(AkAwsKeys) keys = {0};
    g_autoptr(GError) error = NULL;

    g_assert_true(assume(&f, &keys, &error));
    aws_tear_down(&f);
}

static void test_signed_refusal_says_why(void)
{
    AWS_START(f, AWS_SECRET,
              {.request = "POST /", .reply = "403 Forbidden", .body = STS_ERROR("AccessDenied")});
    g_auto(AkAwsKeys) keys = {0};
    g_autoptr(GError) error = NULL;

    g_assert_false(assume(&f, &keys, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_DENIED);
    g_assert_cmpstr(error->message, ==,
                    "cannot assume the role '" ROLE "': HTTP 403 AccessDenied, said STS; hint: "
                    "check the role's trust policy");
    aws_tear_down(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/sts/web-identity", test_web_identity);
    g_test_add_func("/store/sts/token-is-read-again", test_token_is_read_again);
    g_test_add_func("/store/sts/not-configured", test_not_configured);
    g_test_add_func("/store/sts/bad-token-file", test_bad_token_file);
    g_test_add_func("/store/sts/refusals", test_refusals);
    g_test_add_func("/store/sts/token-is-not-repeated", test_token_is_not_repeated);
    g_test_add_func("/store/sts/assume-role-is-signed", test_assume_role_is_signed);
    g_test_add_func("/store/sts/skewed-clock-is-corrected", test_skewed_clock_is_corrected);
    g_test_add_func("/store/sts/signed-refusal-says-why", test_signed_refusal_says_why);
    return g_test_run();
}
