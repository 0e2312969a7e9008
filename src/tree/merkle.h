#ifndef AK_TREE_MERKLE_H
#define AK_TREE_MERKLE_H

#include "util/buf.h"
#include "util/sha256.h"

/* RFC 6962 §2.1 Merkle trees over SHA-256. */

enum { AK_TREE_MAX_LEVELS = 64 };

/*
 * A compact range [0, size): the roots of the perfect subtrees that the size's binary digits stand
 * for, largest first. It is all that is needed to append and to give the root.
 */
typedef struct {
    guint64 size;
    guint8 nodes[AK_TREE_MAX_LEVELS][AK_SHA256_LEN]; /* popcount(size) of them are set */
} AkTree;

#define AK_TREE_EMPTY ((AkTree){0})

/* SHA-256(0x00 || leaf). */
void ak_tree_leaf_hash(AkSha256 *sha, const void *leaf, gsize len, guint8 out[AK_SHA256_LEN]);

/* SHA-256(0x01 || left || right). */
void ak_tree_node_hash(AkSha256 *sha, const guint8 *left, const guint8 *right,
                       guint8 out[AK_SHA256_LEN]);

/* Appends @count leaf hashes of 32 bytes each. */
void ak_tree_append(AkTree *tree, AkSha256 *sha, const guint8 *leaf_hashes, gsize count);

/* Root; of the empty tree SHA-256(""). */
void ak_tree_root(const AkTree *tree, AkSha256 *sha, guint8 out[AK_SHA256_LEN]);

/* The edge: 8 bytes of size, big endian, then the nodes. Appended to @out. */
void ak_tree_save(const AkTree *tree, AkBuf *out);

/* FALSE unless @edge is what ak_tree_save() writes. */
gboolean ak_tree_load(AkView edge, AkTree *out) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Is the leaf at @index of the tree of @size leaves with @root? (RFC 9162 §2.1.3.2.) @proof holds
 * @n hashes of 32 bytes each.
 */
gboolean ak_tree_check_inclusion(AkSha256 *sha, guint64 index, guint64 size,
                                 const guint8 leaf_hash[AK_SHA256_LEN], const guint8 *proof,
                                 gsize n, const guint8 root[AK_SHA256_LEN]);

/*
 * Is the tree of @size1 leaves with @root1 a prefix of the one of @size2 leaves with @root2?
 * (RFC 9162 §2.1.4.2.) Of size 0: the proof is empty.
 */
gboolean ak_tree_check_consistency(AkSha256 *sha, guint64 size1, guint64 size2,
                                   const guint8 root1[AK_SHA256_LEN],
                                   const guint8 root2[AK_SHA256_LEN], const guint8 *proof, gsize n);

#endif
