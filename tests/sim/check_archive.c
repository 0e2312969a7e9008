#include "sim/check_archive.h"

#include "segment/reader.h"
#include "sim/check.h"
#include "sim/store.h"
#include "tree/checkpoint.h"

#include <zstd.h>

struct SimArchiveCheck {
    ZSTD_DCtx *zstd;
    AkBuf lines;
};

SimArchiveCheck *sim_archive_check_new(void)
{
    SimArchiveCheck *check = g_new0(SimArchiveCheck, 1);

    check->zstd = ZSTD_createDCtx();
    return check;
}

void sim_archive_check_free(SimArchiveCheck *check)
{
    (void)ZSTD_freeDCtx(check->zstd);
    ak_buf_clear(&check->lines);
    g_free(check);
}

/* What zstdcat would print, against the lines that the events have to give. */
static gboolean has_lines(SimWorld *world, AkView object, const AkSegmentRow *row)
{
    SimArchiveCheck *check = world->lab->check;
    const SimChain *chain = world->archive;
    gsize expected = 0, at = 0, size;

    for (guint64 i = row->first_index; i <= row->last_index; i++)
        expected += chain->lines[i].len;
    ak_buf_truncate(&check->lines, 0);
    size = ZSTD_decompressDCtx(check->zstd, ak_buf_reserve(&check->lines, expected + 1),
                               expected + 1, object.data, object.len);
    if (ZSTD_isError(size) || size != expected)
        return FALSE;
    for (guint64 i = row->first_index; i <= row->last_index; i++) {
        if (memcmp(check->lines.data + at, chain->lines[i].data, chain->lines[i].len) != 0)
            return FALSE;
        at += chain->lines[i].len;
    }
    return TRUE;
}

static gboolean has_footer(SimWorld *world, AkView object, const AkSegmentRow *row)
{
    g_auto(AkFooter) footer = {0};
    const AkManifest *manifest = &footer.manifest;
    AkCheckpoint checkpoint;
    gsize need = 0;

    if (!ak_footer_parse(object, object.len, &footer, &need, NULL) || footer.frames == NULL)
        return FALSE;
    return manifest->first_index == row->first_index && manifest->last_index == row->last_index &&
           manifest->tree_size == row->last_index + 1 &&
           memcmp(manifest->root, world->archive->roots[row->last_index + 1], AK_SHA256_LEN) == 0 &&
           ak_checkpoint_parse(ak_view_str(manifest->checkpoint), &checkpoint, NULL) &&
           checkpoint.size == manifest->tree_size &&
           memcmp(checkpoint.root, manifest->root, AK_SHA256_LEN) == 0;
}

void sim_check_object(SimWorld *world, const SimObject *object)
{
    const AkSegmentRow *row = sim_find_plan(world, object->key);
    gsize len;
    gconstpointer data = g_bytes_get_data(object->data, &len);
    AkView view = ak_view(data, len);

    if (row == NULL)
        sim_violate(world, "promise 2: object '%s' belongs to no segment", object->key);
    else if (!has_lines(world, view, row))
        sim_violate(world, "promise 5: '%s' does not hold the chain's lines", object->key);
    else if (!has_footer(world, view, row))
        sim_violate(world, "promise 6: the footer of '%s' is not that of its lines", object->key);
}

void sim_check_archived(SimWorld *world, const AkSegmentRow *row)
{
    const SimObject *object = sim_store_find(world, row->key, row->version);
    g_auto(AkBuf) edge = {0};

    if (object == NULL || object->data == NULL || row->version == NULL) {
        sim_violate(world, "promise 2: '%s' is not there any more", row->key);
        return;
    }
    sim_check_object(world, object);
    ak_tree_save(&world->archive->trees[row->last_index + 1], &edge);
    if (memcmp(row->root, world->archive->roots[row->last_index + 1], AK_SHA256_LEN) != 0 ||
        !ak_view_equal(ak_buf_view(&row->edge), ak_buf_view(&edge)))
        sim_violate(world, "promise 6: the tree after '%s' is not the chain's", row->key);
    if (row->object_bytes != g_bytes_get_size(object->data))
        sim_violate(world, "promise 2: '%s' has another size than its row says", row->key);
}
