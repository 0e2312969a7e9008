#include "source/walk_cache.h"

#include "util/hex.h"

void ak_link_from_hex(AkView hex, AkLink *out)
{
    g_autoptr(AkSha256) sha = NULL;

    if (G_LIKELY(ak_hex_decode(hex, out->bytes, sizeof out->bytes)))
        return;
    *out = (AkLink){{0}};
    if (ak_view_is_blank(hex))
        return;
    sha = ak_sha256_new();
    ak_sha256_of(sha, hex.data, hex.len, out->bytes);
}

void ak_link_to_hex(const AkLink *link, char out[65])
{
    static const AkLink start;

    out[0] = '\0';
    if (!ak_link_equal(link, &start)) {
        ak_hex_encode(link->bytes, sizeof link->bytes, out);
        out[64] = '\0';
    }
}

guint ak_link_hash(gconstpointer link)
{
    guint value;

    memcpy(&value, link, sizeof value);
    return value;
}

gboolean ak_link_equal_func(gconstpointer a, gconstpointer b)
{
    return ak_link_equal(a, b);
}

void ak_waiting_free(AkWaiting *waiting)
{
    if (waiting != NULL)
        g_free(waiting->blob);
    g_free(waiting);
}

void ak_waiting_fill(AkWaiting *waiting, const AkRow *row)
{
    AkEvent *event = &waiting->row.event;
    AkView *const views[] = {&event->id,        &event->event_type, &event->payload,
                             &event->prev_hash, &event->hash,       &event->signature,
                             &event->signer_id, &event->metadata,   &event->extra};
    gsize bytes = 0, at = 0;

    waiting->row = *row;
    for (gsize i = 0; i < G_N_ELEMENTS(views); i++)
        bytes += views[i]->len;
    g_free(waiting->blob);
    waiting->blob = g_malloc(bytes + 1);
    waiting->bytes = bytes;
    for (gsize i = 0; i < G_N_ELEMENTS(views); i++) {
        if (views[i]->data == NULL)
            continue;
        memcpy(waiting->blob + at, views[i]->data, views[i]->len);
        views[i]->data = waiting->blob + at;
        at += views[i]->len;
    }
}

void ak_walk_cache_init(AkWalkCache *cache, gsize max_bytes, gsize max_count)
{
    *cache = (AkWalkCache){
        .by_prev = g_hash_table_new(ak_link_hash, ak_link_equal_func),
        .max_bytes = max_bytes,
        .max_count = max_count,
    };
}

void ak_walk_cache_clear(AkWalkCache *cache)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, cache->by_prev);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        for (AkWaiting *waiting = value; waiting != NULL;) {
            AkWaiting *next = waiting->next;

            ak_waiting_free(waiting);
            waiting = next;
        }
    }
    g_hash_table_unref(cache->by_prev);
    *cache = (AkWalkCache){0};
}

void ak_walk_cache_fill(AkWalkCache *cache, AkWaiting *waiting, const AkRow *row)
{
    ak_waiting_fill(waiting, row);
    cache->bytes += waiting->bytes;
}

gboolean ak_walk_cache_add(AkWalkCache *cache, const AkRow *row, const AkLink *prev,
                           const AkLink *own, GError **error)
{
    AkView id = row->event.id;
    AkWaiting *waiting, *same;

    if (cache->count >= cache->max_count) {
        g_set_error(error, AK_ERROR, AK_ERROR_GAP,
                    "cannot follow the chain: %" G_GSIZE_FORMAT " events wait for one that comes "
                    "before them; hint: run 'auditkeep verify --what source'",
                    cache->count);
        return FALSE;
    }
    waiting = g_new0(AkWaiting, 1);
    waiting->prev = *prev;
    waiting->has_own = own != NULL;
    if (own != NULL)
        waiting->own = *own;
    waiting->is_computed = ak_view_is_blank(row->event.hash);
    waiting->ts_usec = row->event.ts_usec;
    waiting->row.is_archived = row->is_archived;
    memcpy(waiting->id, id.data, MIN(id.len, sizeof waiting->id - 1));
    if (cache->bytes < cache->max_bytes)
        ak_walk_cache_fill(cache, waiting, row);
    same = g_hash_table_lookup(cache->by_prev, prev);
    if (same != NULL) {
        waiting->next = same->next;
        same->next = waiting;
    } else {
        g_hash_table_insert(cache->by_prev, &waiting->prev, waiting);
    }
    cache->count++;
    return TRUE;
}

AkWaiting *ak_walk_cache_find(const AkWalkCache *cache, const AkLink *prev)
{
    return cache->count > 0 ? g_hash_table_lookup(cache->by_prev, prev) : NULL;
}

AkWaiting *ak_walk_cache_take(AkWalkCache *cache, AkWaiting *waiting)
{
    AkWaiting *first = g_hash_table_lookup(cache->by_prev, &waiting->prev);

    if (first == waiting) {
        g_hash_table_remove(cache->by_prev, &waiting->prev);
        if (waiting->next != NULL)
            g_hash_table_insert(cache->by_prev, &waiting->next->prev, waiting->next);
    } else {
        while (first->next != waiting)
            first = first->next;
        first->next = waiting->next;
    }
    waiting->next = NULL;
    cache->bytes -= waiting->bytes;
    cache->count--;
    return waiting;
}
