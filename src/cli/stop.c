#include "cli/stop.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

/* Set by the signal handler. */
static volatile gint stop_flag;

static void on_signal(int number)
{
    static const char still[] =
        "auditkeep: still stopping: what was begun is finished first; a third signal ends it now\n";
    int kept_errno = errno;

    if (stop_flag == 0) {
        stop_flag = 1;
        return;
    }
    /* Nothing is lost by ending at once: the next run carries the plans out. */
    (void)signal(number, SIG_DFL);
    (void)!write(STDERR_FILENO, still, sizeof still - 1);
    errno = kept_errno;
}

void ak_stop_install(void)
{
    /* No SA_RESTART: a read from a terminal or a pipe has to return. */
    struct sigaction action = {.sa_handler = on_signal};

    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
}

const volatile gint *ak_stop_flag(void)
{
    return &stop_flag;
}
