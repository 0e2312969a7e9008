#include "tree/proof.h"

/* Leaves [start, start + len); start is a multiple of every power of two up to len. */
typedef struct {
    guint64 start, len;
} Range;

/* The largest power of two below @len, which is at least 2 (RFC 6962 §2.1). */
static guint64 split_of(guint64 len)
{
    return G_GUINT64_CONSTANT(1) << (63 - __builtin_clzll(len - 1));
}

/* MTH of the range: its perfect subtrees, smallest and last first, folded into one another. */
static gboolean hash_range(const AkTreeNodes *nodes, AkSha256 *sha, Range range,
                           guint8 out[AK_SHA256_LEN], GError **error)
{
    guint64 end = range.start + range.len;
    gboolean is_first = TRUE;

    for (guint64 rest = range.len; rest != 0; rest &= rest - 1) {
        guint level = (guint)__builtin_ctzll(rest);
        guint8 node[AK_SHA256_LEN];

        if (!nodes->node(nodes->data, level, (end >> level) - 1, node, error))
            return FALSE;
        end -= G_GUINT64_CONSTANT(1) << level;
        if (is_first)
            memcpy(out, node, sizeof node);
        else
            ak_tree_node_hash(sha, node, out, out);
        is_first = FALSE;
    }
    return TRUE;
}

gboolean ak_tree_root_of(const AkTreeNodes *nodes, AkSha256 *sha, guint64 size,
                         guint8 out[AK_SHA256_LEN], GError **error)
{
    if (size == 0) {
        ak_sha256_of(sha, "", 0, out);
        return TRUE;
    }
    return hash_range(nodes, sha, (Range){0, size}, out, error);
}

/* A proof is found from the root downwards, and written from the leaves upwards. */
typedef struct {
    Range steps[AK_TREE_MAX_LEVELS + 1];
    guint n;
} Path;

static void add_step(Path *path, guint64 start, guint64 len)
{
    path->steps[path->n++] = (Range){start, len};
}

static gboolean write_path(const Path *path, const AkTreeNodes *nodes, AkSha256 *sha, AkBuf *out,
                           GError **error)
{
    for (guint i = path->n; i-- > 0;) {
        guint8 hash[AK_SHA256_LEN];

        if (!hash_range(nodes, sha, path->steps[i], hash, error))
            return FALSE;
        ak_buf_append(out, hash, sizeof hash);
    }
    return TRUE;
}

gboolean ak_tree_prove_inclusion(const AkTreeNodes *nodes, AkSha256 *sha, guint64 index,
                                 guint64 size, AkBuf *out, GError **error)
{
    Range range = {0, size};
    Path path = {.n = 0};

    if (index >= size) {
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                    "index %" G_GUINT64_FORMAT " is not in a tree of %" G_GUINT64_FORMAT " leaves",
                    index, size);
        return FALSE;
    }
    while (range.len > 1) {
        guint64 k = split_of(range.len);

        if (index - range.start < k) {
            add_step(&path, range.start + k, range.len - k);
            range.len = k;
        } else {
            add_step(&path, range.start, k);
            range = (Range){range.start + k, range.len - k};
        }
    }
    return write_path(&path, nodes, sha, out, error);
}

gboolean ak_tree_prove_consistency(const AkTreeNodes *nodes, AkSha256 *sha, guint64 size1,
                                   guint64 size2, AkBuf *out, GError **error)
{
    Range range = {0, size2};
    Path path = {.n = 0};

    if (size1 > size2) {
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                    "a tree of %" G_GUINT64_FORMAT
                    " leaves is no start of one of %" G_GUINT64_FORMAT,
                    size1, size2);
        return FALSE;
    }
    if (size1 == 0)
        return TRUE;
    while (range.start + range.len != size1) {
        guint64 k = split_of(range.len);

        if (size1 - range.start <= k) {
            add_step(&path, range.start + k, range.len - k);
            range.len = k;
        } else {
            add_step(&path, range.start, k);
            range = (Range){range.start + k, range.len - k};
        }
    }
    if (range.start != 0) /* else the checker knows it: it is the old root */
        add_step(&path, range.start, range.len);
    return write_path(&path, nodes, sha, out, error);
}
