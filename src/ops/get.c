#include "ops/get.h"

#include "chain/scan.h"
#include "ops/footer.h"
#include "segment/builder.h"
#include "verify/catalog.h"

enum { TAG_BYTES = 8 };

void ak_get_result_clear(AkGetResult *result)
{
    ak_buf_clear(&result->line);
    g_clear_pointer(&result->key, g_free);
}

/* An object that may hold the event; reads go by version, so that nothing can hide it. */
typedef struct {
    char *key;
    char *version;
} Place;

typedef struct {
    const AkGetConfig *config;
    GArray *places;
    gint64 ts_usec; /* of the event's row */
    gboolean has_row;
} Search;

static void clear_place(gpointer data)
{
    Place *place = data;

    g_free(place->key);
    g_free(place->version);
}

static void add_place(Search *search, const char *key, const char *version)
{
    Place place = {g_strdup(key), g_strdup(version)};

    g_array_append_val(search->places, place);
}

static gboolean remember_time(const AkRow *row, gpointer data, GError **error)
{
    Search *search = data;

    search->ts_usec = row->event.ts_usec;
    search->has_row = TRUE;
    return TRUE;
}

static gboolean add_segment(const AkSegmentRow *row, gpointer data, GError **error)
{
    Search *search = data;

    if (row->is_archived && search->ts_usec >= row->first_ts_usec &&
        search->ts_usec <= row->last_ts_usec)
        add_place(search, row->key, row->version);
    return TRUE;
}

/* The segments whose times span the row's. Times may step back in a chain, so this is a first
 * guess: when none of these has the event, the whole archive is searched. */
static gboolean ask_source(Search *search, GError **error)
{
    const AkSourceConfig *config = search->config->source;
    g_autoptr(AkSource) source = NULL;
    char id[1][37] = {""};

    if (config == NULL)
        return TRUE;
    source = ak_source_open(config, error);
    (void)g_strlcpy(id[0], search->config->id, sizeof id[0]);
    return source != NULL && source->driver->check(source, error) &&
           source->driver->find_by_id(source, (const char(*)[37])id, 1, remember_time, search,
                                      error) &&
           (!search->has_row || source->driver->segments(source, 0, add_segment, search, error));
}

static gboolean ask_archive(Search *search, GError **error)
{
    AkVerifyConfig config = {.store = search->config->store, .chain = search->config->chain};
    g_auto(AkFoundList) found = {0};
    g_autoptr(GPtrArray) entries = ak_catalog_read(&config, NULL, NULL, NULL, NULL, &found, error);

    if (entries == NULL)
        return FALSE;
    g_array_set_size(search->places, 0);
    for (guint i = 0; i < entries->len; i++) {
        const AkCatalogEntry *entry = g_ptr_array_index(entries, i);

        add_place(search, entry->key, entry->version);
    }
    return TRUE;
}

static gboolean line_has_id(AkView line, const char *id)
{
    AkScan scan;
    AkView key, value;

    if (!ak_scan_begin(&scan, line))
        return FALSE;
    while (ak_scan_next(&scan, &key, &value) == AK_SCAN_MEMBER)
        if (ak_view_equal(key, AK_VIEW("id")))
            return value.len == strlen(id) + 2 && memcmp(value.data + 1, id, value.len - 2) == 0;
    return FALSE;
}

/* One ranged read: the frame that holds @index. */
static gboolean read_line(AkStore *store, const Place *place, const AkFooter *footer, guint64 index,
                          AkBuf *out, GError **error)
{
    guint number = ak_footer_frame_of(footer, index);
    const AkFrame *frame = &g_array_index(footer->frames, AkFrame, number);
    g_autoptr(AkSha256) sha = ak_sha256_new();
    g_auto(AkBuf) bytes = {0}, lines = {0};
    AkView rest, line = AK_VIEW_NULL;

    if (!ak_store_get(store, place->key, place->version, frame->offset, frame->compressed,
                      frame->compressed, &bytes, error) ||
        !ak_footer_open_frame(footer, sha, number, ak_buf_view(&bytes), &lines, error))
        return FALSE;
    rest = ak_buf_view(&lines);
    for (guint64 at = ak_footer_first_index(footer, number); at <= index; at++)
        (void)ak_line_next(&rest, &line);
    ak_buf_truncate(out, 0);
    ak_buf_append_view(out, line);
    return TRUE;
}

static gboolean search_object(const Search *search, const Place *place, AkGetResult *result,
                              gboolean *out_found, GError **error)
{
    AkStore *store = search->config->store;
    guint64 wanted = GUINT64_TO_LE(ak_segment_tag(ak_view_str(search->config->id)));
    g_auto(AkBuf) tail = {0};
    g_auto(AkFooter) footer = {0};

    if (!ak_footer_read(store, place->key, place->version, &tail, &footer, error))
        return FALSE;
    for (guint64 i = 0; i < footer.manifest.count; i++) {
        if (memcmp(footer.tags.data + i * TAG_BYTES, &wanted, TAG_BYTES) != 0)
            continue;
        result->index = footer.manifest.first_index + i;
        if (!read_line(store, place, &footer, result->index, &result->line, error))
            return FALSE;
        if (line_has_id(ak_buf_view(&result->line), search->config->id)) {
            result->key = g_strdup(place->key);
            *out_found = TRUE;
            return TRUE;
        }
    }
    return TRUE;
}

static gboolean search_places(const Search *search, AkGetResult *result, gboolean *out_found,
                              GError **error)
{
    for (guint i = 0; i < search->places->len && !*out_found; i++) {
        const Place *place = &g_array_index(search->places, Place, i);

        if (!search_object(search, place, result, out_found, error)) {
            g_prefix_error(error, "reading '%s': ", place->key);
            return FALSE;
        }
    }
    return TRUE;
}

gboolean ak_get_run(const AkGetConfig *config, AkGetResult *result, GError **error)
{
    g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(Place));
    Search search = {.config = config, .places = places};
    gboolean is_found = FALSE;

    *result = (AkGetResult){0};
    g_array_set_clear_func(places, clear_place);
    if (!ask_source(&search, error) || !search_places(&search, result, &is_found, error))
        return FALSE;
    if (!is_found &&
        (!ask_archive(&search, error) || !search_places(&search, result, &is_found, error)))
        return FALSE;
    if (is_found)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_MISSING,
                "event '%s' is in no object of chain '%s'; hint: 'auditkeep status' shows how far "
                "the archive reaches",
                config->id, config->chain);
    return FALSE;
}
