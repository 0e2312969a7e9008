#include "source/sqlite_internal.h"

/* What people accepted; the triggers of sql/sqlite/acceptance.sql guard it. */

static gboolean is_recorded(AkLite *lite, const char *what, AkView statement, gboolean *out_is,
                            GError **error)
{
    g_autoptr(LiteStmt) stmt = ak_lite_prepare(
        lite, what, "SELECT 1 FROM auditkeep_acceptance WHERE chain = ?1 AND statement = ?2",
        error);

    if (stmt == NULL)
        return FALSE;
    ak_lite_bind_text(stmt, 1, lite->chain);
    ak_lite_bind_view(stmt, 2, statement);
    return ak_lite_step(lite, what, stmt, out_is, error);
}

static gboolean record(AkLite *lite, const char *what, const AkAcceptance *acceptance,
                       AkView statement, GError **error)
{
    g_autoptr(LiteStmt) stmt = NULL;
    gboolean is_there;

    if (!ak_lite_register_chain(lite, what, error) ||
        !is_recorded(lite, what, statement, &is_there, error))
        return FALSE;
    if (is_there)
        return TRUE;
    stmt = ak_lite_prepare(
        lite, what,
        "INSERT INTO auditkeep_acceptance (chain, at_index, kind, head_hash, event_id, event_prev, "
        "rejected_id, reason, accepted_by, accepted_usec, statement) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        error);
    if (stmt == NULL)
        return FALSE;
    ak_lite_bind_text(stmt, 1, lite->chain);
    (void)sqlite3_bind_int64(stmt, 2, (gint64)acceptance->index);
    ak_lite_bind_text(stmt, 3, ak_break_name(acceptance->kind));
    ak_lite_bind_text(stmt, 4, acceptance->head_hash);
    ak_lite_bind_text(stmt, 5, acceptance->event_id);
    ak_lite_bind_text(stmt, 6, acceptance->event_prev);
    ak_lite_bind_text(stmt, 7, acceptance->rejected_id);
    ak_lite_bind_text(stmt, 8, acceptance->reason);
    ak_lite_bind_text(stmt, 9, acceptance->accepted_by);
    (void)sqlite3_bind_int64(stmt, 10, acceptance->accepted_usec);
    ak_lite_bind_view(stmt, 11, statement);
    return ak_lite_do(lite, what, stmt, error);
}

gboolean ak_lite_accept(AkSource *source, const AkAcceptance *acceptance, AkView statement,
                        GError **error)
{
    static const char what[] = "accept a break of the chain";
    AkLite *lite = (AkLite *)source;

    return ak_lite_begin(lite, what, error) &&
           ak_lite_end(lite, what, record(lite, what, acceptance, statement, error), error);
}

gboolean ak_lite_acceptances(AkSource *source, AkStatementFunc func, gpointer data, GError **error)
{
    static const char what[] = "read the acceptances";
    AkLite *lite = (AkLite *)source;
    g_autoptr(LiteStmt) stmt = NULL;
    gboolean has_row;

    if (!ak_lite_connect(lite, FALSE, error))
        return FALSE;
    stmt = ak_lite_prepare(lite, what,
                           "SELECT statement FROM auditkeep_acceptance WHERE chain = ?1 "
                           "ORDER BY at_index, accepted_usec",
                           error);
    if (stmt == NULL)
        return FALSE;
    ak_lite_bind_text(stmt, 1, lite->chain);
    for (;;) {
        const char *text;

        if (!ak_lite_step(lite, what, stmt, &has_row, error))
            return FALSE;
        if (!has_row)
            return TRUE;
        text = (const char *)sqlite3_column_text(stmt, 0);
        if (!func(ak_view(text, (gsize)sqlite3_column_bytes(stmt, 0)), data, error))
            return FALSE;
    }
}

gboolean ak_lite_is_accepted(AkLite *lite, const char *what, const AkSegmentRow *segment,
                             const char *head_hash, gboolean *out_is, GError **error)
{
    g_autoptr(LiteStmt) stmt = NULL;

    *out_is = g_str_equal(segment->prev_hash, head_hash);
    if (*out_is)
        return TRUE;
    stmt = ak_lite_prepare(lite, what,
                           "SELECT 1 FROM auditkeep_acceptance WHERE chain = ?1 AND at_index = ?2 "
                           "AND kind = 'gap' AND head_hash = ?3 AND event_id = ?4 "
                           "AND event_prev = ?5",
                           error);
    if (stmt == NULL)
        return FALSE;
    ak_lite_bind_text(stmt, 1, lite->chain);
    (void)sqlite3_bind_int64(stmt, 2, (gint64)segment->first_index);
    ak_lite_bind_text(stmt, 3, head_hash);
    ak_lite_bind_text(stmt, 4, segment->first_id);
    ak_lite_bind_text(stmt, 5, segment->prev_hash);
    return ak_lite_step(lite, what, stmt, out_is, error);
}
