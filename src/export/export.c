#include "export/export.h"

#include "export/session.h"
#include "util/stop.h"
#include "util/time.h"

enum { MIN_RETRY_MS = 1000, MAX_RETRY_MS = 60000, TICK_MS = 200 };

/* What was planned, what is gone over again, what the archive has already, what is new. */
static gboolean run_steps(AkSession *session, GError **error)
{
    guint64 limit = session->config->limit, replayed;

    if (!ak_session_recover(session, error) || !ak_session_replay(session, &replayed, error))
        return FALSE;
    if (limit != 0 && replayed >= limit)
        return TRUE;
    if (limit != 0)
        ak_feed_limit(session->feed, limit - replayed);
    return ak_session_catch_up(session, error) && ak_session_export(session, error);
}

/*
 * Rows that are gone and objects in the way may be the work of another holder, seen by a process
 * that stood still past its lease: only who still has the lease may say that the chain is broken.
 */
static void doubt_verdict(AkSession *session, GError **error)
{
    AkSource *writer = session->writer;
    GError *lost = NULL;

    if (session->epoch == 0 || (!g_error_matches(*error, AK_ERROR, AK_ERROR_CONFLICT) &&
                                !g_error_matches(*error, AK_ERROR, AK_ERROR_GAP)))
        return;
    if (writer->driver->lease_renew(writer, session->epoch, ak_export_lease_ttl_ms(session->config),
                                    &lost))
        return;
    g_error_free(*error);
    *error = lost;
}

/* A standby says whom it waits for when it begins to, when that changes and when it takes over;
 * in between it tries in silence. */
static void say_waiting(const AkExportConfig *config, const AkChainState *rival, char **holder)
{
    char until[AK_TIME_MAX];

    if (rival->holder == NULL || g_strcmp0(*holder, rival->holder) == 0) {
        g_debug("chain '%s' is not free yet", config->source->chain);
        return;
    }
    ak_time_format_seconds(rival->lease_until_usec, until);
    g_message("chain '%s' is held by '%s' until %s: %s by", config->source->chain, rival->holder,
              until, *holder == NULL ? "standing" : "still standing");
    g_free(*holder);
    *holder = g_strdup(rival->holder);
}

static void say_taken(const AkExportConfig *config, char **holder)
{
    if (*holder != NULL)
        g_message("took chain '%s' over from '%s'", config->source->chain, *holder);
    g_clear_pointer(holder, g_free);
}

/* @holder: whom a standby waits for; NULL: nobody yet. */
static gboolean run_session(const AkExportConfig *config, AkExec *exec, char **holder,
                            AkExportReport *report, GError **error)
{
    AkSession session;
    GError *local = NULL;

    if (!ak_session_open(&session, config, exec, report, &local)) {
        if (config->is_follow && g_error_matches(local, AK_ERROR, AK_ERROR_BUSY))
            say_waiting(config, &session.rival, holder);
        ak_chain_state_clear(&session.rival);
        g_propagate_error(error, local);
        return FALSE;
    }
    say_taken(config, holder);
    if (!run_steps(&session, &local))
        doubt_verdict(&session, &local);
    ak_session_note(&session, local);
    ak_session_close(&session);
    if (local == NULL)
        return TRUE;
    g_propagate_error(error, local);
    return FALSE;
}

static void wait_before_retry(const AkExportConfig *config, AkExec *exec, guint delay_ms)
{
    /* no job is under way between two sessions, so this only waits */
    for (guint waited = 0; waited < delay_ms && !ak_is_stopped(config->stop); waited += TICK_MS)
        (void)exec->driver->wait(exec, TICK_MS);
}

/*
 * Following survives what may pass by itself: an outage, a throttled store, another holder of the
 * lease. It ends on what only a person can mend.
 */
static gboolean may_go_on(const AkExportConfig *config, const GError *error, guint *delay_ms)
{
    if (g_error_matches(error, AK_ERROR, AK_ERROR_BUSY) ||
        g_error_matches(error, AK_ERROR, AK_ERROR_FENCED)) {
        *delay_ms = ak_export_lease_ttl_ms(config) / 3; /* a standby, or one again */
        return TRUE;
    }
    *delay_ms = CLAMP(*delay_ms * 2, MIN_RETRY_MS, MAX_RETRY_MS);
    return ak_error_is_retryable(error) || g_error_matches(error, AK_ERROR, AK_ERROR_DENIED);
}

static gboolean follow(const AkExportConfig *config, AkExec *exec, AkExportReport *report,
                       GError **error)
{
    g_autofree char *holder = NULL;
    guint delay_ms = 0;

    while (!ak_is_stopped(config->stop)) {
        GError *local = NULL;
        guint64 before = report->segments;
        gint64 begun = exec->driver->now_usec(exec);

        if (run_session(config, exec, &holder, report, &local))
            return TRUE;
        /* what got on, or was quiet for long, is not to pay for earlier outages */
        if (report->segments > before ||
            exec->driver->now_usec(exec) - begun > MAX_RETRY_MS * 1000LL)
            delay_ms = 0;
        if (!may_go_on(config, local, &delay_ms)) {
            g_propagate_error(error, local);
            return FALSE;
        }
        /* when we were asked to stop, an outage or another writer is no failure */
        if (!ak_is_stopped(config->stop) && !g_error_matches(local, AK_ERROR, AK_ERROR_BUSY))
            g_warning("%s; trying again in %u s", local->message, (delay_ms + 999) / 1000);
        g_error_free(local);
        wait_before_retry(config, exec, delay_ms);
    }
    return TRUE;
}

gboolean ak_export_run(const AkExportConfig *config, AkExportReport *report, GError **error)
{
    g_autoptr(AkExec) own = NULL;
    AkExec *exec = config->exec;
    g_autofree char *holder = NULL;

    *report = (AkExportReport){.head = AK_CURSOR_START};
    if (exec == NULL) {
        /* beside the builders: a read, a write to the database and two puts, which mostly wait */
        own = ak_exec_threads_new(ak_export_threads(config) + 4);
        exec = own;
    }
    if (config->is_follow)
        return follow(config, exec, report, error);
    return run_session(config, exec, &holder, report, error);
}
