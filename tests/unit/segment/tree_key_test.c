#include "segment/tree_key.h"

static void test_tile(void)
{
    AkTile tile = {1, 1234067, 12};
    g_autofree char *key = ak_tree_tile_key("orders", &tile);
    AkTreeName name;

    g_assert_cmpstr(key, ==, "tree/orders/tile/1/x001/x234/067.p/12");
    g_assert_true(ak_tree_key_parse(key, &name));
    g_assert_cmpint(name.kind, ==, AK_TREE_TILE);
    g_assert_cmpstr(name.chain, ==, "orders");
    g_assert_cmpuint(name.tile.level, ==, 1);
    g_assert_cmpuint(name.tile.n, ==, 1234067);
    g_assert_cmpuint(name.tile.width, ==, 12);
}

static void test_checkpoint(void)
{
    g_autofree char *key = ak_tree_checkpoint_key("tile", 1234);
    AkTreeName name;

    g_assert_cmpstr(key, ==, "tree/tile/checkpoint/1234");
    g_assert_true(ak_tree_key_parse(key, &name));
    g_assert_cmpint(name.kind, ==, AK_TREE_CHECKPOINT);
    g_assert_cmpstr(name.chain, ==, "tile");
    g_assert_cmpuint(name.size, ==, 1234);
}

static void test_witness(void)
{
    const guint8 id[4] = {0xde, 0xad, 0, 1};
    g_autofree char *key = ak_tree_witness_key("main", 7, id);
    AkTreeName name;

    g_assert_cmpstr(key, ==, "tree/main/checkpoint/7-witness-dead0001");
    g_assert_true(ak_tree_key_parse(key, &name));
    g_assert_cmpint(name.kind, ==, AK_TREE_WITNESS);
    g_assert_cmpuint(name.size, ==, 7);
    g_assert_cmpmem(name.key_id, sizeof name.key_id, id, sizeof id);
}

/* 64 characters: one more than a chain's name may have. */
#define LONG_CHAIN "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void test_others(void)
{
    static const char *const others[] = {
        "",
        "tree/",
        "tree/main",
        "tree/main/",
        "tree//checkpoint/1",
        "tree/main/checkpoint/",
        "tree/main/checkpoint/01",
        "tree/main/checkpoint/-1",
        "tree/main/checkpoint/+1",
        "tree/main/checkpoint/1x",
        "tree/main/checkpoint/9223372036854775808",
        "tree/main/checkpoint/1-witness-",
        "tree/main/checkpoint/1-witness-DEAD0001",
        "tree/main/checkpoint/1-witness-dead00011",
        "tree/main/checkpoint/1-witness-dead0001.x",
        "tree/main/tile/0/0",
        "tree/main/tile/0/000.p/256",
        "tree/main/tiles/0/000",
        "tree/" LONG_CHAIN "/checkpoint/1",
        "audit/main/checkpoint/1",
    };
    AkTreeName name;

    for (guint i = 0; i < G_N_ELEMENTS(others); i++) {
        g_test_message("%s", others[i]);
        g_assert_false(ak_tree_key_parse(others[i], &name));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/segment/tree_key/tile", test_tile);
    g_test_add_func("/segment/tree_key/checkpoint", test_checkpoint);
    g_test_add_func("/segment/tree_key/witness", test_witness);
    g_test_add_func("/segment/tree_key/others", test_others);
    return g_test_run();
}
