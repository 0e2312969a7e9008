#include "tree/merkle.h"

#include <openssl/crypto.h>

void ak_tree_leaf_hash(AkSha256 *sha, const void *leaf, gsize len, guint8 out[AK_SHA256_LEN])
{
    ak_sha256_begin(sha);
    ak_sha256_add(sha, "\x00", 1);
    ak_sha256_add(sha, leaf, len);
    ak_sha256_end(sha, out);
}

void ak_tree_node_hash(AkSha256 *sha, const guint8 *left, const guint8 *right,
                       guint8 out[AK_SHA256_LEN])
{
    guint8 input[1 + 2 * AK_SHA256_LEN];

    input[0] = 1;
    memcpy(input + 1, left, AK_SHA256_LEN);
    memcpy(input + 1 + AK_SHA256_LEN, right, AK_SHA256_LEN);
    ak_sha256_of(sha, input, sizeof input, out);
}

static guint n_nodes(guint64 size)
{
    return (guint)__builtin_popcountll(size);
}

void ak_tree_append(AkTree *tree, AkSha256 *sha, const guint8 *leaf_hashes, gsize count)
{
    for (gsize i = 0; i < count; i++) {
        guint top = n_nodes(tree->size);

        memcpy(tree->nodes[top], leaf_hashes + i * AK_SHA256_LEN, AK_SHA256_LEN);
        /* each trailing 1 of the size is a perfect subtree that the new one completes */
        for (guint64 rest = tree->size; (rest & 1) != 0; rest >>= 1, top--)
            ak_tree_node_hash(sha, tree->nodes[top - 1], tree->nodes[top], tree->nodes[top - 1]);
        tree->size++;
    }
}

void ak_tree_root(const AkTree *tree, AkSha256 *sha, guint8 out[AK_SHA256_LEN])
{
    guint top = n_nodes(tree->size);

    if (top == 0) {
        ak_sha256_of(sha, "", 0, out);
        return;
    }
    memcpy(out, tree->nodes[--top], AK_SHA256_LEN);
    while (top-- > 0)
        ak_tree_node_hash(sha, tree->nodes[top], out, out);
}

void ak_tree_save(const AkTree *tree, AkBuf *out)
{
    guint64 size = GUINT64_TO_BE(tree->size);

    ak_buf_append(out, &size, sizeof size);
    ak_buf_append(out, tree->nodes, n_nodes(tree->size) * AK_SHA256_LEN);
}

gboolean ak_tree_load(AkView edge, AkTree *out)
{
    guint64 size;

    *out = AK_TREE_EMPTY;
    if (edge.len < sizeof size)
        return FALSE;
    memcpy(&size, edge.data, sizeof size);
    size = GUINT64_FROM_BE(size);
    if (edge.len != sizeof size + n_nodes(size) * AK_SHA256_LEN)
        return FALSE;
    out->size = size;
    memcpy(out->nodes, edge.data + sizeof size, edge.len - sizeof size);
    return TRUE;
}

static gboolean same_hash(const guint8 *a, const guint8 *b)
{
    return CRYPTO_memcmp(a, b, AK_SHA256_LEN) == 0;
}

gboolean ak_tree_check_inclusion(AkSha256 *sha, guint64 index, guint64 size,
                                 const guint8 leaf_hash[AK_SHA256_LEN], const guint8 *proof,
                                 gsize n, const guint8 root[AK_SHA256_LEN])
{
    guint64 fn = index, sn = size - 1;
    guint8 hash[AK_SHA256_LEN];

    if (index >= size)
        return FALSE;
    memcpy(hash, leaf_hash, sizeof hash);
    for (gsize i = 0; i < n; i++, proof += AK_SHA256_LEN) {
        if (sn == 0)
            return FALSE;
        if ((fn & 1) == 1 || fn == sn) {
            ak_tree_node_hash(sha, proof, hash, hash);
            for (; (fn & 1) == 0 && fn != 0; fn >>= 1)
                sn >>= 1;
        } else {
            ak_tree_node_hash(sha, hash, proof, hash);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && same_hash(hash, root);
}

/* RFC 9162 §2.1.4.2, sizes 0 < size1 < size2; @proof starts with the seed. */
static gboolean walk_consistency(AkSha256 *sha, guint64 size1, guint64 size2, const guint8 *proof,
                                 gsize n, guint8 *hash1, guint8 *hash2)
{
    guint64 fn = size1 - 1, sn = size2 - 1;

    for (; (fn & 1) == 1; fn >>= 1)
        sn >>= 1;
    memcpy(hash1, proof, AK_SHA256_LEN);
    memcpy(hash2, proof, AK_SHA256_LEN);
    for (gsize i = 1; i < n; i++) {
        const guint8 *node = proof + i * AK_SHA256_LEN;

        if (sn == 0)
            return FALSE;
        if ((fn & 1) == 1 || fn == sn) {
            ak_tree_node_hash(sha, node, hash1, hash1);
            ak_tree_node_hash(sha, node, hash2, hash2);
            for (; (fn & 1) == 0 && fn != 0; fn >>= 1)
                sn >>= 1;
        } else {
            ak_tree_node_hash(sha, hash2, node, hash2);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0;
}

gboolean ak_tree_check_consistency(AkSha256 *sha, guint64 size1, guint64 size2,
                                   const guint8 root1[AK_SHA256_LEN],
                                   const guint8 root2[AK_SHA256_LEN], const guint8 *proof, gsize n)
{
    g_autoptr(GByteArray) seeded = g_byte_array_new();
    guint8 hash1[AK_SHA256_LEN], hash2[AK_SHA256_LEN];

    if (size1 > size2)
        return FALSE;
    if (size1 == size2)
        return n == 0 && same_hash(root1, root2);
    if (size1 == 0) {
        ak_sha256_of(sha, "", 0, hash1);
        return n == 0 && same_hash(hash1, root1);
    }
    if (n == 0)
        return FALSE;
    if ((size1 & (size1 - 1)) == 0) /* a perfect tree is its own first node */
        g_byte_array_append(seeded, root1, AK_SHA256_LEN);
    g_byte_array_append(seeded, proof, (guint)(n * AK_SHA256_LEN));
    return walk_consistency(sha, size1, size2, seeded->data, seeded->len / AK_SHA256_LEN, hash1,
                            hash2) &&
           same_hash(hash1, root1) && same_hash(hash2, root2);
}
