#include "tree/proof.h"

enum { MANY = 300, ALL_PAIRS = 130 };

static AkSha256 *sha;

static void leaf_at(guint64 index, guint8 out[AK_SHA256_LEN])
{
    guint64 data = GUINT64_TO_BE(index);

    ak_tree_leaf_hash(sha, &data, sizeof data, out);
}

/* By the definition, recursively: what the proofs' nodes have to be. */
static void defined_root(guint64 first, guint64 n, guint8 out[AK_SHA256_LEN])
{
    guint8 left[AK_SHA256_LEN], right[AK_SHA256_LEN];
    guint64 k = 1;

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

/* A perfect subtree; the tree has no others to give, and none past its size. */
static gboolean give_node(gpointer data, guint level, guint64 n, guint8 out[AK_SHA256_LEN],
                          GError **error)
{
    const guint64 *size = data;

    g_assert_cmpuint((n + 1) << level, <=, *size);
    defined_root(n << level, G_GUINT64_CONSTANT(1) << level, out);
    return TRUE;
}

static AkTreeNodes nodes_of(guint64 *size)
{
    return (AkTreeNodes){give_node, size};
}

/* RFC 6962 §2.1.1, as it is written there. */
static void defined_inclusion(guint64 first, guint64 n, guint64 index, AkBuf *out)
{
    guint8 other[AK_SHA256_LEN];
    guint64 k = 1;

    if (n == 1)
        return;
    while (k * 2 < n)
        k *= 2;
    defined_inclusion(index < k ? first : first + k, index < k ? k : n - k,
                      index < k ? index : index - k, out);
    defined_root(index < k ? first + k : first, index < k ? n - k : k, other);
    ak_buf_append(out, other, sizeof other);
}

/* RFC 6962 §2.1.2, as it is written there. */
static void defined_consistency(guint64 first, guint64 m, guint64 n, gboolean is_whole, AkBuf *out)
{
    guint8 other[AK_SHA256_LEN];
    guint64 k = 1;

    if (m == n) {
        defined_root(first, n, other);
        if (!is_whole)
            ak_buf_append(out, other, sizeof other);
        return;
    }
    while (k * 2 < n)
        k *= 2;
    defined_consistency(m <= k ? first : first + k, m <= k ? m : m - k, m <= k ? k : n - k,
                        m <= k && is_whole, out);
    defined_root(m <= k ? first + k : first, m <= k ? n - k : k, other);
    ak_buf_append(out, other, sizeof other);
}

static void prove_leaf(guint64 index, guint64 size, AkBuf *out)
{
    AkTreeNodes nodes = nodes_of(&size);

    g_assert_true(ak_tree_prove_inclusion(&nodes, sha, index, size, out, NULL));
}

static void prove_prefix(guint64 size1, guint64 size2, AkBuf *out)
{
    AkTreeNodes nodes = nodes_of(&size2);

    g_assert_true(ak_tree_prove_consistency(&nodes, sha, size1, size2, out, NULL));
}

static gboolean check_leaf(guint64 index, guint64 size, AkView proof)
{
    guint8 leaf[AK_SHA256_LEN], root[AK_SHA256_LEN];

    leaf_at(index, leaf);
    defined_root(0, size, root);
    return ak_tree_check_inclusion(sha, index, size, leaf, (const guint8 *)proof.data,
                                   proof.len / AK_SHA256_LEN, root);
}

static gboolean check_prefix(guint64 size1, guint64 size2, AkView proof)
{
    guint8 root1[AK_SHA256_LEN], root2[AK_SHA256_LEN];

    defined_root(0, size1, root1);
    defined_root(0, size2, root2);
    return ak_tree_check_consistency(sha, size1, size2, root1, root2, (const guint8 *)proof.data,
                                     proof.len / AK_SHA256_LEN);
}

static void test_roots(void)
{
    guint8 expected[AK_SHA256_LEN], root[AK_SHA256_LEN];

    for (guint64 size = 1; size <= MANY; size++) {
        AkTreeNodes nodes = nodes_of(&size);

        defined_root(0, size, expected);
        g_assert_true(ak_tree_root_of(&nodes, sha, size, root, NULL));
        g_assert_cmpmem(root, sizeof root, expected, sizeof expected);
    }
}

static void test_root_of_nothing(void)
{
    guint64 size = 0;
    AkTreeNodes nodes = nodes_of(&size);
    guint8 expected[AK_SHA256_LEN], root[AK_SHA256_LEN];

    ak_sha256_of(sha, "", 0, expected);
    g_assert_true(ak_tree_root_of(&nodes, sha, 0, root, NULL));
    g_assert_cmpmem(root, sizeof root, expected, sizeof expected);
}

/* Every leaf of every small tree, and some of each larger one. */
static void test_inclusion_is_as_defined(void)
{
    for (guint64 size = 1; size <= MANY; size++)
        for (guint64 index = 0; index < size; index += size <= ALL_PAIRS / 2 ? 1 : 37) {
            g_auto(AkBuf) proof = {0}, expected = {0};

            prove_leaf(index, size, &proof);
            defined_inclusion(0, size, index, &expected);
            g_assert_cmpmem(proof.data, proof.len, expected.data, expected.len);
            g_assert_true(check_leaf(index, size, ak_buf_view(&proof)));
        }
}

static void test_consistency_is_as_defined(void)
{
    for (guint64 size2 = 1; size2 <= MANY; size2++)
        for (guint64 size1 = 1; size1 <= size2; size1 += size2 <= ALL_PAIRS / 2 ? 1 : 29) {
            g_auto(AkBuf) proof = {0}, expected = {0};

            prove_prefix(size1, size2, &proof);
            defined_consistency(0, size1, size2, TRUE, &expected);
            g_assert_cmpmem(proof.data, proof.len, expected.data, expected.len);
            g_assert_true(check_prefix(size1, size2, ak_buf_view(&proof)));
        }
}

/* Checks the proof changed in every byte, one hash short, and one too long. */
static void check_damaged(AkBuf *proof, gboolean (*check)(guint64, guint64, AkView), guint64 a,
                          guint64 b)
{
    for (gsize i = 0; i < proof->len; i++) {
        proof->data[i] ^= 1;
        g_assert_false(check(a, b, ak_buf_view(proof)));
        proof->data[i] ^= 1;
    }
    g_assert_true(check(a, b, ak_buf_view(proof)));
    g_assert_false(check(a, b, ak_view(proof->data, proof->len - AK_SHA256_LEN)));
    g_assert_false(check(a, b, ak_view(proof->data + AK_SHA256_LEN, proof->len - AK_SHA256_LEN)));
    (void)ak_buf_reserve(proof, AK_SHA256_LEN); /* so that its bytes stay while they are copied */
    ak_buf_append(proof, proof->data, AK_SHA256_LEN);
    g_assert_false(check(a, b, ak_buf_view(proof)));
}

static void test_damaged_inclusion(void)
{
    static const guint64 cases[][2] = {{0, 2}, {4, 7}, {6, 7}, {100, 200}, {255, 256}, {256, 257}};

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(AkBuf) proof = {0};

        prove_leaf(cases[i][0], cases[i][1], &proof);
        check_damaged(&proof, check_leaf, cases[i][0], cases[i][1]);
    }
}

static void test_damaged_consistency(void)
{
    static const guint64 cases[][2] = {{1, 2}, {3, 7}, {4, 7}, {6, 8}, {100, 200}, {256, 257}};

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(AkBuf) proof = {0};

        prove_prefix(cases[i][0], cases[i][1], &proof);
        check_damaged(&proof, check_prefix, cases[i][0], cases[i][1]);
    }
}

/* A proof for one pair of sizes is none for another. */
static void test_other_sizes(void)
{
    for (guint64 size = 2; size <= 40; size++) {
        g_auto(AkBuf) proof = {0};

        prove_leaf(size / 2, size, &proof);
        for (guint64 index = 0; index < size; index++)
            g_assert_cmpint(check_leaf(index, size, ak_buf_view(&proof)), ==, index == size / 2);
        g_assert_false(check_leaf(size / 2, size + 1, ak_buf_view(&proof)));
        ak_buf_truncate(&proof, 0);
        prove_prefix(size / 2, size, &proof);
        for (guint64 other = 1; other < size; other++)
            g_assert_cmpint(check_prefix(other, size, ak_buf_view(&proof)), ==, other == size / 2);
    }
}

static void test_empty_proofs(void)
{
    g_auto(AkBuf) proof = {0};

    prove_leaf(0, 1, &proof);
    prove_prefix(0, 9, &proof);
    prove_prefix(0, 0, &proof);
    prove_prefix(9, 9, &proof);
    g_assert_cmpuint(proof.len, ==, 0);
}

static void test_refused(void)
{
    guint64 size = 5;
    AkTreeNodes nodes = nodes_of(&size);
    g_auto(AkBuf) proof = {0};
    g_autoptr(GError) error = NULL, other = NULL, third = NULL;

    g_assert_false(ak_tree_prove_inclusion(&nodes, sha, 5, 5, &proof, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_BAD_INPUT);
    g_assert_false(ak_tree_prove_inclusion(&nodes, sha, 0, 0, &proof, &other));
    g_assert_error(other, AK_ERROR, AK_ERROR_BAD_INPUT);
    g_assert_false(ak_tree_prove_consistency(&nodes, sha, 6, 5, &proof, &third));
    g_assert_error(third, AK_ERROR, AK_ERROR_BAD_INPUT);
    g_assert_cmpuint(proof.len, ==, 0);
}

static gboolean refuse_node(gpointer data, guint level, guint64 n, guint8 out[AK_SHA256_LEN],
                            GError **error)
{
    g_set_error(error, AK_ERROR, AK_ERROR_MISSING, "no such node");
    return FALSE;
}

static void test_missing_node(void)
{
    AkTreeNodes nodes = {refuse_node, NULL};
    g_auto(AkBuf) proof = {0};
    g_autoptr(GError) error = NULL, other = NULL;

    g_assert_false(ak_tree_prove_inclusion(&nodes, sha, 1, 5, &proof, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_MISSING);
    g_assert_false(ak_tree_prove_consistency(&nodes, sha, 1, 5, &proof, &other));
    g_assert_error(other, AK_ERROR, AK_ERROR_MISSING);
}

/* The largest tree there can be: the path ends, and has no more steps than levels. */
static gboolean give_zero(gpointer data, guint level, guint64 n, guint8 out[AK_SHA256_LEN],
                          GError **error)
{
    memset(out, 0, AK_SHA256_LEN);
    return TRUE;
}

static void test_largest(void)
{
    AkTreeNodes nodes = {give_zero, NULL};
    g_auto(AkBuf) proof = {0};

    g_assert_true(ak_tree_prove_inclusion(&nodes, sha, 0, G_MAXUINT64, &proof, NULL));
    g_assert_cmpuint(proof.len, ==, 64 * AK_SHA256_LEN);
    ak_buf_truncate(&proof, 0);
    g_assert_true(ak_tree_prove_consistency(&nodes, sha, 1, G_MAXUINT64, &proof, NULL));
    g_assert_cmpuint(proof.len, ==, 64 * AK_SHA256_LEN);
    ak_buf_truncate(&proof, 0);
    g_assert_true(
        ak_tree_prove_consistency(&nodes, sha, G_MAXUINT64 - 1, G_MAXUINT64, &proof, NULL));
    g_assert_cmpuint(proof.len, <=, 65 * AK_SHA256_LEN);
}

int main(int argc, char **argv)
{
    g_autoptr(AkSha256) made = ak_sha256_new();

    sha = made;
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tree/proof/roots", test_roots);
    g_test_add_func("/tree/proof/root_of_nothing", test_root_of_nothing);
    g_test_add_func("/tree/proof/inclusion_is_as_defined", test_inclusion_is_as_defined);
    g_test_add_func("/tree/proof/consistency_is_as_defined", test_consistency_is_as_defined);
    g_test_add_func("/tree/proof/damaged_inclusion", test_damaged_inclusion);
    g_test_add_func("/tree/proof/damaged_consistency", test_damaged_consistency);
    g_test_add_func("/tree/proof/other_sizes", test_other_sizes);
    g_test_add_func("/tree/proof/empty_proofs", test_empty_proofs);
    g_test_add_func("/tree/proof/refused", test_refused);
    g_test_add_func("/tree/proof/missing_node", test_missing_node);
    g_test_add_func("/tree/proof/largest", test_largest);
    return g_test_run();
}
