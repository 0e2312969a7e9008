#include "tree/tile.h"

enum { GROUP = 1000, MAX_GROUPS = 7 };

char *ak_tile_path(const AkTile *tile)
{
    GString *path = g_string_new(NULL);
    guint groups[MAX_GROUPS], n = 0;

    for (guint64 rest = tile->n; n == 0 || rest != 0; rest /= GROUP)
        groups[n++] = (guint)(rest % GROUP);
    g_string_append_printf(path, "%u", tile->level);
    while (n-- > 0)
        g_string_append_printf(path, n > 0 ? "/x%03u" : "/%03u", groups[n]);
    if (tile->width != AK_TILE_WIDTH)
        g_string_append_printf(path, ".p/%u", tile->width);
    return g_string_free(path, FALSE);
}

/* "x001/x234/067" up to its end. */
static gboolean parse_number(const char **at, guint64 *out)
{
    *out = 0;
    for (guint n = 0; n < MAX_GROUPS - 1; n++) {
        gboolean is_last = **at != 'x';
        const char *digits = *at + (is_last ? 0 : 1);

        if (!g_ascii_isdigit(digits[0]) || !g_ascii_isdigit(digits[1]) ||
            !g_ascii_isdigit(digits[2]))
            return FALSE;
        *out =
            *out * GROUP + g_ascii_strtoull((char[]){digits[0], digits[1], digits[2], 0}, NULL, 10);
        *at = digits + 3;
        if (is_last)
            return TRUE;
        if (*(*at)++ != '/')
            return FALSE;
    }
    return FALSE;
}

gboolean ak_tile_path_parse(const char *path, AkTile *out)
{
    g_autofree char *again = NULL;
    const char *at = path + 2;
    char *end;

    if (!g_ascii_isdigit(path[0]) || path[1] != '/')
        return FALSE;
    *out = (AkTile){(guint)(path[0] - '0'), 0, AK_TILE_WIDTH};
    if (out->level > AK_TILE_MAX_LEVEL || !parse_number(&at, &out->n))
        return FALSE;
    if (g_str_has_prefix(at, ".p/")) {
        guint64 width = g_ascii_strtoull(at + 3, &end, 10);

        if (width == 0 || width >= AK_TILE_WIDTH)
            return FALSE;
        out->width = (guint)width;
    }
    again = ak_tile_path(out); /* one spelling only */
    return strcmp(again, path) == 0;
}

guint ak_tile_width_of(guint level, guint64 n, guint64 size)
{
    guint64 nodes = size >> (level * AK_TILE_HEIGHT);

    if (n > nodes / AK_TILE_WIDTH)
        return 0;
    return (guint)MIN(nodes - n * AK_TILE_WIDTH, AK_TILE_WIDTH);
}

void ak_tile_root(const guint8 *hashes, guint first, guint count, AkSha256 *sha,
                  guint8 out[AK_SHA256_LEN])
{
    AkTree tree = AK_TREE_EMPTY;

    ak_tree_append(&tree, sha, hashes + (gsize)first * AK_SHA256_LEN, count);
    ak_tree_root(&tree, sha, out);
}
