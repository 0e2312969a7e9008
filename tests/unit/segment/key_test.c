#include "segment/key.h"

#include "util/time.h"

static void test_key(void)
{
    g_autofree char *key = ak_segment_key("orders", ak_time_from_civil(2025, 2, 1), 0, 255);
    g_autofree char *large = ak_segment_key("a.b-c", 0, G_GUINT64_CONSTANT(999999999999),
                                            G_GUINT64_CONSTANT(1000000000000));
    g_autofree char *old = ak_segment_key("c", -1, 7, 7);

    g_assert_cmpstr(key, ==, "audit/2025/02/01/orders-000000000000-000000000255.ndjson.zst");
    g_assert_cmpstr(large, ==, "audit/1970/01/01/a.b-c-999999999999-1000000000000.ndjson.zst");
    g_assert_cmpstr(old, ==, "audit/1969/12/31/c-000000000007-000000000007.ndjson.zst");
}

static void test_prefix(void)
{
    g_autofree char *prefix = ak_segment_key_prefix("orders", ak_time_from_civil(2025, 2, 1), 256);

    g_assert_cmpstr(prefix, ==, "audit/2025/02/01/orders-000000000256-");
}

static void test_parse(void)
{
    AkSegmentName name;

    g_assert_true(ak_segment_key_parse(
        "audit/2025/02/01/or-ders-000000000256-1000000000000.ndjson.zst", &name));
    g_assert_cmpstr(name.chain, ==, "or-ders");
    g_assert_cmpint(name.day, ==, ak_time_from_civil(2025, 2, 1));
    g_assert_cmpuint(name.first_index, ==, 256);
    g_assert_cmpuint(name.last_index, ==, G_GUINT64_CONSTANT(1000000000000));
}

static void test_parse_refuses(void)
{
    static const char *const bad[] = {
        "",
        "audit/2025/02/01/",
        "audit/2025/02/01/c-000000000001.ndjson.zst",
        "audit/2025/02/01/c-000000000002-000000000001.ndjson.zst",
        "audit/2025/02/30/c-000000000001-000000000001.ndjson.zst",
        "audit/2025/2/1/c-000000000001-000000000001.ndjson.zst",
        "audit/2025/02/01/c-1-1.ndjson.zst",
        "audit/2025/02/01/c-000000000001-000000000001.ndjson",
        "audit/2025/02/01/c-000000000001-000000000001.ndjson.zst.bak",
        "x/audit/2025/02/01/c-000000000001-000000000001.ndjson.zst",
        "audit/2025/02/01/"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-"
        "000000000001-000000000001.ndjson.zst",
    };
    AkSegmentName name;

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(ak_segment_key_parse(bad[i], &name));
}

static void test_origin(void)
{
    g_autofree char *origin = ak_segment_origin("audit.example", "orders");

    g_assert_cmpstr(origin, ==, "audit.example/orders");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/segment/key/key", test_key);
    g_test_add_func("/segment/key/prefix", test_prefix);
    g_test_add_func("/segment/key/parse", test_parse);
    g_test_add_func("/segment/key/parse_refuses", test_parse_refuses);
    g_test_add_func("/segment/key/origin", test_origin);
    return g_test_run();
}
