#include "segment/tree_key.h"

#include "util/hex.h"

#define TREE "tree/"
#define TILE "tile/"
#define CHECKPOINT "checkpoint/"
#define WITNESS "-witness-"

char *ak_tree_tile_key(const char *chain, const AkTile *tile)
{
    g_autofree char *path = ak_tile_path(tile);

    return g_strconcat(TREE, chain, "/" TILE, path, NULL);
}

char *ak_tree_checkpoint_key(const char *chain, guint64 size)
{
    return g_strdup_printf(TREE "%s/" CHECKPOINT "%" G_GUINT64_FORMAT, chain, size);
}

char *ak_tree_witness_key(const char *chain, guint64 size, const guint8 key_id[4])
{
    g_autofree char *id = ak_hex_string(key_id, 4);

    return g_strdup_printf(TREE "%s/" CHECKPOINT "%" G_GUINT64_FORMAT WITNESS "%s", chain, size,
                           id);
}

/* "<size>" or "<size>-witness-<id>", without another spelling. */
static gboolean parse_checkpoint(const char *key, const char *rest, AkTreeName *out)
{
    g_autofree char *again = NULL;
    const char *mark = strstr(rest, WITNESS);
    g_autofree char *digits = g_strndup(rest, mark != NULL ? (gsize)(mark - rest) : strlen(rest));

    if (!g_ascii_string_to_unsigned(digits, 10, 0, G_MAXINT64, &out->size, NULL))
        return FALSE;
    out->kind = AK_TREE_CHECKPOINT;
    if (mark == NULL) {
        again = ak_tree_checkpoint_key(out->chain, out->size);
    } else {
        out->kind = AK_TREE_WITNESS;
        if (!ak_hex_decode(ak_view_str(mark + strlen(WITNESS)), out->key_id, sizeof out->key_id))
            return FALSE;
        again = ak_tree_witness_key(out->chain, out->size, out->key_id);
    }
    return strcmp(again, key) == 0;
}

gboolean ak_tree_key_parse(const char *key, AkTreeName *out)
{
    const char *chain = key + strlen(TREE), *end;

    *out = (AkTreeName){0};
    if (!g_str_has_prefix(key, TREE))
        return FALSE;
    end = strchr(chain, '/');
    if (end == NULL || end == chain || end - chain >= (gssize)sizeof out->chain)
        return FALSE;
    memcpy(out->chain, chain, (gsize)(end - chain));
    if (g_str_has_prefix(end + 1, CHECKPOINT))
        return parse_checkpoint(key, end + 1 + strlen(CHECKPOINT), out);
    out->kind = AK_TREE_TILE;
    return g_str_has_prefix(end + 1, TILE) &&
           ak_tile_path_parse(end + 1 + strlen(TILE), &out->tile);
}
