#include "store/aws/retry_kind.h"

static void test_kinds(void)
{
    g_assert_cmpint(ak_retry_kind(503, NULL), ==, AK_RETRY_TRANSIENT);
    g_assert_cmpint(ak_retry_kind(500, "InternalError"), ==, AK_RETRY_TRANSIENT);
    g_assert_cmpint(ak_retry_kind(400, "RequestTimeout"), ==, AK_RETRY_TRANSIENT);
    g_assert_cmpint(ak_retry_kind(409, "ConditionalRequestConflict"), ==, AK_RETRY_TRANSIENT);
    g_assert_cmpint(ak_retry_kind(503, "SlowDown"), ==, AK_RETRY_THROTTLED);
    g_assert_cmpint(ak_retry_kind(429, NULL), ==, AK_RETRY_THROTTLED);
    g_assert_cmpint(ak_retry_kind(200, NULL), ==, AK_RETRY_NEVER);
    g_assert_cmpint(ak_retry_kind(403, "AccessDenied"), ==, AK_RETRY_NEVER);
    g_assert_cmpint(ak_retry_kind(412, "PreconditionFailed"), ==, AK_RETRY_NEVER);
    g_assert_cmpint(ak_retry_kind(501, NULL), ==, AK_RETRY_NEVER);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/retry_kind/kinds", test_kinds);
    return g_test_run();
}
