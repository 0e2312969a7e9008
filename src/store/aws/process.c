#include "store/aws/process.h"

#include "util/stop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { POLL_MS = 50, PIECE = 4096 };

typedef struct {
    const AkProcess *process;
    GPid pid; /* 0: reaped */
    int out;
    gint64 end_usec; /* monotonic */
} Run;

static void run_clear(Run *run)
{
    if (run->pid != 0) {
        kill(-run->pid, SIGKILL);
        while (waitpid(run->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    if (run->out >= 0)
        close(run->out);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Run, run_clear)

/* In the child: a group of its own, so that its children can be killed with it. */
static void lead_group(gpointer data)
{
    (void)setpgid(0, 0);
}

static gboolean start(Run *run, GError **error)
{
    g_auto(GStrv) argv = NULL;
    g_autoptr(GError) cause = NULL;

    if (!g_shell_parse_argv(run->process->command, NULL, &argv, &cause) ||
        !g_spawn_async_with_pipes(NULL, argv, run->process->environ,
                                  G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD |
                                      G_SPAWN_STDERR_TO_DEV_NULL,
                                  lead_group, NULL, &run->pid, NULL, &run->out, NULL, &cause)) {
        g_set_error_literal(error, AK_ERROR, AK_ERROR_CONFIG, cause->message);
        return FALSE;
    }
    /* The same from this side, in case we kill it before it got there. */
    (void)setpgid(run->pid, run->pid);
    return TRUE;
}

static gboolean check_time(const Run *run, GError **error)
{
    if (ak_is_stopped(run->process->stop)) {
        g_set_error(error, AK_ERROR, AK_ERROR_CANCELLED, "asked to stop");
        return FALSE;
    }
    if (g_get_monotonic_time() < run->end_usec)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_TIMEOUT, "it did not end within %u ms",
                run->process->timeout_ms);
    return FALSE;
}

static gboolean read_output(const Run *run, AkBuf *out, GError **error)
{
    struct pollfd wanted = {.fd = run->out, .events = POLLIN};

    for (;;) {
        if (!check_time(run, error))
            return FALSE;
        if (poll(&wanted, 1, POLL_MS) <= 0)
            continue;
        ssize_t n = read(run->out, ak_buf_reserve(out, PIECE), PIECE);
        if (n == 0)
            return TRUE;
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return TRUE; /* what there is does not end well: its reader will say so */
        if (n > 0)
            out->len += (gsize)n;
        if (out->len > run->process->max_bytes) {
            g_set_error(error, AK_ERROR, AK_ERROR_CONFIG, "it prints more than %zu bytes",
                        run->process->max_bytes);
            return FALSE;
        }
    }
}

static gboolean reap(Run *run, GError **error)
{
    int status = 0;
    pid_t done = 0;

    while ((done = waitpid(run->pid, &status, WNOHANG)) == 0) {
        if (!check_time(run, error))
            return FALSE;
        g_usleep(POLL_MS * 100);
    }
    run->pid = 0;
    if (done > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG, "it ended with %s %d",
                WIFSIGNALED(status) ? "signal" : "status",
                WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    return FALSE;
}

gboolean ak_process_run(const AkProcess *process, AkBuf *out, GError **error)
{
    g_auto(Run) run = {process, 0, -1, g_get_monotonic_time() + (gint64)process->timeout_ms * 1000};

    /* At once: growing would leave copies of secrets behind. */
    ak_buf_reserve(out, process->max_bytes + PIECE + 1);
    return start(&run, error) && read_output(&run, out, error) && reap(&run, error);
}
