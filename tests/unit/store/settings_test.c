#include "aws_fixture.h"

/* Settings under AkAwsGiven @given, the fixture's variables and files. */
static AkAwsSettings settings_of(Aws *f, AkAwsGiven given)
{
    AkAwsSettings settings = {0};
    g_autoptr(GError) error = NULL;
    gboolean is_read = ak_aws_settings_init(&settings, f->environ, &given, &error);

    g_assert_no_error(error);
    g_assert_true(is_read);
    return settings;
}

static void refuse(Aws *f, AkAwsGiven given, const char *text)
{
    g_auto(AkAwsSettings) settings = {0};
    g_autoptr(GError) error = NULL;

    g_assert_false(ak_aws_settings_init(&settings, f->environ, &given, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CONFIG);
    if (strstr(error->message, text) == NULL)
        g_error("no '%s' in: %s", text, error->message);
}

#define ASSERT_SETTING(f, given, member, value)                                                    \
    G_STMT_START                                                                                   \
    {                                                                                              \
        g_auto(AkAwsSettings) settings_now = settings_of((f), (AkAwsGiven)given);                  \
        g_assert_cmpstr(settings_now.member, ==, value);                                           \
    }                                                                                              \
    G_STMT_END
#define NOTHING                                                                                    \
    {                                                                                              \
        0                                                                                          \
    }

static void test_region(void)
{
    Aws f;

    aws_set_up(&f, NULL, 0, NULL);
    ASSERT_SETTING(&f, NOTHING, region, "us-east-1");
    aws_write(&f, "config", "[default]\nregion=from-profile\n");
    ASSERT_SETTING(&f, NOTHING, region, "from-profile");
    aws_setenv(&f, "AWS_DEFAULT_REGION", "from-default");
    ASSERT_SETTING(&f, NOTHING, region, "from-default");
    aws_setenv(&f, "AWS_REGION", "from-variable");
    ASSERT_SETTING(&f, NOTHING, region, "from-variable");
    ASSERT_SETTING(&f, {.region = "given"}, region, "given");
    aws_setenv(&f, "AWS_REGION", "evil.example/");
    refuse(&f, (AkAwsGiven){0}, "AWS_REGION");
    aws_tear_down(&f);
}

static void test_profile(void)
{
    Aws f;

    aws_set_up(&f, NULL, 0, NULL);
    aws_write(&f, "config", "[profile a]\nregion=ra\n[profile b]\nregion=rb\n");
    ASSERT_SETTING(&f, NOTHING, profile, "default");
    aws_setenv(&f, "AWS_PROFILE", "a");
    ASSERT_SETTING(&f, NOTHING, region, "ra");
    ASSERT_SETTING(&f, {.profile = "b"}, region, "rb");
    aws_setenv(&f, "AWS_PROFILE", "c");
    refuse(&f, (AkAwsGiven){0}, "no AWS profile 'c'");
    aws_tear_down(&f);
}

static void test_endpoint(void)
{
    Aws f;

    aws_set_up(&f, NULL, 0, NULL);
    ASSERT_SETTING(&f, NOTHING, endpoint, NULL);
    aws_write(&f, "config", "[default]\nendpoint_url=http://profile\n");
    ASSERT_SETTING(&f, NOTHING, endpoint, "http://profile");
    aws_write(&f, "config",
              "[default]\nendpoint_url=http://profile\nservices=dev\n"
              "[services dev]\ns3=\n  endpoint_url=http://services\n");
    ASSERT_SETTING(&f, NOTHING, endpoint, "http://services");
    aws_setenv(&f, "AWS_ENDPOINT_URL", "http://common");
    ASSERT_SETTING(&f, NOTHING, endpoint, "http://common");
    aws_setenv(&f, "AWS_ENDPOINT_URL_S3", "http://own");
    ASSERT_SETTING(&f, NOTHING, endpoint, "http://own");
    ASSERT_SETTING(&f, {.endpoint = "http://given"}, endpoint, "http://given");
    aws_setenv(&f, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true");
    ASSERT_SETTING(&f, NOTHING, endpoint, NULL);
    ASSERT_SETTING(&f, NOTHING, sts_endpoint, "https://sts.us-east-1.amazonaws.com");
    ASSERT_SETTING(&f, {.endpoint = "http://given"}, endpoint, "http://given");
    aws_tear_down(&f);
}

static void test_sts_endpoint(void)
{
    Aws f;

    aws_set_up(&f, NULL, 0, NULL);
    aws_setenv(&f, "AWS_ENDPOINT_URL_STS", "");
    ASSERT_SETTING(&f, {.region = "eu-west-3"}, sts_endpoint,
                   "https://sts.eu-west-3.amazonaws.com");
    ASSERT_SETTING(&f, {.region = "cn-north-1"}, sts_endpoint,
                   "https://sts.cn-north-1.amazonaws.com.cn");
    ASSERT_SETTING(&f, {.use_fips = TRUE}, sts_endpoint,
                   "https://sts-fips.us-east-1.amazonaws.com");
    aws_setenv(&f, "AWS_ENDPOINT_URL_STS", "https://sts.example/");
    ASSERT_SETTING(&f, NOTHING, sts_endpoint, "https://sts.example");
    aws_setenv(&f, "AWS_ENDPOINT_URL_STS", "https://user:secret@sts.example");
    refuse(&f, (AkAwsGiven){0}, "AWS_ENDPOINT_URL_STS");
    aws_setenv(&f, "AWS_ENDPOINT_URL_STS", "ftp://sts.example");
    refuse(&f, (AkAwsGiven){0}, "AWS_ENDPOINT_URL_STS");
    aws_tear_down(&f);
}

static void test_booleans(void)
{
    Aws f;

    aws_set_up(&f, NULL, 0, NULL);
    aws_write(&f, "config", "[default]\nuse_fips_endpoint=true\n");
    g_auto(AkAwsSettings) from_profile = settings_of(&f, (AkAwsGiven){0});
    g_assert_true(from_profile.use_fips);
    g_assert_false(from_profile.use_dualstack);
    aws_setenv(&f, "AWS_USE_FIPS_ENDPOINT", "FALSE");
    aws_setenv(&f, "AWS_USE_DUALSTACK_ENDPOINT", "True");
    g_auto(AkAwsSettings) from_variables = settings_of(&f, (AkAwsGiven){0});
    g_assert_false(from_variables.use_fips);
    g_assert_true(from_variables.use_dualstack);
    aws_setenv(&f, "AWS_USE_DUALSTACK_ENDPOINT", "yes");
    refuse(&f, (AkAwsGiven){0}, "AWS_USE_DUALSTACK_ENDPOINT is 'yes'");
    aws_tear_down(&f);
}

static void test_metadata(void)
{
    Aws f;

    aws_set_up(&f, NULL, 0, NULL);
    aws_setenv(&f, "AWS_EC2_METADATA_SERVICE_ENDPOINT", "");
    ASSERT_SETTING(&f, NOTHING, metadata_endpoint, "http://169.254.169.254");
    aws_setenv(&f, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6");
    ASSERT_SETTING(&f, NOTHING, metadata_endpoint, "http://[fd00:ec2::254]");
    aws_setenv(&f, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv5");
    refuse(&f, (AkAwsGiven){0}, "ENDPOINT_MODE is 'IPv5'");
    aws_tear_down(&f);
}

static void test_retries(void)
{
    Aws f;

    aws_set_up(&f, NULL, 0, NULL);
    aws_write(&f, "config", "[default]\nmax_attempts=7\nretry_mode=adaptive\n");
    g_auto(AkAwsSettings) from_profile = settings_of(&f, (AkAwsGiven){0});
    g_assert_cmpuint(from_profile.max_attempts, ==, 7);
    g_assert_cmpint(from_profile.retry_mode, ==, AK_RETRY_MODE_ADAPTIVE);
    aws_setenv(&f, "AWS_RETRY_MODE", "legacy");
    g_test_expect_message("auditkeep", G_LOG_LEVEL_MESSAGE, "*'legacy' is taken as 'standard'");
    g_auto(AkAwsSettings) legacy = settings_of(&f, (AkAwsGiven){.max_attempts = 2});
    g_test_assert_expected_messages();
    g_assert_cmpuint(legacy.max_attempts, ==, 2);
    g_assert_cmpint(legacy.retry_mode, ==, AK_RETRY_MODE_STANDARD);
    refuse(&f, (AkAwsGiven){.retry_mode = "brave"}, "AWS_RETRY_MODE is 'brave'");
    aws_setenv(&f, "AWS_MAX_ATTEMPTS", "0");
    refuse(&f, (AkAwsGiven){0}, "AWS_MAX_ATTEMPTS is '0'");
    aws_tear_down(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/settings/region", test_region);
    g_test_add_func("/store/settings/profile", test_profile);
    g_test_add_func("/store/settings/endpoint", test_endpoint);
    g_test_add_func("/store/settings/sts-endpoint", test_sts_endpoint);
    g_test_add_func("/store/settings/booleans", test_booleans);
    g_test_add_func("/store/settings/metadata", test_metadata);
    g_test_add_func("/store/settings/retries", test_retries);
    return g_test_run();
}
