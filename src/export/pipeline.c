#include "export/accepted.h"
#include "export/break.h"
#include "export/flight.h"
#include "export/session.h"
#include "export/upkeep.h"

#include "util/exec.h"
#include "util/stop.h"

/*
 * The exporter's main loop. It alone decides; jobs run elsewhere and come back:
 *
 *   read ─► build (parallel) ─► seal ─► plan ─► put (parallel) ─► commit
 *
 * Seal, plan and commit happen in chain order. One job at a time uses the reading connection and
 * one the writing one. At most max_flights segments are on their way, which bounds memory.
 */

enum {
    DEFAULT_FLUSH_MS = 10000,
    DEFAULT_GRACE_MS = 2000,
    POLL_MS = 2000,
    TICK_MS = 500,
    GRACE_TICK_MS = 100
};

typedef enum { JOB_READ, JOB_BUILD, JOB_PLAN, JOB_PUT, JOB_COMMIT, JOB_RENEW, JOB_UPKEEP } JobKind;

typedef struct Pipeline Pipeline;

typedef struct {
    JobKind kind;
    Pipeline *pipeline;
    AkFlight *flight;
    GError *error;
    /* JOB_READ */
    guint wait_ms; /* first wait for new rows that long */
    gint64 begun_usec;
    AkFeedStep step;
    AkBatch *batch;
    gint64 day;
} Job;

struct Pipeline {
    const AkExportConfig *config;
    AkSession *session;
    GAsyncQueue *builders; /* idle AkSegmentBuilder */
    GQueue flights;        /* in chain order */
    AkUpkeep upkeep;
    guint max_flights;
    guint running; /* jobs */
    gboolean is_reading;
    gboolean is_writer_busy;
    gboolean is_open; /* rows were read that are in no batch yet */
    gboolean is_upkeeping;
    gboolean has_all;        /* nothing more will be read */
    gboolean is_commit_lost; /* a commit failed: whether it took effect, the next session sees */
    guint next_wait_ms;      /* of the next read */
    gint64 gap_since_usec;   /* 0: no gap seen */
    gint64 open_since_usec;  /* rows wait for their segment since then; 0: none do */
    gint64 renew_usec;
    GError *error;  /* the first failure: nothing new is started after it */
    GError *broken; /* a gap or a fork: reported once everything before it is committed */
};

static gboolean is_stopped(const Pipeline *pipeline)
{
    return ak_is_stopped(pipeline->config->stop);
}

static gint64 now(const Pipeline *pipeline)
{
    return pipeline->session->exec->driver->now_usec(pipeline->session->exec);
}

/* In steps, to see that we are asked to stop; a step that ends early means that rows came. */
static gboolean wait_for_rows(Job *job)
{
    const Pipeline *pipeline = job->pipeline;
    gboolean is_woken = FALSE;

    for (guint left_ms = job->wait_ms; left_ms > 0 && !is_woken && !is_stopped(pipeline);) {
        guint step_ms = MIN(left_ms, TICK_MS);
        gint64 begun = now(pipeline);

        if (!ak_source_wait(pipeline->session->reader, step_ms, &job->error))
            return FALSE;
        is_woken = now(pipeline) - begun < step_ms * 1000LL;
        left_ms -= step_ms;
    }
    return TRUE;
}

static void run_read(Job *job)
{
    AkSession *session = job->pipeline->session;

    if (!wait_for_rows(job))
        return;
    job->begun_usec = now(job->pipeline);
    (void)!ak_feed_next(session->feed, session->config->stop, &job->step, &job->batch, &job->day,
                        &job->error);
}

static void run_build(Job *job)
{
    GAsyncQueue *builders = job->pipeline->builders;
    const AkExportConfig *config = job->pipeline->config;
    AkSegmentBuilder *builder = g_async_queue_try_pop(builders);

    if (builder == NULL)
        builder = ak_segment_builder_new(config->source->chain, config->signers,
                                         config->require_signatures);
    (void)!ak_flight_build(job->flight, builder, &job->error);
    g_async_queue_push(builders, builder);
}

static void run_plan(Job *job)
{
    AkSession *session = job->pipeline->session;
    gint64 until;

    if (ak_flight_retain_until(session->config, now(job->pipeline), &until, &job->error) &&
        ak_accepted_put(session->config, job->flight->batch, until, &job->error))
        (void)!ak_flight_plan(job->flight, session->writer, session->epoch, until, &job->error);
}

static void run_job(gpointer data)
{
    Job *job = data;
    AkSession *session = job->pipeline->session;
    AkSource *writer = session->writer;
    const AkExportConfig *config = session->config;

    switch (job->kind) {
    case JOB_READ:
        run_read(job);
        break;
    case JOB_BUILD:
        run_build(job);
        break;
    case JOB_PLAN:
        run_plan(job);
        break;
    case JOB_PUT:
        (void)!ak_flight_put(job->flight, config, &job->error);
        break;
    case JOB_COMMIT:
        (void)!ak_flight_commit(job->flight, writer, session->epoch, &job->error);
        break;
    case JOB_RENEW:
        (void)!writer->driver->lease_renew(writer, session->epoch, ak_export_lease_ttl_ms(config),
                                           &job->error);
        break;
    case JOB_UPKEEP:
        (void)!ak_upkeep_run(&job->pipeline->upkeep, &job->error);
        break;
    }
}

static gboolean needs_writer(JobKind kind)
{
    return kind == JOB_PLAN || kind == JOB_COMMIT || kind == JOB_RENEW || kind == JOB_UPKEEP;
}

static void start(Pipeline *pipeline, JobKind kind, AkFlight *flight)
{
    Job *job = g_new0(Job, 1);

    job->kind = kind;
    job->pipeline = pipeline;
    job->flight = flight;
    job->wait_ms = kind == JOB_READ ? pipeline->next_wait_ms : 0;
    pipeline->running++;
    pipeline->is_reading |= kind == JOB_READ;
    pipeline->is_writer_busy |= needs_writer(kind);
    pipeline->is_upkeeping |= kind == JOB_UPKEEP;
    pipeline->session->exec->driver->submit(pipeline->session->exec, run_job, job);
}

static AkFlight *first_in(Pipeline *pipeline, AkFlightState state)
{
    for (GList *l = pipeline->flights.head; l != NULL; l = l->next) {
        AkFlight *flight = l->data;

        if (flight->state == state)
            return flight;
    }
    return NULL;
}

/* The oldest flight that is only built, if all before it are sealed. */
static AkFlight *next_to_seal(Pipeline *pipeline)
{
    for (GList *l = pipeline->flights.head; l != NULL; l = l->next) {
        AkFlight *flight = l->data;

        if (flight->state < AK_FLIGHT_SEALED)
            return flight->state == AK_FLIGHT_BUILT ? flight : NULL;
    }
    return NULL;
}

static void fail(Pipeline *pipeline, GError *error)
{
    if (pipeline->error == NULL)
        pipeline->error = error;
    else
        g_error_free(error);
}

static void drop_head(Pipeline *pipeline)
{
    AkFlight *flight = g_queue_pop_head(&pipeline->flights);

    ak_flight_report(flight, pipeline->session->report);
    ak_upkeep_note(&pipeline->upkeep, flight->day);
    ak_flight_free(flight);
}

static void seal_built(Pipeline *pipeline)
{
    AkFlight *flight;
    GError *error = NULL;

    while (pipeline->error == NULL && (flight = next_to_seal(pipeline)) != NULL) {
        if (pipeline->config->is_dry_run) {
            drop_head(pipeline);
        } else if (!ak_flight_seal(flight, pipeline->config, &pipeline->session->tree, &error)) {
            fail(pipeline, error);
        }
    }
}

/* Days are closed while nothing is being read: what is read later is filed after them. */
static gboolean is_upkeep_due(Pipeline *pipeline)
{
    gboolean is_idle =
        !pipeline->is_reading && !pipeline->is_open && g_queue_is_empty(&pipeline->flights);

    return pipeline->error == NULL && !pipeline->config->is_dry_run && !is_stopped(pipeline) &&
           ak_upkeep_is_due(&pipeline->upkeep, is_idle);
}

/* What the writing connection does next. A failure elsewhere does not keep what is in the archive
 * from being committed; a lost lease and a failed commit do. */
static void start_writer(Pipeline *pipeline)
{
    AkFlight *head = g_queue_peek_head(&pipeline->flights), *sealed;

    if (pipeline->is_writer_busy || pipeline->config->is_dry_run || pipeline->is_commit_lost ||
        g_error_matches(pipeline->error, AK_ERROR, AK_ERROR_FENCED))
        return;
    if (pipeline->error == NULL && now(pipeline) >= pipeline->renew_usec)
        start(pipeline, JOB_RENEW, NULL);
    else if (is_upkeep_due(pipeline))
        start(pipeline, JOB_UPKEEP, NULL);
    else if (pipeline->error == NULL && (sealed = first_in(pipeline, AK_FLIGHT_SEALED)) != NULL)
        start(pipeline, JOB_PLAN, sealed);
    else if (head != NULL && head->state == AK_FLIGHT_PUT)
        start(pipeline, JOB_COMMIT, head);
}

static void start_read(Pipeline *pipeline)
{
    if (pipeline->is_reading || pipeline->is_upkeeping || pipeline->has_all ||
        pipeline->error != NULL || g_queue_get_length(&pipeline->flights) >= pipeline->max_flights)
        return;
    if (is_stopped(pipeline)) {
        pipeline->has_all = TRUE;
        return;
    }
    /* else a writer that is busy with a short lease would never find the reader idle */
    if (!is_upkeep_due(pipeline))
        start(pipeline, JOB_READ, NULL);
}

static void add_batch(Pipeline *pipeline, AkBatch *batch, gint64 day)
{
    AkFlight *flight = ak_flight_new(batch, day);

    pipeline->open_since_usec = 0;
    g_queue_push_tail(&pipeline->flights, flight);
    start(pipeline, JOB_BUILD, flight);
}

static void flush(Pipeline *pipeline)
{
    gint64 day = 0;
    AkBatch *batch = ak_feed_flush(pipeline->session->feed, &day);

    if (batch != NULL)
        add_batch(pipeline, batch, day);
}

/* A predecessor that is missing may still commit: the gap counts once it has lasted. */
static void on_break(Pipeline *pipeline, AkFeedStep step)
{
    guint grace_ms =
        pipeline->config->gap_grace_ms != 0 ? pipeline->config->gap_grace_ms : DEFAULT_GRACE_MS;

    if (pipeline->gap_since_usec == 0)
        pipeline->gap_since_usec = now(pipeline);
    if (step == AK_FEED_GAP && now(pipeline) - pipeline->gap_since_usec < grace_ms * 1000LL) {
        pipeline->next_wait_ms = GRACE_TICK_MS;
        return;
    }
    pipeline->broken = ak_break_error(step, ak_feed_fault(pipeline->session->feed));
    pipeline->has_all = TRUE;
    flush(pipeline);
}

/* How long what is open may still wait for more rows. */
static gint64 open_left_usec(Pipeline *pipeline)
{
    const AkExportConfig *config = pipeline->config;
    guint flush_ms = config->flush_interval_ms != 0 ? config->flush_interval_ms : DEFAULT_FLUSH_MS;

    if (pipeline->open_since_usec == 0)
        pipeline->open_since_usec = now(pipeline);
    return pipeline->open_since_usec + flush_ms * 1000LL - now(pipeline);
}

static void on_end(Pipeline *pipeline)
{
    const AkExportConfig *config = pipeline->config;
    gint64 left_usec;

    pipeline->gap_since_usec = 0;
    pipeline->next_wait_ms = config->poll_interval_ms != 0 ? config->poll_interval_ms : POLL_MS;
    if (!config->is_follow || ak_feed_is_spent(pipeline->session->feed))
        pipeline->has_all = TRUE;
    if (ak_feed_open(pipeline->session->feed) == 0)
        return;
    left_usec = pipeline->has_all ? 0 : open_left_usec(pipeline);
    if (left_usec <= 0)
        flush(pipeline);
    else
        pipeline->next_wait_ms = (guint)MIN(pipeline->next_wait_ms, left_usec / 1000 + 1);
}

static void on_read(Pipeline *pipeline, Job *job)
{
    pipeline->is_reading = FALSE;
    pipeline->upkeep.head_usec = 0;
    if (job->error != NULL)
        return;
    switch (job->step) {
    case AK_FEED_BATCH:
        pipeline->gap_since_usec = 0;
        pipeline->next_wait_ms = 0;
        add_batch(pipeline, g_steal_pointer(&job->batch), job->day);
        break;
    case AK_FEED_END:
        if (!ak_feed_is_spent(pipeline->session->feed))
            pipeline->upkeep.head_usec = job->begun_usec;
        on_end(pipeline);
        break;
    case AK_FEED_GAP:
    case AK_FEED_FORK:
        on_break(pipeline, job->step);
        break;
    }
    pipeline->is_open = ak_feed_open(pipeline->session->feed) > 0;
}

static void end_upkeep(Pipeline *pipeline)
{
    gint64 open_day = pipeline->upkeep.sealer.next_day;

    pipeline->is_upkeeping = FALSE;
    /* a read that went on meanwhile is past that day already */
    if (!pipeline->is_reading && !pipeline->is_open && open_day != G_MAXINT64)
        ak_feed_open_day(pipeline->session->feed, open_day);
}

static void finish(Pipeline *pipeline, Job *job)
{
    pipeline->running--;
    if (job->kind == JOB_READ)
        on_read(pipeline, job);
    else if (needs_writer(job->kind))
        pipeline->is_writer_busy = FALSE;
    if (job->kind == JOB_UPKEEP)
        end_upkeep(pipeline);
    if (job->kind == JOB_RENEW)
        pipeline->renew_usec =
            now(pipeline) + ak_export_lease_ttl_ms(pipeline->config) * 1000LL / 3;
    pipeline->is_commit_lost |= job->kind == JOB_COMMIT && job->error != NULL;
    if (job->error != NULL)
        fail(pipeline, g_steal_pointer(&job->error));
    else if (job->kind == JOB_PLAN)
        start(pipeline, JOB_PUT, job->flight);
    else if (job->kind == JOB_COMMIT)
        drop_head(pipeline);
    g_free(job);
}

static void loop(Pipeline *pipeline)
{
    for (;;) {
        Job *job;

        seal_built(pipeline);
        start_writer(pipeline);
        start_read(pipeline);
        if (pipeline->running == 0)
            break;
        job = pipeline->session->exec->driver->wait(pipeline->session->exec, TICK_MS);
        if (job != NULL)
            finish(pipeline, job);
    }
}

static gboolean take_verdict(Pipeline *pipeline, GError **error)
{
    if (pipeline->error != NULL && pipeline->broken != NULL)
        g_clear_error(&pipeline->broken);
    if (pipeline->error == NULL)
        pipeline->error = g_steal_pointer(&pipeline->broken);
    if (pipeline->error == NULL && is_stopped(pipeline) && !pipeline->config->is_follow)
        pipeline->error = g_error_new(AK_ERROR, AK_ERROR_CANCELLED,
                                      "archiving was stopped; hint: run it again to go on");
    if (pipeline->config->is_follow && is_stopped(pipeline) &&
        g_error_matches(pipeline->error, AK_ERROR, AK_ERROR_CANCELLED))
        g_clear_error(&pipeline->error);
    if (pipeline->error == NULL)
        return TRUE;
    g_propagate_error(error, pipeline->error);
    return FALSE;
}

static void free_builder(gpointer builder)
{
    ak_segment_builder_free(builder);
}

static void free_flight(gpointer flight)
{
    ak_flight_free(flight);
}

gboolean ak_session_export(AkSession *session, GError **error)
{
    const AkExportConfig *config = session->config;
    guint threads = ak_export_threads(config);
    Pipeline pipeline = {
        .config = config,
        .session = session,
        .max_flights = threads + 1,
        .builders = g_async_queue_new_full(free_builder),
    };

    g_queue_init(&pipeline.flights);
    if (ak_upkeep_open(&pipeline.upkeep, session, &pipeline.error))
        loop(&pipeline);
    g_queue_clear_full(&pipeline.flights, free_flight);
    g_async_queue_unref(pipeline.builders);
    return take_verdict(&pipeline, error);
}
