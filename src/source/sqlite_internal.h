#ifndef AK_SOURCE_SQLITE_INTERNAL_H
#define AK_SOURCE_SQLITE_INTERNAL_H

#include <sqlite3.h>

#include "source/source.h"
#include "util/patience.h"

/* Shared by the files of the SQLite driver only. */

typedef sqlite3_stmt LiteStmt;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LiteStmt, sqlite3_finalize)

typedef struct {
    gboolean is_loaded, exists;
    GHashTable *columns; /* names */
    char *rows;          /* what SELECTs are from: the table, or the tenant's part of it */
    char *tenant;        /* literal of the value that rows of the chain have; NULL: all rows */
    char *select;        /* NULL: a column is missing without which nothing can be read */
    const char *ts, *signer;
    gboolean is_hash_nullable;
    gboolean is_alias; /* created_at is generated from ts */
} LiteTable;

enum {
    LITE_COL_ROWID,
    LITE_COL_TS,
    LITE_COL_ID,
    LITE_COL_EVENT_TYPE,
    LITE_COL_PAYLOAD,
    LITE_COL_PREV_HASH,
    LITE_COL_HASH,
    LITE_COL_SIGNATURE,
    LITE_COL_SIGNER,
    LITE_COL_METADATA,
    LITE_COL_EXTRA,
    LITE_COL_ARCHIVED
};

typedef struct {
    AkSource base;
    sqlite3 *db; /* NULL: there is no such file yet */
    char *path;
    char *name;
    char *chain;
    char *column, *value; /* of the rows that are the chain's; NULL: all are */
    gsize max_event_bytes;
    guint busy_timeout_ms;
    const volatile gint *stop;
    AkPatience patience;    /* of the wait for another process under way */
    AkPatienceEnd busy_end; /* how the last such wait ended */
    LiteTable table;
    LiteStmt *scan;
    LiteStmt *insert;
    /* where the scan began: bound to it, and therefore kept until it ends */
    char *from_ts;
    char from_id[37];
    /* where it is, to name a row after it that cannot be read; "" before the first */
    char at_ts[64], at_id[37];
    gboolean is_appending;
    gint64 seen_version; /* of the data, at the last look for new rows; -1: none yet */
} AkLite;

/* The error that the database reports. Always FALSE. */
gboolean ak_lite_fail(AkLite *lite, const char *what, GError **error);

LiteStmt *ak_lite_prepare(AkLite *lite, const char *what, const char *sql,
                          GError **error) AK_MUST_CHECK;
gboolean ak_lite_run(AkLite *lite, const char *what, const char *sql, GError **error) AK_MUST_CHECK;

/* Steps a statement that returns nothing, and resets it. */
gboolean ak_lite_do(AkLite *lite, const char *what, LiteStmt *stmt, GError **error) AK_MUST_CHECK;

/* Steps a query; *out_row FALSE at its end. */
gboolean ak_lite_step(AkLite *lite, const char *what, LiteStmt *stmt, gboolean *out_row,
                      GError **error) AK_MUST_CHECK;

void ak_lite_bind_text(LiteStmt *stmt, int at, const char *text);
void ak_lite_bind_view(LiteStmt *stmt, int at, AkView view);

/* The database's clock. */
#define AK_LITE_NOW "(CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000)"

enum { AK_LITE_TIME_LEN = 27 };

/* Fixed width, so that text sorts by time: 2025-02-01T00:00:00.000000Z. */
void ak_lite_format_time(gint64 usec, char out[AK_LITE_TIME_LEN + 1]);

gboolean ak_lite_table_load(AkLite *lite, GError **error) AK_MUST_CHECK;
gboolean ak_lite_table_need(AkLite *lite, GError **error) AK_MUST_CHECK;
gboolean ak_lite_has(const LiteTable *table, const char *column);
void ak_lite_table_clear(LiteTable *table);

/* Opens the file, which is made when @create. */
gboolean ak_lite_connect(AkLite *lite, gboolean create, GError **error) AK_MUST_CHECK;

/* sqlite_read.c */
gboolean ak_lite_scan_begin(AkSource *source, const AkScanPos *from, guint64 limit, GError **error);
gboolean ak_lite_scan_next(AkSource *source, AkRow *out, gboolean *out_found, GError **error);
gboolean ak_lite_scan_end(AkSource *source, GError **error);
gboolean ak_lite_find_by_prev(AkSource *source, const char *hash, AkRowFunc func, gpointer data,
                              GError **error);
gboolean ak_lite_find_by_id(AkSource *source, const char (*ids)[37], gsize count, AkRowFunc func,
                            gpointer data, GError **error);
gboolean ak_lite_find_by_hash(AkSource *source, const char *hash, AkRowFunc func, gpointer data,
                              GError **error);
gboolean ak_lite_find_leaf(AkLite *lite, AkRowFunc func, gpointer data, GError **error);

/* sqlite_append.c */
gboolean ak_lite_append_begin(AkSource *source, char out_prev[65], gint64 *out_ts_usec,
                              GError **error);
gboolean ak_lite_append_rows(AkSource *source, const AkEvent *events, gsize count, GError **error);
gboolean ak_lite_append_end(AkSource *source, gboolean commit, GError **error);

/* sqlite_write.c */
gboolean ak_lite_lease_acquire(AkSource *source, const char *holder, guint ttl_ms,
                               guint64 *out_epoch, GError **error);
gboolean ak_lite_lease_renew(AkSource *source, guint64 epoch, guint ttl_ms, GError **error);
gboolean ak_lite_lease_release(AkSource *source, guint64 epoch, GError **error);
gboolean ak_lite_plan(AkSource *source, guint64 epoch, const AkSegmentRow *segment, GError **error);
gboolean ak_lite_commit(AkSource *source, guint64 epoch, const AkSegmentRow *segment,
                        const AkRowRefs *rows, guint64 *out_marked, GError **error);

/* What moves, moves in a transaction that holds the write lock: end() commits when @is_done, else
 * rolls back what was begun and keeps the error. */
gboolean ak_lite_begin(AkLite *lite, const char *what, GError **error) AK_MUST_CHECK;
gboolean ak_lite_end(AkLite *lite, const char *what, gboolean is_done,
                     GError **error) AK_MUST_CHECK;

/* A statement whose first parameter is the chain. */
LiteStmt *ak_lite_prepare_chain(AkLite *lite, const char *what, const char *sql,
                                GError **error) AK_MUST_CHECK;

gboolean ak_lite_check_epoch(AkLite *lite, const char *what, guint64 epoch,
                             GError **error) AK_MUST_CHECK;

/* sqlite_seal.c */
gboolean ak_lite_seal_plan(AkSource *source, guint64 epoch, const AkSealRow *seal, GError **error);
gboolean ak_lite_seal_commit(AkSource *source, guint64 epoch, const AkSealRow *seal,
                             GError **error);
gboolean ak_lite_seals(AkSource *source, gint64 from_day, AkSealFunc func, gpointer data,
                       GError **error);

/* sqlite_state.c */
gboolean ak_lite_state(AkSource *source, AkChainState *out, GError **error);
gboolean ak_lite_count_pending(AkSource *source, AkChainState *state, GError **error);
gboolean ak_lite_segments(AkSource *source, guint64 from_index, AkSegmentFunc func, gpointer data,
                          GError **error);
void ak_lite_read_segment(LiteStmt *stmt, AkSegmentRow *out);

/* The columns that ak_lite_read_segment() reads. */
#define AK_LITE_SEGMENT                                                                            \
    "SELECT first_index, last_index, first_id, last_id, prev_hash, last_hash, day, "               \
    "first_ts_usec, last_ts_usec, retain_until_usec, content_sha256, key, archived_usec, "         \
    "version, object_bytes, object_sha256, root, edge FROM auditkeep_segment "

/* sqlite_accept.c */
gboolean ak_lite_accept(AkSource *source, const AkAcceptance *acceptance, AkView statement,
                        GError **error);
gboolean ak_lite_acceptances(AkSource *source, AkStatementFunc func, gpointer data, GError **error);

/* May @segment follow an event with @head_hash, which its first one does not name? */
gboolean ak_lite_is_accepted(AkLite *lite, const char *what, const AkSegmentRow *segment,
                             const char *head_hash, gboolean *out_is, GError **error) AK_MUST_CHECK;

/* sqlite_write.c: the row of the chain is there afterwards */
gboolean ak_lite_register_chain(AkLite *lite, const char *what, GError **error) AK_MUST_CHECK;

/* What the chain's name stands for is said once; CONFLICT when it was something else. */
gboolean ak_lite_bind_chain(AkLite *lite, const char *what, GError **error) AK_MUST_CHECK;

/* sqlite_tenants.c */
gboolean ak_lite_tenants(AkSource *source, guint64 limit, AkTenantFunc func, gpointer data,
                         GError **error);
gboolean ak_lite_named(AkSource *source, const char *sql, guint64 limit, AkNamedFunc func,
                       gpointer data, GError **error);
gboolean ak_lite_pending(AkSource *source, const char *table, const char *column, AkTenantFunc func,
                         gpointer data, GError **error);
gboolean ak_lite_note_trouble(AkSource *source, const char *what, GError **error);

/* sqlite_wait.c */
gboolean ak_lite_wait(AkSource *source, guint timeout_ms, GError **error);

/* sqlite_sink.c */
gboolean ak_lite_sink_acquire(AkSource *source, const char *sink, const char *holder, guint ttl_ms,
                              guint64 *out_epoch, GError **error);
gboolean ak_lite_sink_renew(AkSource *source, const char *sink, guint64 epoch, guint ttl_ms,
                            GError **error);
gboolean ak_lite_sink_move(AkSource *source, const char *sink, guint64 epoch,
                           const AkSinkMove *move, GError **error);
gboolean ak_lite_sink_fail(AkSource *source, const char *sink, guint64 epoch, const char *text,
                           GError **error);
gboolean ak_lite_sinks(AkSource *source, AkSinkStateFunc func, gpointer data, GError **error);

/* sqlite_init.c */
gboolean ak_lite_init(AkSource *source, gboolean apply, AkBuf *sql, GError **error);
gboolean ak_lite_check(AkSource *source, GError **error);

#endif
