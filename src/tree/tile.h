#ifndef AK_TREE_TILE_H
#define AK_TREE_TILE_H

#include "tree/merkle.h"

/* C2SP tlog-tiles: the tree's nodes at levels 0, 8, 16, … in tiles of at most 256 hashes. */

enum { AK_TILE_HEIGHT = 8, AK_TILE_WIDTH = 1 << AK_TILE_HEIGHT, AK_TILE_MAX_LEVEL = 7 };

typedef struct {
    guint level; /* of the tile: its hashes are the tree's nodes at 8 × level */
    guint64 n;
    guint width; /* hashes in it, from 1 on; 256: a full one */
} AkTile;

/* "<L>/<N>" or "<L>/<N>.p/<W>", N in groups of three digits: "0/x001/x234/067". */
char *ak_tile_path(const AkTile *tile);

/* FALSE unless @path is what ak_tile_path() makes. */
gboolean ak_tile_path_parse(const char *path, AkTile *out);

/* Hashes in tile @n at @level of a tree of @size leaves: 0 to 256. */
guint ak_tile_width_of(guint level, guint64 n, guint64 size);

/* Root of the @count hashes from @first on; a perfect subtree when @count is a power of two. */
void ak_tile_root(const guint8 *hashes, guint first, guint count, AkSha256 *sha,
                  guint8 out[AK_SHA256_LEN]);

#endif
