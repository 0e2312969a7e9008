#include "source/sqlite_internal.h"
#include "util/time.h"

/* Lease and pointer of downstream sinks. What a wrong move would be by itself, the triggers of
 * sql/sqlite/sink.sql refuse, too. */

static LiteStmt *prepare_sink(AkLite *lite, const char *what, const char *sql, const char *sink,
                              GError **error)
{
    LiteStmt *stmt = ak_lite_prepare_chain(lite, what, sql, error);

    if (stmt != NULL)
        ak_lite_bind_text(stmt, 2, sink);
    return stmt;
}

/* Its own lease, which an error left behind, does not keep a holder waiting. */
static gboolean check_free(AkLite *lite, const char *what, const char *sink, const char *holder,
                           GError **error)
{
    g_autoptr(LiteStmt) stmt = prepare_sink(
        lite, what,
        "SELECT holder, lease_until_usec FROM auditkeep_sink WHERE chain = ?1 AND sink = ?2 "
        "AND holder <> ?3 AND lease_until_usec > " AK_LITE_NOW,
        sink, error);
    gboolean is_held;
    char until[AK_TIME_MAX];

    if (stmt == NULL)
        return FALSE;
    ak_lite_bind_text(stmt, 3, holder);
    if (!ak_lite_step(lite, what, stmt, &is_held, error))
        return FALSE;
    if (!is_held)
        return TRUE;
    (void)ak_time_format_seconds(sqlite3_column_int64(stmt, 1), until);
    g_set_error(error, AK_ERROR, AK_ERROR_BUSY,
                "sink '%s' of chain '%s' is held by '%s' until %s; hint: wait for it, or stop the "
                "other writer",
                sink, lite->chain, sqlite3_column_text(stmt, 0), until);
    return FALSE;
}

static gboolean check_owner(AkLite *lite, const char *what, GError **error)
{
    g_autoptr(LiteStmt) stmt = ak_lite_prepare_chain(
        lite, what, "SELECT events FROM auditkeep_chain WHERE chain = ?1", error);
    gboolean has_row;

    if (stmt == NULL || !ak_lite_step(lite, what, stmt, &has_row, error))
        return FALSE;
    if (g_str_equal(sqlite3_column_text(stmt, 0), lite->name))
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT,
                "chain '%s' belongs to table '%s', not to '%s'; hint: give this table a chain of "
                "its own: --chain NAME",
                lite->chain, sqlite3_column_text(stmt, 0), lite->name);
    return FALSE;
}

static gboolean register_sink(AkLite *lite, const char *what, const char *sink, GError **error)
{
    g_autoptr(LiteStmt) stmt = prepare_sink(
        lite, what,
        "INSERT INTO auditkeep_sink (chain, sink) VALUES (?1, ?2) ON CONFLICT DO NOTHING", sink,
        error);

    return stmt != NULL && ak_lite_do(lite, what, stmt, error);
}

static gboolean take(AkLite *lite, const char *what, const char *sink, const char *holder,
                     guint ttl_ms, guint64 *out_epoch, GError **error)
{
    g_autoptr(LiteStmt) stmt = NULL;
    gboolean has_row;

    if (!ak_lite_register_chain(lite, what, error) || !check_owner(lite, what, error) ||
        !ak_lite_bind_chain(lite, what, error) || !register_sink(lite, what, sink, error) ||
        !check_free(lite, what, sink, holder, error))
        return FALSE;
    stmt = prepare_sink(lite, what,
                        "UPDATE auditkeep_sink SET epoch = epoch + 1, holder = ?3, "
                        "lease_until_usec = " AK_LITE_NOW
                        " + ?4 WHERE chain = ?1 AND sink = ?2 RETURNING epoch",
                        sink, error);
    if (stmt == NULL)
        return FALSE;
    ak_lite_bind_text(stmt, 3, holder);
    (void)sqlite3_bind_int64(stmt, 4, (gint64)ttl_ms * 1000);
    if (!ak_lite_step(lite, what, stmt, &has_row, error))
        return FALSE;
    *out_epoch = (guint64)sqlite3_column_int64(stmt, 0);
    return TRUE;
}

gboolean ak_lite_sink_acquire(AkSource *source, const char *sink, const char *holder, guint ttl_ms,
                              guint64 *out_epoch, GError **error)
{
    static const char what[] = "take a sink's lease";
    AkLite *lite = (AkLite *)source;

    return ak_lite_begin(lite, what, error) &&
           ak_lite_end(lite, what, take(lite, what, sink, holder, ttl_ms, out_epoch, error), error);
}

static gboolean check_epoch(AkLite *lite, const char *what, const char *sink, guint64 epoch,
                            GError **error)
{
    g_autoptr(LiteStmt) stmt = prepare_sink(
        lite, what, "SELECT epoch, holder FROM auditkeep_sink WHERE chain = ?1 AND sink = ?2", sink,
        error);
    const char *holder = NULL;
    gboolean has_row;

    if (stmt == NULL || !ak_lite_step(lite, what, stmt, &has_row, error))
        return FALSE;
    if (has_row)
        holder = (const char *)sqlite3_column_text(stmt, 1);
    if (holder != NULL && (guint64)sqlite3_column_int64(stmt, 0) == epoch)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_FENCED,
                "cannot %s in '%s': epoch %" G_GUINT64_FORMAT " of sink '%s' of chain '%s' is "
                "over: %s%s%s",
                what, lite->path, epoch, sink, lite->chain,
                holder != NULL ? "'" : "nobody holds it", holder != NULL ? holder : "",
                holder != NULL ? "' holds it now" : "");
    return FALSE;
}

static gboolean renew(AkLite *lite, const char *what, const char *sink, guint64 epoch, guint ttl_ms,
                      GError **error)
{
    g_autoptr(LiteStmt) stmt = NULL;

    if (!check_epoch(lite, what, sink, epoch, error))
        return FALSE;
    stmt = prepare_sink(lite, what,
                        "UPDATE auditkeep_sink SET holder = iif(?3 > 0, holder, NULL), "
                        "lease_until_usec = " AK_LITE_NOW " + ?3 WHERE chain = ?1 AND sink = ?2",
                        sink, error);
    if (stmt == NULL)
        return FALSE;
    (void)sqlite3_bind_int64(stmt, 3, (gint64)ttl_ms * 1000);
    return ak_lite_do(lite, what, stmt, error);
}

gboolean ak_lite_sink_renew(AkSource *source, const char *sink, guint64 epoch, guint ttl_ms,
                            GError **error)
{
    static const char what[] = "renew a sink's lease";
    AkLite *lite = (AkLite *)source;

    return ak_lite_begin(lite, what, error) &&
           ak_lite_end(lite, what, renew(lite, what, sink, epoch, ttl_ms, error), error);
}

/* The row, or, where it was pruned, that it is archived; the segments' ends are the triggers'. */
static gboolean check_event(AkLite *lite, const char *what, const AkCursor *to, GError **error)
{
    g_autofree char *sql = g_strdup_printf(
        "SELECT EXISTS (SELECT 1 FROM \"%s\" e WHERE e.id = ?2 "
        "AND ltrim(lower(substr(ifnull(e.hash, ?3), 1, 64)), '0') = ltrim(?3, '0')) "
        "OR (?4 <= (SELECT archived_index FROM auditkeep_chain WHERE chain = ?1) "
        "AND NOT EXISTS (SELECT 1 FROM \"%s\" e WHERE e.id = ?2))",
        lite->name, lite->name);
    g_autoptr(LiteStmt) stmt = ak_lite_prepare_chain(lite, what, sql, error);
    gboolean has_row;

    if (stmt == NULL)
        return FALSE;
    ak_lite_bind_text(stmt, 2, to->id);
    ak_lite_bind_text(stmt, 3, to->hash);
    (void)sqlite3_bind_int64(stmt, 4, to->index);
    if (!ak_lite_step(lite, what, stmt, &has_row, error))
        return FALSE;
    if (sqlite3_column_int(stmt, 0) != 0)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT,
                "chain '%s' has no event '%s' with hash '%s' at index %" G_GINT64_FORMAT
                "; hint: run 'auditkeep verify --what source'",
                lite->chain, to->id, to->hash, to->index);
    return FALSE;
}

/* The columns that the table has for where an event went, to be set; NULL: none. */
static char *list_columns(const AkLite *lite)
{
    static const char *const columns[] = {"kafka_topic", "kafka_partition", "kafka_offset",
                                          "kafka_produced_at"};
    g_autoptr(GString) list = g_string_new(NULL);

    for (guint i = 0; i < G_N_ELEMENTS(columns); i++)
        if (ak_lite_has(&lite->table, columns[i]))
            g_string_append_printf(list, "%s%s = ?%u", list->len > 0 ? ", " : "", columns[i],
                                   i + 2);
    return list->len > 0 ? g_strdup(list->str) : NULL;
}

static gboolean mark(AkLite *lite, const char *what, const AkSinkMove *move, GError **error)
{
    g_autofree char *columns = list_columns(lite);
    g_autofree char *sql = NULL;
    g_autoptr(LiteStmt) stmt = NULL;

    if (move->count == 0 || columns == NULL)
        return TRUE;
    sql = g_strdup_printf("UPDATE \"%s\" SET %s WHERE id = ?1", lite->name, columns);
    stmt = ak_lite_prepare(lite, what, sql, error);
    if (stmt == NULL)
        return FALSE;
    for (gsize i = 0; i < move->count; i++) {
        char at[AK_LITE_TIME_LEN + 1];

        ak_lite_format_time(move->produced_usec[i], at);
        ak_lite_bind_text(stmt, 1, move->ids[i]);
        ak_lite_bind_text(stmt, 2, move->topic);
        (void)sqlite3_bind_int64(stmt, 3, move->partitions[i]);
        (void)sqlite3_bind_int64(stmt, 4, move->offsets[i]);
        ak_lite_bind_text(stmt, 5, at);
        if (!ak_lite_do(lite, what, stmt, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean move_pointer(AkLite *lite, const char *what, const char *sink, guint64 epoch,
                             const AkSinkMove *move, GError **error)
{
    g_autoptr(LiteStmt) stmt = NULL;

    if (!check_epoch(lite, what, sink, epoch, error) || !check_event(lite, what, &move->to, error))
        return FALSE;
    stmt = prepare_sink(lite, what,
                        "UPDATE auditkeep_sink SET at_index = ?3, at_id = ?4, at_hash = ?5, "
                        "at_ts_usec = ?6, moved_usec = " AK_LITE_NOW
                        ", error = NULL, error_usec = 0 WHERE chain = ?1 AND sink = ?2",
                        sink, error);
    if (stmt == NULL)
        return FALSE;
    (void)sqlite3_bind_int64(stmt, 3, move->to.index);
    ak_lite_bind_text(stmt, 4, move->to.id);
    ak_lite_bind_text(stmt, 5, move->to.hash);
    (void)sqlite3_bind_int64(stmt, 6, move->ts_usec);
    return ak_lite_do(lite, what, stmt, error) && mark(lite, what, move, error);
}

gboolean ak_lite_sink_move(AkSource *source, const char *sink, guint64 epoch,
                           const AkSinkMove *move, GError **error)
{
    static const char what[] = "move a sink's pointer";
    AkLite *lite = (AkLite *)source;

    return ak_lite_begin(lite, what, error) &&
           ak_lite_end(lite, what, move_pointer(lite, what, sink, epoch, move, error), error);
}

static gboolean fail(AkLite *lite, const char *what, const char *sink, guint64 epoch,
                     const char *text, GError **error)
{
    g_autoptr(LiteStmt) stmt = NULL;

    if (!check_epoch(lite, what, sink, epoch, error))
        return FALSE;
    stmt = prepare_sink(lite, what,
                        "UPDATE auditkeep_sink SET error = ?3, error_usec = "
                        "iif(?3 IS NULL, 0, " AK_LITE_NOW ") WHERE chain = ?1 AND sink = ?2",
                        sink, error);
    if (stmt == NULL)
        return FALSE;
    ak_lite_bind_text(stmt, 3, text);
    return ak_lite_do(lite, what, stmt, error);
}

gboolean ak_lite_sink_fail(AkSource *source, const char *sink, guint64 epoch, const char *text,
                           GError **error)
{
    static const char what[] = "record a sink's error";
    AkLite *lite = (AkLite *)source;

    return ak_lite_begin(lite, what, error) &&
           ak_lite_end(lite, what, fail(lite, what, sink, epoch, text, error), error);
}

static void read_sink(LiteStmt *stmt, AkSinkState *out)
{
    *out = (AkSinkState){
        .name = g_strdup((const char *)sqlite3_column_text(stmt, 0)),
        .epoch = (guint64)sqlite3_column_int64(stmt, 1),
        .holder = g_strdup((const char *)sqlite3_column_text(stmt, 2)),
        .lease_until_usec = sqlite3_column_int64(stmt, 3),
        .is_lease_held = sqlite3_column_int(stmt, 4) != 0,
        .at.index = sqlite3_column_int64(stmt, 5),
        .ts_usec = sqlite3_column_type(stmt, 8) == SQLITE_NULL ? G_MININT64
                                                               : sqlite3_column_int64(stmt, 8),
        .moved_usec = sqlite3_column_int64(stmt, 9),
        .error = g_strdup((const char *)sqlite3_column_text(stmt, 10)),
        .error_usec = sqlite3_column_int64(stmt, 11),
    };
    g_strlcpy(out->at.id, (const char *)sqlite3_column_text(stmt, 6), sizeof out->at.id);
    g_strlcpy(out->at.hash, (const char *)sqlite3_column_text(stmt, 7), sizeof out->at.hash);
}

gboolean ak_lite_sinks(AkSource *source, AkSinkStateFunc func, gpointer data, GError **error)
{
    static const char what[] = "read the sinks";
    AkLite *lite = (AkLite *)source;
    g_autoptr(LiteStmt) stmt = NULL;
    gboolean has_row;

    if (!ak_lite_connect(lite, FALSE, error))
        return FALSE;
    stmt = ak_lite_prepare_chain(
        lite, what,
        "SELECT sink, epoch, holder, lease_until_usec, holder IS NOT NULL AND "
        "lease_until_usec > " AK_LITE_NOW ", at_index, at_id, at_hash, at_ts_usec, moved_usec, "
        "error, error_usec FROM auditkeep_sink WHERE chain = ?1 ORDER BY sink",
        error);
    if (stmt == NULL)
        return FALSE;
    for (;;) {
        g_auto(AkSinkState) state = {0};

        if (!ak_lite_step(lite, what, stmt, &has_row, error))
            return FALSE;
        if (!has_row)
            return TRUE;
        read_sink(stmt, &state);
        if (!func(&state, data, error))
            return FALSE;
    }
}
