#include "export/ahead.h"

#include "segment/acceptance_key.h"
#include "segment/reader.h"
#include "segment/seal.h"
#include "tree/checkpoint.h"
#include "util/time.h"

enum {
    MAX_DAYS = 31,        /* are looked at one by one; a longer stretch by months */
    MAX_SEGMENTS = 10000, /* that are remembered; the others come when these are done */
    TAIL_BYTES = 64 * 1024
};

void ak_ahead_clear(AkAhead *ahead)
{
    g_clear_pointer(&ahead->segments, g_array_unref);
    g_clear_pointer(&ahead->seal_days, g_array_unref);
    g_clear_pointer(&ahead->acceptances, g_ptr_array_unref);
}

typedef struct {
    const AkExportConfig *config;
    guint64 index;
    AkAhead *ahead;
} Listing;

static void add_segment(Listing *listing, const AkSegmentName *name)
{
    AkAhead *ahead = listing->ahead;

    if (name->first_index < listing->index)
        return;
    if (ahead->segments->len < MAX_SEGMENTS)
        g_array_append_val(ahead->segments, *name);
    else
        ahead->has_more = TRUE;
}

static gboolean add_object(const AkObject *object, gpointer data, GError **error)
{
    Listing *listing = data;
    const char *ours = listing->config->source->chain;
    AkSegmentName name;
    char chain[64];
    gint64 day;
    guint64 index;

    if (object->is_delete_marker)
        return TRUE;
    if (ak_segment_key_parse(object->key, &name)) {
        if (g_str_equal(name.chain, ours))
            add_segment(listing, &name);
    } else if (ak_seal_key_parse(object->key, chain, &day)) {
        if (g_str_equal(chain, ours))
            g_array_append_val(listing->ahead->seal_days, day);
    } else if (ak_acceptance_key_parse(object->key, chain, &index) && g_str_equal(chain, ours)) {
        g_ptr_array_add(listing->ahead->acceptances, g_strdup(object->key));
    }
    return TRUE;
}

static gboolean list_below(Listing *listing, const char *prefix, GError **error)
{
    return ak_store_list(listing->config->store, prefix, add_object, listing, error);
}

static gboolean list_days(Listing *listing, gint64 from, gint64 to, GError **error)
{
    for (gint64 day = from; day <= to; day++) {
        g_autofree char *prefix = NULL;
        int y, m, d;

        ak_time_civil(day, &y, &m, &d);
        prefix =
            g_strdup_printf("audit/%04d/%02d/%02d/%s-", y, m, d, listing->config->source->chain);
        if (!list_below(listing, prefix, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean list_months(Listing *listing, gint64 from, gint64 to, GError **error)
{
    int y, m, d, last_y, last_m;

    ak_time_civil(from, &y, &m, &d);
    ak_time_civil(to, &last_y, &last_m, &d);
    for (int month = y * 12 + m - 1; month <= last_y * 12 + last_m - 1; month++) {
        g_autofree char *prefix = g_strdup_printf("audit/%04d/%02d/", month / 12, month % 12 + 1);

        if (!list_below(listing, prefix, error))
            return FALSE;
    }
    return TRUE;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    const AkSegmentName *x = a, *y = b;

    if (x->first_index != y->first_index)
        return x->first_index < y->first_index ? -1 : 1;
    return x->last_index < y->last_index ? -1 : x->last_index > y->last_index;
}

static int compare_days(gconstpointer a, gconstpointer b)
{
    gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;

    return x < y ? -1 : x > y;
}

gboolean ak_ahead_list(const AkExportConfig *config, gint64 from_day, gint64 to_day, guint64 index,
                       AkAhead *ahead, GError **error)
{
    Listing listing = {config, index, ahead};
    gboolean is_listed;

    *ahead = (AkAhead){.segments = g_array_new(FALSE, FALSE, sizeof(AkSegmentName)),
                       .seal_days = g_array_new(FALSE, FALSE, sizeof(gint64)),
                       .acceptances = g_ptr_array_new_with_free_func(g_free)};
    if (from_day == G_MININT64)
        is_listed = list_below(&listing, "audit/", error);
    else if (to_day - from_day <= MAX_DAYS)
        is_listed = list_days(&listing, from_day, to_day, error);
    else
        is_listed = list_months(&listing, from_day, to_day, error);
    g_array_sort(ahead->segments, compare_names);
    g_array_sort(ahead->seal_days, compare_days);
    if (!is_listed)
        g_prefix_error(error, "looking at what the archive holds already: ");
    return is_listed;
}

typedef struct {
    const AkExportConfig *config;
    const AkSegmentName *name;
    const char *key;
    AkAheadPlace *out;
    gboolean is_found;
} Place;

static gboolean is_ours(const Place *place, const AkManifest *manifest)
{
    return g_strcmp0(manifest->chain, place->name->chain) == 0 &&
           manifest->day == place->name->day && manifest->first_index == place->name->first_index &&
           manifest->last_index == place->name->last_index;
}

/* The footer of one version; what is no segment counts for nothing. */
static gboolean look_at_version(const AkObject *listed, gpointer data, GError **error)
{
    Place *place = data;
    gsize need = TAIL_BYTES;

    if (listed->is_delete_marker || !g_str_equal(listed->key, place->key))
        return TRUE;
    while (need > 0 && !place->is_found) {
        gsize len = MIN(need, listed->size);
        g_auto(AkFooter) footer = {0};
        g_auto(AkBuf) tail = {0};

        need = 0;
        if (len == 0)
            break;
        if (!ak_store_get(place->config->store, listed->key, listed->version, listed->size - len,
                          len, len, &tail, error))
            return FALSE;
        if (!ak_footer_parse(ak_buf_view(&tail), listed->size, &footer, &need, NULL)) {
            need = need > len && need <= listed->size ? need : 0;
            continue;
        }
        place->is_found = is_ours(place, &footer.manifest);
        memcpy(place->out->first_id, footer.manifest.first_id, sizeof place->out->first_id);
        memcpy(place->out->prev_hash, footer.manifest.prev_hash, sizeof place->out->prev_hash);
        need = 0;
    }
    return !place->is_found;
}

gboolean ak_ahead_read_place(const AkExportConfig *config, const AkSegmentName *name,
                             const char *key, AkAheadPlace *out, gboolean *out_found,
                             GError **error)
{
    Place place = {config, name, key, out, FALSE};
    GError *local = NULL;

    if (!ak_store_list(config->store, key, look_at_version, &place, &local) && local != NULL) {
        g_propagate_prefixed_error(error, local, "reading the end of '%s': ", key);
        return FALSE;
    }
    *out_found = place.is_found;
    return TRUE;
}

typedef struct {
    AkStore *store;
    const char *key;
    gsize max_bytes;
    AkBuf *out;
} Small;

static gboolean read_version(const AkObject *listed, gpointer data, GError **error)
{
    const Small *small = data;

    if (listed->is_delete_marker || listed->size > small->max_bytes ||
        !g_str_equal(listed->key, small->key))
        return TRUE;
    (void)!ak_store_get(small->store, small->key, listed->version, 0, 0, small->max_bytes,
                        small->out, error);
    return FALSE;
}

/* The newest version of a small object, a delete marker or not; nothing when there is none. */
static gboolean read_small(const AkExportConfig *config, const char *key, gsize max_bytes,
                           AkBuf *out, GError **error)
{
    Small small = {config->store, key, max_bytes, out};
    GError *local = NULL;

    if (ak_store_list(config->store, key, read_version, &small, &local) || local == NULL)
        return TRUE;
    g_propagate_prefixed_error(error, local, "reading '%s': ", key);
    return FALSE;
}

gboolean ak_ahead_read_seal(const AkExportConfig *config, gint64 day, guint64 *out_size,
                            GError **error)
{
    g_autofree char *key = ak_seal_key(config->source->chain, day);
    g_auto(AkBuf) bytes = {0};
    g_auto(AkSeal) seal = {0};
    AkCheckpoint checkpoint;

    *out_size = 0;
    if (!read_small(config, key, AK_SEAL_MAX_BYTES, &bytes, error))
        return FALSE;
    if (bytes.len > 0 && ak_seal_parse(ak_buf_view(&bytes), &seal, NULL) &&
        ak_checkpoint_parse(ak_view_str(seal.checkpoint), &checkpoint, NULL))
        *out_size = checkpoint.size;
    return TRUE;
}

static gboolean take_acceptance(const AkExportConfig *config, const char *key, const char *origin,
                                const guint8 public_key[32], guint64 index, AkSource *writer,
                                GError **error)
{
    g_auto(AkAcceptance) acceptance = {0};
    g_auto(AkBuf) statement = {0};
    GError *local = NULL;
    AkView view;

    if (!read_small(config, key, AK_ACCEPTANCE_MAX_BYTES, &statement, error))
        return FALSE;
    view = ak_buf_view(&statement);
    if (!ak_acceptance_parse(view, &acceptance, NULL) || acceptance.index < index ||
        !ak_acceptance_verify(&acceptance, view, origin, public_key, NULL) ||
        writer->driver->accept(writer, &acceptance, view, &local))
        return TRUE;
    if (!g_error_matches(local, AK_ERROR, AK_ERROR_CONFLICT)) {
        g_propagate_error(error, local);
        return FALSE;
    }
    g_warning("'%s' does not fit the chain: %s", key, local->message);
    g_error_free(local);
    return TRUE;
}

gboolean ak_ahead_take_acceptances(const AkExportConfig *config, const AkAhead *ahead,
                                   guint64 index, AkSource *writer, GError **error)
{
    g_autofree char *origin = NULL;
    guint8 public_key[32];

    if (ahead->acceptances->len == 0 || writer->driver->accept == NULL ||
        !ak_signing_key_public_raw(config->key, public_key))
        return TRUE;
    origin = ak_segment_origin(config->origin, config->source->chain);
    for (guint i = 0; i < ahead->acceptances->len; i++)
        if (!take_acceptance(config, g_ptr_array_index(ahead->acceptances, i), origin, public_key,
                             index, writer, error))
            return FALSE;
    return TRUE;
}
