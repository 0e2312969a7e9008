#include "chain/check.h"
#include "chain/link.h"
#include "source/batch.h"
#include "source/walk.h"
#include "util/ordered.h"
#include "util/stop.h"
#include "verify/accepted.h"
#include "verify/found.h"
#include "verify/pass.h"

enum { BATCH_ROWS = 1024, BATCH_BYTES = 8 * 1024 * 1024 };

typedef struct {
    const AkVerifyConfig *config;
    AkVerifyReport *report;
    AkSource *source;
    AkWalk *walk;
    GAsyncQueue *checkers; /* idle AkChecker */
    gboolean is_at_end;
    guint64 read;        /* events in range */
    gint64 head_ts_usec; /* of the last event seen */
} Pass;

/* A run of events to check, or the break in the chain that came after them. */
typedef struct {
    Pass *pass;
    AkBatch *batch;
    AkFoundList found;
    guint64 signatures;
} Item;

static void free_item(gpointer data)
{
    Item *item = data;

    ak_batch_free(item->batch);
    ak_found_clear(&item->found);
    g_free(item);
}

static void run_item(gpointer data)
{
    Item *item = data;
    GAsyncQueue *checkers = item->pass->checkers;
    const AkVerifyConfig *config = item->pass->config;
    AkChecker *checker = g_async_queue_try_pop(checkers);
    g_auto(AkBuf) canonical = {0};

    if (checker == NULL)
        checker = ak_checker_new(config->signers, config->require_signatures);
    for (guint i = 0; i < ak_batch_count(item->batch); i++) {
        const AkEvent *event = ak_batch_event(item->batch, i);
        AkCheckResult result;

        ak_buf_truncate(&canonical, 0);
        ak_checker_check(checker, event, &canonical, &result);
        ak_found_faults(&item->found, result.faults, "source", event, NULL);
        item->signatures += config->signers != NULL && !ak_view_is_blank(event->signature);
    }
    g_async_queue_push(checkers, checker);
}

static gboolean take_item(gpointer data, gpointer user_data, GError **error)
{
    Item *item = data;
    Pass *pass = user_data;
    AkVerifyReport *report = pass->report;

    report->source_events += ak_batch_count(item->batch);
    report->signatures += item->signatures;
    ak_found_report(&item->found, pass->config, report);
    if (pass->config->on_progress != NULL)
        pass->config->on_progress("source", report->source_events, 0, pass->config->data);
    return TRUE;
}

static void add_break(Item *item, AkWalkStep step, const AkWalkFault *fault)
{
    AkEvent orphan = {.index = (guint64)(fault->head.index + 1),
                      .id = ak_view_str(fault->orphan_id)};

    if (step == AK_WALK_FORK)
        ak_found_event(&item->found, AK_FAULT_PREV_HASH_FORK, "source", &orphan, NULL,
                       "events '%s' and '%s' both name '%s' as their predecessor", fault->rival_id,
                       fault->orphan_id, fault->orphan_prev);
    else
        ak_found_event(&item->found, AK_FAULT_PREV_HASH_GAP, "source", &orphan, NULL,
                       "its predecessor '%s' is not there; the chain was whole up to event '%s' "
                       "(index %" G_GINT64_FORMAT ")",
                       fault->orphan_prev, fault->head.id, fault->head.index);
}

static gboolean take_break(Pass *pass, Item *item, AkWalkStep step, GError **error)
{
    gboolean is_accepted;

    if (!ak_accepted_cross(pass->source, pass->walk, step, pass->config, &item->found, &is_accepted,
                           error))
        return FALSE;
    if (is_accepted)
        return TRUE;
    add_break(item, step, ak_walk_fault(pass->walk));
    ak_walk_step_over(pass->walk);
    return TRUE;
}

static gboolean is_in_range(const AkVerifyConfig *config, const AkEvent *event)
{
    return event->ts_usec >= config->since_usec && event->ts_usec < config->until_usec;
}

static void take_event(Pass *pass, Item *item, const AkRow *row)
{
    const AkVerifyConfig *config = pass->config;

    ak_cursor_move(&pass->report->source_head, &row->event);
    pass->head_ts_usec = row->event.ts_usec;
    if (!is_in_range(config, &row->event))
        return;
    ak_batch_add(item->batch, row);
    pass->read++;
    pass->is_at_end = config->limit != 0 && pass->read >= config->limit;
}

static gboolean is_full(const Item *item)
{
    return ak_batch_count(item->batch) >= BATCH_ROWS || item->batch->arena.used >= BATCH_BYTES ||
           (item->found.items != NULL && item->found.items->len >= BATCH_ROWS);
}

static gpointer next_item(gpointer data, GError **error)
{
    Pass *pass = data;
    Item *item = g_new0(Item, 1);

    item->pass = pass;
    item->batch = ak_batch_new();
    while (!pass->is_at_end && !is_full(item)) {
        AkWalkStep step;
        AkRow row;

        if (ak_is_stopped(pass->config->stop)) {
            g_set_error(error, AK_ERROR, AK_ERROR_CANCELLED,
                        "verifying was stopped; hint: run it again");
            break;
        }
        if (!ak_walk_next(pass->walk, &step, &row, error))
            break;
        if (step == AK_WALK_EVENT) {
            take_event(pass, item, &row);
        } else if (step == AK_WALK_END) {
            pass->is_at_end = TRUE;
        } else if (!take_break(pass, item, step, error)) {
            break;
        }
    }
    if ((error == NULL || *error == NULL) &&
        (ak_batch_count(item->batch) > 0 || item->found.items != NULL))
        return item;
    free_item(item);
    return NULL;
}

/* The last archived segment that ends before the range: reading may start behind it. */
typedef struct {
    gint64 since_usec;
    AkCursor cursor;
    gint64 ts_usec;
} Start;

static gboolean look_at_segment(const AkSegmentRow *row, gpointer data, GError **error)
{
    Start *start = data;

    if (!row->is_archived || row->last_ts_usec >= start->since_usec ||
        row->first_ts_usec >= start->since_usec)
        return FALSE;
    start->cursor.index = (gint64)row->last_index;
    memcpy(start->cursor.id, row->last_id, sizeof start->cursor.id);
    memcpy(start->cursor.hash, row->last_hash, sizeof start->cursor.hash);
    start->ts_usec = row->last_ts_usec;
    return TRUE;
}

static gboolean find_start(AkSource *source, gint64 since_usec, Start *start, GError **error)
{
    GError *local = NULL;

    *start = (Start){since_usec, AK_CURSOR_START, G_MININT64};
    if (since_usec == G_MININT64)
        return TRUE;
    if (!source->driver->segments(source, 0, look_at_segment, start, &local) && local != NULL) {
        g_propagate_error(error, local);
        return FALSE;
    }
    return TRUE;
}

/* Is the event with which the last verification ended still what it was? */
static gboolean look_at_head(const AkRow *row, gpointer data, GError **error)
{
    AkCursor *head = data;
    char hash[AK_LINK_SIZE];

    ak_link_copy(row->event.hash, hash);
    if (*hash == '\0' || strcmp(hash, head->hash) == 0)
        head->index = -1;
    return TRUE;
}

/* What the ledger knows need not be read again, if its last event is still there. */
static gboolean resume(Pass *pass, Start *start, GError **error)
{
    const AkLedger *ledger = pass->config->ledger;
    g_auto(AkFoundList) found = {0};
    AkCursor head;
    AkEvent event;

    if (ledger == NULL || !pass->config->is_incremental || ledger->source.index < 0)
        return TRUE;
    head = ledger->source;
    if (!pass->source->driver->find_by_id(pass->source, (const char(*)[37])head.id, 1, look_at_head,
                                          &head, error))
        return FALSE;
    if (head.index < 0) {
        *start = (Start){.cursor = ledger->source, .ts_usec = ledger->source_ts_usec};
        pass->report->source_head = ledger->source;
        pass->head_ts_usec = ledger->source_ts_usec;
        return TRUE;
    }
    event = (AkEvent){.index = (guint64)head.index, .id = ak_view_str(head.id)};
    ak_found_event(&found, AK_FAULT_ROW_MISSING, "source", &event, NULL,
                   "the last verification ended with it, and now it is gone or has another hash");
    ak_found_report(&found, pass->config, pass->report);
    return TRUE;
}

static void free_checker(gpointer checker)
{
    ak_checker_free(checker);
}

gboolean ak_verify_source(const AkVerifyConfig *config, AkVerifyReport *report, GError **error)
{
    g_autoptr(AkSource) source = ak_source_open(config->source, error);
    g_autoptr(AkWalk) walk = NULL;
    g_autoptr(GAsyncQueue) checkers = g_async_queue_new_full(free_checker);
    Pass pass = {.config = config, .report = report, .checkers = checkers};
    AkOrdered ordered = {config->threads, &pass, next_item, run_item, take_item, free_item};
    Start start;

    pass.source = source;
    if (source == NULL || !source->driver->check(source, error) ||
        !find_start(source, config->since_usec, &start, error) || !resume(&pass, &start, error))
        return FALSE;
    walk = ak_walk_new(source, &start.cursor, start.ts_usec);
    pass.walk = walk;
    if (!ak_ordered_run(&ordered, error))
        return FALSE;
    if (config->ledger != NULL && report->n_faults == 0) {
        config->ledger->source = report->source_head;
        config->ledger->source_ts_usec = pass.head_ts_usec;
    }
    return TRUE;
}
