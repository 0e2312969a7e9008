#include "export/deliver.h"

#include "chain/link.h"
#include "export/session.h"
#include "export/supply.h"
#include "util/log.h"
#include "util/stop.h"

enum {
    RETRY_MS = 1000,
    MAX_RETRY_MS = 60000,
    TICK_MS = 100,
    CONFIRM_MS = 1000,
    POLL_MS = 2000,
    GAP_GRACE_MS = 2000,
    MAX_UNCONFIRMED = 256 /* batches */
};

/* The end of a batch that the sink has taken. */
typedef struct {
    AkCursor to;
    gint64 ts_usec;
} Mark;

/* One stretch of delivering under one lease and one handle of the sink. */
typedef struct {
    const AkDeliverConfig *config;
    AkDeliverReport *report;
    AkSource *reader, *writer;
    AkSink *sink;
    AkSupply *supply;
    AkSinkState state;
    guint64 epoch;
    gint64 renewed_usec; /* monotonic */
    gint64 broken_usec;  /* when the chain was first seen broken, monotonic; 0: it is not */
    GQueue unconfirmed;  /* Mark * */
    gboolean is_remote_error;
} Delivery;

static gboolean find_state(const AkSinkState *state, gpointer data, GError **error)
{
    Delivery *self = data;

    if (strcmp(state->name, self->config->name) != 0)
        return TRUE;
    self->state.at = state->at;
    self->state.ts_usec = state->ts_usec;
    return TRUE;
}

static gboolean take_lease(Delivery *self, GError **error)
{
    const AkExportConfig *export = self->config->export;
    AkSource *writer = self->writer;

    if (!writer->driver->sink_acquire(writer, self->config->name, export->holder,
                                      ak_export_lease_ttl_ms(export), &self->epoch, error))
        return FALSE;
    self->renewed_usec = g_get_monotonic_time();
    if (!writer->driver->sinks(writer, find_state, self, error))
        return FALSE;
    self->report->head = self->state.at;
    return TRUE;
}

/* A third of the lease is left to what may block. */
static gboolean keep_lease(Delivery *self, GError **error)
{
    guint ttl_ms = ak_export_lease_ttl_ms(self->config->export);
    gint64 now = g_get_monotonic_time();

    if (now - self->renewed_usec < ttl_ms * G_GINT64_CONSTANT(1000) / 3)
        return TRUE;
    self->renewed_usec = now;
    return self->writer->driver->sink_renew(self->writer, self->config->name, self->epoch, ttl_ms,
                                            error);
}

static gboolean gap(Delivery *self, GError **error, const char *format, ...) G_GNUC_PRINTF(3, 4);

static gboolean gap(Delivery *self, GError **error, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    self->is_remote_error = TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_GAP,
                "%s; hint: nothing is sent until a person has looked into it: docs/sinks.md, "
                "'When a sink stops'",
                text);
    return FALSE;
}

static gboolean move_pointer(Delivery *self, const AkSinkMove *move, GError **error)
{
    if (!self->writer->driver->sink_move(self->writer, self->config->name, self->epoch, move,
                                         error))
        return FALSE;
    self->report->head = move->to;
    return TRUE;
}

/* The remote's last event is one of the chain's, beyond the pointer: it follows. */
static gboolean adopt(Delivery *self, const AkSinkEvent *event, const AkCursor *tail,
                      GError **error)
{
    AkSinkMove move = {.ts_usec = event->event.ts_usec};

    ak_cursor_move(&move.to, &event->event);
    if ((self->sink->caps & AK_SINK_KNOWS_HASH) != 0 &&
        (strcmp(move.to.hash, tail->hash) != 0 || strcmp(move.to.id, tail->id) != 0))
        return gap(self, error,
                   "sink '%s' holds event '%s' with hash '%s' at index %" G_GINT64_FORMAT
                   ", the chain has '%s' with '%s' there",
                   self->config->name, tail->id, tail->hash, tail->index, move.to.id, move.to.hash);
    g_message("pointer_behind: sink '%s' holds what follows index %" G_GINT64_FORMAT
              " up to %" G_GINT64_FORMAT " already",
              self->config->name, self->state.at.index, tail->index);
    return move_pointer(self, &move, error);
}

static gboolean catch_up(Delivery *self, const AkCursor *tail, GError **error)
{
    AkSupplyLimits limits = {0};

    for (;;) {
        const AkSinkEvent *events;
        AkSupplyStep step;
        gsize count;

        if (!ak_supply_next(self->supply, &limits, tail->index, &step, &events, &count, error) ||
            !keep_lease(self, error))
            return FALSE;
        if (count == 0)
            return gap(self, error,
                       "sink '%s' ends with index %" G_GINT64_FORMAT ", event '%s', which the "
                       "chain does not reach",
                       self->config->name, tail->index, tail->id);
        self->report->skipped += count;
        if (events[count - 1].event.index < (guint64)tail->index)
            continue;
        return adopt(self, &events[count - 1], tail, error);
    }
}

/* Compares pointer, remote and chain. */
static gboolean reconcile(Delivery *self, const AkCursor *tail, GError **error)
{
    const AkCursor *at = &self->state.at;

    if (tail->index < at->index)
        return gap(self, error,
                   "sink '%s' ends with index %" G_GINT64_FORMAT ", but had confirmed index "
                   "%" G_GINT64_FORMAT ", event '%s'",
                   self->config->name, tail->index, at->index, at->id);
    if (tail->index > at->index)
        return catch_up(self, tail, error);
    if (at->index < 0 || (self->sink->caps & AK_SINK_KNOWS_HASH) == 0 ||
        (strcmp(tail->hash, at->hash) == 0 && strcmp(tail->id, at->id) == 0))
        return TRUE;
    return gap(self, error,
               "sink '%s' holds event '%s' with hash '%s' at index %" G_GINT64_FORMAT
               ", but had confirmed '%s' with '%s'",
               self->config->name, tail->id, tail->hash, tail->index, at->id, at->hash);
}

static gboolean open_sink(Delivery *self, GError **error)
{
    AkCursor tail = AK_CURSOR_START;

    self->is_remote_error = TRUE;
    self->sink = self->config->driver->open(self->config->sink, &self->state.at, &tail, error);
    if (self->sink == NULL)
        return FALSE;
    self->is_remote_error = FALSE;
    self->supply =
        ak_supply_new(self->config->export, self->reader, &self->state.at, self->state.ts_usec);
    return keep_lease(self, error) && reconcile(self, &tail, error);
}

static gboolean open_delivery(Delivery *self, GError **error)
{
    const AkExportConfig *export = self->config->export;

    self->reader = ak_session_connect(export, error);
    self->writer = self->reader != NULL ? ak_session_connect(export, error) : NULL;
    return self->writer != NULL && self->writer->driver->check(self->writer, error) &&
           take_lease(self, error) && open_sink(self, error);
}

static void close_delivery(Delivery *self)
{
    g_autoptr(GError) error = NULL;

    g_clear_pointer(&self->sink, ak_sink_close);
    g_clear_pointer(&self->supply, ak_supply_free);
    if (self->epoch != 0 &&
        !self->writer->driver->sink_renew(self->writer, self->config->name, self->epoch, 0, &error))
        g_debug("lease of sink '%s' not given back: %s", self->config->name, error->message);
    g_clear_pointer(&self->reader, ak_source_close);
    g_clear_pointer(&self->writer, ak_source_close);
    g_queue_clear_full(&self->unconfirmed, g_free);
    ak_sink_state_clear(&self->state);
}

/* Where the events went, as the move's arrays. */
typedef struct {
    char (*ids)[37];
    gint64 *partitions, *offsets, *produced;
} Places;

static void fill_places(const AkSinkEvent *events, const AkSinkRef *refs, gsize count,
                        Places *places)
{
    for (gsize i = 0; i < count; i++) {
        ak_id_copy(events[i].event.id, places->ids[i]);
        places->partitions[i] = refs[i].partition;
        places->offsets[i] = refs[i].offset;
        places->produced[i] = refs[i].produced_usec;
    }
}

static gboolean move_over(Delivery *self, const AkSinkEvent *events, const AkSinkRef *refs,
                          gsize count, GError **error)
{
    g_autofree gint64 *numbers = g_new(gint64, 3 * count);
    g_autofree char(*ids)[37] = g_malloc_n(count, sizeof *ids);
    Places places = {ids, numbers, numbers + count, numbers + 2 * count};
    AkSinkMove move = {.ts_usec = events[count - 1].event.ts_usec};

    ak_cursor_move(&move.to, &events[count - 1].event);
    if (refs != NULL) {
        fill_places(events, refs, count, &places);
        move.topic = strchr(self->config->name, ':') + 1;
        move.count = count;
        move.ids = (const char(*)[37])ids;
        move.partitions = places.partitions;
        move.offsets = places.offsets;
        move.produced_usec = places.produced;
    }
    return move_pointer(self, &move, error);
}

/* The pointer moves over the batches that the remote holds for good now. */
static gboolean take_confirmed(Delivery *self, guint wait_ms, GError **error)
{
    gint64 index = -1;
    Mark *mark;
    g_autofree Mark *last = NULL;
    AkSinkMove move = {0};

    self->is_remote_error = TRUE;
    if (!self->sink->driver->confirm(self->sink, wait_ms, &index, error))
        return FALSE;
    self->is_remote_error = FALSE;
    while ((mark = g_queue_peek_head(&self->unconfirmed)) != NULL && mark->to.index <= index) {
        g_free(last);
        last = g_queue_pop_head(&self->unconfirmed);
    }
    if (last == NULL)
        return TRUE;
    move.to = last->to;
    move.ts_usec = last->ts_usec;
    return move_pointer(self, &move, error);
}

static void push_mark(Delivery *self, const AkSinkEvent *last)
{
    Mark *mark = g_new0(Mark, 1);

    ak_cursor_move(&mark->to, &last->event);
    mark->ts_usec = last->event.ts_usec;
    g_queue_push_tail(&self->unconfirmed, mark);
}

static gboolean send(Delivery *self, const AkSinkEvent *events, gsize count, GError **error)
{
    gboolean has_refs = (self->sink->caps & AK_SINK_HAS_REFS) != 0;
    g_autofree AkSinkRef *refs = has_refs ? g_new0(AkSinkRef, count) : NULL;

    self->is_remote_error = TRUE;
    if (!self->sink->driver->deliver(self->sink, events, count, refs, error))
        return FALSE;
    self->is_remote_error = FALSE;
    self->report->events += count;
    if (self->sink->driver->confirm == NULL)
        return move_over(self, events, refs, count, error);
    push_mark(self, &events[count - 1]);
    return take_confirmed(self, self->unconfirmed.length >= MAX_UNCONFIRMED ? CONFIRM_MS : 0,
                          error);
}

static gboolean find_bound(Delivery *self, gint64 *out, GError **error)
{
    g_auto(AkChainState) state = {0};

    *out = G_MAXINT64;
    if (!self->config->after_archived)
        return TRUE;
    if (!self->writer->driver->state(self->writer, &state, error))
        return FALSE;
    *out = state.archived.index;
    return TRUE;
}

/* A transaction may still bring what is missing, for a while. */
static gboolean is_broken_for_good(Delivery *self, GError **error)
{
    guint grace_ms = self->config->export->gap_grace_ms;
    gint64 now = g_get_monotonic_time();
    g_autofree char *text = NULL;

    if (self->broken_usec == 0)
        self->broken_usec = now;
    if (now - self->broken_usec <
        (grace_ms != 0 ? grace_ms : GAP_GRACE_MS) * G_GINT64_CONSTANT(1000))
        return FALSE;
    text = ak_supply_fault(self->supply);
    g_set_error(error, AK_ERROR, AK_ERROR_GAP,
                "sink '%s' cannot go on: %s; hint: run 'auditkeep verify --what source'",
                self->config->name, text);
    return TRUE;
}

/* There is nothing to send right now. *out_done: and nothing will come. */
static gboolean idle(Delivery *self, AkSupplyStep step, gboolean *out_done, GError **error)
{
    const AkExportConfig *export = self->config->export;
    guint poll_ms = export->poll_interval_ms != 0 ? export->poll_interval_ms : POLL_MS;

    *out_done = FALSE;
    if (!g_queue_is_empty(&self->unconfirmed))
        return take_confirmed(self, CONFIRM_MS, error);
    if (step == AK_SUPPLY_BROKEN) {
        g_usleep(TICK_MS * 1000);
        return !is_broken_for_good(self, error);
    }
    self->broken_usec = 0;
    if (export->is_follow)
        return ak_source_wait(self->writer, MIN(poll_ms, ak_export_lease_ttl_ms(export) / 4),
                              error);
    if (step == AK_SUPPLY_WAITING) {
        g_set_error(error, AK_ERROR, AK_ERROR_MISSING,
                    "the event after index %" G_GINT64_FORMAT " is too large for sink '%s', which "
                    "refers to the archive then, and it is not archived; hint: run 'auditkeep "
                    "archive' first",
                    self->report->head.index, self->config->name);
        return FALSE;
    }
    *out_done = TRUE;
    return TRUE;
}

static gboolean deliver(Delivery *self, GError **error)
{
    const AkDeliverConfig *config = self->config;
    guint wanted = config->max_events != 0 ? config->max_events : 1024;
    AkSupplyLimits limits = {MIN(wanted, self->sink->max_batch_events), self->sink->max_batch_bytes,
                             self->sink->max_event_bytes};
    gboolean is_done = FALSE;

    while (!is_done && !ak_is_stopped(config->export->stop)) {
        const AkSinkEvent *events;
        AkSupplyStep step;
        gsize count;
        gint64 bound;

        if (!find_bound(self, &bound, error) ||
            !ak_supply_next(self->supply, &limits, bound, &step, &events, &count, error) ||
            !(count > 0 ? send(self, events, count, error) : idle(self, step, &is_done, error)) ||
            !keep_lease(self, error))
            return FALSE;
        if (count > 0)
            self->broken_usec = 0;
    }
    while (!g_queue_is_empty(&self->unconfirmed) && !ak_is_stopped(config->export->stop))
        if (!take_confirmed(self, CONFIRM_MS, error))
            return FALSE;
    return TRUE;
}

/* Gives what the sink reports the name of the fault, and records it for status. */
static void note_error(Delivery *self, GError **error)
{
    g_autofree char *text = NULL;

    if (g_error_matches(*error, AK_ERROR, AK_ERROR_CANCELLED) || self->epoch == 0)
        return;
    if (g_error_matches(*error, AK_ERROR, AK_ERROR_GAP) && self->is_remote_error)
        g_prefix_error(error, "%s_gap: ", self->config->driver->scheme);
    text = ak_log_redact((*error)->message);
    (void)!self->writer->driver->sink_fail(self->writer, self->config->name, self->epoch, text,
                                           NULL);
}

static gboolean run_delivery(const AkDeliverConfig *config, AkDeliverReport *report,
                             gboolean *out_is_remote, GError **error)
{
    Delivery self = {.config = config,
                     .report = report,
                     .state = {.at = AK_CURSOR_START, .ts_usec = G_MININT64},
                     .unconfirmed = G_QUEUE_INIT};
    GError *local = NULL;

    if (!open_delivery(&self, &local) || !deliver(&self, &local))
        note_error(&self, &local);
    *out_is_remote = self.is_remote_error;
    close_delivery(&self);
    if (local == NULL)
        return TRUE;
    g_propagate_error(error, local);
    return FALSE;
}

/* What may pass by itself; a standby waits for the lease, but who was fenced at the remote ends. */
static gboolean may_go_on(const AkDeliverConfig *config, const GError *error, gboolean is_remote)
{
    if (!config->export->is_follow)
        return FALSE;
    if (ak_is_stopped(config->export->stop) && g_error_matches(error, AK_ERROR, AK_ERROR_CANCELLED))
        return TRUE;
    if (g_error_matches(error, AK_ERROR, AK_ERROR_FENCED) ||
        g_error_matches(error, AK_ERROR, AK_ERROR_BUSY))
        return !is_remote;
    return ak_error_is_retryable(error) || g_error_matches(error, AK_ERROR, AK_ERROR_DENIED);
}

static void wait_before_retry(const AkDeliverConfig *config, guint delay_ms)
{
    for (guint waited = 0; waited < delay_ms && !ak_is_stopped(config->export->stop);
         waited += TICK_MS)
        g_usleep(MIN(TICK_MS, delay_ms) * 1000UL);
}

gboolean ak_deliver_run(const AkDeliverConfig *config, AkDeliverReport *report, GError **error)
{
    guint first_ms = config->retry_ms != 0 ? config->retry_ms : RETRY_MS, delay_ms = first_ms;

    *report = (AkDeliverReport){.head = AK_CURSOR_START};
    for (;;) {
        GError *local = NULL;
        guint64 before = report->events;
        gboolean is_remote;

        if (run_delivery(config, report, &is_remote, &local))
            return TRUE;
        if (!may_go_on(config, local, is_remote)) {
            g_propagate_error(error, local);
            return FALSE;
        }
        /* a standby takes over within one lease time; what got on does not pay for earlier outages
         */
        if (g_error_matches(local, AK_ERROR, AK_ERROR_BUSY))
            delay_ms = ak_export_lease_ttl_ms(config->export) / 3;
        else if (report->events > before)
            delay_ms = first_ms;
        if (!ak_is_stopped(config->export->stop))
            g_warning("sink '%s': %s; trying again in %u ms", config->name, local->message,
                      delay_ms);
        g_error_free(local);
        wait_before_retry(config, delay_ms);
        if (ak_is_stopped(config->export->stop))
            return TRUE;
        delay_ms = MIN(2 * delay_ms, MAX_RETRY_MS);
    }
}
