#include "store/aws/credentials.h"

static void set_environment(const char *key, const char *secret, const char *token)
{
    g_setenv("AWS_ACCESS_KEY_ID", key, TRUE);
    g_setenv("AWS_SECRET_ACCESS_KEY", secret, TRUE);
    g_setenv("AWS_SESSION_TOKEN", token, TRUE);
}

static void test_environment(void)
{
    g_auto(AkAwsKeys) keys = {0};
    g_autoptr(GError) error = NULL;

    set_environment("id", "secret", "token");
    g_autoptr(AkCredentials) credentials = ak_credentials_from_environment();
    set_environment("", "", "");
    g_assert_true(ak_credentials_fetch(credentials, &keys, &error));
    g_assert_cmpstr(keys.access_key_id, ==, "id");
    g_assert_cmpstr(keys.secret_access_key, ==, "secret");
    g_assert_cmpstr(keys.session_token, ==, "token");
}

static void test_empty_token_is_none(void)
{
    g_auto(AkAwsKeys) keys = {0};
    g_autoptr(GError) error = NULL;

    set_environment("id", "secret", "");
    g_autoptr(AkCredentials) credentials = ak_credentials_from_environment();
    g_assert_true(ak_credentials_fetch(credentials, &keys, &error));
    g_assert_null(keys.session_token);
}

static void assert_no_keys(const char *key, const char *secret)
{
    g_auto(AkAwsKeys) keys = {0};
    g_autoptr(GError) error = NULL;

    set_environment(key, secret, "");
    g_autoptr(AkCredentials) credentials = ak_credentials_from_environment();
    g_assert_false(ak_credentials_fetch(credentials, &keys, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CONFIG);
    g_assert_nonnull(strstr(error->message, "hint: set"));
    g_assert_null(strstr(error->message, "hush"));
}

static void test_no_keys(void)
{
    assert_no_keys("", "");
}

static void test_half_a_pair(void)
{
    assert_no_keys("id", "");
    assert_no_keys("", "hush");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/credentials/environment", test_environment);
    g_test_add_func("/store/credentials/empty-token-is-none", test_empty_token_is_none);
    g_test_add_func("/store/credentials/no-keys", test_no_keys);
    g_test_add_func("/store/credentials/half-a-pair", test_half_a_pair);
    return g_test_run();
}
