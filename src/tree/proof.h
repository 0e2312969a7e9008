#ifndef AK_TREE_PROOF_H
#define AK_TREE_PROOF_H

#include "tree/merkle.h"
#include "util/error.h"

/* Makes the proofs of RFC 6962 §2.1 that tree/merkle.h checks. */

/*
 * Where the nodes of a tree come from: @node gives the root of the perfect subtree over the leaves
 * [n << level, (n + 1) << level), all of which the tree has to hold.
 */
typedef struct {
    gboolean (*node)(gpointer data, guint level, guint64 n, guint8 out[AK_SHA256_LEN],
                     GError **error);
    gpointer data;
} AkTreeNodes;

/* Root of the first @size leaves. Fails only when @nodes does. */
gboolean ak_tree_root_of(const AkTreeNodes *nodes, AkSha256 *sha, guint64 size,
                         guint8 out[AK_SHA256_LEN], GError **error) AK_MUST_CHECK;

/* Appends PATH(index, D[0:size]) (RFC 6962 §2.1.1), 32 bytes a hash. BAD_INPUT unless @index <
 * @size. */
gboolean ak_tree_prove_inclusion(const AkTreeNodes *nodes, AkSha256 *sha, guint64 index,
                                 guint64 size, AkBuf *out, GError **error) AK_MUST_CHECK;

/* Appends PROOF(size1, D[0:size2]) (RFC 6962 §2.1.2), empty for @size1 0 or @size2. BAD_INPUT
 * unless @size1 <= @size2. */
gboolean ak_tree_prove_consistency(const AkTreeNodes *nodes, AkSha256 *sha, guint64 size1,
                                   guint64 size2, AkBuf *out, GError **error) AK_MUST_CHECK;

#endif
