#include "aws_fixture.h"

#define STATIC_KEYS(id)                                                                            \
    "[default]\naws_access_key_id=" id "\naws_secret_access_key=" AWS_SECRET "\n"

static AkCredentials *chain(Aws *f, const char *name)
{
    g_autoptr(GError) error = NULL;
    AkCredentials *credentials = NULL;

    aws_read_settings(f);
    credentials = ak_credentials_chain(&f->context, name, &error);
    g_assert_no_error(error);
    return credentials;
}

/* Everything is configured; from the first source on, one after the other is taken away. */
static void test_order(void)
{
    AWS_START(f, NULL,
              {.request = "POST /",
               .reply = "200 OK",
               .body = STS_KEYS("AssumeRoleWithWebIdentity", "AKW")},
              {.request = "GET /agent", .reply = "200 OK", .body = JSON_KEYS("AKC")},
              {.request = "PUT /", .reply = "200 OK", .body = "tok"},
              {.request = "GET /", .reply = "200 OK", .body = "r"},
              {.request = "GET /", .reply = "200 OK", .body = JSON_KEYS("AKI")});

    aws_setenv(&f, "AWS_ACCESS_KEY_ID", "AKE");
    aws_setenv(&f, "AWS_SECRET_ACCESS_KEY", AWS_SECRET);
    aws_setenv(&f, "AWS_WEB_IDENTITY_TOKEN_FILE", "%D/token");
    aws_setenv(&f, "AWS_ROLE_ARN", "arn");
    aws_write(&f, "token", "tok");
    aws_write(&f, "credentials", STATIC_KEYS("AKP"));
    aws_setenv(&f, "AWS_CONTAINER_CREDENTIALS_FULL_URI", "%H/agent");

    assert_keys(chain(&f, NULL), "AKE", NULL, "the environment");
    aws_setenv(&f, "AWS_ACCESS_KEY_ID", "");
    aws_setenv(&f, "AWS_SECRET_ACCESS_KEY", "");
    assert_keys(chain(&f, NULL), "AKW", "t/AKW", "web identity, the role 'arn'");
    aws_setenv(&f, "AWS_WEB_IDENTITY_TOKEN_FILE", "");
    assert_keys(chain(&f, NULL), "AKP", NULL, "the profile 'default'");
    aws_write(&f, "credentials", "");
    assert_keys(chain(&f, NULL), "AKC", "t/AKC", "the container's agent");
    aws_setenv(&f, "AWS_CONTAINER_CREDENTIALS_FULL_URI", "");
    assert_keys(chain(&f, NULL), "AKI", "t/AKI", "instance metadata, the role 'r'");
    aws_tear_down(&f);
}

static void test_nothing(void)
{
    Aws f;

    aws_set_up(&f, NULL, 0, NULL);
    assert_no_keys(chain(&f, NULL), AK_ERROR_CONFIG,
                   "no AWS credentials: no keys in the environment, no "
                   "AWS_WEB_IDENTITY_TOKEN_FILE, no keys in the profile 'default', no "
                   "AWS_CONTAINER_CREDENTIALS_…_URI, cannot ask the instance metadata service");
    aws_tear_down(&f);
}

/* What is configured and fails is not passed over for another identity. */
static void test_failure_ends_it(void)
{
    Aws f;

    aws_set_up(&f, NULL, 0, NULL);
    aws_setenv(&f, "AWS_ACCESS_KEY_ID", "AKE");
    aws_write(&f, "credentials", STATIC_KEYS("AKP"));
    assert_no_keys(chain(&f, NULL), AK_ERROR_CONFIG, "half a pair of AWS keys in the environment");
    aws_tear_down(&f);
}

/* A credentials file that is being rewritten does not make an instance's role of us. */
static void test_choice_stays(void)
{
    g_auto(AkAwsKeys) keys = {0};
    g_autoptr(GError) error = NULL;
    Aws f;

    aws_set_up(&f, NULL, 0, NULL);
    aws_write(&f, "credentials", STATIC_KEYS("AKP"));
    g_autoptr(AkCredentials) credentials = chain(&f, NULL);
    g_assert_true(ak_credentials_fetch(credentials, &keys, &error));
    g_assert_false(credentials->is_changed(credentials));
    aws_write(&f, "credentials", "");
    g_assert_true(credentials->is_changed(credentials));
    ak_aws_keys_clear(&keys);
    g_assert_false(ak_credentials_fetch(credentials, &keys, &error));
    g_assert_nonnull(strstr(error->message, "credentials: no keys in the profile 'default'; hint"));
    aws_tear_down(&f);
}

static void test_by_name(void)
{
    g_autoptr(GError) error = NULL;
    Aws f;

    aws_set_up(&f, NULL, 0, NULL);
    aws_setenv(&f, "AWS_ACCESS_KEY_ID", "AKE");
    aws_setenv(&f, "AWS_SECRET_ACCESS_KEY", AWS_SECRET);
    aws_write(&f, "credentials", STATIC_KEYS("AKP"));
    assert_keys(chain(&f, "profile"), "AKP", NULL, "the profile 'default'");
    assert_keys(chain(&f, "environment"), "AKE", NULL, "the environment");
    assert_no_keys(chain(&f, "container"), AK_ERROR_CONFIG, "no AWS_CONTAINER");
    assert_no_keys(chain(&f, "instance"), AK_ERROR_NETWORK, "cannot ask");
    g_assert_null(ak_credentials_chain(&f.context, "magic", &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CONFIG);
    aws_tear_down(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/chain/order", test_order);
    g_test_add_func("/store/chain/nothing", test_nothing);
    g_test_add_func("/store/chain/failure-ends-it", test_failure_ends_it);
    g_test_add_func("/store/chain/choice-stays", test_choice_stays);
    g_test_add_func("/store/chain/by-name", test_by_name);
    return g_test_run();
}
