/* Keys by way of the shared files. */
#include "aws_fixture.h"

#define ROLE "arn:aws:iam::1:role/r"
#define STATIC_KEYS "aws_access_key_id=AKS\naws_secret_access_key=" AWS_SECRET "\n"

static void expect_keys(Aws *f, const char *id, const char *token, const char *source)
{
    aws_read_settings(f);
    assert_keys(ak_credentials_from_profile(&f->context), id, token, source);
}

static void expect_none(Aws *f, AkErrorCode class, const char *text)
{
    aws_read_settings(f);
    assert_no_keys(ak_credentials_from_profile(&f->context), class, text);
}

static void test_static(void)
{
    Aws f;

    aws_set_up(&f, NULL, 0, NULL);
    expect_none(&f, AK_ERROR_CONFIG, "no keys in the profile 'default'; hint");
    aws_write(&f, "credentials",
              "[default]\n" STATIC_KEYS "[b]\n" STATIC_KEYS "aws_session_token=tok\n");
    expect_keys(&f, "AKS", NULL, "the profile 'default'");
    aws_setenv(&f, "AWS_PROFILE", "b");
    expect_keys(&f, "AKS", "tok", "the profile 'b'");
    aws_write(&f, "credentials", "[b]\naws_secret_access_key=" AWS_SECRET "\n");
    expect_none(&f, AK_ERROR_CONFIG, "half a pair of AWS keys in the profile 'b'");
    aws_tear_down(&f);
}

static void test_change_is_seen(void)
{
    g_auto(AkAwsKeys) keys = {0};
    Aws f;

    aws_set_up(&f, NULL, 0, NULL);
    aws_write(&f, "credentials", "[default]\n" STATIC_KEYS);
    g_autoptr(AkCredentials) source = ak_credentials_from_profile(&f.context);
    g_assert_true(source->fetch(source, &keys, NULL));
    g_assert_false(source->is_changed(source));
    aws_write(&f, "credentials", "[default]\n" STATIC_KEYS "\n");
    g_assert_true(source->is_changed(source));
    aws_tear_down(&f);
}

#define PROCESS_JSON                                                                               \
    "{\"Version\": 1, \"AccessKeyId\": \"AKP\", \"SecretAccessKey\": \"" AWS_SECRET                \
    "\", \"SessionToken\": \"tp\"}"

static void test_process(void)
{
    Aws f;

    aws_set_up(&f, NULL, 0, NULL);
    aws_write(&f, "keys.json", PROCESS_JSON);
    aws_write(&f, "config", "[default]\ncredential_process = cat \"%D/keys.json\"\n");
    expect_keys(&f, "AKP", "tp", "the profile 'default' (credential_process)");
    aws_write(&f, "config", "[default]\ncredential_process = cat \"%D/keys.json\"\n" STATIC_KEYS);
    expect_keys(&f, "AKS", NULL, "the profile 'default'");
    aws_tear_down(&f);
}

static void refuse_process(const char *command, AkErrorCode class, const char *text)
{
    g_autofree char *config = g_strdup_printf("[default]\ncredential_process = %s\n", command);
    Aws f;

    aws_set_up(&f, NULL, 0, NULL);
    f.context.process_timeout_ms = 200;
    aws_write(&f, "config", config);
    expect_none(&f, class, text);
    aws_tear_down(&f);
}

static void test_process_fails(void)
{
    refuse_process("sh -c 'echo " AWS_SECRET " >&2; exit 3'", AK_ERROR_CONFIG,
                   "credential_process: it ended with status 3");
    refuse_process("sh -c 'kill -9 $$'", AK_ERROR_CONFIG, "it ended with signal 9");
    refuse_process("/no/such/program", AK_ERROR_CONFIG, "/no/such/program");
    refuse_process("sh -c \"open", AK_ERROR_CONFIG, "AWS profile 'default': credential_process: ");
    refuse_process("echo " AWS_SECRET, AK_ERROR_CONFIG, "is no JSON");
    refuse_process("echo '{\"Version\":2}'", AK_ERROR_CONFIG, "is not of 'Version' 1");
    refuse_process("head -c 100000 /dev/zero", AK_ERROR_CONFIG, "it prints more than 65536 bytes");
}

/* Neither the program nor its child that holds the pipe keeps us. */
static void test_process_times_out(void)
{
    gint64 start = g_get_monotonic_time();

    refuse_process("sleep 60", AK_ERROR_TIMEOUT, "it did not end within 200 ms");
    refuse_process("sh -c 'sleep 60 & echo'", AK_ERROR_TIMEOUT, "it did not end within 200 ms");
    refuse_process("sh -c 'exec >&-; sleep 60'", AK_ERROR_TIMEOUT, "it did not end within 200 ms");
    g_assert_cmpint(g_get_monotonic_time() - start, <, 20 * G_USEC_PER_SEC);
}

static void test_stopped_process(void)
{
    Aws f;

    aws_set_up(&f, NULL, 0, NULL);
    aws_write(&f, "config", "[default]\ncredential_process = sleep 60\n");
    f.stop = 1;
    expect_none(&f, AK_ERROR_CANCELLED, "asked to stop");
    aws_tear_down(&f);
}

#define ASSUMED                                                                                    \
    {                                                                                              \
        .request = "POST / HTTP", .in_body = "Action=AssumeRole&", .reply = "200 OK",              \
        .body = STS_KEYS("AssumeRole", "AKR")                                                      \
    }

static void test_role_by_profile(void)
{
    AWS_START(f, AWS_SECRET, ASSUMED, ASSUMED,
              {.request = "POST /",
               .header = "x-amz-security-token: t/AKR",
               .in_body = "role%2Fouter",
               .reply = "200 OK",
               .body = STS_KEYS("AssumeRole", "AKO")});

    aws_write(&f, "config",
              "[default]\nrole_arn=" ROLE "\nsource_profile=base\n[profile base]\n" STATIC_KEYS
              "[profile outer]\nrole_arn=arn:aws:iam::1:role/outer\nsource_profile=default\n");
    expect_keys(&f, "AKR", "t/AKR", "the role '" ROLE "'");
    aws_setenv(&f, "AWS_PROFILE", "outer");
    expect_keys(&f, "AKO", "t/AKO", "the role 'arn:aws:iam::1:role/outer'");
    aws_tear_down(&f);
}

static void test_role_by_own_keys(void)
{
    AWS_START(f, AWS_SECRET, ASSUMED);

    aws_write(&f, "config", "[default]\nrole_arn=" ROLE "\nsource_profile=default\n" STATIC_KEYS);
    expect_keys(&f, "AKR", "t/AKR", "the role '" ROLE "'");
    aws_tear_down(&f);
}

static void test_role_by_environment(void)
{
    AWS_START(f, AWS_SECRET, ASSUMED);

    aws_write(&f, "config", "[default]\nrole_arn=" ROLE "\ncredential_source=Environment\n");
    expect_none(&f, AK_ERROR_CONFIG, "no keys in the environment");
    aws_setenv(&f, "AWS_ACCESS_KEY_ID", "AK");
    aws_setenv(&f, "AWS_SECRET_ACCESS_KEY", AWS_SECRET);
    expect_keys(&f, "AKR", "t/AKR", "the role '" ROLE "'");
    aws_tear_down(&f);
}

static void test_role_by_token_file(void)
{
    AWS_START(f, NULL,
              {.request = "POST /",
               .absent = "authorization",
               .in_body = "WebIdentityToken=tok",
               .reply = "200 OK",
               .body = STS_KEYS("AssumeRoleWithWebIdentity", "AKW")});

    aws_write(&f, "token", "tok");
    aws_write(&f, "config", "[default]\nrole_arn=" ROLE "\nweb_identity_token_file=%D/token\n");
    expect_keys(&f, "AKW", "t/AKW", "the role '" ROLE "'");
    aws_tear_down(&f);
}

static void test_role_mistakes(void)
{
    static const struct {
        const char *config;
        const char *text;
    } cases[] = {
        {"[default]\nrole_arn=" ROLE "\n", "needs one source of keys"},
        {"[default]\nrole_arn=" ROLE "\nsource_profile=a\ncredential_source=Environment\n",
         "needs one source of keys"},
        {"[default]\nrole_arn=" ROLE "\nsource_profile=a\n", "is not there"},
        {"[default]\nrole_arn=" ROLE "\nsource_profile=a\n[profile a]\nregion=x\n",
         "no keys in the profile 'a'"},
        {"[default]\nrole_arn=" ROLE "\nsource_profile=a\n[profile a]\nrole_arn=" ROLE
         "\nsource_profile=default\n",
         "in a circle"},
        {"[default]\nrole_arn=" ROLE "\ncredential_source=Moon\n", "credential_source is unknown"},
        {"[default]\nrole_arn=" ROLE "\nsource_profile=default\nmfa_serial=x\n" STATIC_KEYS,
         "second factor"},
        {"[default]\nsso_session=s\n", "hint: set credential_process = aws configure"},
        {"[default]\nsso_start_url=https://x\nsso_account_id=1\n", "(SSO)"},
        {"[default]\nlogin_session=arn\n", "(SSO)"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Aws f;

        aws_set_up(&f, NULL, 0, NULL);
        aws_write(&f, "config", cases[i].config);
        expect_none(&f, AK_ERROR_CONFIG, cases[i].text);
        aws_tear_down(&f);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/profile/static", test_static);
    g_test_add_func("/store/profile/change-is-seen", test_change_is_seen);
    g_test_add_func("/store/profile/process", test_process);
    g_test_add_func("/store/profile/process-fails", test_process_fails);
    g_test_add_func("/store/profile/process-times-out", test_process_times_out);
    g_test_add_func("/store/profile/stopped-process", test_stopped_process);
    g_test_add_func("/store/profile/role-by-profile", test_role_by_profile);
    g_test_add_func("/store/profile/role-by-own-keys", test_role_by_own_keys);
    g_test_add_func("/store/profile/role-by-environment", test_role_by_environment);
    g_test_add_func("/store/profile/role-by-token-file", test_role_by_token_file);
    g_test_add_func("/store/profile/role-mistakes", test_role_mistakes);
    return g_test_run();
}
