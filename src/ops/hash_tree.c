#include "ops/hash_tree.h"

#include "ops/footer.h"
#include "segment/tree_key.h"
#include "tree/checkpoint.h"
#include "verify/catalog.h"

enum { N_LEVELS = AK_TILE_MAX_LEVEL + 1, ENTRY_LEVEL_SHIFT = 58 };

/* The tile that was read last at a level. */
typedef struct {
    gboolean is_set;
    guint64 n;
    guint width; /* 0: it is not there */
    guint8 hashes[AK_TILE_WIDTH * AK_SHA256_LEN];
} Slot;

struct AkHashTree {
    AkStore *store;
    char *chain;
    GPtrArray *segments; /* AkCatalogEntry, from index 0 on without a hole */
    GArray *checkpoints; /* guint64, largest first */
    guint64 tiled;       /* leaves that the tiles are for */
    AkSha256 *sha;
    GHashTable *roots; /* level and number → hash: of tiles that were gone through */
    Slot slots[N_LEVELS];
    /* the segment that was read last */
    const AkCatalogEntry *entry;
    AkBuf tail;
    AkFooter footer;
};

static gboolean add_checkpoint(const AkObject *object, gpointer data, GError **error)
{
    AkHashTree *tree = data;
    AkTreeName name;

    if (!object->is_delete_marker && ak_tree_key_parse(object->key, &name) &&
        name.kind == AK_TREE_CHECKPOINT && strcmp(name.chain, tree->chain) == 0)
        g_array_append_val(tree->checkpoints, name.size);
    return TRUE;
}

static gint by_size(gconstpointer a, gconstpointer b)
{
    guint64 left = *(const guint64 *)a, right = *(const guint64 *)b;

    return (left < right) - (left > right);
}

static gboolean list_checkpoints(AkHashTree *tree, GError **error)
{
    g_autofree char *prefix = g_strdup_printf("tree/%s/checkpoint/", tree->chain);

    if (!ak_store_list(tree->store, prefix, add_checkpoint, tree, error))
        return FALSE;
    g_array_sort(tree->checkpoints, by_size);
    if (tree->checkpoints->len > 0)
        tree->tiled = g_array_index(tree->checkpoints, guint64, 0);
    return TRUE;
}

static gboolean list_segments(AkHashTree *tree, GError **error)
{
    AkVerifyConfig config = {.store = tree->store, .chain = tree->chain};
    g_auto(AkFoundList) found = {0};
    guint64 next = 0;
    guint n = 0;

    tree->segments = ak_catalog_read(&config, NULL, NULL, NULL, NULL, &found, error);
    if (tree->segments == NULL)
        return FALSE;
    for (; n < tree->segments->len; n++) {
        const AkCatalogEntry *entry = g_ptr_array_index(tree->segments, n);

        if (entry->first_index != next)
            break;
        next = entry->last_index + 1;
    }
    g_ptr_array_set_size(tree->segments, (gint)n);
    return TRUE;
}

AkHashTree *ak_hash_tree_open(AkStore *store, const char *chain, GError **error)
{
    g_autoptr(AkHashTree) tree = g_new0(AkHashTree, 1);

    tree->store = store;
    tree->chain = g_strdup(chain);
    tree->checkpoints = g_array_new(FALSE, FALSE, sizeof(guint64));
    tree->sha = ak_sha256_new();
    tree->roots = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    if (!list_segments(tree, error) || !list_checkpoints(tree, error))
        return NULL;
    return g_steal_pointer(&tree);
}

void ak_hash_tree_free(AkHashTree *tree)
{
    if (tree == NULL)
        return;
    g_clear_pointer(&tree->segments, g_ptr_array_unref);
    g_array_unref(tree->checkpoints);
    ak_sha256_free(tree->sha);
    g_hash_table_unref(tree->roots);
    ak_footer_clear(&tree->footer);
    ak_buf_clear(&tree->tail);
    g_free(tree->chain);
    g_free(tree);
}

static const AkCatalogEntry *entry_at(const AkHashTree *tree, guint i)
{
    return g_ptr_array_index(tree->segments, i);
}

guint64 ak_hash_tree_size(const AkHashTree *tree)
{
    return tree->segments->len > 0 ? entry_at(tree, tree->segments->len - 1)->last_index + 1 : 0;
}

const GArray *ak_hash_tree_checkpoints(const AkHashTree *tree)
{
    return tree->checkpoints;
}

/* The segment that holds leaf @index, or NULL. */
static const AkCatalogEntry *find_segment(const AkHashTree *tree, guint64 index)
{
    guint from = 0, to = tree->segments->len;

    if (index >= ak_hash_tree_size(tree))
        return NULL;
    while (to - from > 1) {
        guint middle = from + (to - from) / 2;

        if (entry_at(tree, middle)->first_index <= index)
            from = middle;
        else
            to = middle;
    }
    return entry_at(tree, from);
}

guint64 ak_hash_tree_end_of(const AkHashTree *tree, guint64 index)
{
    const AkCatalogEntry *entry = find_segment(tree, index);

    return entry != NULL ? entry->last_index + 1 : 0;
}

void ak_hash_tree_pass_over_tiles(AkHashTree *tree)
{
    tree->tiled = 0;
    g_hash_table_remove_all(tree->roots);
    for (guint level = 0; level < N_LEVELS; level++)
        tree->slots[level].is_set = FALSE;
}

/* Reads the footer of the segment that holds leaf @index. */
static gboolean open_segment(AkHashTree *tree, guint64 index, GError **error)
{
    const AkCatalogEntry *entry = find_segment(tree, index);
    const AkManifest *manifest = &tree->footer.manifest;

    if (entry == NULL) {
        g_set_error(error, AK_ERROR, AK_ERROR_MISSING,
                    "the archive of chain '%s' holds %" G_GUINT64_FORMAT
                    " events without a hole, index %" G_GUINT64_FORMAT " is needed; "
                    "hint: run 'auditkeep verify --what archive'",
                    tree->chain, ak_hash_tree_size(tree), index);
        return FALSE;
    }
    if (entry == tree->entry)
        return TRUE;
    ak_footer_clear(&tree->footer);
    tree->entry = NULL;
    if (!ak_footer_read(tree->store, entry->key, entry->version, &tree->tail, &tree->footer,
                        error)) {
        g_prefix_error(error, "reading '%s': ", entry->key);
        return FALSE;
    }
    if (manifest->first_index != entry->first_index || manifest->last_index != entry->last_index) {
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT, "segment '%s' does not fit its key",
                    entry->key);
        return FALSE;
    }
    tree->entry = entry;
    return TRUE;
}

static gboolean read_leaf(AkHashTree *tree, guint64 index, guint8 out[AK_SHA256_LEN],
                          GError **error)
{
    if (!open_segment(tree, index, error))
        return FALSE;
    memcpy(out, tree->footer.leaves.data + (index - tree->entry->first_index) * AK_SHA256_LEN,
           AK_SHA256_LEN);
    return TRUE;
}

/* Fills the slot with the stored tile; width 0 when it is not there, or not of its size. */
static gboolean load_tile(AkHashTree *tree, guint level, guint64 n, GError **error)
{
    Slot *slot = &tree->slots[level];
    AkTile tile = {level, n, ak_tile_width_of(level, n, tree->tiled)};
    g_autofree char *key = ak_tree_tile_key(tree->chain, &tile);
    gsize len = tile.width * AK_SHA256_LEN;
    g_auto(AkBuf) bytes = {0};
    g_autoptr(GError) local = NULL;

    slot->is_set = FALSE;
    slot->n = n;
    slot->width = 0;
    if (!ak_store_get(tree->store, key, NULL, 0, 0, sizeof slot->hashes, &bytes, &local)) {
        if (!g_error_matches(local, AK_ERROR, AK_ERROR_MISSING) &&
            !g_error_matches(local, AK_ERROR, AK_ERROR_BAD_INPUT)) {
            g_propagate_error(error, g_steal_pointer(&local));
            return FALSE;
        }
    } else if (bytes.len == len) {
        memcpy(slot->hashes, bytes.data, len);
        slot->width = tile.width;
    }
    slot->is_set = TRUE;
    return TRUE;
}

/* *out_is_there FALSE when no stored tile has it. */
static gboolean read_stored(AkHashTree *tree, guint level, guint64 i, guint8 out[AK_SHA256_LEN],
                            gboolean *out_is_there, GError **error)
{
    guint64 n = i / AK_TILE_WIDTH;
    guint at = (guint)(i % AK_TILE_WIDTH);
    Slot *slot = &tree->slots[level];

    *out_is_there = FALSE;
    if (at >= ak_tile_width_of(level, n, tree->tiled))
        return TRUE;
    if ((!slot->is_set || slot->n != n) && !load_tile(tree, level, n, error))
        return FALSE;
    *out_is_there = at < slot->width;
    if (*out_is_there)
        memcpy(out, slot->hashes + at * AK_SHA256_LEN, AK_SHA256_LEN);
    return TRUE;
}

/* Node @i at tree level 8 × @level: from a tile, from leaf hashes, or from the tile below it. */
static gboolean read_entry(AkHashTree *tree, guint level, guint64 i, guint8 out[AK_SHA256_LEN],
                           GError **error)
{
    guint64 id = ((guint64)level << ENTRY_LEVEL_SHIFT) | i;
    const guint8 *known = g_hash_table_lookup(tree->roots, &id);
    guint8 below[AK_TILE_WIDTH * AK_SHA256_LEN];
    gboolean is_there;

    if (known != NULL) {
        memcpy(out, known, AK_SHA256_LEN);
        return TRUE;
    }
    if (!read_stored(tree, level, i, out, &is_there, error))
        return FALSE;
    if (is_there)
        return TRUE;
    if (level == 0)
        return read_leaf(tree, i, out, error);
    for (guint at = 0; at < AK_TILE_WIDTH; at++)
        if (!read_entry(tree, level - 1, i * AK_TILE_WIDTH + at, below + at * AK_SHA256_LEN, error))
            return FALSE;
    ak_tile_root(below, 0, AK_TILE_WIDTH, tree->sha, out);
    (void)g_hash_table_insert(tree->roots, g_memdup2(&id, sizeof id),
                              g_memdup2(out, AK_SHA256_LEN));
    return TRUE;
}

static gboolean read_node(gpointer data, guint level, guint64 n, guint8 out[AK_SHA256_LEN],
                          GError **error)
{
    AkHashTree *tree = data;
    guint within = level % AK_TILE_HEIGHT, count = 1U << within;
    guint8 entries[AK_TILE_WIDTH / 2 * AK_SHA256_LEN];

    for (guint at = 0; at < count; at++)
        if (!read_entry(tree, level / AK_TILE_HEIGHT, (n << within) + at,
                        entries + at * AK_SHA256_LEN, error))
            return FALSE;
    ak_tile_root(entries, 0, count, tree->sha, out);
    return TRUE;
}

AkTreeNodes ak_hash_tree_nodes(AkHashTree *tree)
{
    return (AkTreeNodes){read_node, tree};
}

gboolean ak_hash_tree_note(AkHashTree *tree, guint64 size, AkBuf *out, GError **error)
{
    for (guint i = 0; i < tree->checkpoints->len; i++)
        if (g_array_index(tree->checkpoints, guint64, i) == size) {
            g_autofree char *key = ak_tree_checkpoint_key(tree->chain, size);

            return ak_store_get(tree->store, key, NULL, 0, 0, AK_CHECKPOINT_MAX_BYTES, out, error);
        }
    if (size == 0 || ak_hash_tree_end_of(tree, size - 1) != size) {
        g_set_error(error, AK_ERROR, AK_ERROR_MISSING,
                    "the archive of chain '%s' holds no checkpoint over %" G_GUINT64_FORMAT
                    " events; hint: 'auditkeep checkpoint show' lists them",
                    tree->chain, size);
        return FALSE;
    }
    if (!open_segment(tree, size - 1, error))
        return FALSE;
    ak_buf_append_view(out, ak_view_str(tree->footer.manifest.checkpoint));
    return TRUE;
}
