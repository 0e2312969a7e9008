#include "tree/tile.h"

static const struct {
    const char *path;
    AkTile tile;
} paths[] = {
    {"0/000", {0, 0, 256}},
    {"0/000.p/1", {0, 0, 1}},
    {"3/999.p/255", {3, 999, 255}},
    {"1/x001/000", {1, 1000, 256}},
    {"0/x001/x234/067", {0, 1234067, 256}}, /* the example of C2SP tlog-tiles */
    {"7/x001/x234/067.p/12", {7, 1234067, 12}},
};

static void test_paths(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autofree char *path = ak_tile_path(&paths[i].tile);
        AkTile tile;

        g_assert_cmpstr(path, ==, paths[i].path);
        g_assert_true(ak_tile_path_parse(path, &tile));
        g_assert_cmpuint(tile.level, ==, paths[i].tile.level);
        g_assert_cmpuint(tile.n, ==, paths[i].tile.n);
        g_assert_cmpuint(tile.width, ==, paths[i].tile.width);
    }
}

static void test_paths_refused(void)
{
    static const char *const wrong[] = {"",
                                        "0",
                                        "0/",
                                        "8/000",
                                        "00/000",
                                        "0/00",
                                        "0/0000",
                                        "0/x000/000",
                                        "0/000.p/0",
                                        "0/000.p/256",
                                        "0/000.p/",
                                        "0/000.p/01",
                                        "0/000.p/1x",
                                        "0/000/",
                                        "0/x001",
                                        "0/x001/",
                                        "0/1/000",
                                        "a/000",
                                        "0/-01",
                                        "0/000.p/ 1",
                                        "0/000.p/+1",
                                        "0/x01/000",
                                        "0/001x",
                                        " 0/000",
                                        "0/x001/001/001",
                                        "0/x001/x001/x001/x001/x001/x001/x001/001"};

    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        AkTile tile;

        g_test_message("%s", wrong[i]);
        g_assert_false(ak_tile_path_parse(wrong[i], &tile));
    }
}

static void test_widths(void)
{
    g_assert_cmpuint(ak_tile_width_of(0, 0, 0), ==, 0);
    g_assert_cmpuint(ak_tile_width_of(0, 0, 1), ==, 1);
    g_assert_cmpuint(ak_tile_width_of(0, 0, 256), ==, 256);
    g_assert_cmpuint(ak_tile_width_of(0, 1, 256), ==, 0);
    g_assert_cmpuint(ak_tile_width_of(0, 1, 300), ==, 44);
    g_assert_cmpuint(ak_tile_width_of(0, 2, 300), ==, 0);
    g_assert_cmpuint(ak_tile_width_of(1, 0, 255), ==, 0);
    g_assert_cmpuint(ak_tile_width_of(1, 0, 70000), ==, 256);
    g_assert_cmpuint(ak_tile_width_of(1, 1, 70000), ==, 17);
    g_assert_cmpuint(ak_tile_width_of(2, 0, 70000), ==, 1);
    g_assert_cmpuint(ak_tile_width_of(7, 0, G_MAXUINT64), ==, 255);
}

static void test_roots(void)
{
    g_autoptr(AkSha256) sha = ak_sha256_new();
    guint8 hashes[4 * AK_SHA256_LEN], left[AK_SHA256_LEN], right[AK_SHA256_LEN];
    guint8 root[AK_SHA256_LEN];

    for (guint i = 0; i < sizeof hashes; i++)
        hashes[i] = (guint8)i;
    ak_tile_root(hashes, 2, 1, sha, root);
    g_assert_cmpmem(root, sizeof root, hashes + 2 * AK_SHA256_LEN, AK_SHA256_LEN);
    ak_tree_node_hash(sha, hashes, hashes + AK_SHA256_LEN, left);
    ak_tree_node_hash(sha, hashes + 2 * AK_SHA256_LEN, hashes + 3 * AK_SHA256_LEN, right);
    ak_tile_root(hashes, 2, 2, sha, root);
    g_assert_cmpmem(root, sizeof root, right, sizeof right);
    ak_tree_node_hash(sha, left, right, left);
    ak_tile_root(hashes, 0, 4, sha, root);
    g_assert_cmpmem(root, sizeof root, left, sizeof left);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tree/tile/paths", test_paths);
    g_test_add_func("/tree/tile/paths_refused", test_paths_refused);
    g_test_add_func("/tree/tile/widths", test_widths);
    g_test_add_func("/tree/tile/roots", test_roots);
    return g_test_run();
}
