#include "source/sqlite_internal.h"
#include "util/time.h"

/* The lease, the plans and the pointer: each move is one transaction that holds the write lock. */

gboolean ak_lite_begin(AkLite *lite, const char *what, GError **error)
{
    return ak_lite_table_need(lite, error) && ak_lite_run(lite, what, "BEGIN IMMEDIATE", error);
}

/* Commits when @is_done, else rolls back what was begun and keeps the error. */
gboolean ak_lite_end(AkLite *lite, const char *what, gboolean is_done, GError **error)
{
    if (is_done && ak_lite_run(lite, what, "COMMIT", error))
        return TRUE;
    if (!sqlite3_get_autocommit(lite->db))
        (void)!ak_lite_run(lite, what, "ROLLBACK", NULL);
    return FALSE;
}

LiteStmt *ak_lite_prepare_chain(AkLite *lite, const char *what, const char *sql, GError **error)
{
    LiteStmt *stmt = ak_lite_prepare(lite, what, sql, error);

    if (stmt != NULL)
        ak_lite_bind_text(stmt, 1, lite->chain);
    return stmt;
}

gboolean ak_lite_check_epoch(AkLite *lite, const char *what, guint64 epoch, GError **error)
{
    g_autoptr(LiteStmt) stmt = ak_lite_prepare_chain(
        lite, what, "SELECT epoch, holder FROM auditkeep_chain WHERE chain = ?1", error);
    gboolean has_row;
    const char *holder = NULL;

    if (stmt == NULL || !ak_lite_step(lite, what, stmt, &has_row, error))
        return FALSE;
    if (has_row)
        holder = (const char *)sqlite3_column_text(stmt, 1);
    if (has_row && holder != NULL && (guint64)sqlite3_column_int64(stmt, 0) == epoch)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_FENCED,
                "cannot %s in '%s': epoch %" G_GUINT64_FORMAT " of chain '%s' is over: %s%s%s",
                what, lite->path, epoch, lite->chain, holder != NULL ? "'" : "nobody holds it",
                holder != NULL ? holder : "", holder != NULL ? "' holds it now" : "");
    return FALSE;
}

gboolean ak_lite_register_chain(AkLite *lite, const char *what, GError **error)
{
    g_autoptr(LiteStmt) stmt = ak_lite_prepare_chain(
        lite, what,
        "INSERT INTO auditkeep_chain (chain, events) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        error);

    if (stmt == NULL)
        return FALSE;
    ak_lite_bind_text(stmt, 2, lite->name);
    return ak_lite_do(lite, what, stmt, error);
}

static char *describe_rows(const char *column, const char *value)
{
    return *column != '\0' ? g_strdup_printf("the rows with '%s' in '%s'", value, column)
                           : g_strdup("all rows of its table");
}

gboolean ak_lite_bind_chain(AkLite *lite, const char *what, GError **error)
{
    const char *column = lite->column != NULL ? lite->column : "";
    const char *value = lite->value != NULL ? lite->value : "";
    g_autoptr(LiteStmt) stmt = ak_lite_prepare_chain(
        lite, what, "INSERT INTO auditkeep_binding VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        error);
    g_autoptr(LiteStmt) bound = ak_lite_prepare_chain(
        lite, what, "SELECT where_column, where_value FROM auditkeep_binding WHERE chain = ?1",
        error);
    g_autofree char *is = NULL, *should = NULL;
    gboolean has_row;

    if (stmt == NULL || bound == NULL)
        return FALSE;
    ak_lite_bind_text(stmt, 2, column);
    ak_lite_bind_text(stmt, 3, value);
    if (!ak_lite_do(lite, what, stmt, error) || !ak_lite_step(lite, what, bound, &has_row, error))
        return FALSE;
    if (g_str_equal(sqlite3_column_text(bound, 0), column) &&
        g_str_equal(sqlite3_column_text(bound, 1), value))
        return TRUE;
    is = describe_rows((const char *)sqlite3_column_text(bound, 0),
                       (const char *)sqlite3_column_text(bound, 1));
    should = describe_rows(column, value);
    g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT,
                "chain '%s' is made of %s, not of %s; hint: give these rows a chain of their own: "
                "--chain NAME",
                lite->chain, is, should);
    return FALSE;
}

/* Its own lease, which an error left behind, does not keep a holder waiting. */
static gboolean check_free(AkLite *lite, const char *what, const char *holder, GError **error)
{
    g_autoptr(LiteStmt) stmt = ak_lite_prepare_chain(
        lite, what,
        "SELECT events, holder, lease_until_usec, lease_until_usec > " AK_LITE_NOW
        " FROM auditkeep_chain WHERE chain = ?1",
        error);
    gboolean has_row;
    char until[AK_TIME_MAX];

    if (stmt == NULL || !ak_lite_step(lite, what, stmt, &has_row, error))
        return FALSE;
    g_assert(has_row);
    if (!g_str_equal(sqlite3_column_text(stmt, 0), lite->name)) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT,
                    "chain '%s' belongs to table '%s', not to '%s'; hint: give this table a chain "
                    "of its own: --chain NAME",
                    lite->chain, sqlite3_column_text(stmt, 0), lite->name);
        return FALSE;
    }
    if (sqlite3_column_type(stmt, 1) == SQLITE_NULL || sqlite3_column_int(stmt, 3) == 0 ||
        g_str_equal(sqlite3_column_text(stmt, 1), holder))
        return TRUE;
    (void)ak_time_format_seconds(sqlite3_column_int64(stmt, 2), until);
    g_set_error(error, AK_ERROR, AK_ERROR_BUSY,
                "chain '%s' is held by '%s' until %s; hint: wait for it, or stop the other writer",
                lite->chain, sqlite3_column_text(stmt, 1), until);
    return FALSE;
}

static gboolean take_lease(AkLite *lite, const char *what, const char *holder, guint ttl_ms,
                           guint64 *out_epoch, GError **error)
{
    g_autoptr(LiteStmt) stmt = NULL;
    gboolean has_row;

    if (!ak_lite_register_chain(lite, what, error) || !check_free(lite, what, holder, error) ||
        !ak_lite_bind_chain(lite, what, error))
        return FALSE;
    stmt = ak_lite_prepare_chain(lite, what,
                                 "UPDATE auditkeep_chain SET epoch = epoch + 1, holder = ?2, "
                                 "lease_until_usec = " AK_LITE_NOW
                                 " + ?3 WHERE chain = ?1 RETURNING epoch",
                                 error);
    if (stmt == NULL)
        return FALSE;
    ak_lite_bind_text(stmt, 2, holder);
    (void)sqlite3_bind_int64(stmt, 3, (gint64)ttl_ms * 1000);
    if (!ak_lite_step(lite, what, stmt, &has_row, error))
        return FALSE;
    *out_epoch = (guint64)sqlite3_column_int64(stmt, 0);
    return TRUE;
}

gboolean ak_lite_lease_acquire(AkSource *source, const char *holder, guint ttl_ms,
                               guint64 *out_epoch, GError **error)
{
    static const char what[] = "take the lease";
    AkLite *lite = (AkLite *)source;

    return ak_lite_begin(lite, what, error) &&
           ak_lite_end(lite, what, take_lease(lite, what, holder, ttl_ms, out_epoch, error), error);
}

static gboolean set_lease(AkLite *lite, const char *what, const char *sql, guint64 epoch,
                          guint ttl_ms, GError **error)
{
    g_autoptr(LiteStmt) stmt = NULL;

    if (!ak_lite_check_epoch(lite, what, epoch, error))
        return FALSE;
    stmt = ak_lite_prepare_chain(lite, what, sql, error);
    if (stmt == NULL)
        return FALSE;
    (void)sqlite3_bind_int64(stmt, 2, (gint64)ttl_ms * 1000);
    return ak_lite_do(lite, what, stmt, error);
}

gboolean ak_lite_lease_renew(AkSource *source, guint64 epoch, guint ttl_ms, GError **error)
{
    static const char what[] = "renew the lease";
    static const char sql[] =
        "UPDATE auditkeep_chain SET lease_until_usec = " AK_LITE_NOW " + ?2 WHERE chain = ?1";
    AkLite *lite = (AkLite *)source;

    return ak_lite_begin(lite, what, error) &&
           ak_lite_end(lite, what, set_lease(lite, what, sql, epoch, ttl_ms, error), error);
}

gboolean ak_lite_lease_release(AkSource *source, guint64 epoch, GError **error)
{
    static const char what[] = "release the lease";
    static const char sql[] =
        "UPDATE auditkeep_chain SET holder = NULL, lease_until_usec = ?2 WHERE chain = ?1";
    AkLite *lite = (AkLite *)source;

    return ak_lite_begin(lite, what, error) &&
           ak_lite_end(lite, what, set_lease(lite, what, sql, epoch, 0, error), error);
}

/* The same events under the same key and lock; what the rows hold may differ. */
static gboolean is_same_range(const AkSegmentRow *a, const AkSegmentRow *b)
{
    return a->first_index == b->first_index && a->last_index == b->last_index &&
           g_str_equal(a->first_id, b->first_id) && g_str_equal(a->last_id, b->last_id) &&
           g_str_equal(a->prev_hash, b->prev_hash) && g_str_equal(a->last_hash, b->last_hash) &&
           a->day == b->day && a->retain_until_usec == b->retain_until_usec &&
           g_str_equal(a->key, b->key);
}

static gboolean is_same_content(const AkSegmentRow *a, const AkSegmentRow *b)
{
    return a->first_ts_usec == b->first_ts_usec && a->last_ts_usec == b->last_ts_usec &&
           ak_view_equal(ak_view((const char *)a->content_sha256, AK_SHA256_LEN),
                         ak_view((const char *)b->content_sha256, AK_SHA256_LEN));
}

/* The segment that @condition (with ?2) finds; *out_found FALSE when there is none. */
static gboolean find_segment(AkLite *lite, const char *what, const char *condition, guint64 index,
                             AkSegmentRow *out, gboolean *out_found, GError **error)
{
    g_autofree char *sql = g_strconcat(AK_LITE_SEGMENT, condition, NULL);
    g_autoptr(LiteStmt) stmt = ak_lite_prepare_chain(lite, what, sql, error);

    if (stmt == NULL)
        return FALSE;
    if (sqlite3_bind_parameter_count(stmt) > 1)
        (void)sqlite3_bind_int64(stmt, 2, (gint64)index);
    if (!ak_lite_step(lite, what, stmt, out_found, error))
        return FALSE;
    if (*out_found)
        ak_lite_read_segment(stmt, out);
    return TRUE;
}

static gboolean insert_plan(AkLite *lite, const char *what, const AkSegmentRow *segment,
                            GError **error)
{
    g_autoptr(LiteStmt) stmt = ak_lite_prepare_chain(
        lite, what,
        "INSERT INTO auditkeep_segment (chain, first_index, last_index, first_id, last_id, "
        "prev_hash, last_hash, day, first_ts_usec, last_ts_usec, retain_until_usec, "
        "content_sha256, key) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        error);

    if (stmt == NULL)
        return FALSE;
    (void)sqlite3_bind_int64(stmt, 2, (gint64)segment->first_index);
    (void)sqlite3_bind_int64(stmt, 3, (gint64)segment->last_index);
    ak_lite_bind_text(stmt, 4, segment->first_id);
    ak_lite_bind_text(stmt, 5, segment->last_id);
    ak_lite_bind_text(stmt, 6, segment->prev_hash);
    ak_lite_bind_text(stmt, 7, segment->last_hash);
    (void)sqlite3_bind_int64(stmt, 8, segment->day);
    (void)sqlite3_bind_int64(stmt, 9, segment->first_ts_usec);
    (void)sqlite3_bind_int64(stmt, 10, segment->last_ts_usec);
    (void)sqlite3_bind_int64(stmt, 11, segment->retain_until_usec);
    (void)sqlite3_bind_blob(stmt, 12, segment->content_sha256, AK_SHA256_LEN, SQLITE_STATIC);
    ak_lite_bind_text(stmt, 13, segment->key);
    return ak_lite_do(lite, what, stmt, error);
}

static gboolean plan_anew(AkLite *lite, const char *what, const AkSegmentRow *segment,
                          GError **error)
{
    g_autoptr(LiteStmt) stmt = ak_lite_prepare_chain(
        lite, what,
        "UPDATE auditkeep_segment SET content_sha256 = ?3, first_ts_usec = ?4, last_ts_usec = ?5 "
        "WHERE chain = ?1 AND first_index = ?2",
        error);

    if (stmt == NULL)
        return FALSE;
    (void)sqlite3_bind_int64(stmt, 2, (gint64)segment->first_index);
    (void)sqlite3_bind_blob(stmt, 3, segment->content_sha256, AK_SHA256_LEN, SQLITE_STATIC);
    (void)sqlite3_bind_int64(stmt, 4, segment->first_ts_usec);
    (void)sqlite3_bind_int64(stmt, 5, segment->last_ts_usec);
    return ak_lite_do(lite, what, stmt, error);
}

static gboolean plan(AkLite *lite, const char *what, guint64 epoch, const AkSegmentRow *segment,
                     GError **error)
{
    g_auto(AkSegmentRow) same = {0}, last = {0};
    gboolean is_found, has_last, is_accepted;
    guint64 next;

    if (!ak_lite_check_epoch(lite, what, epoch, error) ||
        !find_segment(lite, what, "WHERE chain = ?1 AND first_index = ?2", segment->first_index,
                      &same, &is_found, error))
        return FALSE;
    if (is_found && is_same_range(&same, segment)) {
        if (is_same_content(&same, segment))
            return TRUE;
        if (!same.is_archived)
            return plan_anew(lite, what, segment, error);
    }
    if (!find_segment(lite, what, "WHERE chain = ?1 ORDER BY first_index DESC LIMIT 1", 0, &last,
                      &has_last, error))
        return FALSE;
    next = has_last ? last.last_index + 1 : 0;
    if (segment->first_index != next) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT,
                    "a plan from index %" G_GUINT64_FORMAT " does not follow the last one of chain "
                    "'%s', which calls for index %" G_GUINT64_FORMAT,
                    segment->first_index, lite->chain, next);
        return FALSE;
    }
    if (!ak_lite_is_accepted(lite, what, segment, last.last_hash, &is_accepted, error))
        return FALSE;
    if (!is_accepted) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT,
                    "a plan from index %" G_GUINT64_FORMAT " of chain '%s' links to '%s', but the "
                    "event before has '%s'",
                    segment->first_index, lite->chain, segment->prev_hash, last.last_hash);
        return FALSE;
    }
    return insert_plan(lite, what, segment, error);
}

gboolean ak_lite_plan(AkSource *source, guint64 epoch, const AkSegmentRow *segment, GError **error)
{
    static const char what[] = "plan a segment";
    AkLite *lite = (AkLite *)source;

    return ak_lite_begin(lite, what, error) &&
           ak_lite_end(lite, what, plan(lite, what, epoch, segment, error), error);
}

static gboolean settle(AkLite *lite, const char *what, const AkSegmentRow *segment, gint64 now,
                       GError **error)
{
    AkView edge = ak_buf_view(&segment->edge);
    g_autoptr(LiteStmt) stmt = ak_lite_prepare_chain(
        lite, what,
        "UPDATE auditkeep_segment SET archived_usec = ?3, version = ?4, object_bytes = ?5, "
        "object_sha256 = ?6, root = ?7, edge = ?8 WHERE chain = ?1 AND first_index = ?2",
        error);

    if (stmt == NULL)
        return FALSE;
    (void)sqlite3_bind_int64(stmt, 2, (gint64)segment->first_index);
    (void)sqlite3_bind_int64(stmt, 3, now);
    ak_lite_bind_text(stmt, 4, segment->version);
    (void)sqlite3_bind_int64(stmt, 5, (gint64)segment->object_bytes);
    (void)sqlite3_bind_blob(stmt, 6, segment->object_sha256, AK_SHA256_LEN, SQLITE_STATIC);
    (void)sqlite3_bind_blob(stmt, 7, segment->root, AK_SHA256_LEN, SQLITE_STATIC);
    (void)sqlite3_bind_blob64(stmt, 8, edge.data, edge.len, SQLITE_STATIC);
    return ak_lite_do(lite, what, stmt, error);
}

static gboolean set_version(AkLite *lite, const char *what, const AkSegmentRow *segment,
                            GError **error)
{
    g_autoptr(LiteStmt) stmt = ak_lite_prepare_chain(lite, what,
                                                     "UPDATE auditkeep_segment SET version = ?3 "
                                                     "WHERE chain = ?1 AND first_index = ?2",
                                                     error);

    if (stmt == NULL)
        return FALSE;
    (void)sqlite3_bind_int64(stmt, 2, (gint64)segment->first_index);
    ak_lite_bind_text(stmt, 3, segment->version);
    return ak_lite_do(lite, what, stmt, error);
}

static gboolean move_pointer(AkLite *lite, const char *what, const AkSegmentRow *plan_row,
                             gint64 now, GError **error)
{
    g_autoptr(LiteStmt) stmt = ak_lite_prepare_chain(
        lite, what,
        "UPDATE auditkeep_chain SET archived_index = ?2, archived_id = ?3, archived_hash = ?4, "
        "archived_usec = ?5 WHERE chain = ?1 AND archived_index = ?6 AND (archived_hash = ?7 "
        "OR EXISTS (SELECT 1 FROM auditkeep_acceptance a WHERE a.chain = ?1 AND a.at_index = ?6 + "
        "1 "
        "AND a.kind = 'gap' AND a.head_hash = archived_hash AND a.event_prev = ?7))",
        error);

    if (stmt == NULL)
        return FALSE;
    (void)sqlite3_bind_int64(stmt, 2, (gint64)plan_row->last_index);
    ak_lite_bind_text(stmt, 3, plan_row->last_id);
    ak_lite_bind_text(stmt, 4, plan_row->last_hash);
    (void)sqlite3_bind_int64(stmt, 5, now);
    (void)sqlite3_bind_int64(stmt, 6, (gint64)plan_row->first_index - 1);
    ak_lite_bind_text(stmt, 7, plan_row->prev_hash);
    if (!ak_lite_do(lite, what, stmt, error))
        return FALSE;
    if (sqlite3_changes(lite->db) == 1)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT,
                "the pointer of chain '%s' does not stand before index %" G_GUINT64_FORMAT
                ": it cannot move over %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT,
                lite->chain, plan_row->first_index, plan_row->first_index, plan_row->last_index);
    return FALSE;
}

/* Marks one row with @stmt, found by ?3 (and ?4); adds to *marked. */
static gboolean mark_row(AkLite *lite, const char *what, LiteStmt *stmt, const AkRowRefs *rows,
                         gsize i, gboolean by_rowid, guint64 *marked, GError **error)
{
    const char *hash = rows->hashes != NULL && rows->hashes[i][0] != '\0' ? rows->hashes[i] : NULL;

    ak_lite_bind_text(stmt, 3, rows->ids[i]);
    ak_lite_bind_text(stmt, 4, hash);
    if (by_rowid)
        (void)sqlite3_bind_int64(stmt, 5, (gint64)rows->locators[i]);
    if (!ak_lite_do(lite, what, stmt, error))
        return FALSE;
    *marked += (guint64)sqlite3_changes(lite->db);
    return TRUE;
}

static LiteStmt *prepare_mark(AkLite *lite, const char *what, const char *where, const char *key,
                              const char *at, GError **error)
{
    g_autofree char *sql = g_strdup_printf(
        "UPDATE \"%s\" SET s3_object_key = ?1, s3_archived_at = ?2%s WHERE %s", lite->name,
        lite->table.is_hash_nullable ? ", hash = coalesce(hash, ?4)" : "", where);
    LiteStmt *stmt = ak_lite_prepare(lite, what, sql, error);

    if (stmt != NULL) {
        ak_lite_bind_text(stmt, 1, key);
        ak_lite_bind_text(stmt, 2, at);
    }
    return stmt;
}

static gboolean mark_rows(AkLite *lite, const char *what, const char *key, gint64 now,
                          const AkRowRefs *rows, guint64 *out_marked, GError **error)
{
    char at[AK_LITE_TIME_LEN + 1];
    g_autoptr(LiteStmt) by_rowid = NULL;
    g_autoptr(LiteStmt) by_id = NULL;

    *out_marked = 0;
    ak_lite_format_time(now, at);
    by_rowid = prepare_mark(lite, what, "rowid = ?5 AND id = ?3", key, at, error);
    by_id = by_rowid != NULL ? prepare_mark(lite, what, "id = ?3", key, at, error) : NULL;
    if (by_id == NULL)
        return FALSE;
    for (gsize i = 0; i < rows->count; i++) {
        guint64 before = *out_marked;

        if (rows->locators != NULL &&
            !mark_row(lite, what, by_rowid, rows, i, TRUE, out_marked, error))
            return FALSE;
        if (*out_marked == before &&
            !mark_row(lite, what, by_id, rows, i, FALSE, out_marked, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean read_now(AkLite *lite, const char *what, gint64 *out, GError **error)
{
    g_autoptr(LiteStmt) stmt = ak_lite_prepare(lite, what, "SELECT " AK_LITE_NOW, error);
    gboolean has_row;

    if (stmt == NULL || !ak_lite_step(lite, what, stmt, &has_row, error))
        return FALSE;
    *out = sqlite3_column_int64(stmt, 0);
    return TRUE;
}

static gboolean commit(AkLite *lite, const char *what, guint64 epoch, const AkSegmentRow *segment,
                       const AkRowRefs *rows, guint64 *out_marked, GError **error)
{
    g_auto(AkSegmentRow) planned = {0};
    gboolean is_found;
    gint64 now;

    if (!ak_lite_check_epoch(lite, what, epoch, error) ||
        !find_segment(lite, what, "WHERE chain = ?1 AND first_index = ?2", segment->first_index,
                      &planned, &is_found, error) ||
        !read_now(lite, what, &now, error))
        return FALSE;
    if (!is_found || planned.last_index != segment->last_index ||
        !ak_view_equal(ak_view((const char *)planned.content_sha256, AK_SHA256_LEN),
                       ak_view((const char *)segment->content_sha256, AK_SHA256_LEN))) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT,
                    "indexes %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT " of chain '%s' are not "
                    "a segment that was planned",
                    segment->first_index, segment->last_index, lite->chain);
        return FALSE;
    }
    if (planned.is_archived &&
        ak_view_equal(ak_view((const char *)planned.object_sha256, AK_SHA256_LEN),
                      ak_view((const char *)segment->object_sha256, AK_SHA256_LEN)))
        return set_version(lite, what, segment, error) &&
               mark_rows(lite, what, planned.key, planned.archived_usec, rows, out_marked, error);
    return settle(lite, what, segment, now, error) &&
           move_pointer(lite, what, &planned, now, error) &&
           mark_rows(lite, what, planned.key, now, rows, out_marked, error);
}

gboolean ak_lite_commit(AkSource *source, guint64 epoch, const AkSegmentRow *segment,
                        const AkRowRefs *rows, guint64 *out_marked, GError **error)
{
    static const char what[] = "move the pointer";
    AkLite *lite = (AkLite *)source;

    return ak_lite_begin(lite, what, error) &&
           ak_lite_end(lite, what, commit(lite, what, epoch, segment, rows, out_marked, error),
                       error);
}
