#include "store/aws/keys_json.h"

#include "util/time.h"

#define KEYS "\"AccessKeyId\":\"AK\",\"SecretAccessKey\":\"hush\""

static gboolean parse(const char *text, AkKeysJson form, AkAwsKeys *out, GError **error)
{
    return ak_aws_keys_from_json(ak_view_str(text), form, "a test", out, error);
}

static void test_process(void)
{
    g_auto(AkAwsKeys) keys = {0};
    g_auto(AkAwsKeys) lasting = {0};
    g_autoptr(GError) error = NULL;

    g_assert_true(parse("{\"Version\":1," KEYS ",\"SessionToken\":\"t\","
                        "\"Expiration\":\"1970-01-01T00:00:10+00:00\",\"More\":[{}]}",
                        AK_KEYS_JSON_PROCESS, &keys, &error));
    g_assert_cmpstr(keys.access_key_id, ==, "AK");
    g_assert_cmpstr(keys.secret_access_key, ==, "hush");
    g_assert_cmpstr(keys.session_token, ==, "t");
    g_assert_cmpstr(keys.source, ==, "a test");
    g_assert_cmpint(keys.expires_usec, ==, 10 * AK_USEC_PER_SEC);
    g_assert_true(parse("{\"Version\":1," KEYS "}", AK_KEYS_JSON_PROCESS, &lasting, &error));
    g_assert_null(lasting.session_token);
    g_assert_cmpint(lasting.expires_usec, ==, 0);
}

/* The beginning of time is long ago, not never. */
static void test_expiry_at_zero(void)
{
    g_auto(AkAwsKeys) keys = {0};
    g_autoptr(GError) error = NULL;

    g_assert_true(parse("{" KEYS ",\"Token\":\"t\",\"Expiration\":\"1970-01-01T00:00:00Z\"}",
                        AK_KEYS_JSON_CONTAINER, &keys, &error));
    g_assert_cmpint(keys.expires_usec, ==, 1);
}

static void test_refused(void)
{
    static const struct {
        const char *text;
        AkKeysJson form;
        AkErrorCode class;
        const char *why;
    } cases[] = {
        {"", AK_KEYS_JSON_PROCESS, AK_ERROR_CONFIG, "no JSON"},
        {"hush", AK_KEYS_JSON_PROCESS, AK_ERROR_CONFIG, "is no JSON"},
        {"\"hush\"", AK_KEYS_JSON_PROCESS, AK_ERROR_CONFIG, "no JSON"},
        {"[[[[[[[[[[[[[[[[[[hush", AK_KEYS_JSON_PROCESS, AK_ERROR_CONFIG, "is no JSON"},
        {"{" KEYS "}", AK_KEYS_JSON_PROCESS, AK_ERROR_CONFIG, "'Version' 1"},
        {"{\"Version\":\"1\"," KEYS "}", AK_KEYS_JSON_PROCESS, AK_ERROR_CONFIG, "'Version' 1"},
        {"{\"Version\":2," KEYS "}", AK_KEYS_JSON_PROCESS, AK_ERROR_CONFIG, "'Version' 1"},
        {"{\"Version\":1,\"SecretAccessKey\":\"hush\"}", AK_KEYS_JSON_PROCESS, AK_ERROR_CONFIG,
         "half a pair"},
        {"{\"Version\":1,\"AccessKeyId\":7,\"SecretAccessKey\":\"hush\"}", AK_KEYS_JSON_PROCESS,
         AK_ERROR_CONFIG, "half a pair"},
        {"{\"Version\":1,\"AccessKeyId\":\"a\\nb\",\"SecretAccessKey\":\"hush\"}",
         AK_KEYS_JSON_PROCESS, AK_ERROR_CONFIG, "control characters"},
        {"{\"Version\":1," KEYS ",\"Expiration\":\"hush\"}", AK_KEYS_JSON_PROCESS, AK_ERROR_CONFIG,
         "that is no time"},
        {"{" KEYS "}", AK_KEYS_JSON_CONTAINER, AK_ERROR_CONFIG, "no 'Expiration'"},
        {"{\"Code\":\"hush\"," KEYS "}", AK_KEYS_JSON_INSTANCE, AK_ERROR_DENIED, "gives no keys"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(AkAwsKeys) keys = {0};
        g_autoptr(GError) error = NULL;

        g_assert_false(parse(cases[i].text, cases[i].form, &keys, &error));
        g_assert_error(error, AK_ERROR, (int)cases[i].class);
        g_assert_nonnull(strstr(error->message, cases[i].why));
        g_assert_null(strstr(error->message, "hush"));
        g_assert_null(keys.access_key_id);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/keys_json/process", test_process);
    g_test_add_func("/store/keys_json/expiry-at-zero", test_expiry_at_zero);
    g_test_add_func("/store/keys_json/refused", test_refused);
    return g_test_run();
}
