#include "verify/catalog.h"

#include "segment/event_key.h"
#include "segment/key.h"
#include "segment/seal.h"

#define PREFIX "audit/"

typedef struct {
    const AkVerifyConfig *config;
    AkFoundList *found;
    AkAcceptedList *accepted;
    GPtrArray *entries;     /* AkCatalogEntry */
    GPtrArray *seals;       /* the same */
    GPtrArray *events;      /* the same, of events' own objects */
    AkCatalogEntry *listed; /* the one that was listed last */
    GHashTable *recorded;   /* key → AkCatalogEntry: what the source says was archived */
    AkCursor pointer;
    gboolean has_pointer;
} Catalog;

static void free_entry(gpointer data)
{
    AkCatalogEntry *entry = data;

    g_free(entry->key);
    g_free(entry->version);
    g_free(entry);
}

static AkCatalogEntry *last_entry(const Catalog *catalog)
{
    return catalog->entries->len > 0
               ? g_ptr_array_index(catalog->entries, catalog->entries->len - 1)
               : NULL;
}

static const AkCatalogEntry *recorded_entry(const Catalog *catalog, const char *key)
{
    return g_hash_table_lookup(catalog->recorded, key);
}

static void fill_entry(AkCatalogEntry *entry, const AkObject *object)
{
    g_free(entry->version);
    entry->version = g_strdup(object->version);
    entry->size = object->size;
    entry->modified_usec = object->modified_usec;
}

/*
 * Versions of a key come newest first. The one that counts is the recorded one, else the oldest:
 * whatever came later can only hide it.
 */
static void add_version(Catalog *catalog, AkCatalogEntry *entry, const AkObject *object)
{
    const AkCatalogEntry *recorded = recorded_entry(catalog, entry->key);
    gboolean has_one = entry->size != 0;
    gboolean counts = recorded == NULL || g_strcmp0(recorded->version, object->version) == 0;
    gboolean had_recorded =
        recorded != NULL && has_one && g_strcmp0(recorded->version, entry->version) == 0;

    if (object->is_delete_marker) {
        ak_found_object(catalog->found, AK_FAULT_OBJECT_EXTRA, object->key,
                        "a delete marker (version '%s') hides the object from plain readers",
                        object->version != NULL ? object->version : "");
        return;
    }
    if (!has_one) {
        fill_entry(entry, object);
        return;
    }
    ak_found_object(catalog->found, AK_FAULT_OBJECT_EXTRA, object->key,
                    "it has more than one version: '%s' beside '%s'",
                    object->version != NULL ? object->version : "",
                    entry->version != NULL ? entry->version : "");
    if (counts && !had_recorded)
        fill_entry(entry, object);
}

/* What kind of object is it? NULL: of another chain, a heartbeat, or nothing of ours at all. */
static GPtrArray *place_of(Catalog *catalog, const char *key, AkSegmentName *name)
{
    GPtrArray *place = NULL;
    gint64 at;

    *name = (AkSegmentName){0};
    if (ak_event_key_parse(key))
        return catalog->events; /* whose, only its content tells */
    if (ak_segment_key_parse(key, name))
        place = catalog->entries;
    else if (ak_seal_key_parse(key, name->chain, &name->day))
        place = catalog->seals;
    else if (!ak_heartbeat_key_parse(key, name->chain, &at))
        ak_found_object(catalog->found, AK_FAULT_OBJECT_EXTRA, key,
                        "no key of the archive's layout");
    return strcmp(name->chain, catalog->config->chain) == 0 ? place : NULL;
}

static gboolean add_object(const AkObject *object, gpointer data, GError **error)
{
    Catalog *catalog = data;
    AkCatalogEntry *entry = catalog->listed;
    AkSegmentName name;
    GPtrArray *place;

    if (entry != NULL && strcmp(entry->key, object->key) == 0) {
        add_version(catalog, entry, object);
        return TRUE;
    }
    if (ak_accepted_list_add(catalog->accepted, catalog->config->chain, object, catalog->found))
        return TRUE;
    place = place_of(catalog, object->key, &name);
    if (place == NULL)
        return TRUE;
    entry = g_new0(AkCatalogEntry, 1);
    entry->key = g_strdup(object->key);
    entry->day = name.day;
    entry->first_index = name.first_index;
    entry->last_index = name.last_index;
    g_ptr_array_add(place, entry);
    catalog->listed = entry;
    add_version(catalog, entry, object);
    return TRUE;
}

static AkCatalogEntry *record(Catalog *catalog, const char *key, const char *version,
                              gint64 retain_until_usec, const guint8 sha256[AK_SHA256_LEN])
{
    AkCatalogEntry *entry = g_new0(AkCatalogEntry, 1);

    entry->key = g_strdup(key);
    entry->version = g_strdup(version);
    entry->retain_until_usec = retain_until_usec;
    memcpy(entry->object_sha256, sha256, AK_SHA256_LEN);
    g_hash_table_replace(catalog->recorded, entry->key, entry);
    return entry;
}

static gboolean add_recorded(const AkSegmentRow *row, gpointer data, GError **error)
{
    AkCatalogEntry *entry;

    if (!row->is_archived)
        return TRUE;
    entry = record(data, row->key, row->version, row->retain_until_usec, row->object_sha256);
    entry->first_index = row->first_index;
    entry->last_index = row->last_index;
    return TRUE;
}

static gboolean add_recorded_seal(const AkSealRow *row, gpointer data, GError **error)
{
    if (row->is_archived)
        (void)record(data, row->key, row->version, row->retain_until_usec, row->sha256);
    return TRUE;
}

static gboolean load_recorded(Catalog *catalog, AkSource *source, GError **error)
{
    g_auto(AkChainState) state = {0};

    if (source == NULL)
        return TRUE;
    if (!source->driver->check(source, error) || !source->driver->state(source, &state, error) ||
        !source->driver->segments(source, 0, add_recorded, catalog, error) ||
        (source->driver->seals != NULL &&
         !source->driver->seals(source, G_MININT64, add_recorded_seal, catalog, error)))
        return FALSE;
    catalog->pointer = state.archived;
    catalog->has_pointer = TRUE;
    return TRUE;
}

static gint by_index(gconstpointer a, gconstpointer b)
{
    const AkCatalogEntry *left = *(const AkCatalogEntry *const *)a;
    const AkCatalogEntry *right = *(const AkCatalogEntry *const *)b;

    if (left->first_index != right->first_index)
        return left->first_index < right->first_index ? -1 : 1;
    return (left->last_index > right->last_index) - (left->last_index < right->last_index);
}

/* Versions that are nothing but delete markers leave an entry without an object. */
static void drop_empty(GPtrArray *entries)
{
    for (guint i = entries->len; i-- > 0;)
        if (((AkCatalogEntry *)g_ptr_array_index(entries, i))->size == 0)
            g_ptr_array_remove_index(entries, i);
}

static void report_hole(Catalog *catalog, guint64 from, guint64 to)
{
    ak_found_object(catalog->found, AK_FAULT_OBJECT_MISSING, NULL,
                    "no object holds the indexes %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT, from,
                    to);
}

/* Holes and overlaps; recorded segments are reported by key where the source names them. */
static guint64 check_cover(Catalog *catalog)
{
    guint64 expected = 0;

    for (guint i = 0; i < catalog->entries->len;) {
        const AkCatalogEntry *entry = g_ptr_array_index(catalog->entries, i);

        if (entry->first_index < expected) {
            ak_found_object(catalog->found, AK_FAULT_OBJECT_EXTRA, entry->key,
                            "its indexes are covered by another object");
            g_ptr_array_remove_index(catalog->entries, i);
            continue;
        }
        if (entry->first_index > expected &&
            (!catalog->has_pointer || (gint64)expected > catalog->pointer.index))
            report_hole(catalog, expected, entry->first_index - 1);
        expected = entry->last_index + 1;
        i++;
    }
    return expected;
}

static void check_listed(Catalog *catalog, const GPtrArray *entries, GHashTable *listed)
{
    for (guint i = 0; i < entries->len; i++) {
        AkCatalogEntry *entry = g_ptr_array_index(entries, i);
        const AkCatalogEntry *recorded = recorded_entry(catalog, entry->key);

        (void)g_hash_table_add(listed, entry->key);
        if (recorded == NULL)
            continue;
        entry->is_recorded = TRUE;
        entry->retain_until_usec = recorded->retain_until_usec;
        memcpy(entry->object_sha256, recorded->object_sha256, AK_SHA256_LEN);
        if (recorded->version != NULL && g_strcmp0(recorded->version, entry->version) != 0)
            ak_found_object(catalog->found, AK_FAULT_OBJECT_MISSING, entry->key,
                            "the archived version '%s' is gone; another one is there",
                            recorded->version);
    }
}

static void check_recorded(Catalog *catalog)
{
    g_autoptr(GHashTable) listed = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GList) keys = NULL;

    check_listed(catalog, catalog->entries, listed);
    check_listed(catalog, catalog->seals, listed);
    keys = g_list_sort(g_hash_table_get_keys(catalog->recorded), (GCompareFunc)strcmp);
    for (GList *l = keys; l != NULL; l = l->next)
        if (!g_hash_table_contains(listed, l->data))
            ak_found_object(catalog->found, AK_FAULT_OBJECT_MISSING, l->data,
                            "the source says it was archived, the archive does not have it");
}

static void check_pointer(Catalog *catalog, guint64 covered)
{
    guint64 pointed = (guint64)(catalog->pointer.index + 1);
    const AkCatalogEntry *last = last_entry(catalog);

    if (pointed > covered)
        ak_found_object(catalog->found, AK_FAULT_POINTER_AHEAD, NULL,
                        "the pointer covers %" G_GUINT64_FORMAT
                        " events, the archive %" G_GUINT64_FORMAT,
                        pointed, covered);
    else if (pointed < covered)
        ak_found_object(catalog->found, AK_FAULT_POINTER_BEHIND, last->key,
                        "the archive covers %" G_GUINT64_FORMAT
                        " events, the pointer %" G_GUINT64_FORMAT
                        "; hint: run 'auditkeep archive --once'",
                        covered, pointed);
}

GPtrArray *ak_catalog_read(const AkVerifyConfig *config, AkSource *source, AkAcceptedList *accepted,
                           GPtrArray **out_seals, GPtrArray **out_events, AkFoundList *found,
                           GError **error)
{
    g_autoptr(GHashTable) recorded =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_entry);
    g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func(free_entry);
    g_autoptr(GPtrArray) seals = g_ptr_array_new_with_free_func(free_entry);
    g_autoptr(GPtrArray) events = g_ptr_array_new_with_free_func(free_entry);
    Catalog catalog = {.config = config,
                       .found = found,
                       .accepted = accepted,
                       .entries = entries,
                       .seals = seals,
                       .events = events,
                       .recorded = recorded};
    guint64 covered;

    if (!load_recorded(&catalog, source, error) ||
        !ak_store_list(config->store, PREFIX, add_object, &catalog, error))
        return NULL;
    drop_empty(entries);
    drop_empty(seals);
    drop_empty(events);
    g_ptr_array_sort(entries, by_index);
    covered = check_cover(&catalog);
    if (catalog.has_pointer) {
        check_recorded(&catalog);
        check_pointer(&catalog, covered);
    }
    if (out_seals != NULL)
        *out_seals = g_steal_pointer(&seals);
    if (out_events != NULL)
        *out_events = g_steal_pointer(&events);
    return g_steal_pointer(&entries);
}
