#include "cli/rota.h"

#include "cli/chains.h"
#include "cli/discover.h"
#include "cli/open.h"
#include "cli/stop.h"
#include "util/stop.h"
#include "util/time.h"

enum { TICK_MS = 200, MIN_RETRY_MS = 1000, MAX_RETRY_MS = 60000 };

/* One chain. Times are the wall clock's. */
typedef struct {
    AkCli cli;
    char *key;             /* table, column and value: what pending events are looked up by */
    gboolean is_running;   /* a visit is under way */
    gint64 waiting_usec;   /* events wait since then; 0: none do */
    gint64 upkeep_usec;    /* a visit is due then, whatever waits */
    gint64 retry_usec;     /* and none before that */
    gint64 visited_usec;   /* the end of the last one */
    guint delay_ms;        /* between failures */
    GError *error;         /* of the last visit */
    AkExportReport report; /* of all visits */
} Slot;

/* A table, and the column that tells its chains apart: one look for what is pending. */
typedef struct {
    char *table, *column;
} Group;

typedef struct {
    AkCli *cli;
    const AkRota *rota;
    GMutex lock; /* of the slots */
    GCond wake;
    GPtrArray *slots;   /* Slot */
    GHashTable *by_key; /* key → Slot */
    GHashTable *groups; /* "table", "column" as a key → Group */
    guint n_seen;       /* of cli->chains, for which there are slots */
    AkSource *source;   /* looks and waits; NULL: connect again */
    gint64 look_usec;   /* for new chains: when next */
} Run;

static gint64 now(void)
{
    return g_get_real_time();
}

static gboolean is_stopped(void)
{
    return ak_is_stopped(ak_stop_flag());
}

static void free_slot(gpointer data)
{
    Slot *slot = data;

    g_free(slot->key);
    g_clear_error(&slot->error);
    g_free(slot);
}

static void free_group(gpointer data)
{
    Group *group = data;

    g_free(group->table);
    g_free(group->column);
    g_free(group);
}

static char *key_of(const char *table, const char *column, const char *value)
{
    return g_strjoin("\n", table, column != NULL ? column : "", value, NULL);
}

static void add_group(Run *run, const char *table, const char *column)
{
    g_autofree char *key = key_of(table, column, "");
    Group *group;

    if (g_hash_table_contains(run->groups, key))
        return;
    group = g_new0(Group, 1);
    group->table = g_strdup(table);
    group->column = g_strdup(column);
    g_hash_table_insert(run->groups, g_steal_pointer(&key), group);
}

static void add_slot(Run *run, guint i)
{
    Slot *slot = g_new0(Slot, 1);
    const GError *bad = ak_chains_get(run->cli, i, &slot->cli);
    const char *column = ak_cli_text(&slot->cli, AK_OPT_WHERE_COLUMN);
    const char *value = ak_cli_text(&slot->cli, AK_OPT_WHERE_VALUE);

    slot->report.head = AK_CURSOR_START;
    g_ptr_array_add(run->slots, slot);
    if (bad != NULL) {
        g_warning("chain '%s': %s", ak_cli_text(&slot->cli, AK_OPT_CHAIN), bad->message);
        slot->error = g_error_copy(bad);
        slot->retry_usec = G_MAXINT64;
        return;
    }
    slot->key = key_of(ak_cli_text(&slot->cli, AK_OPT_TABLE), column, value != NULL ? value : "");
    (void)g_hash_table_insert(run->by_key, slot->key, slot);
    add_group(run, ak_cli_text(&slot->cli, AK_OPT_TABLE), column);
}

/* A chain that is found later to be wrong keeps its slot: its own binding stops it. */
static void add_slots(Run *run)
{
    g_mutex_lock(&run->lock);
    for (; run->n_seen < run->cli->chains->len; run->n_seen++)
        add_slot(run, run->n_seen);
    g_mutex_unlock(&run->lock);
}

static gint64 due_at(const Slot *slot, gint64 flush_usec)
{
    gint64 due = slot->upkeep_usec;

    if (slot->waiting_usec != 0)
        due = MIN(due, slot->waiting_usec + flush_usec);
    return MAX(due, slot->retry_usec);
}

/* Of the chains whose turn it is the one that was visited longest ago; what waits goes first. */
static Slot *pick(Run *run)
{
    gint64 flush_usec = (gint64)ak_cli_number(run->cli, AK_OPT_FLUSH_INTERVAL) * 1000;
    gint64 at = now();
    Slot *best = NULL;

    for (guint i = 0; i < run->slots->len; i++) {
        Slot *slot = g_ptr_array_index(run->slots, i);
        gboolean is_waiting = slot->waiting_usec != 0;

        if (slot->is_running || due_at(slot, flush_usec) > at)
            continue;
        if (best == NULL || is_waiting > (best->waiting_usec != 0) ||
            (is_waiting == (best->waiting_usec != 0) && slot->visited_usec < best->visited_usec))
            best = slot;
    }
    return best;
}

/* When a chain without events is owed a seal or a heartbeat. */
static gint64 next_upkeep(const Run *run, gint64 at)
{
    gint64 beat = (gint64)ak_cli_number(run->cli, AK_OPT_HEARTBEAT_INTERVAL) * 1000;
    gint64 grace = (gint64)ak_cli_number(run->cli, AK_OPT_SEAL_GRACE) * 1000;
    gint64 seal = (ak_time_day(at - grace) + 1) * AK_USEC_PER_DAY + grace + AK_USEC_PER_SEC;

    return beat > 0 ? MIN(seal, (at / beat + 1) * beat) : seal;
}

static void add_report(AkExportReport *sum, const AkExportReport *visit)
{
    sum->events += visit->events;
    sum->segments += visit->segments;
    sum->adopted += visit->adopted;
    sum->content_bytes += visit->content_bytes;
    sum->object_bytes += visit->object_bytes;
    sum->seals += visit->seals;
    sum->sealed_days += visit->sealed_days;
    sum->heartbeats += visit->heartbeats;
    for (guint i = 0; i < AK_FAULT_N_CODES; i++)
        sum->faults[i] += visit->faults[i];
    if (visit->head.index >= 0)
        sum->head = visit->head;
}

/* Another process at work is no failure: it does what is to be done. */
static void take_failure(Slot *slot, GError *error)
{
    gboolean is_elsewhere = g_error_matches(error, AK_ERROR, AK_ERROR_BUSY) ||
                            g_error_matches(error, AK_ERROR, AK_ERROR_FENCED);
    gboolean may_pass =
        ak_error_is_retryable(error) || g_error_matches(error, AK_ERROR, AK_ERROR_DENIED);

    if (is_stopped() && (g_error_matches(error, AK_ERROR, AK_ERROR_CANCELLED) || is_elsewhere)) {
        g_error_free(error);
        return;
    }
    slot->delay_ms = is_elsewhere ? (guint)ak_cli_number(&slot->cli, AK_OPT_LEASE_TTL) / 3
                     : may_pass   ? CLAMP(slot->delay_ms * 2, MIN_RETRY_MS, MAX_RETRY_MS)
                                  : MAX_RETRY_MS;
    slot->retry_usec = now() + slot->delay_ms * 1000LL;
    if (is_elsewhere) {
        g_error_free(error);
        return;
    }
    if (slot->error == NULL || strcmp(slot->error->message, error->message) != 0)
        g_warning("chain '%s': %s; trying again every %u s", ak_cli_text(&slot->cli, AK_OPT_CHAIN),
                  error->message, (slot->delay_ms + 999) / 1000);
    g_clear_error(&slot->error);
    slot->error = error;
}

static void take_visit(Run *run, Slot *slot, const AkExportReport *report, GError *error)
{
    add_report(&slot->report, report);
    slot->visited_usec = now();
    slot->is_running = FALSE;
    if (error != NULL) {
        take_failure(slot, error);
        return;
    }
    g_clear_error(&slot->error);
    slot->delay_ms = 0;
    slot->retry_usec = 0;
    slot->upkeep_usec = next_upkeep(run, slot->visited_usec);
    if (report->events < run->rota->limit)
        slot->waiting_usec = 0;
}

static gpointer work(gpointer data)
{
    Run *run = data;

    g_mutex_lock(&run->lock);
    while (!is_stopped()) {
        Slot *slot = pick(run);
        AkExportReport report = {.head = AK_CURSOR_START};
        GError *error = NULL;

        if (slot == NULL) {
            (void)g_cond_wait_until(&run->wake, &run->lock,
                                    g_get_monotonic_time() + TICK_MS * 1000LL);
            continue;
        }
        slot->is_running = TRUE;
        g_mutex_unlock(&run->lock);
        (void)!run->rota->visit(&slot->cli, run->rota->data, &report, &error);
        g_mutex_lock(&run->lock);
        take_visit(run, slot, &report, error);
    }
    g_mutex_unlock(&run->lock);
    return NULL;
}

/* What one look at a group has found. */
typedef struct {
    Run *run;
    const Group *group;
    GHashTable *waiting; /* Slot: events wait */
} Look;

static gboolean note_waiting(const char *value, gpointer data, GError **error)
{
    Look *look = data;
    g_autofree char *key = key_of(look->group->table, look->group->column, value);
    Slot *slot = g_hash_table_lookup(look->run->by_key, key);

    if (slot != NULL)
        (void)g_hash_table_add(look->waiting, slot);
    else if (ak_discover_is_asked(look->run->cli))
        look->run->look_usec = MIN(look->run->look_usec, now() + AK_USEC_PER_SEC);
    return TRUE;
}

static void set_waiting(Run *run, GHashTable *waiting)
{
    gint64 at = now();

    g_mutex_lock(&run->lock);
    for (guint i = 0; i < run->slots->len; i++) {
        Slot *slot = g_ptr_array_index(run->slots, i);

        if (!g_hash_table_contains(waiting, slot))
            slot->waiting_usec = 0;
        else if (slot->waiting_usec == 0)
            slot->waiting_usec = at;
    }
    g_cond_broadcast(&run->wake);
    g_mutex_unlock(&run->lock);
}

/* What is wrong with one table its chains find out by themselves. */
static gboolean look_at_group(Run *run, Look *look, GError **error)
{
    GError *local = NULL;

    if (run->source->driver->pending(run->source, look->group->table, look->group->column,
                                     note_waiting, look, &local))
        return TRUE;
    if (!ak_error_is_retryable(local)) {
        g_debug("looking at table '%s': %s", look->group->table, local->message);
        g_error_free(local);
        return TRUE;
    }
    g_propagate_error(error, local);
    return FALSE;
}

static gboolean look_for_events(Run *run, GError **error)
{
    g_autoptr(GHashTable) waiting = g_hash_table_new(NULL, NULL);
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, run->groups);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Look look = {run, value, waiting};

        if (!look_at_group(run, &look, error))
            return FALSE;
    }
    set_waiting(run, waiting);
    return TRUE;
}

/* The source that looks and waits. One table tells of its new rows; more are polled. */
static gboolean connect(Run *run, GError **error)
{
    AkSourceConfig config;
    GHashTableIter iter;
    gpointer value;

    if (run->source != NULL)
        return TRUE;
    if (!ak_open_source_config(run->cli, &config, error))
        return FALSE;
    config.column = config.value = NULL;
    g_hash_table_iter_init(&iter, run->groups);
    if (g_hash_table_iter_next(&iter, NULL, &value))
        config.table = ((const Group *)value)->table;
    run->source = ak_source_open(&config, error);
    return run->source != NULL;
}

static gboolean look_for_chains(Run *run, GError **error)
{
    if (!ak_discover_is_asked(run->cli) || now() < run->look_usec)
        return TRUE;
    run->look_usec = now() + (gint64)ak_cli_number(run->cli, AK_OPT_CHAINS_INTERVAL) * 1000;
    if (!ak_discover_again(run->cli, error))
        return FALSE;
    add_slots(run);
    return TRUE;
}

/* Until rows may have come, or for the poll interval. */
static gboolean wait_for_events(Run *run, GError **error)
{
    gint64 left_ms = (gint64)ak_cli_number(run->cli, AK_OPT_POLL_INTERVAL);
    gboolean is_woken = FALSE;

    while (left_ms > 0 && !is_woken && !is_stopped()) {
        guint step_ms = (guint)MIN(left_ms, TICK_MS);
        gint64 begun = g_get_monotonic_time();

        if (g_hash_table_size(run->groups) != 1)
            g_usleep(step_ms * 1000UL);
        else if (!ak_source_wait(run->source, step_ms, error))
            return FALSE;
        is_woken = g_get_monotonic_time() - begun < step_ms * 1000LL;
        left_ms -= step_ms;
    }
    return TRUE;
}

static void watch(Run *run)
{
    guint delay_ms = 0;

    while (!is_stopped()) {
        g_autoptr(GError) error = NULL;

        if (look_for_chains(run, &error) && connect(run, &error) && look_for_events(run, &error) &&
            wait_for_events(run, &error)) {
            delay_ms = 0;
            continue;
        }
        delay_ms = CLAMP(delay_ms * 2, MIN_RETRY_MS, MAX_RETRY_MS);
        g_warning("looking for events: %s; trying again in %u s", error->message, delay_ms / 1000);
        g_clear_pointer(&run->source, ak_source_close);
        for (guint waited = 0; waited < delay_ms && !is_stopped(); waited += TICK_MS)
            g_usleep(TICK_MS * 1000);
    }
}

static gboolean finish(Run *run, GError **error)
{
    const Slot *worst = NULL;
    guint failed = 0;

    for (guint i = 0; i < run->slots->len; i++) {
        Slot *slot = g_ptr_array_index(run->slots, i);
        const AkExportReport *report = &slot->report;

        failed += slot->error != NULL;
        if (slot->error != NULL &&
            (worst == NULL || ak_chains_badness(&slot->cli, slot->error) >
                                  ak_chains_badness(&worst->cli, worst->error)))
            worst = slot;
        if ((report->segments > 0 || report->seals > 0 || report->heartbeats > 0) &&
            !run->rota->finish(&slot->cli, report, error))
            return FALSE;
    }
    if (worst == NULL)
        return TRUE;
    g_propagate_prefixed_error(error, g_error_copy(worst->error),
                               "%u of %u chains failed; the worst is '%s': ", failed,
                               run->slots->len, ak_cli_text(&worst->cli, AK_OPT_CHAIN));
    return FALSE;
}

gboolean ak_rota_run(AkCli *cli, const AkRota *rota, GError **error)
{
    guint n_threads = (guint)ak_cli_number(cli, AK_OPT_MAX_CHAINS);
    g_autoptr(GPtrArray) threads = g_ptr_array_new();
    Run run = {
        .cli = cli,
        .rota = rota,
        .slots = g_ptr_array_new_with_free_func(free_slot),
        .by_key = g_hash_table_new(g_str_hash, g_str_equal),
        .groups = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_group),
        .look_usec = now() + (gint64)ak_cli_number(cli, AK_OPT_CHAINS_INTERVAL) * 1000,
    };
    gboolean is_done;

    g_mutex_init(&run.lock);
    g_cond_init(&run.wake);
    add_slots(&run);
    if (ak_cli_text(cli, AK_OPT_CHAINS_COLUMN) != NULL)
        add_group(&run, ak_cli_text(cli, AK_OPT_TABLE), ak_cli_text(cli, AK_OPT_CHAINS_COLUMN));
    for (guint i = 0; i < n_threads; i++)
        g_ptr_array_add(threads, g_thread_new("rota", work, &run));
    watch(&run);
    for (guint i = 0; i < n_threads; i++)
        (void)g_thread_join(g_ptr_array_index(threads, i));
    is_done = finish(&run, error);
    g_clear_pointer(&run.source, ak_source_close);
    g_hash_table_unref(run.by_key);
    g_hash_table_unref(run.groups);
    g_ptr_array_unref(run.slots);
    g_mutex_clear(&run.lock);
    g_cond_clear(&run.wake);
    return is_done;
}
