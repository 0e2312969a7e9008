#include "source/postgres_internal.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

/*
 * The one place that waits for the server. libpq's own calls wait for ever: here every statement
 * goes out asynchronously, and the socket is polled with a deadline and an eye on the stop flag.
 */

enum { SLICE_MS = 200 };

AkPatienceEnd ak_pg_wait_socket(PGconn *conn, short events, AkPatience *patience)
{
    AkPatienceEnd end;
    guint slice_ms;

    /* a connection that is lost has no socket: libpq's next call says so */
    while (PQsocket(conn) >= 0 && (slice_ms = ak_patience_slice_ms(patience, SLICE_MS, &end)) > 0) {
        struct pollfd wait = {PQsocket(conn), events, 0};

        if (poll(&wait, 1, (int)slice_ms) > 0)
            return AK_PATIENCE_LEFT;
    }
    return PQsocket(conn) < 0 ? AK_PATIENCE_LEFT : end;
}

typedef struct {
    GMutex lock;
    GCond is_changed;
    gboolean is_sent;
    gint refs;
    PGcancel *handle;
} Cancel;

static void unref_cancel(Cancel *cancel)
{
    if (!g_atomic_int_dec_and_test(&cancel->refs))
        return;
    PQfreeCancel(cancel->handle);
    g_cond_clear(&cancel->is_changed);
    g_mutex_clear(&cancel->lock);
    g_free(cancel);
}

static gpointer send_cancel(gpointer data)
{
    Cancel *cancel = data;
    char message[256];

    (void)PQcancel(cancel->handle, message, sizeof message);
    g_mutex_lock(&cancel->lock);
    cancel->is_sent = TRUE;
    g_cond_signal(&cancel->is_changed);
    g_mutex_unlock(&cancel->lock);
    unref_cancel(cancel);
    return NULL;
}

static void wait_sent(Cancel *cancel, AkPatience *patience)
{
    AkPatienceEnd end;
    guint slice_ms;

    g_mutex_lock(&cancel->lock);
    while (!cancel->is_sent && (slice_ms = ak_patience_slice_ms(patience, SLICE_MS, &end)) > 0)
        (void)g_cond_wait_until(&cancel->is_changed, &cancel->lock,
                                g_get_monotonic_time() + slice_ms * G_GINT64_CONSTANT(1000));
    g_mutex_unlock(&cancel->lock);
}

/* PQcancel() connects and waits without a limit: it does so in a thread that may be left behind. */
void ak_pg_cancel(AkPg *pg, AkPatience *patience)
{
    PGcancel *handle = PQgetCancel(pg->conn);
    Cancel *cancel;

    if (handle == NULL)
        return;
    cancel = g_new0(Cancel, 1);
    cancel->handle = handle;
    cancel->refs = 2;
    g_mutex_init(&cancel->lock);
    g_cond_init(&cancel->is_changed);
    g_thread_unref(g_thread_new("cancel", send_cancel, cancel));
    if (patience != NULL)
        wait_sent(cancel, patience);
    unref_cancel(cancel);
}

/* What the server may still answer belongs to a statement that nobody waits for: the connection is
 * of no use any more, and every later call on it fails at once. */
static gboolean give_up(AkPg *pg, const char *what, AkPatienceEnd end, GError **error)
{
    ak_pg_cancel(pg, NULL);
    (void)shutdown(PQsocket(pg->conn), SHUT_RDWR);
    if (end == AK_PATIENCE_STOPPED)
        g_set_error(error, AK_ERROR, AK_ERROR_CANCELLED,
                    "cannot %s at '%s': stopped while the server did not answer", what,
                    pg->address);
    else
        g_set_error(error, AK_ERROR, AK_ERROR_TIMEOUT,
                    "cannot %s at '%s': no answer within %u s; hint: look for locks in "
                    "pg_stat_activity, or raise --statement-timeout",
                    what, pg->address, (pg->timeout_ms + 999) / 1000);
    return FALSE;
}

static gboolean wait_for_input(AkPg *pg, const char *what, AkPatience *patience, GError **error)
{
    AkPatienceEnd end = ak_pg_wait_socket(pg->conn, POLLIN, patience);

    if (end != AK_PATIENCE_LEFT)
        return give_up(pg, what, end, error);
    (void)PQconsumeInput(pg->conn); /* a failure is what the next result says */
    return TRUE;
}

static gboolean flush(AkPg *pg, const char *what, AkPatience *patience, GError **error)
{
    int left;

    while ((left = PQflush(pg->conn)) > 0) {
        AkPatienceEnd end = ak_pg_wait_socket(pg->conn, POLLIN | POLLOUT, patience);

        if (end != AK_PATIENCE_LEFT)
            return give_up(pg, what, end, error);
        /* the server may have to be read before it reads on */
        (void)PQconsumeInput(pg->conn);
    }
    return left == 0 || ak_pg_fail(pg, what, NULL, error);
}

gboolean ak_pg_next_result(AkPg *pg, const char *what, AkPatience *patience, PGresult **out,
                           GError **error)
{
    *out = NULL;
    while (PQisBusy(pg->conn) != 0 && PQsocket(pg->conn) >= 0)
        if (!wait_for_input(pg, what, patience, error))
            return FALSE;
    *out = PQgetResult(pg->conn);
    return TRUE;
}

/* The last result, or the first that is an error, as PQexec() has it. */
static PGresult *take_results(AkPg *pg, const char *what, AkPatience *patience, GError **error)
{
    g_autoptr(PGresult) kept = NULL;
    PGresult *next;

    for (;;) {
        if (!ak_pg_next_result(pg, what, patience, &next, error))
            return NULL;
        if (next == NULL)
            return g_steal_pointer(&kept);
        if (kept != NULL && PQresultStatus(kept) == PGRES_FATAL_ERROR) {
            PQclear(next);
            continue;
        }
        PQclear(kept);
        kept = next;
        if (PQresultStatus(kept) == PGRES_COPY_OUT)
            return g_steal_pointer(&kept);
    }
}

PGresult *ak_pg_call(AkPg *pg, const char *what, const char *sql, const PgParams *params,
                     GError **error)
{
    AkPatience patience = ak_patience_new(pg->stop, pg->timeout_ms);
    int is_sent = params == NULL
                      ? PQsendQuery(pg->conn, sql)
                      : PQsendQueryParams(pg->conn, sql, params->count, params->types,
                                          params->values, params->lengths, params->formats, 1);
    PGresult *result;

    if (is_sent == 0) {
        (void)ak_pg_fail(pg, what, NULL, error);
        return NULL;
    }
    if (!flush(pg, what, &patience, error))
        return NULL;
    result = take_results(pg, what, &patience, error);
    if (result == NULL && (error == NULL || *error == NULL))
        (void)ak_pg_fail(pg, what, NULL, error);
    return result;
}

gboolean ak_pg_copy_next(AkPg *pg, const char *what, char **out_row, int *out_len, GError **error)
{
    AkPatience patience;
    gboolean is_waiting = FALSE;
    int len;

    while ((len = PQgetCopyData(pg->conn, out_row, TRUE)) == 0) {
        /* rows that come are progress: each wait has a deadline of its own */
        if (!is_waiting)
            patience = ak_patience_new(pg->stop, pg->timeout_ms);
        is_waiting = TRUE;
        if (!wait_for_input(pg, what, &patience, error))
            return FALSE;
    }
    *out_len = len;
    return len != -2 || ak_pg_fail(pg, what, NULL, error);
}

PGresult *ak_pg_query(AkPg *pg, const char *what, const char *sql, const PgParams *params,
                      GError **error)
{
    static const PgParams none;
    g_autoptr(PGresult) result = ak_pg_call(pg, what, sql, params != NULL ? params : &none, error);
    ExecStatusType status = PQresultStatus(result);

    if (result == NULL)
        return NULL;
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
        (void)ak_pg_fail(pg, what, result, error);
        return NULL;
    }
    return g_steal_pointer(&result);
}

gboolean ak_pg_run(AkPg *pg, const char *what, const char *sql, GError **error)
{
    g_autoptr(PGresult) result = ak_pg_call(pg, what, sql, NULL, error);
    ExecStatusType status = PQresultStatus(result);

    if (result == NULL)
        return FALSE;
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY)
        return ak_pg_fail(pg, what, result, error);
    return TRUE;
}
