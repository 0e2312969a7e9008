#include "segment/seal.h"
#include "util/time.h"

static void test_seal(void)
{
    gint64 day = ak_time_from_civil(2025, 2, 1), parsed;
    g_autofree char *key = ak_seal_key("or-seal", day);
    char chain[64];

    g_assert_cmpstr(key, ==, "audit/2025/02/01/or-seal-seal.json");
    g_assert_true(ak_seal_key_parse(key, chain, &parsed));
    g_assert_cmpstr(chain, ==, "or-seal");
    g_assert_cmpint(parsed, ==, day);
}

static void test_heartbeat(void)
{
    gint64 usec = ak_time_from_civil(2025, 2, 1) * AK_USEC_PER_DAY +
                  ((23 * 60 + 5) * 60 + 9) * AK_USEC_PER_SEC,
           parsed;
    g_autofree char *key = ak_heartbeat_key("a-heartbeat-x", usec + 7);
    char chain[64];

    g_assert_cmpstr(key, ==, "audit/2025/02/01/a-heartbeat-x-heartbeat-230509.json");
    g_assert_true(ak_heartbeat_key_parse(key, chain, &parsed));
    g_assert_cmpstr(chain, ==, "a-heartbeat-x");
    g_assert_cmpint(parsed, ==, usec);
}

/* 64 characters: one more than a chain's name may have. */
#define LONG_CHAIN                                                                                 \
    "audit/2025/02/01/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-seal.json"

static void test_others(void)
{
    static const char *const others[] = {
        "",
        "audit/2025/02/01/",
        "audit/2025/02/01/-seal.json",
        "audit/2025/02/30/main-seal.json",
        "audit/2025/2/01/main-seal.json",
        "audit/2025/02/01/main-seal.json.old",
        "other/2025/02/01/main-seal.json",
        "audit/2025/02/01/main-heartbeat-240000.json",
        "audit/2025/02/01/main-heartbeat-12000.json",
        "audit/2025/02/01/main-heartbeat-120060.json",
        "audit/2025/02/01/main-heartbeat--10000.json",
        "audit/2025/02/01/-heartbeat-120000.json",
        "audit/2025/02/01/main-000000000000-000000000001.ndjson.zst",
        LONG_CHAIN,
    };
    char chain[64];
    gint64 out;

    for (gsize i = 0; i < G_N_ELEMENTS(others); i++) {
        g_assert_false(ak_seal_key_parse(others[i], chain, &out));
        g_assert_false(ak_heartbeat_key_parse(others[i], chain, &out));
    }
    g_assert_false(ak_heartbeat_key_parse("audit/2025/02/01/main-seal.json", chain, &out));
    g_assert_false(ak_seal_key_parse("audit/2025/02/01/main-heartbeat-120000.json", chain, &out));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/segment/seal-key/seal", test_seal);
    g_test_add_func("/segment/seal-key/heartbeat", test_heartbeat);
    g_test_add_func("/segment/seal-key/others", test_others);
    return g_test_run();
}
