#include "ops/bundle_internal.h"

#include "bundle_texts.h"
#include "segment/acceptance_key.h"
#include "segment/key.h"
#include "segment/reader.h"
#include "util/ordered.h"
#include "util/stop.h"
#include "util/time.h"
#include "verify/catalog.h"

enum { OBJECT_MAX_BYTES = 1024 * 1024 * 1024 };

/* An object on its way into the bundle. */
typedef struct {
    const AkBundleConfig *config;
    const AkCatalogEntry *entry;
    AkBuf bytes;
    AkFooter footer; /* of a segment; points into bytes */
    GError *error;
} Item;

/* ---- what goes into it ---- */

static gboolean is_in_range(const AkBundleConfig *config, const AkCatalogEntry *entry)
{
    gint64 start = entry->day * AK_USEC_PER_DAY, end = start + AK_USEC_PER_DAY;

    return end > config->since_usec && start < config->until_usec;
}

/* Days and indexes go the same way: one run of segments. */
static void choose(AkBundle *bundle, const GPtrArray *entries)
{
    g_ptr_array_set_size(bundle->entries, 0);
    bundle->next = 0;
    for (guint i = 0; i < entries->len; i++) {
        AkCatalogEntry *entry = g_ptr_array_index(entries, i);

        if (is_in_range(bundle->config, entry))
            g_ptr_array_add(bundle->entries, entry);
    }
}

static gboolean check_choice(const AkBundle *bundle, GError **error)
{
    for (guint i = 0; i < bundle->entries->len; i++) {
        const AkCatalogEntry *entry = g_ptr_array_index(bundle->entries, i);
        const AkCatalogEntry *before = i > 0 ? g_ptr_array_index(bundle->entries, i - 1) : NULL;

        if (before == NULL || entry->first_index == before->last_index + 1)
            continue;
        g_set_error(error, AK_ERROR, AK_ERROR_GAP,
                    "the archive has a hole before '%s'; hint: 'auditkeep verify --what archive' "
                    "says what is missing",
                    entry->key);
        return FALSE;
    }
    if (bundle->entries->len > 0)
        return TRUE;
    g_set_error(
        error, AK_ERROR, AK_ERROR_CONFIG,
        "the archive holds no event of chain '%s' in that range; hint: give other days with "
        "--since and --until",
        bundle->config->chain);
    return FALSE;
}

/* ---- objects, as they are ---- */

static gpointer next_item(gpointer data, GError **error)
{
    AkBundle *bundle = data;
    Item *item;

    if (bundle->next >= bundle->entries->len)
        return NULL;
    item = g_new0(Item, 1);
    item->config = bundle->config;
    item->entry = g_ptr_array_index(bundle->entries, bundle->next++);
    return item;
}

static void free_item(gpointer data)
{
    Item *item = data;

    ak_footer_clear(&item->footer);
    ak_buf_clear(&item->bytes);
    g_clear_error(&item->error);
    g_free(item);
}

static void run_item(gpointer data)
{
    Item *item = data;
    const AkCatalogEntry *entry = item->entry;
    AkSegmentName name;
    gsize need;

    if (ak_is_stopped(item->config->stop)) {
        g_set_error(&item->error, AK_ERROR, AK_ERROR_CANCELLED,
                    "exporting was stopped; hint: run it again, into another folder");
        return;
    }
    if (!ak_store_get(item->config->store, entry->key, entry->version, 0, 0, OBJECT_MAX_BYTES,
                      &item->bytes, &item->error) ||
        !ak_segment_key_parse(entry->key, &name) ||
        ak_footer_parse(ak_buf_view(&item->bytes), item->bytes.len, &item->footer, &need,
                        &item->error))
        return;
    if (item->error == NULL)
        g_set_error(&item->error, AK_ERROR, AK_ERROR_BAD_INPUT, "its end is cut off");
    g_prefix_error(&item->error, "'%s': ", entry->key);
}

static void describe_segment(AkBundle *bundle, const Item *item, const char *path)
{
    const AkManifest *manifest = &item->footer.manifest;
    JsonBuilder *json = bundle->json;

    (void)json_builder_begin_object(json);
    ak_bundle_set_string(json, "path", path);
    ak_bundle_set_uint(json, "firstIndex", manifest->first_index);
    ak_bundle_set_uint(json, "lastIndex", manifest->last_index);
    if (g_hash_table_contains(bundle->accepted, &manifest->first_index))
        ak_bundle_set_uint(json, "accepted", manifest->first_index);
    ak_bundle_set_string(json, "checkpoint", manifest->checkpoint);
    (void)json_builder_end_object(json);
}

static gboolean take_item(gpointer data, gpointer user_data, GError **error)
{
    Item *item = data;
    AkBundle *bundle = user_data;
    AkBundleReport *report = bundle->report;
    g_autofree char *path = g_strconcat("objects/", item->entry->key, NULL);

    if (item->error != NULL) {
        g_propagate_error(error, g_steal_pointer(&item->error));
        return FALSE;
    }
    report->object_bytes += item->bytes.len;
    if (item->footer.frames == NULL) {
        (void)json_builder_add_string_value(bundle->json, path);
        report->seals++;
    } else {
        if (report->segments++ == 0)
            (void)g_strlcpy(bundle->prev_hash, item->footer.manifest.prev_hash,
                            sizeof bundle->prev_hash);
        report->events += item->footer.manifest.count;
        describe_segment(bundle, item, path);
    }
    return ak_bundle_files_add(bundle->files, path, ak_buf_view(&item->bytes), error);
}

/* The chosen objects, listed as @name. */
static gboolean export_objects(AkBundle *bundle, const char *name, GError **error)
{
    AkOrdered ordered = {
        bundle->config->threads, bundle, next_item, run_item, take_item, free_item};

    json_builder_set_member_name(bundle->json, name);
    (void)json_builder_begin_array(bundle->json);
    if (!ak_ordered_run(&ordered, error))
        return FALSE;
    (void)json_builder_end_array(bundle->json);
    return TRUE;
}

/* The statements that let the chain go on within the range; few, if any. */
static gboolean export_acceptance(const AkObject *object, gpointer data, GError **error)
{
    AkBundle *bundle = data;
    const AkBundleReport *report = bundle->report;
    g_autofree char *path = g_strconcat("objects/", object->key, NULL);
    g_auto(AkBuf) bytes = {0};
    char chain[64];
    guint64 index;

    if (object->is_delete_marker || !ak_acceptance_key_parse(object->key, chain, &index) ||
        strcmp(chain, bundle->config->chain) != 0 || index < report->first_index ||
        index > report->last_index || g_hash_table_contains(bundle->accepted, &index))
        return TRUE;
    (void)g_hash_table_add(bundle->accepted, g_memdup2(&index, sizeof index));
    return ak_store_get(bundle->config->store, object->key, object->version, 0, 0, OBJECT_MAX_BYTES,
                        &bytes, error) &&
           ak_bundle_files_add(bundle->files, path, ak_buf_view(&bytes), error);
}

/* ---- all of it ---- */

void ak_bundle_set_string(JsonBuilder *json, const char *name, const char *value)
{
    (void)json_builder_set_member_name(json, name);
    (void)json_builder_add_string_value(json, value);
}

void ak_bundle_set_uint(JsonBuilder *json, const char *name, guint64 value)
{
    (void)json_builder_set_member_name(json, name);
    (void)json_builder_add_int_value(json, (gint64)value);
}

gboolean ak_bundle_add_json(AkBundle *bundle, JsonBuilder *json, const char *path, GError **error)
{
    g_autoptr(JsonNode) root = json_builder_get_root(json);
    g_autofree char *text = json_to_string(root, TRUE);

    return ak_bundle_files_add(bundle->files, path, ak_view_str(text), error);
}

/* The objects, the one list after the other; then what is known of them as a whole. */
static gboolean export_all(AkBundle *bundle, const GPtrArray *seals, GError **error)
{
    const AkBundleConfig *config = bundle->config;
    g_autofree char *origin = ak_segment_origin(config->origin, config->chain);

    (void)json_builder_begin_object(bundle->json);
    ak_bundle_set_string(bundle->json, "format", "auditkeep-bundle/1");
    ak_bundle_set_string(bundle->json, "origin", origin);
    if (!ak_store_list(config->store, "audit/", export_acceptance, bundle, error) ||
        !export_objects(bundle, "segments", error))
        return FALSE;
    choose(bundle, seals);
    if (!export_objects(bundle, "seals", error))
        return FALSE;
    ak_bundle_set_uint(bundle->json, "firstIndex", bundle->report->first_index);
    ak_bundle_set_uint(bundle->json, "lastIndex", bundle->report->last_index);
    ak_bundle_set_string(bundle->json, "prevHash",
                         *bundle->prev_hash != '\0' ? bundle->prev_hash : NULL);
    (void)json_builder_set_member_name(bundle->json, "requireSignatures");
    (void)json_builder_add_boolean_value(bundle->json, config->require_signatures);
    if (!ak_bundle_export_proofs(bundle, error))
        return FALSE;
    (void)json_builder_end_object(bundle->json);
    return ak_bundle_add_json(bundle, bundle->json, "bundle.json", error) &&
           ak_bundle_export_keys(bundle, error) &&
           ak_bundle_files_add(bundle->files, "check.sh", ak_view_str(ak_text_bundle_check),
                               error) &&
           ak_bundle_files_add(bundle->files, "CHECK.md", ak_view_str(ak_text_bundle_guide),
                               error) &&
           ak_bundle_files_end(bundle->files, error);
}

/* Chooses first: nothing is written for a range in which there is nothing. */
static gboolean run(AkBundle *bundle, GError **error)
{
    const AkBundleConfig *config = bundle->config;
    AkVerifyConfig verify = {.store = config->store, .chain = config->chain};
    g_auto(AkFoundList) found = {0};
    g_autoptr(GPtrArray) seals = NULL;
    g_autoptr(GPtrArray) segments =
        ak_catalog_read(&verify, NULL, NULL, &seals, NULL, &found, error);
    g_autoptr(AkBundleFiles) files = NULL;
    guint n;

    if (segments == NULL)
        return FALSE;
    choose(bundle, segments);
    if (!check_choice(bundle, error))
        return FALSE;
    n = bundle->entries->len;
    bundle->report->first_index =
        ((AkCatalogEntry *)g_ptr_array_index(bundle->entries, 0))->first_index;
    bundle->report->last_index =
        ((AkCatalogEntry *)g_ptr_array_index(bundle->entries, n - 1))->last_index;
    files = ak_bundle_files_new(config->dir, error);
    bundle->files = files;
    return files != NULL && export_all(bundle, seals, error);
}

gboolean ak_bundle_run(const AkBundleConfig *config, AkBundleReport *report, GError **error)
{
    g_autoptr(GPtrArray) entries = g_ptr_array_new();
    g_autoptr(GHashTable) accepted =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    g_autoptr(JsonBuilder) json = json_builder_new();
    AkBundle bundle = {config, report, .entries = entries, .accepted = accepted, .json = json};

    *report = (AkBundleReport){0};
    return run(&bundle, error);
}
