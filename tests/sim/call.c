#include "sim/call.h"

static const char *const request_names[SIM_N_REQUESTS] = {
    [SIM_LEASE_ACQUIRE] = "acquire",
    [SIM_LEASE_RENEW] = "renew",
    [SIM_LEASE_RELEASE] = "release",
    [SIM_PLAN] = "plan",
    [SIM_COMMIT] = "commit",
    [SIM_SEAL_PLAN] = "plan seal",
    [SIM_SEAL_COMMIT] = "commit seal",
    [SIM_PUT] = "put",
    [SIM_LOCK] = "lock",
};

/* What becomes of a message on its way there. */
typedef enum {
    TRIP_ARRIVES,
    TRIP_FAILS, /* without effect */
    TRIP_LATE   /* the caller gave up; it arrives all the same */
} Trip;

SimRequest *sim_request_new(SimWorld *world, SimRequestKind kind)
{
    SimRequest *request = g_rc_box_new0(SimRequest);

    request->world = world;
    request->kind = kind;
    return request;
}

static void clear_request(gpointer data)
{
    SimRequest *request = data;

    ak_segment_row_clear(&request->row);
    ak_seal_row_clear(&request->seal);
    g_clear_pointer(&request->ids, g_array_unref);
    g_clear_pointer(&request->object, sim_object_free);
}

void sim_request_free(SimRequest *request)
{
    g_rc_box_release_full(request, clear_request);
}

const char *sim_request_name(SimRequestKind kind)
{
    return request_names[kind];
}

static gboolean apply(SimRequest *request, GError **error)
{
    SimWorld *world = request->world;
    gboolean is_done = request->kind >= SIM_PUT ? sim_store_apply(request, error)
                                                : sim_database_apply(request, error);

    if (world->lab->is_tracing)
        sim_trace(world,
                  "%s epoch %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT
                  " %s: %s",
                  request_names[request->kind], request->epoch, request->row.first_index,
                  request->row.last_index,
                  request->object != NULL     ? request->object->key
                  : request->seal.key != NULL ? request->seal.key
                                              : "",
                  is_done ? "done" : (*error)->message);
    return is_done;
}

static void run_late(gpointer data)
{
    g_autoptr(SimRequest) request = data;
    g_autoptr(GError) ignored = NULL;

    sim_trace(request->world, "a late request arrives");
    (void)!apply(request, &ignored);
}

void sim_call_late(SimRequest *request)
{
    SimWorld *world = request->world;
    SimFibers *fibers = world->lab->fibers;
    guint most = sim_rng_chance(&world->rng, 5000) ? 100000 : SIM_LATEST_MS * 1000;
    gint64 at = world->now_usec + sim_rng_between(&world->rng, 1, most);

    if (sim_fibers_left(fibers) > SIM_MAX_FIBERS / 4)
        (void)sim_fiber_start(fibers, run_late, g_rc_box_acquire(request), NULL, at);
}

void sim_crash(SimProcess *process)
{
    SimWorld *world = process->world;

    sim_trace(world, "p%u crashes", process->number);
    process->is_crashed = TRUE;
    process->stop = 1;
    process->held_until = 0;
    sim_fibers_wake_owned(world->lab->fibers, &process->held_until, world->now_usec);
}

static gboolean set_crashed(GError **error)
{
    g_set_error(error, AK_ERROR, AK_ERROR_CANCELLED, "process has crashed");
    return FALSE;
}

static gint64 draw_latency(SimWorld *world)
{
    if (sim_draw(world, SIM_STALL))
        return sim_rng_between(&world->rng, 100, 3 * world->ttl_ms) * 1000LL;
    return sim_rng_between(&world->rng, 200, 8000);
}

/* A call that is given up takes a while, and the connection is often gone with it. */
static gboolean give_up(SimProcess *process, const SimLine *line, const char *what, GError **error)
{
    SimWorld *world = process->world;

    sim_sleep(world, sim_rng_between(&world->rng, 1, 1500) * 1000LL);
    if (line->is_broken != NULL && sim_rng_chance(&world->rng, 7000))
        *line->is_broken = TRUE;
    g_set_error(error, AK_ERROR,
                sim_rng_chance(&world->rng, 5000) ? AK_ERROR_NETWORK : AK_ERROR_TIMEOUT,
                "%s: no answer", what);
    return FALSE;
}

static void draw_pause(SimProcess *process)
{
    SimWorld *world = process->world;

    if (sim_draw(world, SIM_PAUSE)) {
        guint ms = sim_rng_between(&world->rng, 10, 3 * world->ttl_ms);

        sim_trace(world, "p%u stands still for %u ms", process->number, ms);
        process->held_until = world->now_usec + ms * 1000LL;
    }
    if (sim_draw(world, SIM_CLOCK_STEP)) {
        static const gint64 steps[] = {1000000, 30000000, 3600000000, 30 * 86400000000};
        gint64 step = steps[sim_rng_below(&world->rng, G_N_ELEMENTS(steps))];

        process->skew_usec += sim_rng_chance(&world->rng, 5000) ? step : -step;
        process->most_skew_usec = MAX(process->most_skew_usec, process->skew_usec);
        sim_trace(world, "p%u has its clock at %+" G_GINT64_FORMAT " s", process->number,
                  process->skew_usec / 1000000);
    }
}

static gboolean is_refused(SimWorld *world, const SimLine *line, const char *what, GError **error)
{
    if (line->is_broken != NULL && *line->is_broken)
        g_set_error(error, AK_ERROR, AK_ERROR_NETWORK, "%s: connection is lost", what);
    else if (line->peer == SIM_STORE && sim_draw(world, SIM_THROTTLED))
        g_set_error(error, AK_ERROR, AK_ERROR_THROTTLED, "%s: slow down", what);
    else if (sim_draw(world, SIM_DENIED))
        g_set_error(error, AK_ERROR, AK_ERROR_DENIED, "%s: access denied", what);
    else
        return FALSE;
    return TRUE;
}

static Trip travel(SimProcess *process, const SimLine *line, const char *what, GError **error)
{
    SimWorld *world = process->world;

    if (process->is_crashed || sim_draw(world, SIM_CRASH)) {
        if (!process->is_crashed)
            sim_crash(process);
        (void)set_crashed(error);
        return TRIP_FAILS;
    }
    draw_pause(process);
    if (sim_draw(world, SIM_TIMEOUT)) {
        gboolean is_late = sim_rng_chance(&world->rng, 5000);

        (void)give_up(process, line, what, error);
        return is_late ? TRIP_LATE : TRIP_FAILS;
    }
    sim_sleep(world, draw_latency(world));
    if (process->is_crashed) {
        (void)set_crashed(error);
        return sim_rng_chance(&world->rng, 5000) ? TRIP_LATE : TRIP_FAILS;
    }
    return is_refused(world, line, what, error) ? TRIP_FAILS : TRIP_ARRIVES;
}

static gboolean travel_back(SimProcess *process, const SimLine *line, SimRequest *request,
                            const char *what, GError **error)
{
    SimWorld *world = process->world;

    if (process->is_crashed)
        return set_crashed(error);
    if (sim_draw(world, SIM_CRASH)) {
        sim_crash(process);
        return set_crashed(error);
    }
    if (sim_draw(world, SIM_LOST_REPLY)) {
        if (request != NULL && sim_draw(world, SIM_DUPLICATE))
            sim_call_late(request);
        return give_up(process, line, what, error);
    }
    if (sim_rng_chance(&world->rng, 2500))
        sim_sleep(world, draw_latency(world));
    return !process->is_crashed || set_crashed(error);
}

gboolean sim_call_write(SimProcess *process, const SimLine *line, SimRequest *request,
                        GError **error)
{
    SimWorld *world = process->world;
    const char *what = request_names[request->kind];
    GError *refusal = NULL;

    switch (travel(process, line, what, error)) {
    case TRIP_LATE:
        world->lab->stats.faults[SIM_LATE_REQUEST]++;
        sim_call_late(request);
        return FALSE;
    case TRIP_FAILS:
        return FALSE;
    case TRIP_ARRIVES:
        break;
    }
    if (world->lab->is_tracing)
        sim_trace(world, "p%u:", process->number);
    (void)!apply(request, &refusal);
    if (!travel_back(process, line, request, what, error)) {
        g_clear_error(&refusal);
        return FALSE;
    }
    if (refusal == NULL)
        return TRUE;
    g_propagate_error(error, refusal);
    return FALSE;
}

gboolean sim_call_read(SimProcess *process, const SimLine *line, const char *what, GError **error)
{
    return travel(process, line, what, error) == TRIP_ARRIVES &&
           travel_back(process, line, NULL, what, error);
}
