#include "sim/schedule.h"

#include <time.h>
#include <unistd.h>

/* auditkeep-sim: plays drawn schedules against the exporter (docs/simulator.md). */

/* Broken in the drivers; what mutants.py breaks is in programs of their own. */
static const char *const mutants[SIM_N_MUTANTS] = {
    [SIM_MUTANT_NONE] = "none",
    [SIM_MUTANT_EPOCH_IGNORED] = "epoch-ignored",
    [SIM_MUTANT_EPOCH_REUSED] = "epoch-reused",
    [SIM_MUTANT_LOCK_AFTER_WRITE] = "lock-after-write",
    [SIM_MUTANT_ACK_BEFORE_WRITE] = "ack-before-write",
    [SIM_MUTANT_OVERWRITE] = "overwrite",
    [SIM_MUTANT_POINTER_FIRST] = "pointer-first",
};

typedef struct {
    gint64 seed, first, schedules;
    char *mutant, *seeds;
    gboolean is_tracing, is_expected;
    SimMutant number;
} Options;

static GLogWriterOutput drop_log(GLogLevelFlags level, const GLogField *fields, gsize n_fields,
                                 gpointer data)
{
    if ((level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL)) != 0)
        return g_log_writer_standard_streams(level, fields, n_fields, NULL);
    return G_LOG_WRITER_HANDLED;
}

static gint64 default_schedules(void)
{
    const char *text = g_getenv("AUDITKEEP_SIM_SCHEDULES");
    gint64 count;

    if (text != NULL && g_ascii_string_to_signed(text, 10, 1, G_MAXINT32, &count, NULL))
        return count;
    return 100000;
}

static gboolean find_mutant(Options *options)
{
    for (guint i = 0; i < SIM_N_MUTANTS; i++) {
        if (g_str_equal(mutants[i], options->mutant != NULL ? options->mutant : "none")) {
            options->number = (SimMutant)i;
            return TRUE;
        }
    }
    return FALSE;
}

static gboolean parse(int argc, char **argv, Options *options, GError **error)
{
    const GOptionEntry entries[] = {
        {"seed", 0, 0, G_OPTION_ARG_INT64, &options->seed, "Play the schedule of this seed", "N"},
        {"trace", 0, 0, G_OPTION_ARG_NONE, &options->is_tracing, "Print every step", NULL},
        {"schedules", 0, 0, G_OPTION_ARG_INT64, &options->schedules,
         "Play so many (AUDITKEEP_SIM_SCHEDULES, 100000)", "N"},
        {"first", 0, 0, G_OPTION_ARG_INT64, &options->first, "The first of them (1)", "SEED"},
        {"seeds", 0, 0, G_OPTION_ARG_FILENAME, &options->seeds,
         "Play the ones in this file, one a line", "FILE"},
        {"mutant", 0, 0, G_OPTION_ARG_STRING, &options->mutant, "Break a promise on purpose",
         "NAME"},
        {"expect-violation", 0, 0, G_OPTION_ARG_NONE, &options->is_expected,
         "Stop at the first violation; exit 1 when there is none", NULL},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };
    GOptionContext *context = g_option_context_new("- exporter under drawn faults");
    gboolean is_parsed;

    g_option_context_add_main_entries(context, entries, NULL);
    is_parsed = g_option_context_parse(context, &argc, &argv, error);
    g_option_context_free(context);
    return is_parsed;
}

/* The program that mutants.py made for the mutant; returns when there is none. */
static void become_mutant(const Options *options, char **argv, GError **error)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *program = g_strconcat(self, "-", options->mutant, NULL);
    g_autoptr(GPtrArray) args = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(args, g_strdup(program));
    for (; *argv != NULL; argv++) {
        if (g_str_equal(*argv, "--mutant") && argv[1] != NULL)
            argv++;
        else if (!g_str_has_prefix(*argv, "--mutant="))
            g_ptr_array_add(args, g_strdup(*argv));
    }
    g_ptr_array_add(args, NULL);
    (void)execv(program, (char **)args->pdata);
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG, "no mutant is called '%s'", options->mutant);
}

static void print_stats(const SimStats *stats, double seconds)
{
    g_print("%" G_GUINT64_FORMAT " schedules in %.1f s (%.0f/s), %" G_GUINT64_FORMAT
            " steps, %" G_GUINT64_FORMAT " runs (%" G_GUINT64_FORMAT
            " to the end), %" G_GUINT64_FORMAT " puts, %" G_GUINT64_FORMAT
            " commits, %" G_GUINT64_FORMAT " seals, %" G_GUINT64_FORMAT
            " heartbeats, %" G_GUINT64_FORMAT " gaps accepted\n",
            stats->schedules, seconds, (double)stats->schedules / seconds, stats->steps,
            stats->runs, stats->done_runs, stats->puts, stats->commits, stats->seals,
            stats->heartbeats, stats->accepted);
    for (guint i = 0; i < SIM_N_FAULTS; i++)
        g_print("  %-22s %10" G_GUINT64_FORMAT "\n", sim_fault_name((SimFault)i), stats->faults[i]);
    g_print("known limits: gaps that no scan meets %" G_GUINT64_FORMAT
            ", objects filed under days to come %" G_GUINT64_FORMAT "\n",
            stats->unseen_gaps, stats->unseen_days);
    g_print("violations: %" G_GUINT64_FORMAT "\n", stats->violations);
}

static void report(const char *program, const Options *options, gint64 seed, const char *violation)
{
    g_print("seed %" G_GINT64_FORMAT ": %s\n  %s --seed %" G_GINT64_FORMAT "%s%s --trace\n", seed,
            violation, program, seed, options->number != SIM_MUTANT_NONE ? " --mutant " : "",
            options->number != SIM_MUTANT_NONE ? options->mutant : "");
}

/* FALSE when there is no need to go on. */
static gboolean play_one(SimLab *lab, const char *program, const Options *options, gint64 seed)
{
    g_autofree char *violation = sim_schedule_run(lab, (guint64)seed);

    if (violation == NULL)
        return TRUE;
    if (lab->stats.violations <= 10)
        report(program, options, seed, violation);
    return !options->is_expected;
}

static void play_file(SimLab *lab, const char *program, const Options *options)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    g_autoptr(GError) error = NULL;

    if (!g_file_get_contents(options->seeds, &text, NULL, &error))
        g_error("%s", error->message);
    lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++) {
        gint64 seed;

        if (g_ascii_string_to_signed(lines[i], 10, 0, G_MAXINT64, &seed, NULL))
            (void)play_one(lab, program, options, seed);
    }
}

static void play(SimLab *lab, const char *program, const Options *options)
{
    gint64 first = options->seed >= 0 ? options->seed : options->first;
    gint64 end = first + (options->seed >= 0 ? 1 : options->schedules);

    if (options->seeds != NULL)
        play_file(lab, program, options);
    else
        while (first < end && play_one(lab, program, options, first))
            first++;
}

int main(int argc, char **argv)
{
    Options options = {.seed = -1, .first = 1, .schedules = default_schedules()};
    g_autoptr(GError) error = NULL;
    struct timespec start, end;
    gboolean has_violation;
    SimLab *lab;

    g_auto(GStrv) args = g_strdupv(argv);

    g_log_set_writer_func(drop_log, NULL, NULL);
    if (parse(argc, argv, &options, &error) && !find_mutant(&options))
        become_mutant(&options, args + 1, &error);
    if (error != NULL) {
        g_printerr("auditkeep-sim: %s\n", error->message);
        return 2;
    }
    lab = sim_lab_new(options.number, options.is_tracing);
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
    play(lab, argv[0], &options);
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    has_violation = lab->stats.violations > 0;
    print_stats(&lab->stats,
                (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9);
    sim_lab_free(lab);
    g_free(options.mutant);
    g_free(options.seeds);
    return has_violation == options.is_expected ? 0 : 1;
}
