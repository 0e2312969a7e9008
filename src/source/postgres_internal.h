#ifndef AK_SOURCE_POSTGRES_INTERNAL_H
#define AK_SOURCE_POSTGRES_INTERNAL_H

#include <libpq-fe.h>

#include "source/source.h"
#include "util/patience.h"

/* Shared by the files of the PostgreSQL driver only. */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PGresult, PQclear)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PGconn, PQfinish)

/* What the catalog says about the table of the events. */
typedef struct {
    char *events;       /* "schema"."table"; NULL: not looked at yet */
    char *schema;       /* "schema" */
    char *select;       /* SELECT … FROM events e, the columns in PG_COL order */
    char *tenant;       /* literal of the value that rows of the chain have; NULL: all rows */
    const char *ts;     /* column that orders; NULL: there is none */
    const char *signer; /* NULL: there is none */
    GHashTable *types;  /* column → type; see ak_pg_type() */
    gboolean exists;
    gboolean is_uuid; /* id is uuid, else text */
    gboolean is_verbatim;
    gboolean is_hash_nullable;
    gboolean is_alias; /* created_at is a copy of ts that our trigger keeps */
} PgTable;

enum {
    PG_COL_CTID,
    PG_COL_TS,
    PG_COL_ID,
    PG_COL_EVENT_TYPE,
    PG_COL_PAYLOAD,
    PG_COL_PREV_HASH,
    PG_COL_HASH,
    PG_COL_SIGNATURE,
    PG_COL_SIGNER,
    PG_COL_METADATA,
    PG_COL_EXTRA,
    PG_COL_ARCHIVED,
    PG_COL_OVERSIZE,
    PG_N_COLS
};

typedef struct {
    AkSource base;
    PGconn *conn;
    char *address; /* for messages: host:port/database */
    char *name;    /* the table as configured, "schema.table" or "table" */
    char *chain;
    char *column, *value; /* of the rows that are the chain's; NULL: all are */
    gsize max_event_bytes;
    const volatile gint *stop;
    guint timeout_ms; /* for each answer; 0: none */
    PgTable table;
    /* the scan under way */
    gboolean is_scanning, is_scan_started, is_scan_done;
    guint64 scan_limit;
    char *scan_row; /* libpq's memory of the current row */
    char id[37];    /* text of the current row's uuid */
    /* the head that this connection appended last: where to look for it first */
    char head[65];
    gint64 head_ts_usec;
    char pending_head[65];
    gint64 pending_ts_usec;
    /* waiting for rows */
    char *channel;       /* NULL: not listening yet */
    gboolean is_waiting; /* writers notify */
    guint busy_ms;
} AkPg;

/* Parameters of a statement, binary unless they are text that the server has to parse. */
enum { PG_MAX_PARAMS = 20 };
typedef struct {
    int count;
    Oid types[PG_MAX_PARAMS];
    const char *values[PG_MAX_PARAMS];
    int lengths[PG_MAX_PARAMS];
    int formats[PG_MAX_PARAMS];
    guint64 numbers[PG_MAX_PARAMS]; /* storage of integers, in network order */
} PgParams;

enum {
    PG_BYTEA = 17,
    PG_INT8 = 20,
    PG_INT4 = 23,
    PG_TEXT = 25,
    PG_TID = 27,
    PG_TIMESTAMPTZ = 1184
};
enum { PG_TID_ARRAY = 1010, PG_TEXT_ARRAY = 1009, PG_INT8_ARRAY = 1016 };

void ak_pg_add_string(PgParams *params, const char *string); /* type inferred; NULL is NULL */
void ak_pg_add_text(PgParams *params, const char *string);
void ak_pg_add_int8(PgParams *params, gint64 value);
void ak_pg_add_int4(PgParams *params, gint32 value);
void ak_pg_add_time(PgParams *params, gint64 usec);
void ak_pg_add_bytes(PgParams *params, Oid type, const void *data, gsize len);

/* A binary array of one dimension: begin, then an element each. */
void ak_pg_array_begin(AkBuf *buf, Oid element, gsize count);
void ak_pg_array_element(AkBuf *buf, AkView value);

/*
 * postgres_call.c. TIMEOUT when the server does not answer within pg->timeout_ms, CANCELLED when
 * we are asked to stop and it does not answer soon; the connection is of no use afterwards.
 */

/* Waits until the connection's socket is ready for @events of poll(), or has gone. */
AkPatienceEnd ak_pg_wait_socket(PGconn *conn, short events, AkPatience *patience);

/* Runs @sql (NULL @params: it may be several statements, results are text); the last result, of
 * whatever status. NULL when there is none. */
PGresult *ak_pg_call(AkPg *pg, const char *what, const char *sql, const PgParams *params,
                     GError **error) AK_MUST_CHECK;

/* PQgetResult(); *out NULL after the last one. */
gboolean ak_pg_next_result(AkPg *pg, const char *what, AkPatience *patience, PGresult **out,
                           GError **error) AK_MUST_CHECK;

/* PQgetCopyData(): *out_len -1 after the last row. */
gboolean ak_pg_copy_next(AkPg *pg, const char *what, char **out_row, int *out_len,
                         GError **error) AK_MUST_CHECK;

/* Asks the server to end the statement; NULL @patience: without waiting for that. */
void ak_pg_cancel(AkPg *pg, AkPatience *patience);

/* Runs one statement; results are binary. @what ("read the lease") is for the message. */
PGresult *ak_pg_query(AkPg *pg, const char *what, const char *sql, const PgParams *params,
                      GError **error) AK_MUST_CHECK;
gboolean ak_pg_run(AkPg *pg, const char *what, const char *sql, GError **error) AK_MUST_CHECK;

/* The error that @result (NULL: the connection) stands for. Always FALSE. */
gboolean ak_pg_fail(AkPg *pg, const char *what, const PGresult *result, GError **error);

guint64 ak_pg_be64(const char *bytes);
guint32 ak_pg_be32(const char *bytes);
gint64 ak_pg_time_from(const char *bytes);

/* Type of a column as PostgreSQL writes it; NULL: the table has no such column. */
const char *ak_pg_type(const PgTable *table, const char *column);

/* Reads the catalog, once. ak_pg_table_load() takes a table that is not there. */
gboolean ak_pg_table_load(AkPg *pg, GError **error) AK_MUST_CHECK;
gboolean ak_pg_table_need(AkPg *pg, GError **error) AK_MUST_CHECK;
void ak_pg_table_clear(PgTable *table);

/* postgres_read.c */
gboolean ak_pg_scan_begin(AkSource *source, const AkScanPos *from, guint64 limit, GError **error);
gboolean ak_pg_scan_next(AkSource *source, AkRow *out, gboolean *out_found, GError **error);
gboolean ak_pg_scan_end(AkSource *source, GError **error);
gboolean ak_pg_find_by_prev(AkSource *source, const char *hash, AkRowFunc func, gpointer data,
                            GError **error);
gboolean ak_pg_find_by_id(AkSource *source, const char (*ids)[37], gsize count, AkRowFunc func,
                          gpointer data, GError **error);
gboolean ak_pg_find_by_hash(AkSource *source, const char *hash, AkRowFunc func, gpointer data,
                            GError **error);
gboolean ak_pg_find_leaf(AkPg *pg, AkRowFunc func, gpointer data, GError **error);

/* postgres_append.c */
gboolean ak_pg_append_begin(AkSource *source, char out_prev[65], gint64 *out_ts_usec,
                            GError **error);
gboolean ak_pg_append_rows(AkSource *source, const AkEvent *events, gsize count, GError **error);
gboolean ak_pg_append_end(AkSource *source, gboolean commit, GError **error);

/* postgres_write.c */
gboolean ak_pg_state(AkSource *source, AkChainState *out, GError **error);
gboolean ak_pg_count_pending(AkSource *source, AkChainState *state, GError **error);
gboolean ak_pg_lease_acquire(AkSource *source, const char *holder, guint ttl_ms, guint64 *out_epoch,
                             GError **error);
gboolean ak_pg_lease_renew(AkSource *source, guint64 epoch, guint ttl_ms, GError **error);
gboolean ak_pg_lease_release(AkSource *source, guint64 epoch, GError **error);
gboolean ak_pg_plan(AkSource *source, guint64 epoch, const AkSegmentRow *segment, GError **error);
gboolean ak_pg_commit(AkSource *source, guint64 epoch, const AkSegmentRow *segment,
                      const AkRowRefs *rows, guint64 *out_marked, GError **error);
gboolean ak_pg_segments(AkSource *source, guint64 from_index, AkSegmentFunc func, gpointer data,
                        GError **error);

/* postgres_accept.c */
gboolean ak_pg_accept(AkSource *source, const AkAcceptance *acceptance, AkView statement,
                      GError **error);
gboolean ak_pg_acceptances(AkSource *source, AkStatementFunc func, gpointer data, GError **error);

/* postgres_tenants.c */
gboolean ak_pg_tenants(AkSource *source, guint64 limit, AkTenantFunc func, gpointer data,
                       GError **error);
gboolean ak_pg_named(AkSource *source, const char *sql, guint64 limit, AkNamedFunc func,
                     gpointer data, GError **error);
gboolean ak_pg_pending(AkSource *source, const char *table, const char *column, AkTenantFunc func,
                       gpointer data, GError **error);
gboolean ak_pg_note_trouble(AkSource *source, const char *what, GError **error);

/* postgres_wait.c */
gboolean ak_pg_wait(AkSource *source, guint timeout_ms, GError **error);

/* postgres_seal.c */
gboolean ak_pg_seal_plan(AkSource *source, guint64 epoch, const AkSealRow *seal, GError **error);
gboolean ak_pg_seal_commit(AkSource *source, guint64 epoch, const AkSealRow *seal, GError **error);
gboolean ak_pg_seals(AkSource *source, gint64 from_day, AkSealFunc func, gpointer data,
                     GError **error);

/* postgres_sink.c */
gboolean ak_pg_sink_acquire(AkSource *source, const char *sink, const char *holder, guint ttl_ms,
                            guint64 *out_epoch, GError **error);
gboolean ak_pg_sink_renew(AkSource *source, const char *sink, guint64 epoch, guint ttl_ms,
                          GError **error);
gboolean ak_pg_sink_move(AkSource *source, const char *sink, guint64 epoch, const AkSinkMove *move,
                         GError **error);
gboolean ak_pg_sink_fail(AkSource *source, const char *sink, guint64 epoch, const char *text,
                         GError **error);
gboolean ak_pg_sinks(AkSource *source, AkSinkStateFunc func, gpointer data, GError **error);

/* postgres_init.c */
gboolean ak_pg_init(AkSource *source, gboolean apply, AkBuf *sql, GError **error);
gboolean ak_pg_check(AkSource *source, GError **error);

#endif
