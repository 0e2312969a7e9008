#ifndef AK_OPS_HASH_TREE_H
#define AK_OPS_HASH_TREE_H

#include "store/store.h"
#include "tree/proof.h"
#include "tree/tile.h"

/*
 * A chain's tree as the archive holds it: hash tiles as far as they are there, beyond that the leaf
 * hashes of the segments. Neither is believed by itself: what comes of them is held against a
 * signed checkpoint by whoever asks. Not to be shared between threads.
 */
typedef struct AkHashTree AkHashTree;

/* Lists the chain's segments and checkpoints. @store is borrowed. */
AkHashTree *ak_hash_tree_open(AkStore *store, const char *chain, GError **error) AK_MUST_CHECK;
void ak_hash_tree_free(AkHashTree *tree);

/* Leaves from 0 on that the segments hold without a hole. */
guint64 ak_hash_tree_size(const AkHashTree *tree);

/* Sizes of the checkpoints beside the tiles (guint64), largest first. */
const GArray *ak_hash_tree_checkpoints(const AkHashTree *tree);

/*
 * Appends the signed note over a tree of @size leaves: the checkpoint beside the tiles, else the
 * one in the manifest of the segment that ends there. MISSING when there is neither.
 */
gboolean ak_hash_tree_note(AkHashTree *tree, guint64 size, AkBuf *out,
                           GError **error) AK_MUST_CHECK;

/* Size of the tree after the segment that holds leaf @index; 0: none does. */
guint64 ak_hash_tree_end_of(const AkHashTree *tree, guint64 index);

/* From now on only segments are read: the tiles lead to another root than the one signed. */
void ak_hash_tree_pass_over_tiles(AkHashTree *tree);

/* Valid as long as @tree. */
AkTreeNodes ak_hash_tree_nodes(AkHashTree *tree);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkHashTree, ak_hash_tree_free)

#endif
