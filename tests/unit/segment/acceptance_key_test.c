#include "segment/acceptance_key.h"

#include "segment/key.h"

#include <glib.h>

static void test_round_trip(void)
{
    g_autofree char *key = ak_acceptance_key("a-acceptance-b", 20120, 41, AK_VIEW("{}"));
    char chain[64];
    guint64 index;

    /* SHA-256 of "{}" */
    g_assert_cmpstr(
        key, ==, "audit/2025/02/01/a-acceptance-b-acceptance-000000000041-44136fa355b3678a.json");
    g_assert_true(ak_acceptance_key_parse(key, chain, &index));
    g_assert_cmpstr(chain, ==, "a-acceptance-b");
    g_assert_cmpuint(index, ==, 41);
}

static void test_not_a_key(void)
{
    static const char *const keys[] = {
        "",
        "audit/2025/02/01/main-000000000000-000000000001.ndjson.zst",
        "audit/2025/02/01/-acceptance-000000000041-44136fa355b3678a.json",
        "audit/2025/02/01/main-acceptance-41-44136fa355b3678a.json",
        "audit/2025/02/01/main-acceptance-000000000041-44136fa355b3678.json",
        "audit/2025/02/01/main-acceptance-000000000041-44136fa355b3678a.json2",
        "audit/2025/02/01/main-acceptance-000000000041-44136FA355B3678A.json",
        "other/2025/02/01/main-acceptance-000000000041-44136fa355b3678a.json",
    };
    char chain[64];
    guint64 index;

    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
        g_assert_false(ak_acceptance_key_parse(keys[i], chain, &index));
}

static void test_no_segment(void)
{
    g_autofree char *key = ak_acceptance_key("main", 20120, 41, AK_VIEW("{}"));
    AkSegmentName name;

    g_assert_false(ak_segment_key_parse(key, &name));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/segment/acceptance-key/round-trip", test_round_trip);
    g_test_add_func("/segment/acceptance-key/not-a-key", test_not_a_key);
    g_test_add_func("/segment/acceptance-key/no-segment", test_no_segment);
    return g_test_run();
}
