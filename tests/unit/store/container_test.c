#include "aws_fixture.h"

#define SOURCE "the container's agent"

static void test_full_uri(void)
{
    AWS_START(f, NULL,
              {.request = "GET /creds?x=1 HTTP",
               .absent = "authorization",
               .reply = "200 OK",
               .body = JSON_KEYS("AKC")});

    aws_setenv(&f, "AWS_CONTAINER_CREDENTIALS_FULL_URI", "%H/creds?x=1");
    assert_keys(ak_credentials_from_container(&f.context), "AKC", "t/AKC", SOURCE);
    aws_tear_down(&f);
}

static void test_tokens(void)
{
    AWS_START(f, NULL,
              {.request = "GET /",
               .header = "authorization: one",
               .reply = "200 OK",
               .body = JSON_KEYS("1")},
              {.request = "GET /",
               .header = "authorization: two",
               .reply = "200 OK",
               .body = JSON_KEYS("2")},
              {.request = "GET /",
               .header = "authorization: three",
               .reply = "200 OK",
               .body = JSON_KEYS("3")});

    aws_setenv(&f, "AWS_CONTAINER_CREDENTIALS_FULL_URI", "%H/");
    aws_setenv(&f, "AWS_CONTAINER_AUTHORIZATION_TOKEN", "one");
    assert_keys(ak_credentials_from_container(&f.context), "1", "t/1", SOURCE);
    aws_setenv(&f, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "%D/token");
    aws_write(&f, "token", "two\n");
    assert_keys(ak_credentials_from_container(&f.context), "2", "t/2", SOURCE);
    aws_write(&f, "token", "three\n");
    assert_keys(ak_credentials_from_container(&f.context), "3", "t/3", SOURCE);
    aws_write(&f, "token", "");
    assert_no_keys(ak_credentials_from_container(&f.context), AK_ERROR_CONFIG, "holds no token");
    aws_setenv(&f, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "");
    aws_setenv(&f, "AWS_CONTAINER_AUTHORIZATION_TOKEN", "a\r\nb: c");
    assert_no_keys(ak_credentials_from_container(&f.context), AK_ERROR_CONFIG, "more than one");
    aws_tear_down(&f);
}

static void test_urls(void)
{
    static const struct {
        const char *relative;
        const char *full;
        const char *url; /* NULL: refused */
    } cases[] = {
        {"/v2/credentials/x", "", "http://169.254.170.2/v2/credentials/x"},
        {"/first", "https://second.example", "http://169.254.170.2/first"},
        {"", "https://agent.example/x", "https://agent.example/x"},
        {"", "http://127.0.0.9:80/x", "http://127.0.0.9:80/x"},
        {"", "http://localhost/x", "http://localhost/x"},
        {"", "http://[::1]/x", "http://[::1]/x"},
        {"", "http://169.254.170.2/x", "http://169.254.170.2/x"},
        {"", "http://169.254.170.23/v1", "http://169.254.170.23/v1"},
        {"", "http://[fd00:ec2::23]/v1", "http://[fd00:ec2::23]/v1"},
        {"@evil.example/", "", NULL},
        {"", "http://evil.example/", NULL},
        {"", "http://169.254.169.254/", NULL},
        {"", "http://127.0.0.1@evil.example/", NULL},
        {"", "http://127.0.0.1.evil.example/", NULL},
        {"", "https://user:pw@agent.example/", NULL},
        {"", "ftp://127.0.0.1/", NULL},
        {"", "file:///etc/passwd", NULL},
        {"", "nonsense", NULL},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(GStrv) environ = g_environ_setenv(NULL, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                                                 cases[i].relative, TRUE);
        g_autoptr(GError) error = NULL;

        environ =
            g_environ_setenv(environ, "AWS_CONTAINER_CREDENTIALS_FULL_URI", cases[i].full, TRUE);
        g_autofree char *url = ak_container_url(environ, &error);
        g_assert_cmpstr(url, ==, cases[i].url);
        if (url == NULL)
            g_assert_error(error, AK_ERROR, AK_ERROR_CONFIG);
    }
}

static void refuse(const char *reply, const char *body, AkErrorCode class, const char *text)
{
    AWS_START(f, NULL, {.request = "GET /", .reply = reply, .body = body});

    aws_setenv(&f, "AWS_CONTAINER_CREDENTIALS_FULL_URI", "%H/");
    assert_no_keys(ak_credentials_from_container(&f.context), class, text);
    aws_tear_down(&f);
}

static void test_refusals(void)
{
    refuse("404 Not Found", "", AK_ERROR_DENIED, SOURCE " answers HTTP 404");
    refuse("403 Forbidden", "", AK_ERROR_DENIED, "HTTP 403");
    refuse("500 Oops", "", AK_ERROR_NETWORK, "HTTP 500");
    refuse("429 Slow", "", AK_ERROR_THROTTLED, "HTTP 429");
    refuse("302 Found\r\nlocation: http://evil.example/", "", AK_ERROR_DENIED, "HTTP 302");
    refuse("200 OK", AWS_SECRET, AK_ERROR_CONFIG, "is no JSON");
    refuse("200 OK", "[]", AK_ERROR_CONFIG, "no JSON object");
    refuse("200 OK", "{\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"" AWS_SECRET "\"}",
           AK_ERROR_CONFIG, "has no 'Expiration'");
}

static void test_nobody_there(void)
{
    Aws f;

    aws_set_up(&f, NULL, 0, NULL);
    assert_no_keys(ak_credentials_from_container(&f.context), AK_ERROR_CONFIG,
                   "no AWS_CONTAINER_CREDENTIALS_");
    aws_setenv(&f, "AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/");
    assert_no_keys(ak_credentials_from_container(&f.context), AK_ERROR_NETWORK,
                   "cannot ask " SOURCE);
    aws_tear_down(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/container/full-uri", test_full_uri);
    g_test_add_func("/store/container/tokens", test_tokens);
    g_test_add_func("/store/container/urls", test_urls);
    g_test_add_func("/store/container/refusals", test_refusals);
    g_test_add_func("/store/container/nobody-there", test_nobody_there);
    return g_test_run();
}
