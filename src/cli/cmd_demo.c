#include "cli/commands.h"
#include "util/time.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <stdio.h>

/*
 * The demonstration runs this very program, command by command, as a person would; so what it
 * shows is what there is. Only the tampering goes behind its back, with SQL.
 */
enum { EVENTS = 1000, TAMPERED = 417 };

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sqlite3, sqlite3_close)

typedef struct {
    char *program;
    char *folder;
    char *source, *archive, *key, *signing_key, *signers;
    char *output; /* of the last command */
    int status;   /* of the last command */
} Demo;

static void demo_clear(Demo *demo)
{
    char *texts[] = {demo->program, demo->folder,      demo->source,  demo->archive,
                     demo->key,     demo->signing_key, demo->signers, demo->output};

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Demo, demo_clear)

static gboolean internal(GError **error, const char *what, const char *why)
{
    g_set_error(error, AK_ERROR, AK_ERROR_INTERNAL, "%s: %s", what, why);
    return FALSE;
}

/* The id of event @n: always the same, so that two runs can be compared. */
static void event_id(guint n, char out[37])
{
    (void)g_snprintf(out, 37, "00000000-0000-4000-8000-%012u", n);
}

static char *make_events(void)
{
    static const char *const types[] = {"login", "role.granted", "document.read", "payment.made"};
    GString *out = g_string_new(NULL);
    g_autoptr(GRand) rand = g_rand_new_with_seed(1);

    for (guint i = 0; i < EVENTS; i++) {
        gint64 ts_usec = ak_time_from_civil(2025, 2, 1) * AK_USEC_PER_DAY + i * 7 * AK_USEC_PER_SEC;
        char ts[AK_TIME_MAX], id[37];

        event_id(i, id);
        (void)ak_time_format(ts_usec, ts);
        g_string_append_printf(out,
                               "{\"id\":\"%s\",\"ts\":\"%s\",\"eventType\":\"%s\",\"payload\":"
                               "{\"user\":%d,\"amount\":%d.%02d,\"note\":\"event %u\"}}\n",
                               id, ts, types[g_rand_int_range(rand, 0, G_N_ELEMENTS(types))],
                               g_rand_int_range(rand, 1, 500), g_rand_int_range(rand, 0, 9999),
                               g_rand_int_range(rand, 1, 99), i);
    }
    return g_string_free(out, FALSE);
}

static void print_call(const char *const *words)
{
    printf("\n$ auditkeep");
    for (; *words != NULL; words++) {
        g_autofree char *base = strchr(*words, '/') != NULL ? g_path_get_basename(*words) : NULL;

        printf(" %s%s",
               g_str_has_prefix(*words, "sqlite:") ? "sqlite:"
               : g_str_has_prefix(*words, "file:") ? "file:"
                                                   : "",
               base != NULL ? base : *words);
    }
    printf("\n");
}

/* Settings of whoever runs the demonstration must not lead it to their database. */
static GSubprocessLauncher *clean_launcher(void)
{
    GSubprocessLauncher *launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE);
    char *none[] = {NULL};

    g_subprocess_launcher_set_environ(launcher, none);
    g_subprocess_launcher_setenv(launcher, "PATH", "/usr/bin:/bin", TRUE);
    g_subprocess_launcher_setenv(launcher, "AUDITKEEP_LOG_LEVEL", "warning", TRUE);
    g_subprocess_launcher_setenv(launcher, "AUDITKEEP_FILE_IMMUTABLE", "false", TRUE);
    return launcher;
}

/* Runs a command; FALSE unless it ends with @wanted. */
static gboolean call(Demo *demo, const char *const *words, const char *input, int wanted,
                     GError **error)
{
    g_autoptr(GSubprocessLauncher) launcher = clean_launcher();
    g_autoptr(GSubprocess) process = NULL;
    g_autoptr(GError) cause = NULL;
    g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);

    print_call(words);
    (void)fflush(stdout);
    g_ptr_array_add(argv, g_strdup(demo->program));
    for (const char *const *word = words; *word != NULL; word++)
        g_ptr_array_add(argv, g_strdup(*word));
    g_ptr_array_add(argv, NULL);
    g_clear_pointer(&demo->output, g_free);
    process = g_subprocess_launcher_spawnv(launcher, (const char *const *)argv->pdata, &cause);
    if (process == NULL ||
        !g_subprocess_communicate_utf8(process, input, NULL, &demo->output, NULL, &cause))
        return internal(error, "the demonstration cannot run its own program", cause->message);
    demo->status = g_subprocess_get_if_exited(process) ? g_subprocess_get_exit_status(process) : -1;
    if (demo->status == wanted)
        return TRUE;
    printf("%s", demo->output);
    g_set_error(error, AK_ERROR, demo->status == 1 ? AK_ERROR_CONFLICT : AK_ERROR_INTERNAL,
                "'auditkeep %s' ended with status %d instead of %d", words[0], demo->status,
                wanted);
    return FALSE;
}

static gboolean call_init(Demo *demo, GError **error)
{
    const char *words[] = {"init",    "--source",      demo->source,      "--key",
                           demo->key, "--signing-key", demo->signing_key, "--signer-id",
                           "demo",    "--signers",     demo->signers,     NULL};

    if (!call(demo, words, "", 0, error))
        return FALSE;
    printf("a database, the archiver's key, a key that signs events and the registry with it\n");
    return TRUE;
}

static gboolean call_append(Demo *demo, GError **error)
{
    const char *words[] = {"append",          "--source",    demo->source, "--signing-key",
                           demo->signing_key, "--signer-id", "demo",       NULL};
    g_autofree char *events = make_events();
    g_auto(GStrv) lines = NULL;
    guint n;

    if (!call(demo, words, events, 0, error))
        return FALSE;
    lines = g_strsplit(demo->output, "\n", -1);
    n = g_strv_length(lines) - 1;
    printf("%s\n… and %u more: each event's id and its hash, which covers all before it\n",
           lines[0], n - 1);
    return n == EVENTS || internal(error, "append", "the number of events is wrong");
}

static gboolean call_archive(Demo *demo, GError **error)
{
    const char *words[] = {"archive", "--source", demo->source, "--archive",   demo->archive,
                           "--key",   demo->key,  "--signers",  demo->signers, NULL};

    if (!call(demo, words, "", 0, error))
        return FALSE;
    printf("%s", demo->output);
    return TRUE;
}

static gboolean call_verify(Demo *demo, int wanted, GError **error)
{
    const char *words[] = {"verify", "--source", demo->source, "--archive",   demo->archive,
                           "--key",  demo->key,  "--signers",  demo->signers, NULL};

    if (!call(demo, words, "", wanted, error))
        return FALSE;
    printf("%s", demo->output);
    return TRUE;
}

/* A row is changed as somebody with the rights of the database's owner would do it. */
static gboolean tamper(Demo *demo, const char *id, GError **error)
{
    g_autoptr(sqlite3) db = NULL;
    g_autofree char *sql = g_strdup_printf(
        "UPDATE audit_events SET payload = replace(payload, '\"amount\":', '\"amount\":1') "
        "WHERE id = '%s'",
        id);

    printf("\nNow somebody changes an amount in the database, behind auditkeep's back:\n"
           "$ sqlite3 audit.db \"%s\"\n",
           sql);
    if (sqlite3_open_v2(demo->source + strlen("sqlite:"), &db, SQLITE_OPEN_READWRITE, NULL) !=
            SQLITE_OK ||
        sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return internal(error, "the tampering failed", sqlite3_errmsg(db));
    return sqlite3_changes(db) == 1 || internal(error, "the tampering failed", "no such row");
}

static gboolean run(Demo *demo, GError **error)
{
    g_autofree char *wanted = NULL;
    char id[37];

    event_id(TAMPERED, id);
    if (!call_init(demo, error) || !call_append(demo, error) || !call_archive(demo, error) ||
        !call_verify(demo, 0, error) || !tamper(demo, id, error) || !call_verify(demo, 1, error))
        return FALSE;
    wanted = g_strdup_printf("index %d, event %s", TAMPERED, id);
    if (strstr(demo->output, "hash_mismatch") == NULL || strstr(demo->output, wanted) == NULL)
        return internal(error, "verify", "the tampered event was not named");
    printf("\ndemo: %d events were chained, archived and verified, and the tampering with event "
           "%d was caught\n",
           EVENTS, TAMPERED);
    return TRUE;
}

static gboolean prepare(Demo *demo, GError **error)
{
    g_autoptr(GError) cause = NULL;

    demo->program = g_file_read_link("/proc/self/exe", &cause);
    if (demo->program == NULL)
        return internal(error, "the program's own path is not known", cause->message);
    demo->folder = g_dir_make_tmp("auditkeep-demo-XXXXXX", &cause);
    if (demo->folder == NULL)
        return internal(error, "no temporary folder", cause->message);
    demo->source = g_strdup_printf("sqlite:%s/audit.db", demo->folder);
    demo->archive = g_strdup_printf("file:%s/archive", demo->folder);
    if (g_mkdir(demo->archive + strlen("file:"), 0700) != 0)
        return internal(error, "no folder for the archive", g_strerror(errno));
    demo->key = g_build_filename(demo->folder, "archiver.pem", NULL);
    demo->signing_key = g_build_filename(demo->folder, "events.pem", NULL);
    demo->signers = g_build_filename(demo->folder, "signers.json", NULL);
    return TRUE;
}

/* Best effort: what is left of a temporary folder does no harm. */
static void remove_tree(const char *path)
{
    g_autoptr(GDir) dir =
        g_file_test(path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open(path, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *child = g_build_filename(path, name, NULL);

        remove_tree(child);
    }
    (void)g_remove(path);
}

gboolean ak_cmd_demo(AkCli *cli, GError **error)
{
    g_auto(Demo) demo = {0};
    gboolean is_done;

    if (!prepare(&demo, error))
        return FALSE;
    printf("An audit trail on SQLite, archived into a folder. Everything is in %s\n", demo.folder);
    is_done = run(&demo, error);
    remove_tree(demo.folder);
    return is_done;
}
