#include "sim/process.h"

#include "sim/call.h"
#include "sim/check.h"
#include "sim/source.h"
#include "sim/store.h"

typedef struct {
    SimProcess *process;
    AkTask task;
    gpointer job;
} Work;

static SimProcess *process_of(AkExec *exec)
{
    return (SimProcess *)(gpointer)((char *)exec - G_STRUCT_OFFSET(SimProcess, exec));
}

static void run_work(gpointer data)
{
    Work *work = data;
    SimProcess *process = work->process;

    work->task(work->job);
    g_queue_push_tail(&process->done, work->job);
    if (process->is_waiting)
        sim_fiber_wake(process->main, process->world->now_usec);
    g_free(work);
}

/* Each job is a fiber of its own: what it does is interleaved with the other jobs' calls. */
static void submit(AkExec *exec, AkTask task, gpointer job)
{
    SimProcess *process = process_of(exec);
    SimWorld *world = process->world;
    Work *work = g_new(Work, 1);
    gint64 at = world->now_usec + sim_rng_below(&world->rng, 3000);

    *work = (Work){process, task, job};
    process->jobs++;
    if (sim_fiber_start(world->lab->fibers, run_work, work, &process->held_until, at) == NULL)
        g_error("out of fibers");
}

static gpointer wait_for_job(AkExec *exec, guint timeout_ms)
{
    SimProcess *process = process_of(exec);
    SimWorld *world = process->world;
    gint64 until = world->now_usec + timeout_ms * 1000LL;
    guint count;

    process->is_waiting = TRUE;
    while (process->done.length == 0 && world->now_usec < until)
        sim_fiber_sleep(world->lab->fibers, until);
    process->is_waiting = FALSE;
    count = process->done.length;
    if (count == 0)
        return NULL;
    process->jobs--;
    return g_queue_pop_nth(&process->done, sim_rng_below(&world->rng, count));
}

static gint64 now_usec(AkExec *exec)
{
    const SimProcess *process = process_of(exec);

    return process->world->now_usec + process->skew_usec;
}

void sim_process_init(SimWorld *world, guint number, gboolean is_follow)
{
    static const AkExecDriver driver = {
        .submit = submit, .wait = wait_for_job, .now_usec = now_usec};
    SimProcess *process = &world->processes[number];
    SimRng *rng = &world->rng;

    process->world = world;
    process->number = number;
    process->exec.driver = &driver;
    process->source.chain = SIM_CHAIN_NAME;
    process->keeps_name = sim_rng_chance(rng, 5000);
    g_queue_init(&process->done);
    sim_store_init(process);
    process->config = (AkExportConfig){
        .source = &process->source,
        .store = &process->store,
        .key = world->lab->key,
        .origin = "sim",
        .retention = "7 years",
        .lock_mode = AK_LOCK_COMPLIANCE,
        .holder = process->holder,
        .lease_ttl_ms = world->ttl_ms,
        .segment_events = sim_rng_between(rng, 2, 8),
        .segment_bytes = sim_rng_chance(rng, 3000) ? sim_rng_between(rng, 300, 1500) : 0,
        .flush_interval_ms = sim_rng_between(rng, 100, 2000),
        .seal_grace_ms = sim_rng_between(rng, 1, 2000),
        .heartbeat_interval_ms = sim_rng_chance(rng, 4000) ? sim_rng_between(rng, 500, 3000) : 0,
        .gap_grace_ms = sim_rng_between(rng, 50, 1500),
        .threads = sim_rng_between(rng, 1, 4),
        .is_follow = is_follow,
        .exec = &process->exec,
        .open_source = sim_source_open,
        .stop = &process->stop,
    };
}

void sim_process_clear(SimProcess *process)
{
    g_clear_error(&process->error);
    g_queue_clear(&process->done);
}

void sim_process_run(SimProcess *process)
{
    SimWorld *world = process->world;

    process->main = sim_fiber_current(world->lab->fibers);
    process->is_crashed = FALSE;
    process->stop = 0;
    process->runs++;
    (void)g_snprintf(process->holder, sizeof process->holder, "p%u.%u", process->number,
                     process->keeps_name ? 0 : process->runs);
    g_clear_error(&process->error);
    sim_trace(world, "%s starts", process->holder);
    (void)!ak_export_run(&process->config, &process->report, &process->error);
    sim_trace(world, "%s ends: %s", process->holder,
              process->error != NULL ? process->error->message : "well");
    sim_check_run(process);
}

static void live(gpointer data)
{
    SimProcess *process = data;
    SimWorld *world = process->world;

    sim_sleep(world, sim_rng_below(&world->rng, 1000) * 1000LL);
    while (!world->is_over) {
        sim_process_run(process);
        sim_sleep(world, sim_rng_between(&world->rng, 50, 2500) * 1000LL);
    }
    process->main = NULL;
}

void sim_process_start(SimProcess *process)
{
    SimWorld *world = process->world;

    process->main =
        sim_fiber_start(world->lab->fibers, live, process, &process->held_until, world->now_usec);
}
