#include "tree/merkle.h"

#include "util/hex.h"

#include <json-glib/json-glib.h>

enum { MANY = 70 };

static AkSha256 *sha;

static void leaf_at(guint i, guint8 out[AK_SHA256_LEN])
{
    guint8 leaf[2] = {(guint8)i, (guint8)(i >> 8)};

    ak_tree_leaf_hash(sha, leaf, sizeof leaf, out);
}

static AkTree tree_of(guint size)
{
    AkTree tree = AK_TREE_EMPTY;

    for (guint i = 0; i < size; i++) {
        guint8 leaf[AK_SHA256_LEN];

        leaf_at(i, leaf);
        ak_tree_append(&tree, sha, leaf, 1);
    }
    return tree;
}

static void root_of(guint size, guint8 out[AK_SHA256_LEN])
{
    AkTree tree = tree_of(size);

    ak_tree_root(&tree, sha, out);
}

static void assert_hex(const guint8 hash[AK_SHA256_LEN], const char *expected)
{
    g_autofree char *hex = ak_hex_string(hash, AK_SHA256_LEN);

    g_assert_cmpstr(hex, ==, expected);
}

/* The roots of the eight leaves that implementations of RFC 6962 share as an example. */
static void test_known_roots(void)
{
    static const char *const leaves[] = {"",
                                         "00",
                                         "10",
                                         "2021",
                                         "3031",
                                         "40414243",
                                         "5051525354555657",
                                         "606162636465666768696a6b6c6d6e6f"};
    static const char *const roots[] = {
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
    AkTree tree = AK_TREE_EMPTY;

    for (guint i = 0; i < G_N_ELEMENTS(roots); i++) {
        guint8 root[AK_SHA256_LEN], bytes[16], leaf[AK_SHA256_LEN];

        ak_tree_root(&tree, sha, root);
        assert_hex(root, roots[i]);
        g_assert_cmpuint(tree.size, ==, i);
        if (i == G_N_ELEMENTS(leaves))
            break;
        g_assert_true(ak_hex_decode(ak_view_str(leaves[i]), bytes, strlen(leaves[i]) / 2));
        ak_tree_leaf_hash(sha, bytes, strlen(leaves[i]) / 2, leaf);
        ak_tree_append(&tree, sha, leaf, 1);
    }
}

/* RFC 6962 §2.1 as it is written: the definition by halves, which no edge is needed for. */
static void defined_root(guint first, guint n, guint8 out[AK_SHA256_LEN])
{
    guint8 left[AK_SHA256_LEN], right[AK_SHA256_LEN];
    guint k = 1;

    if (n == 1) {
        leaf_at(first, out);
        return;
    }
    while (k * 2 < n)
        k *= 2;
    defined_root(first, k, left);
    defined_root(first + k, n - k, right);
    ak_tree_node_hash(sha, left, right, out);
}

static void test_roots_are_as_defined(void)
{
    for (guint n = 1; n <= 300; n++) {
        guint8 root[AK_SHA256_LEN], defined[AK_SHA256_LEN];

        root_of(n, root);
        defined_root(0, n, defined);
        g_assert_cmpmem(root, sizeof root, defined, sizeof defined);
    }
}

static void test_append_at_once(void)
{
    guint8 leaves[MANY * AK_SHA256_LEN];

    for (guint i = 0; i < MANY; i++)
        leaf_at(i, leaves + i * AK_SHA256_LEN);
    for (guint split = 0; split <= MANY; split++) {
        AkTree tree = AK_TREE_EMPTY, one_by_one = tree_of(MANY);
        g_auto(AkBuf) edge = {0}, expected = {0};

        ak_tree_append(&tree, sha, leaves, split);
        ak_tree_append(&tree, sha, leaves + split * AK_SHA256_LEN, MANY - split);
        ak_tree_save(&tree, &edge);
        ak_tree_save(&one_by_one, &expected);
        g_assert_cmpmem(edge.data, edge.len, expected.data, expected.len);
    }
}

static void test_edge_round_trip(void)
{
    for (guint size = 0; size < MANY; size++) {
        AkTree tree = tree_of(size), again;
        g_auto(AkBuf) edge = {0};
        guint8 next[AK_SHA256_LEN], root[AK_SHA256_LEN], expected[AK_SHA256_LEN];

        ak_tree_save(&tree, &edge);
        g_assert_true(ak_tree_load(ak_buf_view(&edge), &again));
        leaf_at(size, next);
        ak_tree_append(&again, sha, next, 1);
        ak_tree_root(&again, sha, root);
        root_of(size + 1, expected);
        g_assert_cmpmem(root, sizeof root, expected, sizeof expected);
    }
}

static void test_edge_layout(void)
{
    AkTree tree = tree_of(5);
    g_auto(AkBuf) edge = {0};
    guint8 four[AK_SHA256_LEN], fifth[AK_SHA256_LEN];

    root_of(4, four);
    leaf_at(4, fifth);
    ak_tree_save(&tree, &edge);
    g_assert_cmpmem(edge.data, 8, "\0\0\0\0\0\0\0\5", 8);
    g_assert_cmpmem(edge.data + 8, 32, four, sizeof four);
    g_assert_cmpmem(edge.data + 40, edge.len - 40, fifth, sizeof fifth);
}

static void test_edge_refused(void)
{
    AkTree tree = tree_of(11), out;
    g_auto(AkBuf) edge = {0}, longer = {0};

    ak_tree_save(&tree, &edge);
    for (gsize len = 0; len < edge.len; len++)
        g_assert_false(ak_tree_load(ak_view(edge.data, len), &out));
    ak_buf_append_view(&longer, ak_buf_view(&edge));
    ak_buf_append_byte(&longer, 0);
    g_assert_false(ak_tree_load(ak_buf_view(&longer), &out));
    g_assert_false(ak_tree_load(AK_VIEW_NULL, &out));
    edge.data[7] ^= 4; /* a size that needs another number of nodes */
    g_assert_false(ak_tree_load(ak_buf_view(&edge), &out));
    g_assert_cmpuint(out.size, ==, 0);
}

/* Files of tests/vectors/merkle, published by the transparency-dev project. */
static guint8 *member_bytes(JsonObject *object, const char *name, gsize *len)
{
    return g_base64_decode(json_object_get_string_member(object, name), len);
}

/* Hashes of other lengths than 32 cannot even be handed to the functions. */
static gboolean read_proof(JsonObject *object, GByteArray *out)
{
    JsonNode *node = json_object_get_member(object, "proof");
    JsonArray *array = JSON_NODE_HOLDS_NULL(node) ? NULL : json_node_get_array(node);

    for (guint i = 0; array != NULL && i < json_array_get_length(array); i++) {
        gsize len;
        g_autofree guint8 *hash = g_base64_decode(json_array_get_string_element(array, i), &len);

        if (len != AK_SHA256_LEN)
            return FALSE;
        g_byte_array_append(out, hash, AK_SHA256_LEN);
    }
    return TRUE;
}

static gboolean check_inclusion_vector(JsonObject *object)
{
    g_autoptr(GByteArray) proof = g_byte_array_new();
    gsize leaf_len, root_len;
    g_autofree guint8 *leaf = member_bytes(object, "leafHash", &leaf_len);
    g_autofree guint8 *root = member_bytes(object, "root", &root_len);

    return read_proof(object, proof) && leaf_len == AK_SHA256_LEN && root_len == AK_SHA256_LEN &&
           ak_tree_check_inclusion(sha, (guint64)json_object_get_int_member(object, "leafIdx"),
                                   (guint64)json_object_get_int_member(object, "treeSize"), leaf,
                                   proof->data, proof->len / AK_SHA256_LEN, root);
}

static gboolean check_consistency_vector(JsonObject *object)
{
    g_autoptr(GByteArray) proof = g_byte_array_new();
    gsize len1, len2;
    g_autofree guint8 *root1 = member_bytes(object, "root1", &len1);
    g_autofree guint8 *root2 = member_bytes(object, "root2", &len2);

    return read_proof(object, proof) && len1 == AK_SHA256_LEN && len2 == AK_SHA256_LEN &&
           ak_tree_check_consistency(sha, (guint64)json_object_get_int_member(object, "size1"),
                                     (guint64)json_object_get_int_member(object, "size2"), root1,
                                     root2, proof->data, proof->len / AK_SHA256_LEN);
}

static guint check_folder(const char *folder, gboolean (*check)(JsonObject *), guint *n_good)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;
    guint n = 0;

    g_assert_nonnull(dir);
    for (; (name = g_dir_read_name(dir)) != NULL; n++) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autoptr(JsonParser) parser = json_parser_new();
        JsonObject *object;
        gboolean is_bad;

        g_test_message("%s", path);
        g_assert_true(json_parser_load_from_file(parser, path, NULL));
        object = json_node_get_object(json_parser_get_root(parser));
        is_bad = json_object_get_boolean_member(object, "wantErr");
        g_assert_cmpint(check(object), ==, !is_bad);
        *n_good += !is_bad;
    }
    return n;
}

static void check_vectors(const char *kind, gboolean (*check)(JsonObject *), guint n_expected)
{
    guint n = 0, n_good = 0;

    for (guint i = 0; i < 3; i++) {
        g_autofree char *folder =
            g_strdup_printf("%s/merkle/%s/%u", g_getenv("AK_TEST_VECTORS"), kind, i);

        n += check_folder(folder, check, &n_good);
    }
    g_assert_cmpuint(n, ==, n_expected);
    g_assert_cmpuint(n_good, ==, 3);
}

static void test_inclusion_vectors(void)
{
    check_vectors("inclusion", check_inclusion_vector, 49);
}

static void test_consistency_vectors(void)
{
    check_vectors("consistency", check_consistency_vector, 43);
}

/* RFC 6962 §2.1.1: the proof of leaf @index in the leaves [first, first + n). */
static void prove_inclusion(guint first, guint n, guint index, GByteArray *out)
{
    guint8 other[AK_SHA256_LEN];
    guint k = 1;

    if (n == 1)
        return;
    while (k * 2 < n)
        k *= 2;
    if (index < k) {
        prove_inclusion(first, k, index, out);
        defined_root(first + k, n - k, other);
    } else {
        prove_inclusion(first + k, n - k, index - k, out);
        defined_root(first, k, other);
    }
    g_byte_array_append(out, other, sizeof other);
}

static void test_inclusion_of_every_leaf(void)
{
    for (guint size = 1; size <= MANY; size++) {
        guint8 root[AK_SHA256_LEN], leaf[AK_SHA256_LEN];

        root_of(size, root);
        for (guint index = 0; index < size; index++) {
            g_autoptr(GByteArray) proof = g_byte_array_new();
            gsize n;

            prove_inclusion(0, size, index, proof);
            n = proof->len / AK_SHA256_LEN;
            leaf_at(index, leaf);
            g_assert_true(ak_tree_check_inclusion(sha, index, size, leaf, proof->data, n, root));
            g_assert_false(
                ak_tree_check_inclusion(sha, index + 1, size, leaf, proof->data, n, root));
            leaf[0] ^= 1;
            g_assert_false(ak_tree_check_inclusion(sha, index, size, leaf, proof->data, n, root));
        }
    }
}

/* RFC 6962 §2.1.2: that the first @m of the leaves [first, first + n) are a prefix. */
static void prove_consistency(guint first, guint m, guint n, gboolean is_whole, GByteArray *out)
{
    guint8 other[AK_SHA256_LEN];
    guint k = 1;

    if (m == n) {
        if (!is_whole) {
            defined_root(first, n, other);
            g_byte_array_append(out, other, sizeof other);
        }
        return;
    }
    while (k * 2 < n)
        k *= 2;
    if (m <= k) {
        prove_consistency(first, m, k, is_whole, out);
        defined_root(first + k, n - k, other);
    } else {
        prove_consistency(first + k, m - k, n - k, FALSE, out);
        defined_root(first, k, other);
    }
    g_byte_array_append(out, other, sizeof other);
}

static void test_consistency_of_every_prefix(void)
{
    for (guint size2 = 1; size2 <= 40; size2++) {
        guint8 root1[AK_SHA256_LEN], root2[AK_SHA256_LEN];

        root_of(size2, root2);
        for (guint size1 = 1; size1 <= size2; size1++) {
            g_autoptr(GByteArray) proof = g_byte_array_new();
            gsize n;

            prove_consistency(0, size1, size2, TRUE, proof);
            n = proof->len / AK_SHA256_LEN;
            root_of(size1, root1);
            g_assert_true(
                ak_tree_check_consistency(sha, size1, size2, root1, root2, proof->data, n));
            root1[31] ^= 1;
            g_assert_false(
                ak_tree_check_consistency(sha, size1, size2, root1, root2, proof->data, n));
        }
    }
}

static void test_consistency_from_nothing(void)
{
    guint8 empty[AK_SHA256_LEN], root[AK_SHA256_LEN];

    root_of(0, empty);
    root_of(3, root);
    g_assert_true(ak_tree_check_consistency(sha, 0, 3, empty, root, NULL, 0));
    g_assert_true(ak_tree_check_consistency(sha, 0, 0, empty, empty, NULL, 0));
    g_assert_false(ak_tree_check_consistency(sha, 0, 3, root, root, NULL, 0));
    g_assert_false(ak_tree_check_consistency(sha, 0, 3, empty, root, root, 1));
    g_assert_false(ak_tree_check_consistency(sha, 3, 2, root, root, NULL, 0));
}

static void test_consistency_with_itself(void)
{
    guint8 root[AK_SHA256_LEN], other[AK_SHA256_LEN];

    root_of(3, root);
    root_of(4, other);
    g_assert_true(ak_tree_check_consistency(sha, 3, 3, root, root, NULL, 0));
    g_assert_false(ak_tree_check_consistency(sha, 3, 3, root, other, NULL, 0));
    g_assert_false(ak_tree_check_consistency(sha, 3, 3, root, root, root, 1));
    g_assert_false(ak_tree_check_consistency(sha, 3, 4, root, other, NULL, 0));
}

static void test_inclusion_in_nothing(void)
{
    guint8 hash[AK_SHA256_LEN] = {0};

    g_assert_false(ak_tree_check_inclusion(sha, 0, 0, hash, NULL, 0, hash));
    g_assert_false(ak_tree_check_inclusion(sha, 1, 1, hash, NULL, 0, hash));
    g_assert_true(ak_tree_check_inclusion(sha, 0, 1, hash, NULL, 0, hash));
}

int main(int argc, char **argv)
{
    g_autoptr(AkSha256) made = ak_sha256_new();

    sha = made;
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tree/merkle/known_roots", test_known_roots);
    g_test_add_func("/tree/merkle/roots_are_as_defined", test_roots_are_as_defined);
    g_test_add_func("/tree/merkle/append_at_once", test_append_at_once);
    g_test_add_func("/tree/merkle/edge_round_trip", test_edge_round_trip);
    g_test_add_func("/tree/merkle/edge_layout", test_edge_layout);
    g_test_add_func("/tree/merkle/edge_refused", test_edge_refused);
    g_test_add_func("/tree/merkle/inclusion_vectors", test_inclusion_vectors);
    g_test_add_func("/tree/merkle/consistency_vectors", test_consistency_vectors);
    g_test_add_func("/tree/merkle/inclusion_of_every_leaf", test_inclusion_of_every_leaf);
    g_test_add_func("/tree/merkle/consistency_of_every_prefix", test_consistency_of_every_prefix);
    g_test_add_func("/tree/merkle/consistency_from_nothing", test_consistency_from_nothing);
    g_test_add_func("/tree/merkle/consistency_with_itself", test_consistency_with_itself);
    g_test_add_func("/tree/merkle/inclusion_in_nothing", test_inclusion_in_nothing);
    return g_test_run();
}
