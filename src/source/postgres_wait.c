#include "source/postgres_internal.h"

#include <errno.h>
#include <poll.h>

/*
 * Waiting for rows. The table's trigger (sql/postgres/wake.sql) notifies only while the advisory
 * lock of the channel is held, which is done from before the last look at the table until the first
 * notification. Without trigger, or behind a pooler that drops LISTEN, the time-out is what counts.
 */

enum { MIN_STEP_MS = 20, MAX_STEP_MS = 500 };

static gboolean listen(AkPg *pg, GError **error)
{
    PgParams params = {0};
    g_autoptr(PGresult) result = NULL;
    g_autofree char *sql = NULL;

    if (pg->channel != NULL)
        return TRUE;
    if (!ak_pg_table_need(pg, error))
        return FALSE;
    ak_pg_add_text(&params, pg->table.events);
    result = ak_pg_query(pg, "name the channel", "SELECT 'auditkeep_' || md5($1)", &params, error);
    if (result == NULL)
        return FALSE;
    sql = g_strdup_printf("LISTEN %s", PQgetvalue(result, 0, 0));
    if (!ak_pg_run(pg, "listen for new events", sql, error))
        return FALSE;
    pg->channel = g_strdup(PQgetvalue(result, 0, 0));
    return TRUE;
}

/* TRUE in *out_done when the lock was taken, or given back. */
static gboolean call_lock(AkPg *pg, const char *function, gboolean *out_done, GError **error)
{
    PgParams params = {0};
    g_autofree char *sql = g_strdup_printf("SELECT %s(hashtextextended($1, 0))", function);
    g_autoptr(PGresult) result = NULL;

    ak_pg_add_text(&params, pg->channel);
    result = ak_pg_query(pg, "wait for new events", sql, &params, error);
    if (result == NULL)
        return FALSE;
    *out_done = *PQgetvalue(result, 0, 0) != 0;
    return TRUE;
}

/* Takes what has come; *out_any: was there anything? */
static gboolean take_notifications(AkPg *pg, gboolean *out_any, GError **error)
{
    PGnotify *notify;

    *out_any = FALSE;
    if (PQconsumeInput(pg->conn) == 0)
        return ak_pg_fail(pg, "wait for new events", NULL, error);
    while ((notify = PQnotifies(pg->conn)) != NULL) {
        PQfreemem(notify);
        *out_any = TRUE;
    }
    return TRUE;
}

static gboolean sleep_on_socket(AkPg *pg, guint timeout_ms, gboolean *out_any, GError **error)
{
    gint64 deadline = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
    gint64 left_ms = timeout_ms;

    *out_any = FALSE;
    while (!*out_any && left_ms > 0) {
        struct pollfd wait = {PQsocket(pg->conn), POLLIN, 0};
        int ready = poll(&wait, 1, (int)MIN(left_ms, G_MAXINT));

        if (ready < 0 && errno != EINTR)
            return ak_pg_fail(pg, "wait for new events", NULL, error);
        if (ready > 0 && !take_notifications(pg, out_any, error))
            return FALSE;
        left_ms = (deadline - g_get_monotonic_time() + 999) / 1000;
    }
    return TRUE;
}

static gboolean give_back(AkPg *pg, GError **error)
{
    gboolean is_done;

    pg->is_waiting = FALSE;
    return call_lock(pg, "pg_advisory_unlock", &is_done, error);
}

/* From now on writers notify; what they wrote before is still to be looked at. */
static gboolean begin_waiting(AkPg *pg, guint timeout_ms, GError **error)
{
    gboolean any;

    if (!call_lock(pg, "pg_try_advisory_lock", &pg->is_waiting, error))
        return FALSE;
    if (pg->is_waiting) {
        pg->busy_ms = 0;
        return TRUE;
    }
    /* a writer is about to commit and will not tell, or another reader waits: then we hear, too */
    pg->busy_ms = CLAMP(2 * pg->busy_ms, MIN_STEP_MS, MAX_STEP_MS);
    return sleep_on_socket(pg, MIN(pg->busy_ms, timeout_ms), &any, error);
}

gboolean ak_pg_wait(AkSource *source, guint timeout_ms, GError **error)
{
    AkPg *pg = (AkPg *)source;
    gboolean any;

    if (!listen(pg, error) || !take_notifications(pg, &any, error))
        return FALSE;
    if (!pg->is_waiting)
        return begin_waiting(pg, timeout_ms, error);
    if (!any && !sleep_on_socket(pg, timeout_ms, &any, error))
        return FALSE;
    return !any || give_back(pg, error);
}
