#include "aws_fixture.h"

static void set_keys(Aws *f, const char *key, const char *secret, const char *token)
{
    aws_setenv(f, "AWS_ACCESS_KEY_ID", key);
    aws_setenv(f, "AWS_SECRET_ACCESS_KEY", secret);
    aws_setenv(f, "AWS_SESSION_TOKEN", token);
}

static void test_environment(void)
{
    Aws f;

    aws_set_up(&f, NULL, 0, NULL);
    set_keys(&f, "id", AWS_SECRET, "token");
    assert_keys(ak_credentials_from_environment(&f.context), "id", "token", "the environment");
    aws_tear_down(&f);
}

static void test_empty_token_is_none(void)
{
    Aws f;

    aws_set_up(&f, NULL, 0, NULL);
    set_keys(&f, "id", AWS_SECRET, "");
    assert_keys(ak_credentials_from_environment(&f.context), "id", NULL, "the environment");
    aws_tear_down(&f);
}

static void refuse_keys(const char *key, const char *secret, const char *token, const char *text)
{
    Aws f;

    aws_set_up(&f, NULL, 0, NULL);
    set_keys(&f, key, secret, token);
    assert_no_keys(ak_credentials_from_environment(&f.context), AK_ERROR_CONFIG, text);
    aws_tear_down(&f);
}

static void test_no_keys(void)
{
    refuse_keys("", "", "", "no keys in the environment; hint: set AWS_ACCESS_KEY_ID");
}

static void test_half_a_pair(void)
{
    refuse_keys("id", "", "", "half a pair");
    refuse_keys("", AWS_SECRET, "", "half a pair");
}

/* Each would end up in a header of its own making. */
static void test_keys_that_no_header_carries(void)
{
    refuse_keys("id\r\nx: y", AWS_SECRET, "", "control characters");
    refuse_keys("id", AWS_SECRET " ", "", "blanks");
    refuse_keys("id", AWS_SECRET, "a\nb", "control characters");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/credentials/environment", test_environment);
    g_test_add_func("/store/credentials/empty-token-is-none", test_empty_token_is_none);
    g_test_add_func("/store/credentials/no-keys", test_no_keys);
    g_test_add_func("/store/credentials/half-a-pair", test_half_a_pair);
    g_test_add_func("/store/credentials/keys-that-no-header-carries",
                    test_keys_that_no_header_carries);
    return g_test_run();
}
