#ifndef AK_SOURCE_SOURCE_H
#define AK_SOURCE_SOURCE_H

#include "chain/acceptance.h"
#include "chain/event.h"
#include "util/buf.h"
#include "util/error.h"
#include "util/sha256.h"

/*
 * The database that holds the events, and auditkeep's own state beside them: lease, plans,
 * segments, pointer. One handle is one connection, used by one thread at a time; what runs at the
 * same time opens another one.
 */
typedef struct AkSource AkSource;

typedef struct {
    const char *url;    /* "postgresql://…" (or a libpq conninfo) or "sqlite:PATH" */
    const char *table;  /* NULL: audit_events; may be "schema.table" */
    const char *chain;  /* name of the chain, [a-z0-9_-]{1,63}; NULL: main */
    const char *column; /* only rows that have @value in it: a tenant's; NULL: all rows */
    const char *value;
    gsize max_event_bytes;      /* a larger row is BAD_INPUT that names it; 0: 16 MiB */
    guint connect_timeout_ms;   /* 0: 10000 */
    guint statement_timeout_ms; /* for an answer, or for the next part of it; 0: 300000 */
    const volatile gint *stop;  /* set: calls that hang end with CANCELLED; see util/patience.h */
} AkSourceConfig;

/* A row as scanned. Everything is borrowed until the next call on the source. */
typedef struct {
    AkEvent event;        /* index is not set */
    gboolean is_archived; /* s3_archived_at is set */
    guint64 locator;      /* where the row lies (ctid, rowid): a hint that makes commit() cheap */
} AkRow;

typedef gboolean (*AkRowFunc)(const AkRow *row, gpointer data, GError **error);

/* A place in the scan order (ts, id). */
typedef struct {
    gint64 ts_usec;
    char id[37];
} AkScanPos;

#define AK_SCAN_START ((AkScanPos){G_MININT64, ""})

/* A segment: first as a plan, then as what was archived. Strings owned; see ak_segment_row_clear.
 */
typedef struct {
    guint64 first_index, last_index;
    char first_id[37], last_id[37];
    char prev_hash[65]; /* hash of the event before first_index; "" at the head */
    char last_hash[65]; /* hash that the next event has to link to */
    gint64 day;         /* see util/time.h */
    gint64 first_ts_usec, last_ts_usec;
    gint64 retain_until_usec;             /* a whole second, fixed by the plan */
    guint8 content_sha256[AK_SHA256_LEN]; /* of the uncompressed lines */
    char *key;
    /* once archived: */
    gboolean is_archived;
    char *version; /* NULL where the store has none */
    guint64 object_bytes;
    guint8 object_sha256[AK_SHA256_LEN];
    gint64 archived_usec;
    guint8 root[AK_SHA256_LEN]; /* Merkle root of the chain after last_index */
    AkBuf edge;                 /* compact range after it (tree/merkle.h): resumes the tree */
} AkSegmentRow;

void ak_segment_row_clear(AkSegmentRow *row);

/* @to is taken as empty. */
void ak_segment_row_copy(AkSegmentRow *to, const AkSegmentRow *from);

typedef gboolean (*AkSegmentFunc)(const AkSegmentRow *row, gpointer data, GError **error);

/* The seal of the days first_day to day: first as a plan, then as what was archived. */
typedef struct {
    gint64 day, first_day;
    guint64 last_index;           /* last event of the chain up to that day */
    gint64 retain_until_usec;     /* a whole second, fixed by the plan */
    guint8 sha256[AK_SHA256_LEN]; /* of the object */
    char *key;
    /* once archived: */
    gboolean is_archived;
    char *version; /* NULL where the store has none */
    gint64 archived_usec;
} AkSealRow;

void ak_seal_row_clear(AkSealRow *row);

typedef gboolean (*AkSealFunc)(const AkSealRow *row, gpointer data, GError **error);

/* A signed statement (chain/acceptance.h). */
typedef gboolean (*AkStatementFunc)(AkView statement, gpointer data, GError **error);

/* The ids and locators of a segment's rows, in order, for marking them. */
typedef struct {
    const char (*ids)[37];
    const guint64 *locators;
    const char (*hashes)[65]; /* computed hashes: filled in where the table's hash is NULL */
    gsize count;
} AkRowRefs;

typedef struct {
    AkCursor archived;          /* the archive's pointer */
    gint64 archived_usec;       /* when it moved last; 0: never */
    guint64 pending;            /* rows with s3_archived_at NULL */
    gint64 oldest_pending_usec; /* their oldest ts; 0: none */
    char oldest_pending_id[37];
    char *holder; /* who holds the lease, NULL: nobody */
    guint64 epoch;
    gint64 lease_until_usec;
    gboolean is_lease_held;
    guint planned; /* plans not archived yet */
    char *trouble; /* what a writer ended with, if none has ended well since; NULL: nothing */
    gint64 trouble_usec;
} AkChainState;

void ak_chain_state_clear(AkChainState *state);

/* A value of the column that tells tenants apart. Borrowed. */
typedef gboolean (*AkTenantFunc)(const char *value, gpointer data, GError **error);

/* A chain that a query names. Borrowed; @table NULL: the usual one, @column NULL: all its rows. */
typedef gboolean (*AkNamedFunc)(const char *name, const char *table, const char *column,
                                const char *value, gpointer data, GError **error);

/* Where a downstream sink of the chain stands (sink/sink.h). Strings owned. */
typedef struct {
    char *name;        /* ak_sink_name() */
    AkCursor at;       /* the last event that it confirmed */
    gint64 ts_usec;    /* that event's; G_MININT64 before the first */
    gint64 moved_usec; /* when it moved last; 0: never */
    char *holder;      /* who holds its lease, NULL: nobody */
    guint64 epoch;
    gint64 lease_until_usec;
    gboolean is_lease_held;
    char *error; /* why it does not go on; NULL: it does */
    gint64 error_usec;
} AkSinkState;

void ak_sink_state_clear(AkSinkState *state);

typedef gboolean (*AkSinkStateFunc)(const AkSinkState *state, gpointer data, GError **error);

/* A move of a sink's pointer, borrowed; and where the events went that it moves over. */
typedef struct {
    AkCursor to;
    gint64 ts_usec;
    /* for the table's columns kafka_topic, kafka_partition, kafka_offset and kafka_produced_at, as
     * far as it has them; count 0: nothing */
    const char *topic;
    gsize count;
    const char (*ids)[37];
    const gint64 *partitions;
    const gint64 *offsets;
    const gint64 *produced_usec;
} AkSinkMove;

typedef struct AkSourceDriver {
    const char *scheme;

    /* CONFIG, NETWORK, DENIED or TIMEOUT. Does not need the tables to be there. */
    AkSource *(*open)(const AkSourceConfig *config, GError **error);
    void (*close)(AkSource *source);

    /*
     * The SQL that creates or adapts the tables (idempotent), appended to @sql; run when @apply.
     * Existing writers of the table go on as before.
     */
    gboolean (*init)(AkSource *source, gboolean apply, AkBuf *sql, GError **error);

    /* Is the schema there and as we need it? CONFIG that names what is missing and says 'init'. */
    gboolean (*check)(AkSource *source, GError **error);

    /*
     * Rows strictly after @from in (ts, id) order, at most @limit of them. scan_next() sets
     * *out_found FALSE after the last one. Nothing else may be called on the source until
     * scan_end(), which may come early.
     */
    gboolean (*scan_begin)(AkSource *source, const AkScanPos *from, guint64 limit, GError **error);
    gboolean (*scan_next)(AkSource *source, AkRow *out, gboolean *out_found, GError **error);
    gboolean (*scan_end)(AkSource *source, GError **error);

    /* Rows whose prev_hash is @hash (lower-case hex; "": rows that start a chain). */
    gboolean (*find_by_prev)(AkSource *source, const char *hash, AkRowFunc func, gpointer data,
                             GError **error);

    /* Rows with these ids, in any order; those that do not exist are passed over. */
    gboolean (*find_by_id)(AkSource *source, const char (*ids)[37], gsize count, AkRowFunc func,
                           gpointer data, GError **error);

    /* Rows whose hash column is @hash; none where the table has no such column. */
    gboolean (*find_by_hash)(AkSource *source, const char *hash, AkRowFunc func, gpointer data,
                             GError **error);

    /*
     * Appending: begin opens a transaction, takes the chain's append lock (waits for other
     * appenders) and finds the head: *out_prev "" when there is none, and the head's time, so that
     * times can be kept growing. rows inserts events that are complete (id, hash, prev_hash, …);
     * call it as often as needed; end commits, or rolls back when !commit.
     */
    gboolean (*append_begin)(AkSource *source, char out_prev[65], gint64 *out_ts_usec,
                             GError **error);
    gboolean (*append_rows)(AkSource *source, const AkEvent *events, gsize count, GError **error);
    gboolean (*append_end)(AkSource *source, gboolean commit, GError **error);

    /* Lease and pointer, in one cheap look. */
    gboolean (*state)(AkSource *source, AkChainState *out, GError **error);

    /* The pending members of @state: looks at every pending row. Optional. */
    gboolean (*count_pending)(AkSource *source, AkChainState *state, GError **error);

    /*
     * The writer's lease. BUSY when somebody else holds it (the text names who and until when).
     * The epoch grows with each new holder; renew and release are FENCED when it is not @epoch.
     * The first holder binds the chain's name to table, column and value: CONFLICT for any others.
     */
    gboolean (*lease_acquire)(AkSource *source, const char *holder, guint ttl_ms,
                              guint64 *out_epoch, GError **error);
    gboolean (*lease_renew)(AkSource *source, guint64 epoch, guint ttl_ms, GError **error);
    gboolean (*lease_release)(AkSource *source, guint64 epoch, GError **error);

    /*
     * Records a plan. FENCED for a stale epoch; CONFLICT when first_index does not follow the last
     * plan, or prev_hash is not that one's last_hash and no accept() says that it need not be. The
     * very same plan again is success; while it is not archived, the same range under the same key
     * takes the content of rows that have changed since.
     */
    gboolean (*plan)(AkSource *source, guint64 epoch, const AkSegmentRow *segment, GError **error);

    /*
     * Moves the pointer over a planned segment and marks its rows (s3_object_key, s3_archived_at),
     * all or nothing, through the stored procedure. FENCED; CONFLICT unless it is the plan that
     * follows the pointer. The same commit again is success, and records the object's version.
     * *out_marked: rows that were marked (a row that has gone meanwhile is no error here: verify
     * reports it).
     */
    gboolean (*commit)(AkSource *source, guint64 epoch, const AkSegmentRow *segment,
                       const AkRowRefs *rows, guint64 *out_marked, GError **error);

    /* Segments, planned and archived, from @from_index on, in order. @func ends it early with FALSE
     * and no error; then FALSE is returned without one. */
    gboolean (*segments)(AkSource *source, guint64 from_index, AkSegmentFunc func, gpointer data,
                         GError **error);

    /*
     * Records the plan of a seal; from then on plan() refuses a segment of its days or of earlier
     * ones with CONFLICT. FENCED for a stale epoch; CONFLICT unless first_day follows the last seal
     * (or is the day of the chain's first segment), that seal is archived, and every segment up to
     * day is archived, the last one ending at last_index. The very same plan again is success;
     * while it is not archived, it takes another digest.
     */
    gboolean (*seal_plan)(AkSource *source, guint64 epoch, const AkSealRow *seal, GError **error);

    /* The planned seal is archived. FENCED; CONFLICT when no such seal was planned. The same again
     * is success, and records the object's version. */
    gboolean (*seal_commit)(AkSource *source, guint64 epoch, const AkSealRow *seal, GError **error);

    /* Seals, planned and archived, whose day is @from_day or later, in order. */
    gboolean (*seals)(AkSource *source, gint64 from_day, AkSealFunc func, gpointer data,
                      GError **error);

    /*
     * Records what a person accepted, for good. CONFLICT unless its index is beyond the pointer.
     * The very same statement again is success. Optional, as is acceptances().
     */
    gboolean (*accept)(AkSource *source, const AkAcceptance *acceptance, AkView statement,
                       GError **error);

    /* The statements of the chain's acceptances, in the order of their indexes. */
    gboolean (*acceptances)(AkSource *source, AkStatementFunc func, gpointer data, GError **error);

    /*
     * Finding chains. Optional, all four or none.
     *
     * tenants: every value of config.column, and of the chains that are bound to it already, though
     * their rows have gone; at most @limit. One step through an index each, not a look at each row.
     * config.value does not count. CONFIG when equal values may have different texts.
     */
    gboolean (*tenants)(AkSource *source, guint64 limit, AkTenantFunc func, gpointer data,
                        GError **error);

    /* The rows of @sql, which have four columns; at most @limit. */
    gboolean (*named)(AkSource *source, const char *sql, guint64 limit, AkNamedFunc func,
                      gpointer data, GError **error);

    /* Which values of @column have rows in @table that are not archived; @column NULL: "" when
     * there are any. Looks at nothing that is archived. */
    gboolean (*pending)(AkSource *source, const char *table, const char *column, AkTenantFunc func,
                        gpointer data, GError **error);

    /* What a writer of the chain ended with, for status; NULL: it ended well. */
    gboolean (*note_trouble)(AkSource *source, const char *what, GError **error);

    /*
     * A sink's lease and pointer, apart from the archive's. acquire: BUSY when somebody else holds
     * it; the epoch grows with each new holder. Whatever comes with another epoch is FENCED. renew
     * with @ttl_ms 0 gives it back.
     */
    gboolean (*sink_acquire)(AkSource *source, const char *sink, const char *holder, guint ttl_ms,
                             guint64 *out_epoch, GError **error);
    gboolean (*sink_renew)(AkSource *source, const char *sink, guint64 epoch, guint ttl_ms,
                           GError **error);

    /*
     * Moves the pointer and fills in where the events went, all or nothing, and clears the error.
     * CONFLICT unless it moves ahead, to an event of the chain with that hash: a row that is there,
     * or one that is archived (of which the segments' ends are compared). The same again is
     * success.
     */
    gboolean (*sink_move)(AkSource *source, const char *sink, guint64 epoch, const AkSinkMove *move,
                          GError **error);

    /* Records why the sink does not go on, for status; NULL: it does. */
    gboolean (*sink_fail)(AkSource *source, const char *sink, guint64 epoch, const char *text,
                          GError **error);

    /* The chain's sinks, by name. */
    gboolean (*sinks)(AkSource *source, AkSinkStateFunc func, gpointer data, GError **error);

    /* Waits until rows may have been added, or @timeout_ms passed. Optional; see ak_source_wait().
     */
    gboolean (*wait)(AkSource *source, guint timeout_ms, GError **error);
} AkSourceDriver;

/* First member of every driver's handle. */
struct AkSource {
    const AkSourceDriver *driver;
};

extern const AkSourceDriver ak_source_postgres;
extern const AkSourceDriver ak_source_sqlite;

/* Opens by the URL's scheme; CONFIG when there is no such driver. Call the members directly. */
AkSource *ak_source_open(const AkSourceConfig *config, GError **error) AK_MUST_CHECK;
void ak_source_close(AkSource *source);

/* The driver's wait(), or sleep where it has none. */
gboolean ak_source_wait(AkSource *source, guint timeout_ms, GError **error) AK_MUST_CHECK;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkSource, ak_source_close)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkSegmentRow, ak_segment_row_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkSealRow, ak_seal_row_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkChainState, ak_chain_state_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkSinkState, ak_sink_state_clear)

#endif
