#include "source/walk_internal.h"

/* What it means that the head has no successor, and how to go on all the same. */

enum {
    MAX_DEPTH = 64,    /* how far the branches of a fork are followed to compare them */
    MAX_LOOK_UPS = 200 /* how far a row is followed to see whether it leads to the start */
};

static int compare_waiting(gconstpointer a, gconstpointer b)
{
    const AkWaiting *x = *(AkWaiting *const *)a, *y = *(AkWaiting *const *)b;

    if (x->ts_usec != y->ts_usec)
        return x->ts_usec < y->ts_usec ? -1 : 1;
    return strcmp(x->id, y->id);
}

/* Length of the chain that hangs on @waiting, up to MAX_DEPTH. */
static gboolean measure_depth(AkWalk *walk, const AkWaiting *waiting, guint *out_depth,
                              GError **error)
{
    AkLink link = waiting->own;
    gboolean has_link = waiting->has_own;

    *out_depth = 0;
    while (has_link && *out_depth < MAX_DEPTH) {
        g_autoptr(GPtrArray) rows = ak_walk_lookup(walk, &link, AK_PASSED_ORPHAN, error);
        const AkWaiting *first;

        if (rows == NULL)
            return FALSE;
        if (rows->len == 0)
            break;
        first = g_ptr_array_index(rows, 0);
        link = first->own;
        has_link = first->has_own;
        (*out_depth)++;
    }
    return TRUE;
}

static AkWaiting *copy_bare(const AkWaiting *waiting)
{
    AkWaiting *copy = g_memdup2(waiting, sizeof *waiting);

    copy->blob = NULL;
    copy->next = NULL;
    return copy;
}

static void set_fault(AkWalk *walk, AkWalkStep step, const AkWaiting *orphan, const char *rival_id)
{
    AkWalkFault *fault = &walk->fault;

    walk->step = step;
    *fault = (AkWalkFault){.head = walk->head,
                           .orphan_ts_usec = orphan->ts_usec,
                           .unlinked = MAX(walk->cache.count, 1)};
    ak_link_to_hex(&walk->link, fault->head.hash);
    ak_link_to_hex(&orphan->prev, fault->orphan_prev);
    memcpy(fault->orphan_id, orphan->id, sizeof fault->orphan_id);
    g_strlcpy(fault->rival_id, rival_id, sizeof fault->rival_id);
    g_clear_pointer(&walk->orphan, ak_waiting_free);
    walk->orphan = copy_bare(orphan);
    walk->jump = orphan->prev;
    walk->has_jump = step == AK_WALK_GAP;
}

gboolean ak_walk_judge_rivals(AkWalk *walk, AkWaiting **rivals, gsize count, GError **error)
{
    AkWaiting *best = NULL, *orphan = NULL;
    guint best_depth = 0;

    g_assert(count >= 2);
    for (gsize i = 0; i < count; i++) {
        guint depth;

        if (!measure_depth(walk, rivals[i], &depth, error))
            return FALSE;
        if (best == NULL || depth > best_depth ||
            (depth == best_depth && compare_waiting(&rivals[i], &best) < 0)) {
            orphan = best != NULL ? best : orphan;
            best = rivals[i];
            best_depth = depth;
        } else {
            orphan = rivals[i];
        }
    }
    set_fault(walk, AK_WALK_FORK, orphan, best->id);
    return TRUE;
}

/* Drops a waiting row and what hangs on it; what comes later and hangs on it is dead as well. */
static void drop_branch(AkWalk *walk, AkWaiting *root)
{
    g_autoptr(GPtrArray) left = g_ptr_array_new();

    g_ptr_array_add(left, ak_walk_cache_take(&walk->cache, root));
    while (left->len > 0) {
        AkWaiting *waiting = g_ptr_array_steal_index_fast(left, left->len - 1);
        AkWaiting *child;

        while (waiting->has_own &&
               (child = ak_walk_cache_find(&walk->cache, &waiting->own)) != NULL)
            g_ptr_array_add(left, ak_walk_cache_take(&walk->cache, child));
        if (waiting->has_own)
            g_hash_table_add(walk->dead, g_memdup2(&waiting->own, sizeof waiting->own));
        ak_waiting_free(waiting);
    }
}

/* The waiting rows that hang on none of the others, oldest first; borrowed. */
static GPtrArray *find_roots(AkWalk *walk)
{
    g_autoptr(GHashTable) owns = g_hash_table_new(ak_link_hash, ak_link_equal_func);
    GPtrArray *roots = g_ptr_array_new();
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, walk->cache.by_prev);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        for (AkWaiting *one = value; one != NULL; one = one->next)
            if (one->has_own && !ak_link_equal(&one->own, &one->prev))
                g_hash_table_add(owns, &one->own);
    g_hash_table_iter_init(&iter, walk->cache.by_prev);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        for (AkWaiting *one = value; one != NULL; one = one->next)
            if (!g_hash_table_contains(owns, &one->prev))
                g_ptr_array_add(roots, one);
    g_ptr_array_sort(roots, compare_waiting);
    if (roots->len == 0 && g_hash_table_size(owns) > 0) {
        /* stored hashes that were tampered with can make a circle: break it anywhere */
        g_hash_table_iter_init(&iter, walk->cache.by_prev);
        if (g_hash_table_iter_next(&iter, NULL, &value))
            g_ptr_array_add(roots, value);
    }
    return roots;
}

/* Does the chain from @root lead to the event that the walk started after? */
static gboolean leads_to_start(AkWalk *walk, const AkWaiting *root, gboolean *out_leads,
                               GError **error)
{
    const AkWaiting *at = root;
    AkLink link = root->own;
    gboolean has_link = root->has_own;
    gsize steps = walk->cache.count + 1; /* a circle ends, too */

    *out_leads = FALSE;
    for (guint looked = 0; walk->from.index >= 0 && has_link && looked < MAX_LOOK_UPS;) {
        at = steps > 0 ? ak_walk_cache_find(&walk->cache, &link) : NULL;
        if (at != NULL) {
            steps--;
            link = at->own;
            has_link = at->has_own;
        } else {
            g_autoptr(GPtrArray) rows = ak_walk_lookup(walk, &link, 0, error);

            if (rows == NULL)
                return FALSE;
            if (rows->len == 0)
                break;
            at = g_ptr_array_index(rows, 0);
            *out_leads = g_str_equal(at->id, walk->from.id);
            if (*out_leads)
                break;
            link = at->own;
            has_link = at->has_own;
            looked++;
        }
    }
    return TRUE;
}

static gboolean is_waiting(const AkWalk *walk, const AkWaiting *row)
{
    for (const AkWaiting *one = ak_walk_cache_find(&walk->cache, &row->prev); one != NULL;
         one = one->next)
        if (g_str_equal(one->id, row->id))
            return TRUE;
    return FALSE;
}

/* A row names the same predecessor and is not waiting: it was followed, or lies before the start.
 */
static gboolean judge_sibling(AkWalk *walk, const AkWaiting *root, gboolean *out_is_fork,
                              GError **error)
{
    g_autoptr(GPtrArray) rows = ak_walk_lookup(walk, &root->prev, AK_PASSED_ORPHAN, error);
    const AkWaiting *sibling = NULL;
    guint root_depth, sibling_depth;

    *out_is_fork = FALSE;
    if (rows == NULL)
        return FALSE;
    for (guint i = 0; i < rows->len && sibling == NULL; i++)
        if (!is_waiting(walk, g_ptr_array_index(rows, i)))
            sibling = g_ptr_array_index(rows, i);
    if (sibling == NULL)
        return TRUE;
    *out_is_fork = TRUE;
    if (!measure_depth(walk, root, &root_depth, error) ||
        !measure_depth(walk, sibling, &sibling_depth, error))
        return FALSE;
    if (root_depth > sibling_depth) {
        set_fault(walk, AK_WALK_FORK, sibling, root->id);
        walk->has_jump = TRUE;
    } else {
        set_fault(walk, AK_WALK_FORK, root, sibling->id);
    }
    memcpy(walk->fault.followed_id, sibling->id, sizeof sibling->id);
    return TRUE;
}

typedef struct {
    const AkWalk *walk;
    gboolean is_found, is_ahead;
} Predecessor;

static gboolean see_predecessor(const AkRow *row, gpointer data, GError **error)
{
    Predecessor *seen = data;
    const AkScanPos *pos = &seen->walk->pos;

    seen->is_found = TRUE;
    seen->is_ahead = row->event.ts_usec > pos->ts_usec ||
                     (row->event.ts_usec == pos->ts_usec &&
                      strncmp(row->event.id.data, pos->id, row->event.id.len) > 0);
    return TRUE;
}

/* Could the scan still come upon the predecessor? Where hashes are not stored it has to end first.
 */
static gboolean may_come(AkWalk *walk, const AkWaiting *root, gboolean *out_may, GError **error)
{
    Predecessor seen = {walk, FALSE, FALSE};
    char hex[65];

    *out_may = !walk->is_dry;
    if (walk->is_dry || root->is_computed)
        return TRUE;
    ak_link_to_hex(&root->prev, hex);
    if (hex[0] != '\0' &&
        !walk->source->driver->find_by_hash(walk->source, hex, see_predecessor, &seen, error))
        return FALSE;
    *out_may = seen.is_found && seen.is_ahead;
    return TRUE;
}

typedef struct {
    AkWalk *walk;
    AkWaiting *row; /* the first that is not archived */
} Behind;

static gboolean keep_behind(const AkRow *row, gpointer data, GError **error)
{
    Behind *behind = data;
    AkView id = row->event.id;
    AkWaiting *kept;

    if (behind->row != NULL || row->is_archived || ak_walk_passed(behind->walk, id) != 0)
        return TRUE;
    kept = behind->row = g_new0(AkWaiting, 1);
    kept->ts_usec = row->event.ts_usec;
    memcpy(kept->id, id.data, MIN(id.len, sizeof kept->id - 1));
    ak_link_from_hex(row->event.prev_hash, &kept->prev);
    kept->has_own = ak_walk_own_link(behind->walk, &row->event, &kept->own);
    return TRUE;
}

/*
 * The gap is before the oldest of the rows that hang together. From the pointer on the scan does
 * not see those whose times are older than the head's.
 */
static gboolean set_gap(AkWalk *walk, const AkWaiting *root, GError **error)
{
    AkWaiting *oldest = copy_bare(root);

    for (guint looked = 0; walk->is_from_pointer && looked < MAX_LOOK_UPS; looked++) {
        Behind behind = {walk, NULL};
        char hex[65];

        ak_link_to_hex(&oldest->prev, hex);
        if (hex[0] != '\0' &&
            !walk->source->driver->find_by_hash(walk->source, hex, keep_behind, &behind, error)) {
            ak_waiting_free(oldest);
            return FALSE;
        }
        if (behind.row == NULL)
            break;
        ak_waiting_free(oldest);
        oldest = behind.row;
    }
    set_fault(walk, AK_WALK_GAP, oldest, "");
    ak_waiting_free(oldest);
    return TRUE;
}

/* One root; walk->step says GAP or FORK when it is a fault. */
static gboolean judge_root(AkWalk *walk, AkWaiting *root, gboolean is_leaf, GError **error)
{
    gboolean leads, is_fork, may;

    if (g_hash_table_contains(walk->dead, &root->prev)) {
        drop_branch(walk, root);
        return TRUE;
    }
    if (!leads_to_start(walk, root, &leads, error))
        return FALSE;
    if (leads) {
        drop_branch(walk, root);
        return TRUE;
    }
    if (!judge_sibling(walk, root, &is_fork, error))
        return FALSE;
    if (is_fork || !is_leaf)
        return TRUE;
    if (!may_come(walk, root, &may, error))
        return FALSE;
    return may || set_gap(walk, root, error);
}

gboolean ak_walk_judge_waiting(AkWalk *walk, gboolean is_leaf, GError **error)
{
    g_autoptr(GPtrArray) roots = find_roots(walk);

    walk->step = AK_WALK_END;
    for (guint i = 0; i < roots->len && walk->step == AK_WALK_END; i++)
        if (!judge_root(walk, g_ptr_array_index(roots, i), is_leaf, error))
            return FALSE;
    return TRUE;
}

/* The next event is whatever names walk->jump. */
static void jump(AkWalk *walk)
{
    walk->link = walk->jump;
    walk->has_link = TRUE;
    walk->has_alias = FALSE;
    walk->has_prev = FALSE;
    walk->is_alias_known = TRUE;
}

static void pass_over_orphan(AkWalk *walk)
{
    AkWaiting *orphan = walk->orphan;

    ak_walk_pass(walk, orphan->id, AK_PASSED_ORPHAN);
    if (orphan->has_own)
        g_hash_table_add(walk->dead, g_memdup2(&orphan->own, sizeof orphan->own));
    for (AkWaiting *one = ak_walk_cache_find(&walk->cache, &orphan->prev); one != NULL;
         one = one->next) {
        if (g_str_equal(one->id, orphan->id)) {
            drop_branch(walk, one);
            break;
        }
    }
}

void ak_walk_step_over(AkWalk *walk)
{
    g_return_if_fail(walk->step == AK_WALK_GAP || walk->step == AK_WALK_FORK);
    if (walk->step == AK_WALK_FORK)
        pass_over_orphan(walk);
    if (walk->has_jump)
        jump(walk);
    walk->has_sibling = FALSE;
    walk->step = AK_WALK_EVENT;
}

/* The rival is what the fault keeps no copy of. */
static gboolean swap_orphan(AkWalk *walk, const char *rejected_id, GError **error)
{
    g_autoptr(GPtrArray) rows = ak_walk_lookup(walk, &walk->orphan->prev, 0, error);

    if (rows == NULL)
        return FALSE;
    for (guint i = 0; i < rows->len; i++) {
        const AkWaiting *row = g_ptr_array_index(rows, i);

        if (g_str_equal(row->id, rejected_id)) {
            ak_waiting_free(walk->orphan);
            walk->orphan = copy_bare(row);
            return TRUE;
        }
    }
    g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT,
                "event '%s', which was rejected, names another predecessor now", rejected_id);
    return FALSE;
}

gboolean ak_walk_accept(AkWalk *walk, const char *rejected_id, GError **error)
{
    g_return_val_if_fail(walk->step == AK_WALK_GAP || walk->step == AK_WALK_FORK, FALSE);
    if (walk->step == AK_WALK_FORK) {
        /* the chain goes on from the head, whichever branch is the longer one */
        walk->has_jump = FALSE;
        if (!g_str_equal(walk->orphan->id, rejected_id) && !swap_orphan(walk, rejected_id, error))
            return FALSE;
    }
    ak_walk_step_over(walk);
    return TRUE;
}
