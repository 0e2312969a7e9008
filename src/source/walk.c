#include "source/walk.h"

#include "chain/check.h"
#include "source/walk_internal.h"

enum {
    CHUNK_ROWS = 4096,
    /* With fewer rows waiting than this a stuck walk scans on; with more it looks up first. */
    LOW_WATER = 512,
    CACHE_BYTES = 32 * 1024 * 1024,
    CACHE_ROWS = 500000,
    FETCH_IDS = 128
};

AkWalk *ak_walk_new(AkSource *source, const AkCursor *from, gint64 from_ts_usec)
{
    AkWalk *walk = g_new0(AkWalk, 1);

    walk->source = source;
    walk->from = *from;
    walk->head = *from;
    walk->pos = (AkScanPos){from_ts_usec, ""};
    ak_link_from_hex(ak_view_str(from->hash), &walk->link);
    walk->has_link = from->index < 0 || from->hash[0] != '\0';
    ak_walk_cache_init(&walk->cache, CACHE_BYTES, CACHE_ROWS);
    walk->passed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    walk->dead = g_hash_table_new_full(ak_link_hash, ak_link_equal_func, g_free, NULL);
    walk->canonical = ak_canonical_new();
    walk->sha = ak_sha256_new();
    return walk;
}

void ak_walk_free(AkWalk *walk)
{
    if (walk == NULL)
        return;
    if (walk->is_scanning)
        (void)!walk->source->driver->scan_end(walk->source, NULL);
    ak_waiting_free(walk->current);
    ak_waiting_free(walk->orphan);
    ak_walk_cache_clear(&walk->cache);
    g_hash_table_unref(walk->passed);
    g_hash_table_unref(walk->dead);
    ak_canonical_free(walk->canonical);
    ak_sha256_free(walk->sha);
    ak_buf_clear(&walk->text);
    ak_buf_clear(&walk->payload);
    ak_buf_clear(&walk->prev_hash);
    g_free(walk);
}

gboolean ak_walk_computed_link(AkWalk *walk, const AkEvent *event, AkLink *out)
{
    AkView payload = event->payload.data != NULL ? event->payload : AK_VIEW("null");

    ak_buf_truncate(&walk->text, 0);
    return ak_canonical_json(walk->canonical, payload, &walk->text, NULL, NULL) &&
           ak_chain_hash(walk->sha, ak_buf_view(&walk->text), event->prev_hash, out->bytes);
}

gboolean ak_walk_own_link(AkWalk *walk, const AkEvent *event, AkLink *out)
{
    if (G_UNLIKELY(ak_view_is_blank(event->hash)))
        return ak_walk_computed_link(walk, event, out);
    ak_link_from_hex(event->hash, out);
    return TRUE;
}

static void keep(AkBuf *buf, AkView view)
{
    ak_buf_truncate(buf, 0);
    ak_buf_append_view(buf, view);
}

/* Hands @row out as the next event. */
static void emit(AkWalk *walk, const AkRow *row, const AkLink *prev, AkRow *out_row)
{
    AkView id = row->event.id;
    gsize len = MIN(id.len, sizeof walk->head.id - 1);

    walk->has_link = ak_walk_own_link(walk, &row->event, &walk->link);
    walk->prev = *prev;
    walk->has_prev = TRUE;
    walk->has_alias = FALSE;
    walk->is_alias_known = ak_view_is_blank(row->event.hash);
    keep(&walk->payload, row->event.payload.data != NULL ? row->event.payload : AK_VIEW("null"));
    keep(&walk->prev_hash, row->event.prev_hash);
    walk->head.index++;
    memcpy(walk->head.id, id.data, len);
    walk->head.id[len] = '\0';
    *out_row = *row;
    out_row->event.index = (guint64)walk->head.index;
    walk->step = AK_WALK_EVENT;
}

static void emit_waiting(AkWalk *walk, AkWaiting *waiting, AkRow *out_row)
{
    walk->current = waiting;
    emit(walk, &waiting->row, &waiting->prev, out_row);
}

/*
 * Is the head's stored hash the one that its payload gives? Looked into once a row does not link:
 * where they differ, only the computed one is sure not to lead elsewhere in the chain.
 */
static void learn_alias(AkWalk *walk)
{
    const AkEvent head = {.payload = ak_buf_view(&walk->payload),
                          .prev_hash = ak_buf_view(&walk->prev_hash)};

    if (G_LIKELY(walk->is_alias_known))
        return;
    walk->is_alias_known = TRUE;
    walk->has_alias = ak_walk_computed_link(walk, &head, &walk->alias) &&
                      !(walk->has_link && ak_link_equal(&walk->alias, &walk->link));
}

static gboolean is_next(const AkWalk *walk, const AkLink *prev)
{
    if (G_UNLIKELY(walk->has_alias))
        return ak_link_equal(prev, &walk->alias);
    return walk->has_link && ak_link_equal(prev, &walk->link);
}

static gboolean end_scan(AkWalk *walk, GError **error)
{
    if (!walk->is_scanning)
        return TRUE;
    walk->is_scanning = FALSE;
    return walk->source->driver->scan_end(walk->source, error);
}

static gboolean begin_scan(AkWalk *walk, GError **error)
{
    walk->chunk_rows = 0;
    walk->is_scanning =
        walk->source->driver->scan_begin(walk->source, &walk->pos, CHUNK_ROWS, error);
    return walk->is_scanning;
}

/* A row is met ahead of the scan once, and by the scan once: then it can be forgotten. */
static gboolean is_passed(AkWalk *walk, AkView id)
{
    guint why = ak_walk_passed(walk, id);

    if (G_UNLIKELY(why == AK_PASSED_AHEAD)) {
        g_autofree char *text = g_strndup(id.data, id.len);

        (void)g_hash_table_remove(walk->passed, text);
    }
    return why != 0;
}

/* A row that was scanned and is not the next event. */
static gboolean set_aside(AkWalk *walk, const AkRow *row, const AkLink *prev, GError **error)
{
    AkLink own;
    gboolean has_own;

    if (ak_view_equal(row->event.id, ak_view_str(walk->from.id)) ||
        (walk->is_from_pointer && row->is_archived) || is_passed(walk, row->event.id))
        return TRUE;
    has_own = ak_walk_own_link(walk, &row->event, &own);
    if (G_UNLIKELY(g_hash_table_contains(walk->dead, prev))) {
        if (has_own)
            g_hash_table_add(walk->dead, g_memdup2(&own, sizeof own));
        return TRUE;
    }
    walk->has_sibling |= walk->has_prev && ak_link_equal(prev, &walk->prev);
    return ak_walk_cache_add(&walk->cache, row, prev, has_own ? &own : NULL, error);
}

/* One row of the scan; *out_emitted when it is the next event. */
static gboolean scan_row(AkWalk *walk, AkRow *out_row, gboolean *out_emitted, GError **error)
{
    gboolean is_found;
    AkRow row;
    AkLink prev;

    *out_emitted = FALSE;
    if (!walk->source->driver->scan_next(walk->source, &row, &is_found, error))
        return FALSE;
    if (!is_found) {
        walk->is_dry = walk->chunk_rows < CHUNK_ROWS;
        return end_scan(walk, error);
    }
    walk->chunk_rows++;
    walk->pos.ts_usec = row.event.ts_usec;
    memcpy(walk->pos.id, row.event.id.data, row.event.id.len);
    walk->pos.id[row.event.id.len] = '\0';
    ak_link_from_hex(row.event.prev_hash, &prev);
    if (!is_next(walk, &prev))
        learn_alias(walk);
    if (!is_next(walk, &prev) || ak_walk_passed(walk, row.event.id) != 0)
        return set_aside(walk, &row, &prev, error);
    emit(walk, &row, &prev, out_row);
    *out_emitted = TRUE;
    return TRUE;
}

static gboolean collect(const AkRow *row, gpointer data, GError **error)
{
    g_ptr_array_add(data, g_new0(AkWaiting, 1));
    ak_waiting_fill(g_ptr_array_index((GPtrArray *)data, ((GPtrArray *)data)->len - 1), row);
    return TRUE;
}

static void free_waiting(gpointer waiting)
{
    ak_waiting_free(waiting);
}

GPtrArray *ak_walk_lookup(AkWalk *walk, const AkLink *link, AkPassed but, GError **error)
{
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(free_waiting);
    char hex[65];

    ak_link_to_hex(link, hex);
    if (!walk->source->driver->find_by_prev(walk->source, hex, collect, rows, error))
        return NULL;
    for (guint i = 0; i < rows->len;) {
        AkWaiting *waiting = g_ptr_array_index(rows, i);
        AkView id = waiting->row.event.id;

        memcpy(waiting->id, id.data, MIN(id.len, sizeof waiting->id - 1));
        waiting->ts_usec = waiting->row.event.ts_usec;
        waiting->has_own = ak_walk_own_link(walk, &waiting->row.event, &waiting->own);
        waiting->prev = *link;
        if ((ak_walk_passed(walk, id) & but) != 0)
            g_ptr_array_remove_index(rows, i);
        else
            i++;
    }
    return g_steal_pointer(&rows);
}

/* TRUE when the scan has been there. */
static gboolean is_behind(const AkWalk *walk, const AkWaiting *waiting)
{
    return waiting->ts_usec < walk->pos.ts_usec ||
           (waiting->ts_usec == walk->pos.ts_usec && strcmp(waiting->id, walk->pos.id) <= 0);
}

typedef struct {
    const char *head_id;
    gboolean is_shared;
} Holders;

static gboolean see_holder(const AkRow *row, gpointer data, GError **error)
{
    Holders *holders = data;

    holders->is_shared |= !ak_view_equal(row->event.id, ak_view_str(holders->head_id));
    return TRUE;
}

/*
 * Drops rows that lie where the scan has been, and so may lead back into the chain: all that are
 * archived, and all of them when another row has the head's hash, too. What is left is taken once.
 */
static gboolean drop_way_back(AkWalk *walk, GPtrArray *rows, GError **error)
{
    Holders holders = {walk->head.id, FALSE};
    gboolean has_looked = FALSE;

    for (guint i = rows->len; i-- > 0;) {
        const AkWaiting *waiting = g_ptr_array_index(rows, i);
        char hex[65];

        if (!is_behind(walk, waiting))
            continue;
        ak_link_to_hex(&walk->link, hex);
        if (!has_looked &&
            !walk->source->driver->find_by_hash(walk->source, hex, see_holder, &holders, error))
            return FALSE;
        has_looked = TRUE;
        if (waiting->row.is_archived || holders.is_shared)
            g_ptr_array_remove_index(rows, i);
    }
    if (has_looked && rows->len == 1)
        ak_walk_pass(walk, ((AkWaiting *)g_ptr_array_index(rows, 0))->id, AK_PASSED_AHEAD);
    return TRUE;
}

/*
 * The rows of the table that follow the head. Where the computed hash leads nowhere the stored one
 * counts (it is the payload that was changed), unless it leads back into the chain.
 */
static GPtrArray *find_successors(AkWalk *walk, GError **error)
{
    const AkPassed any = AK_PASSED_AHEAD | AK_PASSED_ORPHAN;
    g_autoptr(GPtrArray) rows = NULL;

    if (!walk->has_alias)
        return walk->has_link ? ak_walk_lookup(walk, &walk->link, any, error)
                              : g_ptr_array_new_with_free_func(free_waiting);
    rows = ak_walk_lookup(walk, &walk->alias, any, error);
    if (rows == NULL || rows->len > 0)
        return g_steal_pointer(&rows);
    walk->has_alias = FALSE;
    g_clear_pointer(&rows, g_ptr_array_unref);
    if (!walk->has_link || ak_walk_cache_find(&walk->cache, &walk->link) != NULL)
        return g_ptr_array_new_with_free_func(free_waiting);
    rows = ak_walk_lookup(walk, &walk->link, any, error);
    if (rows == NULL || !drop_way_back(walk, rows, error))
        return NULL;
    return g_steal_pointer(&rows);
}

/* Looks for the head's successor in the table. */
static gboolean look_up(AkWalk *walk, AkRow *out_row, gboolean *out_done, GError **error)
{
    g_autoptr(GPtrArray) rows = find_successors(walk, error);
    AkWaiting *next;

    *out_done = FALSE;
    if (rows == NULL)
        return FALSE;
    if (rows->len == 0)
        return TRUE;
    *out_done = TRUE;
    if (rows->len > 1)
        return ak_walk_judge_rivals(walk, (AkWaiting **)rows->pdata, rows->len, error);
    next = g_ptr_array_steal_index(rows, 0);
    if (next->ts_usec >= walk->pos.ts_usec) {
        /* the scan will meet it again, and has something to scan */
        ak_walk_pass(walk, next->id, AK_PASSED_AHEAD);
        walk->is_dry = FALSE;
    }
    emit_waiting(walk, next, out_row);
    return TRUE;
}

typedef struct {
    AkWalkCache *cache;
    AkWaiting **bare;
    gsize count;
} Fetch;

static gboolean fill_bare(const AkRow *row, gpointer data, GError **error)
{
    Fetch *fetch = data;

    for (gsize i = 0; i < fetch->count; i++)
        if (fetch->bare[i]->blob == NULL &&
            ak_view_equal(row->event.id, ak_view_str(fetch->bare[i]->id)))
            ak_walk_cache_fill(fetch->cache, fetch->bare[i], row);
    return TRUE;
}

/* Fetches the columns of @row, which waits without them, and of those that follow it in the chain.
 */
static gboolean fetch_bare(AkWalk *walk, AkWaiting *row, GError **error)
{
    AkWaiting *bare[FETCH_IDS];
    char ids[FETCH_IDS][37];
    Fetch fetch = {&walk->cache, bare, 0};

    if (!end_scan(walk, error))
        return FALSE;
    while (row != NULL && row->blob == NULL && fetch.count < FETCH_IDS) {
        memcpy(ids[fetch.count], row->id, sizeof ids[0]);
        bare[fetch.count++] = row;
        row = row->has_own ? ak_walk_cache_find(&walk->cache, &row->own) : NULL;
    }
    return walk->source->driver->find_by_id(walk->source, (const char(*)[37])ids, fetch.count,
                                            fill_bare, &fetch, error);
}

static AkWaiting *next_waiting(const AkWalk *walk)
{
    if (walk->has_alias)
        return ak_walk_cache_find(&walk->cache, &walk->alias);
    return walk->has_link ? ak_walk_cache_find(&walk->cache, &walk->link) : NULL;
}

/* The head's successor among the waiting rows; *out_done when it was there (or is a fork). */
static gboolean take_waiting(AkWalk *walk, AkRow *out_row, gboolean *out_done, GError **error)
{
    AkWaiting *next;

    *out_done = FALSE;
    if (next_waiting(walk) == NULL)
        return TRUE;
    learn_alias(walk); /* others came between: be sure that it is this one */
    next = next_waiting(walk);
    if (next == NULL)
        return TRUE;
    if (next->next != NULL) {
        AkWaiting *rivals[] = {next, next->next};

        *out_done = TRUE;
        return end_scan(walk, error) && ak_walk_judge_rivals(walk, rivals, 2, error);
    }
    if (next->blob == NULL && !fetch_bare(walk, next, error))
        return FALSE;
    (void)ak_walk_cache_take(&walk->cache, next);
    if (next->blob == NULL) {
        ak_waiting_free(next); /* it has gone since it was scanned */
        return TRUE;
    }
    *out_done = TRUE;
    emit_waiting(walk, next, out_row);
    return TRUE;
}

static gboolean keep_start(const AkRow *row, gpointer data, GError **error)
{
    AkWalk *walk = data;

    keep(&walk->payload, row->event.payload.data != NULL ? row->event.payload : AK_VIEW("null"));
    keep(&walk->prev_hash, row->event.prev_hash);
    walk->is_alias_known = FALSE;
    return TRUE;
}

/*
 * Does the walk start at the archive's pointer? Then rows that are archived and do not link are
 * before the start; a verifier that starts further back sees them everywhere.
 */
static gboolean begin(AkWalk *walk, GError **error)
{
    g_auto(AkChainState) state = {0};
    char ids[1][37];

    walk->is_alias_known = TRUE;
    if (walk->from.index >= 0) {
        memcpy(ids[0], walk->from.id, sizeof ids[0]);
        if (!walk->source->driver->find_by_id(walk->source, (const char(*)[37])ids, 1, keep_start,
                                              walk, error))
            return FALSE;
        if (!walk->source->driver->state(walk->source, &state, error))
            return FALSE;
        walk->is_from_pointer = walk->from.index >= state.archived.index;
    }
    walk->is_begun = TRUE;
    return TRUE;
}

/* Nothing at hand follows: look further, or say what that means. *out_done ends the call. */
static gboolean look_further(AkWalk *walk, AkRow *out_row, gboolean *out_done, GError **error)
{
    gboolean is_leaf = !walk->has_sibling;

    *out_done = FALSE;
    if (is_leaf) {
        if (!walk->is_dry && walk->cache.count < LOW_WATER)
            return begin_scan(walk, error);
        learn_alias(walk);
        if (!look_up(walk, out_row, out_done, error))
            return FALSE;
        if (!*out_done && next_waiting(walk) != NULL)
            return TRUE; /* to be taken from there */
        if (*out_done)
            return TRUE;
    }
    walk->has_sibling = FALSE;
    if (!ak_walk_judge_waiting(walk, is_leaf, error))
        return FALSE;
    if (walk->step == AK_WALK_END && !is_leaf)
        return TRUE;
    if (walk->step == AK_WALK_END && !walk->is_dry)
        return begin_scan(walk, error);
    walk->is_dry = FALSE;
    *out_done = TRUE;
    return TRUE;
}

gboolean ak_walk_next(AkWalk *walk, AkWalkStep *out_step, AkRow *out_row, GError **error)
{
    gboolean is_done = FALSE;

    g_clear_pointer(&walk->current, ak_waiting_free);
    if (!walk->is_begun && !begin(walk, error))
        return FALSE;
    walk->has_sibling |= walk->step == AK_WALK_FORK;
    while (!is_done) {
        if (G_UNLIKELY(walk->cache.count > 0) && !walk->has_sibling &&
            !take_waiting(walk, out_row, &is_done, error))
            return FALSE;
        if (is_done)
            break;
        if (walk->is_scanning && walk->has_sibling && !end_scan(walk, error))
            return FALSE;
        if (walk->is_scanning) {
            if (!scan_row(walk, out_row, &is_done, error))
                return FALSE;
        } else if (!look_further(walk, out_row, &is_done, error)) {
            return FALSE;
        }
    }
    *out_step = walk->step;
    return TRUE;
}

const AkWalkFault *ak_walk_fault(const AkWalk *walk)
{
    return &walk->fault;
}
