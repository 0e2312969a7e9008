#ifndef AK_SEGMENT_TREE_KEY_H
#define AK_SEGMENT_TREE_KEY_H

#include "tree/tile.h"

/* Keys of the chain's hash tree (docs/archive-format.md, "Hash tree"). */

typedef enum { AK_TREE_TILE, AK_TREE_CHECKPOINT, AK_TREE_WITNESS } AkTreeKeyKind;

typedef struct {
    AkTreeKeyKind kind;
    char chain[64];
    AkTile tile;
    guint64 size;     /* of checkpoints */
    guint8 key_id[4]; /* of the witness */
} AkTreeName;

/* "tree/<chain>/tile/<L>/<N>[.p/<W>]". */
char *ak_tree_tile_key(const char *chain, const AkTile *tile);

/* "tree/<chain>/checkpoint/<size>". */
char *ak_tree_checkpoint_key(const char *chain, guint64 size);

/* "tree/<chain>/checkpoint/<size>-witness-<key id in hex>". */
char *ak_tree_witness_key(const char *chain, guint64 size, const guint8 key_id[4]);

/* FALSE unless @key is what one of these makes. */
gboolean ak_tree_key_parse(const char *key, AkTreeName *out);

#endif
