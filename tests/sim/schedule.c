#include "sim/schedule.h"

#include "fixed_key.h"
#include "sim/backup.h"
#include "sim/call.h"
#include "sim/check.h"
#include "sim/check_archive.h"
#include "sim/check_seals.h"
#include "sim/person.h"
#include "sim/process.h"
#include "sim/seals.h"
#include "sim/table.h"
#include "util/time.h"

enum { MAX_STEPS = 200000, LAST = SIM_MAX_PROCESSES - 1 };

/* How a fault's probability is drawn: in @of_10 of 10 schedules it is there at all, and then up to
 * @most per 10000 of the times when it could happen. */
static const struct {
    const char *name;
    guint of_10, most;
} faults[SIM_N_FAULTS] = {
    [SIM_CRASH] = {"crash", 6, 400},
    [SIM_LOST_REPLY] = {"lost reply", 6, 500},
    [SIM_TIMEOUT] = {"time-out", 6, 500},
    [SIM_LATE_REQUEST] = {"late request", 0, 0}, /* half of the time-outs */
    [SIM_DUPLICATE] = {"duplicated request", 6, 5000},
    [SIM_TORN_WRITE] = {"torn write", 5, 2000},
    [SIM_STALL] = {"stall", 6, 500},
    [SIM_PAUSE] = {"pause", 6, 400},
    [SIM_CLOCK_STEP] = {"clock step", 5, 300},
    [SIM_THROTTLED] = {"throttling", 5, 500},
    [SIM_DENIED] = {"denied", 3, 100},
    [SIM_READ_CUT] = {"read cut short", 5, 300},
    [SIM_LATE_COMMIT] = {"late commit", 5, 1500},
    [SIM_DELETE_COLD] = {"archived row deleted", 5, 5000},
    [SIM_DELETE_HOT] = {"row deleted too early", 2, 500},
    [SIM_FOREIGN_OBJECT] = {"foreign object", 1, 1000},
    [SIM_WEAK_OBJECT] = {"weaker object", 1, 1000},
    [SIM_LOCK_DROPPED] = {"lock dropped", 1, 1000},
    [SIM_DELETE_MARKER] = {"delete marker", 3, 1500},
    [SIM_STORE_FULL] = {"store full or read-only", 3, 300},
    [SIM_RESTORE] = {"restored database", 2, 10000},
};

const char *sim_fault_name(SimFault fault)
{
    return faults[fault].name;
}

gboolean sim_draw(SimWorld *world, SimFault fault)
{
    if (world->rates[fault] == 0 || world->is_calm ||
        !sim_rng_chance(&world->rng, world->rates[fault]))
        return FALSE;
    world->lab->stats.faults[fault]++;
    world->has_seen[fault] = TRUE;
    if (world->lab->is_tracing)
        sim_trace(world, "fault: %s", faults[fault].name);
    return TRUE;
}

SimLab *sim_lab_new(SimMutant mutant, gboolean is_tracing)
{
    SimLab *lab = g_new0(SimLab, 1);

    for (guint i = 0; i < SIM_CHAINS; i++)
        lab->chains[i] = sim_chain_new(i);
    lab->fibers = sim_fibers_new();
    lab->key = fixed_key_new();
    lab->sha = ak_sha256_new();
    lab->check = sim_archive_check_new();
    lab->mutant = mutant;
    lab->is_tracing = is_tracing;
    return lab;
}

void sim_lab_free(SimLab *lab)
{
    for (guint i = 0; i < SIM_CHAINS; i++)
        sim_chain_free(lab->chains[i]);
    sim_fibers_free(lab->fibers);
    ak_signing_key_free(lab->key);
    ak_sha256_free(lab->sha);
    sim_archive_check_free(lab->check);
    g_free(lab);
}

/* One schedule in eight is quiet; in the others each fault has a rate of its own. */
static void draw_rates(SimWorld *world)
{
    SimRng *rng = &world->rng;
    gboolean is_quiet = sim_rng_chance(rng, 1250);
    guint part = 1U << sim_rng_below(rng, 4);

    for (guint i = 0; i < SIM_N_FAULTS; i++) {
        gboolean is_there = sim_rng_below(rng, 10) < faults[i].of_10;
        guint rate = sim_rng_below(rng, faults[i].most / part + 1);

        world->rates[i] = is_quiet || !is_there ? 0 : rate;
    }
}

/* Long after the events, or when a midnight passes with the day of one of them, or some days after
 * it. */
static gint64 draw_start(SimWorld *world)
{
    SimRng *rng = &world->rng;
    gint64 day = G_MININT64;

    if (sim_rng_chance(rng, 3000))
        return G_GINT64_CONSTANT(1750000000) * AK_USEC_PER_SEC;
    for (guint i = 0; i < world->n_events; i++)
        day = MAX(day, ak_time_day(world->chain->events[i].ts_usec));
    day += 1 + (sim_rng_chance(rng, 3000) ? sim_rng_below(rng, 4) : 0);
    return day * AK_USEC_PER_DAY - sim_rng_below(rng, 8000) * G_GINT64_CONSTANT(1000);
}

static void init(SimWorld *world, SimLab *lab, guint64 seed)
{
    SimRng *rng = &world->rng;
    guint most;

    *world = (SimWorld){.lab = lab, .seed = seed, .rng = {seed}, .seen_pointer = -1};
    world->pointer = AK_CURSOR_START;
    world->segments = g_ptr_array_new_with_free_func(sim_segment_free);
    world->seals = g_ptr_array_new_with_free_func(sim_seal_free);
    world->objects = g_ptr_array_new_with_free_func(sim_object_free);
    world->chain = lab->chains[sim_rng_below(rng, SIM_CHAINS)];
    most = sim_rng_chance(rng, 7000) ? 20 : SIM_MAX_EVENTS;
    world->n_events = sim_rng_between(rng, 5, most);
    world->now_usec = draw_start(world);
    world->archive = world->chain;
    world->n_archive = world->n_events;
    for (guint i = 0; i < SIM_MAX_EVENTS; i++)
        world->event_of[i] = i;
    world->acceptances = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    world->is_conditional = sim_rng_chance(rng, 6000);
    world->ttl_ms = sim_rng_between(rng, 300, 3000);
    world->n_processes = sim_rng_between(rng, 1, LAST);
    draw_rates(world);
    sim_table_init(world, sim_rng_between(rng, 100, 5000));
    for (guint i = 0; i < world->n_processes; i++)
        sim_process_init(world, i, sim_rng_chance(rng, 5000));
    sim_process_init(world, LAST, sim_rng_chance(rng, 3000));
}

static void clear(SimWorld *world)
{
    for (guint i = 0; i < SIM_MAX_PROCESSES; i++)
        sim_process_clear(&world->processes[i]);
    sim_backup_free(world);
    g_ptr_array_unref(world->segments);
    g_ptr_array_unref(world->seals);
    g_ptr_array_unref(world->acceptances);
    if (world->own_archive != NULL)
        sim_chain_free(world->own_archive);
    g_ptr_array_unref(world->objects);
    g_free(world->violation);
}

static gboolean is_anybody_alive(const SimWorld *world)
{
    for (guint i = 0; i < world->n_processes; i++)
        if (world->processes[i].main != NULL)
            return TRUE;
    return FALSE;
}

/* Some exporters are asked to stop, the others are killed. */
static void end_processes(SimWorld *world)
{
    world->is_over = TRUE;
    for (guint i = 0; i < world->n_processes; i++) {
        SimProcess *process = &world->processes[i];

        if (sim_rng_chance(&world->rng, 5000))
            process->stop = 1;
        else
            sim_crash(process);
    }
    while (is_anybody_alive(world))
        sim_sleep(world, 50000);
}

/* Stops the last exporter, if it follows, once there is nothing left to do or it has had its time.
 */
static void watch_last(gpointer data)
{
    SimWorld *world = data;
    SimProcess *last = &world->processes[LAST];
    gint64 until = world->now_usec + 20 * G_GINT64_CONSTANT(1000000);

    while (last->main != NULL && last->stop == 0) {
        last->stop =
            (last->report.head.index + 1 == (gint64)world->n_archive && sim_is_kept_up(last)) ||
            world->now_usec > until;
        sim_sleep(world, 200000);
    }
}

/* A lease that nobody gave back has to run out first; what was late may take it once more. */
static void run_last(SimWorld *world)
{
    SimProcess *last = &world->processes[LAST];
    gint64 until = world->now_usec + 5000000 + 3 * world->ttl_ms * 1000LL;

    for (;;) {
        last->main = sim_fiber_current(world->lab->fibers);
        if (last->config.is_follow)
            (void)sim_fiber_start(world->lab->fibers, watch_last, world, NULL,
                                  world->now_usec + 100000);
        sim_process_run(last);
        last->main = NULL;
        if (!g_error_matches(last->error, AK_ERROR, AK_ERROR_BUSY) || world->now_usec > until)
            return;
        sim_sleep(world, world->ttl_ms * 500LL);
    }
}

static void run_calm(SimWorld *world)
{
    world->is_calm = TRUE;
    world->calm_pointer = world->pointer.index;
    world->calm_usec = world->now_usec;
    run_last(world);
}

/* Somebody accepts the gaps that the chain stops at; now and then another storm follows. */
static void run_accepted(SimWorld *world)
{
    SimProcess *last = &world->processes[LAST];

    while (g_error_matches(last->error, AK_ERROR, AK_ERROR_GAP) &&
           sim_rng_chance(&world->rng, 8000)) {
        last->main = sim_fiber_current(world->lab->fibers);
        if (!sim_person_accepts(last))
            return;
        last->main = NULL;
        if (sim_rng_chance(&world->rng, 5000)) {
            world->is_calm = world->is_over = FALSE;
            for (guint i = 0; i < world->n_processes; i++)
                sim_process_start(&world->processes[i]);
            sim_sleep(world, sim_rng_between(&world->rng, 500, 3000) * 1000LL);
            end_processes(world);
            sim_sleep(world, SIM_LATEST_MS * 1000LL);
        }
        run_calm(world);
    }
}

/* The storm, and after it one exporter alone in calm. */
static void direct(gpointer data)
{
    SimWorld *world = data;

    sim_sleep(world, sim_rng_between(&world->rng, 1000, 8000) * 1000LL);
    sim_trace(world, "the storm ends");
    end_processes(world);
    if (world->backup != NULL && sim_draw(world, SIM_RESTORE)) {
        sim_sleep(world, SIM_LATEST_MS * 1000LL); /* nothing is under way any more */
        sim_backup_restore(world);
    }
    sim_table_settle(world);
    run_calm(world);
    run_accepted(world);
    world->end_usec = world->now_usec;
}

char *sim_schedule_run(SimLab *lab, guint64 seed)
{
    SimWorld *world = g_new(SimWorld, 1);
    char *violation;

    init(world, lab, seed);
    (void)sim_fiber_start(lab->fibers, sim_table_run, world, NULL, world->now_usec);
    (void)sim_fiber_start(lab->fibers, direct, world, NULL, world->now_usec);
    for (guint i = 0; i < world->n_processes; i++)
        sim_process_start(&world->processes[i]);
    while (sim_fibers_step(lab->fibers, &world->now_usec)) {
        sim_check_step(world);
        if (++world->steps > MAX_STEPS)
            g_error("seed %" G_GUINT64_FORMAT " does not come to an end", seed);
    }
    sim_check_end(world, &world->processes[LAST]);
    lab->stats.schedules++;
    lab->stats.steps += world->steps;
    lab->stats.violations += world->violation != NULL;
    violation = g_steal_pointer(&world->violation);
    clear(world);
    g_free(world);
    return violation;
}
