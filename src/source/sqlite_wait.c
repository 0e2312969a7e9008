#include "source/sqlite_internal.h"

/* SQLite wakes nobody, but asking whether another connection has committed costs next to nothing.
 */

enum { STEP_MS = 20 };

static gboolean read_version(AkLite *lite, gint64 *out, GError **error)
{
    static const char what[] = "wait for new events";
    g_autoptr(LiteStmt) stmt = ak_lite_prepare(lite, what, "PRAGMA data_version", error);
    gboolean has_row;

    if (stmt == NULL || !ak_lite_step(lite, what, stmt, &has_row, error))
        return FALSE;
    *out = sqlite3_column_int64(stmt, 0);
    return TRUE;
}

/* Compares with what the last call saw: rows that came before it are still to be looked at. */
gboolean ak_lite_wait(AkSource *source, guint timeout_ms, GError **error)
{
    AkLite *lite = (AkLite *)source;
    gint64 deadline = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
    gint64 before = lite->seen_version;

    if (!ak_lite_connect(lite, FALSE, error))
        return FALSE;
    for (;;) {
        gint64 left_ms = (deadline - g_get_monotonic_time()) / 1000;

        if (!read_version(lite, &lite->seen_version, error))
            return FALSE;
        if (lite->seen_version != before || left_ms <= 0)
            return TRUE;
        g_usleep(1000UL * (gulong)MIN(left_ms, STEP_MS));
    }
}
