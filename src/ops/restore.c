#include "ops/restore.h"

#include "chain/envelope.h"
#include "segment/key.h"
#include "segment/reader.h"
#include "tree/checkpoint.h"
#include "tree/merkle.h"
#include "util/ordered.h"
#include "util/stop.h"
#include "verify/catalog.h"

#include <openssl/crypto.h>

enum { OBJECT_MAX_BYTES = 1024 * 1024 * 1024 };

typedef struct {
    const AkRestoreConfig *config;
    AkRestoreReport *report;
    AkSource *target;
    AkNoteKey *note_key;
    GPtrArray *entries; /* AkCatalogEntry */
    guint next;
    AkSha256 *sha;
    AkTree tree;
    char head[65];      /* last event that the target has; "" none */
    gboolean is_behind; /* the target's head has been met: what follows is new */
} Restore;

/* One object: downloaded and checked by itself on any thread, written in order. */
typedef struct {
    const Restore *restore;
    const AkCatalogEntry *entry;
    AkBuf bytes, lines;
    AkFooter footer; /* points into bytes */
    AkArena arena;
    GArray *events; /* AkEvent: they point into lines and arena */
    GError *error;
} Item;

static gpointer next_item(gpointer data, GError **error)
{
    Restore *restore = data;
    Item *item;

    if (ak_is_stopped(restore->config->stop)) {
        g_set_error(error, AK_ERROR, AK_ERROR_CANCELLED,
                    "restoring was stopped; hint: run it again to go on");
        return NULL;
    }
    if (restore->next >= restore->entries->len)
        return NULL;
    item = g_new0(Item, 1);
    item->restore = restore;
    item->entry = g_ptr_array_index(restore->entries, restore->next++);
    item->events = g_array_new(FALSE, FALSE, sizeof(AkEvent));
    return item;
}

static void free_item(gpointer data)
{
    Item *item = data;

    ak_footer_clear(&item->footer);
    ak_buf_clear(&item->bytes);
    ak_buf_clear(&item->lines);
    ak_arena_clear(&item->arena);
    g_array_unref(item->events);
    g_clear_error(&item->error);
    g_free(item);
}

/* All lines in one buffer, each frame checked against its leaf hashes. */
static gboolean read_frames(Item *item, AkSha256 *sha, GError **error)
{
    const AkFooter *footer = &item->footer;
    g_auto(AkBuf) frame_lines = {0};
    guint8 digest[AK_SHA256_LEN];

    (void)ak_buf_reserve(&item->lines, footer->manifest.content_bytes);
    for (guint i = 0; i < footer->frames->len; i++) {
        const AkFrame *frame = &g_array_index(footer->frames, AkFrame, i);
        AkView bytes = ak_view(item->bytes.data + frame->offset, frame->compressed);

        if (!ak_footer_open_frame(footer, sha, i, bytes, &frame_lines, error))
            return FALSE;
        ak_buf_append_view(&item->lines, ak_buf_view(&frame_lines));
    }
    ak_sha256_of(sha, item->lines.data, item->lines.len, digest);
    if (CRYPTO_memcmp(digest, footer->manifest.content_sha256, sizeof digest) == 0)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                "its content does not have the manifest's digest");
    return FALSE;
}

static gboolean parse_events(Item *item, GError **error)
{
    AkView rest = ak_buf_view(&item->lines), line;

    while (ak_line_next(&rest, &line)) {
        AkEnvelope envelope;

        if (!ak_envelope_parse(line, &item->arena, &envelope, error))
            return FALSE;
        g_array_append_val(item->events, envelope.event);
    }
    return TRUE;
}

static gboolean load(Item *item, GError **error)
{
    const Restore *restore = item->restore;
    const AkCatalogEntry *entry = item->entry;
    g_autoptr(AkSha256) sha = ak_sha256_new();
    gsize need;

    if (!ak_store_get(restore->config->store, entry->key, entry->version, 0, 0, OBJECT_MAX_BYTES,
                      &item->bytes, error))
        return FALSE;
    if (!ak_footer_parse(ak_buf_view(&item->bytes), item->bytes.len, &item->footer, &need, error)) {
        if (need != 0)
            g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                        "its seek table is longer than the object");
        return FALSE;
    }
    if (restore->note_key != NULL &&
        !ak_checkpoint_verify(ak_view_str(item->footer.manifest.checkpoint), restore->note_key,
                              error))
        return FALSE;
    return read_frames(item, sha, error) && parse_events(item, error);
}

static void run_item(gpointer data)
{
    Item *item = data;

    if (!load(item, &item->error))
        g_prefix_error(&item->error, "restoring from '%s': ", item->entry->key);
}

/* The tree so far and this segment's leaves have to give the root that its checkpoint signs. */
static gboolean check_tree(Restore *restore, const Item *item, GError **error)
{
    const AkManifest *manifest = &item->footer.manifest;
    AkCheckpoint checkpoint;
    guint8 root[AK_SHA256_LEN];

    if (!ak_checkpoint_parse(ak_view_str(manifest->checkpoint), &checkpoint, error))
        return FALSE;
    ak_tree_append(&restore->tree, restore->sha, (const guint8 *)item->footer.leaves.data,
                   manifest->count);
    ak_tree_root(&restore->tree, restore->sha, root);
    if (restore->tree.size == checkpoint.size &&
        CRYPTO_memcmp(root, checkpoint.root, sizeof root) == 0)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT,
                "the events do not give the root of the checkpoint; "
                "hint: run 'auditkeep verify --what archive'");
    return FALSE;
}

/* Number of events that the target has already. */
static guint count_present(Restore *restore, const Item *item)
{
    if (restore->is_behind)
        return 0;
    for (guint i = 0; i < item->events->len; i++) {
        const AkEvent *event = &g_array_index(item->events, AkEvent, i);

        if (ak_view_equal(event->hash, ak_view_str(restore->head))) {
            restore->is_behind = TRUE;
            return i + 1;
        }
    }
    return item->events->len;
}

static gboolean insert(Restore *restore, const Item *item, guint first, GError **error)
{
    const AkSourceDriver *driver = restore->target->driver;
    const AkEvent *events = (const void *)item->events->data;
    char prev[65];
    gint64 ts_usec;

    if (!driver->append_begin(restore->target, prev, &ts_usec, error))
        return FALSE;
    if (strcmp(prev, restore->head) != 0) {
        (void)!driver->append_end(restore->target, FALSE, NULL);
        g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT,
                    "the target's chain ends with '%s', not with '%s': somebody else writes to it",
                    prev, restore->head);
        return FALSE;
    }
    if (!driver->append_rows(restore->target, events + first, item->events->len - first, error)) {
        (void)!driver->append_end(restore->target, FALSE, NULL);
        return FALSE;
    }
    if (!driver->append_end(restore->target, TRUE, error))
        return FALSE;
    (void)g_strlcpy(restore->head, item->footer.manifest.last_hash, sizeof restore->head);
    return TRUE;
}

static gboolean take_item(gpointer data, gpointer user_data, GError **error)
{
    Item *item = data;
    Restore *restore = user_data;
    const AkManifest *manifest = &item->footer.manifest;
    AkCursor *head = &restore->report->head;
    guint present;

    if (item->error != NULL) {
        g_propagate_error(error, g_steal_pointer(&item->error));
        return FALSE;
    }
    present = count_present(restore, item);
    if (!check_tree(restore, item, error) ||
        (present < item->events->len && !insert(restore, item, present, error))) {
        g_prefix_error(error, "restoring from '%s': ", item->entry->key);
        return FALSE;
    }
    restore->report->events += item->events->len - present;
    restore->report->segments++;
    head->index = (gint64)manifest->last_index;
    memcpy(head->id, manifest->last_id, sizeof head->id);
    memcpy(head->hash, manifest->last_hash, sizeof head->hash);
    return TRUE;
}

/* What is not whole is not restored in silence. */
static gboolean check_catalog(const AkFoundList *found, GError **error)
{
    const char *detail = ak_found_first(found, AK_FAULT_OBJECT_MISSING);

    if (detail == NULL)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_GAP,
                "archive is not whole: %s; hint: run 'auditkeep verify --what archive'", detail);
    return FALSE;
}

static gboolean open_target(Restore *restore, GError **error)
{
    g_auto(AkBuf) sql = {0};
    const AkSourceDriver *driver;
    gint64 ts_usec;

    restore->target = ak_source_open(restore->config->target, error);
    if (restore->target == NULL)
        return FALSE;
    driver = restore->target->driver;
    if (!driver->init(restore->target, TRUE, &sql, error) ||
        !driver->append_begin(restore->target, restore->head, &ts_usec, error))
        return FALSE;
    restore->is_behind = restore->head[0] == '\0';
    return driver->append_end(restore->target, FALSE, error);
}

static gboolean run(Restore *restore, GError **error)
{
    const AkRestoreConfig *config = restore->config;
    AkVerifyConfig catalog = {.store = config->store, .chain = config->chain};
    AkOrdered ordered = {0, restore, next_item, run_item, take_item, free_item};
    g_auto(AkFoundList) found = {0};

    restore->entries = ak_catalog_read(&catalog, NULL, NULL, NULL, NULL, &found, error);
    if (restore->entries == NULL || !check_catalog(&found, error) || !open_target(restore, error) ||
        !ak_ordered_run(&ordered, error))
        return FALSE;
    if (restore->is_behind)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT,
                "the target's chain ends with '%s', which is in no object of chain '%s'; "
                "hint: restore into an empty database",
                restore->head, config->chain);
    return FALSE;
}

gboolean ak_restore_run(const AkRestoreConfig *config, AkRestoreReport *report, GError **error)
{
    g_autofree char *origin = ak_segment_origin(config->origin, config->chain);
    Restore restore = {.config = config, .report = report};
    gboolean is_done;

    *report = (AkRestoreReport){.head = AK_CURSOR_START};
    restore.sha = ak_sha256_new();
    if (config->checkpoint_key != NULL)
        restore.note_key = ak_note_key_new(origin, config->checkpoint_key);
    is_done = run(&restore, error);
    g_clear_pointer(&restore.target, ak_source_close);
    g_clear_pointer(&restore.entries, g_ptr_array_unref);
    ak_note_key_free(restore.note_key);
    ak_sha256_free(restore.sha);
    return is_done;
}
