#include "source/sqlite_internal.h"

/* Day seals. What a wrong move would be, the triggers of sql/sqlite/seal.sql refuse. */

#define SELECT_SEAL                                                                                \
    "SELECT day, first_day, last_index, key, sha256, retain_until_usec, archived_usec, version "   \
    "FROM auditkeep_seal WHERE chain = ?1 AND "

static void read_seal(LiteStmt *stmt, AkSealRow *out)
{
    *out = (AkSealRow){
        .day = sqlite3_column_int64(stmt, 0),
        .first_day = sqlite3_column_int64(stmt, 1),
        .last_index = (guint64)sqlite3_column_int64(stmt, 2),
        .key = g_strdup((const char *)sqlite3_column_text(stmt, 3)),
        .retain_until_usec = sqlite3_column_int64(stmt, 5),
        .is_archived = sqlite3_column_type(stmt, 6) != SQLITE_NULL,
        .archived_usec = sqlite3_column_int64(stmt, 6),
        .version = g_strdup((const char *)sqlite3_column_text(stmt, 7)),
    };
    if (sqlite3_column_bytes(stmt, 4) == AK_SHA256_LEN)
        memcpy(out->sha256, sqlite3_column_blob(stmt, 4), AK_SHA256_LEN);
}

static gboolean find_seal(AkLite *lite, const char *what, gint64 day, AkSealRow *out,
                          gboolean *out_found, GError **error)
{
    g_autoptr(LiteStmt) stmt = ak_lite_prepare_chain(lite, what, SELECT_SEAL "day = ?2", error);

    if (stmt == NULL)
        return FALSE;
    (void)sqlite3_bind_int64(stmt, 2, day);
    if (!ak_lite_step(lite, what, stmt, out_found, error))
        return FALSE;
    if (*out_found)
        read_seal(stmt, out);
    return TRUE;
}

static gboolean has_digest(const AkSealRow *row, const AkSealRow *seal)
{
    return ak_view_equal(ak_view((const char *)row->sha256, AK_SHA256_LEN),
                         ak_view((const char *)seal->sha256, AK_SHA256_LEN));
}

static gboolean is_same_plan(const AkSealRow *a, const AkSealRow *b)
{
    return a->first_day == b->first_day && a->last_index == b->last_index &&
           a->retain_until_usec == b->retain_until_usec && g_str_equal(a->key, b->key);
}

static gboolean insert_seal(AkLite *lite, const char *what, const AkSealRow *seal, GError **error)
{
    g_autoptr(LiteStmt) stmt = ak_lite_prepare_chain(
        lite, what,
        "INSERT INTO auditkeep_seal (chain, day, first_day, last_index, key, sha256, "
        "retain_until_usec) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        error);

    if (stmt == NULL)
        return FALSE;
    (void)sqlite3_bind_int64(stmt, 2, seal->day);
    (void)sqlite3_bind_int64(stmt, 3, seal->first_day);
    (void)sqlite3_bind_int64(stmt, 4, (gint64)seal->last_index);
    ak_lite_bind_text(stmt, 5, seal->key);
    (void)sqlite3_bind_blob(stmt, 6, seal->sha256, AK_SHA256_LEN, SQLITE_STATIC);
    (void)sqlite3_bind_int64(stmt, 7, seal->retain_until_usec);
    return ak_lite_do(lite, what, stmt, error);
}

static gboolean update_seal(AkLite *lite, const char *what, const char *sql, const AkSealRow *seal,
                            GError **error)
{
    g_autoptr(LiteStmt) stmt = ak_lite_prepare_chain(lite, what, sql, error);

    if (stmt == NULL)
        return FALSE;
    (void)sqlite3_bind_int64(stmt, 2, seal->day);
    (void)sqlite3_bind_blob(stmt, 3, seal->sha256, AK_SHA256_LEN, SQLITE_STATIC);
    ak_lite_bind_text(stmt, 4, seal->version);
    return ak_lite_do(lite, what, stmt, error);
}

static gboolean plan(AkLite *lite, const char *what, guint64 epoch, const AkSealRow *seal,
                     GError **error)
{
    g_auto(AkSealRow) there = {0};
    gboolean is_found;

    if (!ak_lite_check_epoch(lite, what, epoch, error) ||
        !find_seal(lite, what, seal->day, &there, &is_found, error))
        return FALSE;
    if (is_found && is_same_plan(&there, seal)) {
        if (has_digest(&there, seal))
            return TRUE;
        if (!there.is_archived)
            return update_seal(lite, what,
                               "UPDATE auditkeep_seal SET sha256 = ?3, version = ?4 "
                               "WHERE chain = ?1 AND day = ?2",
                               seal, error);
    }
    return insert_seal(lite, what, seal, error);
}

gboolean ak_lite_seal_plan(AkSource *source, guint64 epoch, const AkSealRow *seal, GError **error)
{
    static const char what[] = "plan a seal";
    AkLite *lite = (AkLite *)source;

    return ak_lite_begin(lite, what, error) &&
           ak_lite_end(lite, what, plan(lite, what, epoch, seal, error), error);
}

static gboolean commit(AkLite *lite, const char *what, guint64 epoch, const AkSealRow *seal,
                       GError **error)
{
    static const char sql[] =
        "UPDATE auditkeep_seal SET archived_usec = coalesce(archived_usec, " AK_LITE_NOW
        "), version = ?4 WHERE chain = ?1 AND day = ?2 AND sha256 = ?3";

    if (!ak_lite_check_epoch(lite, what, epoch, error) ||
        !update_seal(lite, what, sql, seal, error))
        return FALSE;
    if (sqlite3_changes(lite->db) == 1)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT,
                "cannot %s in '%s': this seal of day %" G_GINT64_FORMAT " of chain '%s' was not "
                "planned",
                what, lite->path, seal->day, lite->chain);
    return FALSE;
}

gboolean ak_lite_seal_commit(AkSource *source, guint64 epoch, const AkSealRow *seal, GError **error)
{
    static const char what[] = "record a seal";
    AkLite *lite = (AkLite *)source;

    return ak_lite_begin(lite, what, error) &&
           ak_lite_end(lite, what, commit(lite, what, epoch, seal, error), error);
}

gboolean ak_lite_seals(AkSource *source, gint64 from_day, AkSealFunc func, gpointer data,
                       GError **error)
{
    static const char what[] = "read the seals";
    AkLite *lite = (AkLite *)source;
    g_autoptr(LiteStmt) stmt = NULL;
    gboolean has_row;

    if (!ak_lite_connect(lite, FALSE, error))
        return FALSE;
    stmt = ak_lite_prepare_chain(lite, what, SELECT_SEAL "day >= ?2 ORDER BY day", error);
    if (stmt == NULL)
        return FALSE;
    (void)sqlite3_bind_int64(stmt, 2, from_day);
    for (;;) {
        g_auto(AkSealRow) seal = {0};

        if (!ak_lite_step(lite, what, stmt, &has_row, error))
            return FALSE;
        if (!has_row)
            return TRUE;
        read_seal(stmt, &seal);
        if (!func(&seal, data, error))
            return FALSE;
    }
}
