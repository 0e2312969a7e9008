#include "segment/event_key.h"

#define ID "3f2a1c9e-0000-4000-8000-00000000000a"

static void test_key(void)
{
    g_autofree char *key = ak_event_key(20120, ID);

    g_assert_cmpstr(key, ==, "audit/2025/02/01/" ID ".json");
    g_assert_true(ak_event_key_parse(key));
}

static void test_other_keys(void)
{
    static const char *const keys[] = {
        "audit/2025/02/01/main-seal.json",
        "audit/2025/02/01/main-heartbeat-120000.json",
        "audit/2025/02/01/" ID ".json.json",
        "audit/2025/02/01/" ID,
        "audit/2025/02/01/3F2A1C9E-0000-4000-8000-00000000000A.json",
        "audit/2025/2/1/" ID ".json",
        "audit/2025/02/30/" ID ".json",
        "audit/2025/02/01/x/" ID ".json",
        "audit/2025/02/01/",
        "",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
        g_assert_false(ak_event_key_parse(keys[i]));
}

static void test_ids(void)
{
    g_assert_true(ak_event_key_takes(ID));
    g_assert_false(ak_event_key_takes("3F2A1C9E-0000-4000-8000-00000000000A"));
    g_assert_false(ak_event_key_takes("x-seal"));
    g_assert_false(ak_event_key_takes("../../x"));
    g_assert_false(ak_event_key_takes(""));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/segment/event-key/key", test_key);
    g_test_add_func("/segment/event-key/other-keys", test_other_keys);
    g_test_add_func("/segment/event-key/ids", test_ids);
    return g_test_run();
}
