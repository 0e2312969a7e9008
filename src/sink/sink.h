#ifndef AK_SINK_SINK_H
#define AK_SINK_SINK_H

#include "chain/event.h"
#include "util/error.h"

/*
 * A downstream copy of a chain: every event once, in order. One handle serves one chain and is used
 * by one thread at a time.
 *
 * Errors: retryable classes (util/error.h) where the same may succeed later; FENCED when another
 * writer took the sink's place; GAP when the remote does not hold what it should (it lost events,
 * dropped rows, or holds what is not ours): that is the fault "<scheme>_gap", and nothing is sent
 * any more; CANCELLED when asked to stop; DENIED, CONFIG, MISSING, BAD_INPUT as everywhere. A
 * driver may try again by itself where it knows that nothing was taken. After any FALSE but that of
 * open() the handle is good for close() only, and what became of the events only the remote tells:
 * the caller opens another one, which asks.
 */
typedef struct AkSink AkSink;

/* Where the sink is and how it behaves; filled in by cli/, strings borrowed and kept until close().
 * NULL and 0: not set. */
typedef struct {
    const char *url;   /* "kafka://HOST:PORT[,HOST:PORT…]/TOPIC", "kafka:TOPIC" (brokers as
                        * the driver's own file says), "snowflake://ACCOUNT/DB/SCHEMA/TABLE" */
    const char *chain; /* [a-z0-9_-]{1,63} */
    guint timeout_ms;  /* how long the remote may be away before a call fails; 0: 60000 */
    const volatile gint *stop; /* non-zero: give up waiting, CANCELLED; may be NULL */

    /* kafka only */
    const char *kafka_config; /* file of librdkafka's properties */
    const char *kafka_format; /* "binary", "structured" or "plain"; binary */
    const char *kafka_source; /* CloudEvents' source, a URI reference; "auditkeep" */

    /* snowflake only; see snowflake_config.h. Names as SHOW prints them. */
    const char *snowflake_host;
    const char *snowflake_user;
    const char *snowflake_key_file;
    const char *snowflake_key_file_2;
    const char *snowflake_passphrase; /* a secret */
    const char *snowflake_pipe;
    const char *snowflake_role;
    const char *snowflake_warehouse;
    const char *snowflake_ca_bundle;
    gboolean snowflake_use_offset_token;
    guint64 snowflake_known_errors;
} AkSinkConfig;

/* One event on its way. Borrowed until deliver() returns. */
typedef struct {
    AkEvent event;           /* index is set; hash is the chain's: what the next event links to */
    AkView line;             /* the archive's line (chain/envelope.h), without newline */
    const char *archive_key; /* the object that holds it; NULL: not archived yet */
} AkSinkEvent;

/* Where an event went: what the table's columns kafka_partition, kafka_offset and
 * kafka_produced_at get. */
typedef struct {
    gint32 partition;
    gint64 offset;
    gint64 produced_usec;
} AkSinkRef;

/* What the remote holds of the chain at one place, as it says: nothing of it is checked. */
typedef struct {
    guint64 place;     /* Kafka's offset; else counted from 0: for messages */
    gboolean is_event; /* FALSE: something that is not ours; the rest is not set */
    guint64 index;
    AkView id;   /* NULL: the sink does not keep it */
    AkView hash; /* the same */
} AkSinkRecord;

/* @record is borrowed; FALSE ends the reading, with *error set by the callback or without. */
typedef gboolean (*AkSinkRecordFunc)(const AkSinkRecord *record, gpointer data, GError **error);

typedef enum {
    AK_SINK_KNOWS_HASH = 1 << 0, /* the tail has id and hash; else "" */
    AK_SINK_HAS_REFS = 1 << 1    /* deliver() tells where each event went */
} AkSinkCaps;

typedef struct AkSinkDriver {
    const char *scheme; /* "kafka": also the first part of the fault's name */

    /*
     * Gets hold of the remote place of the chain, which fences whoever had it, and only then asks
     * for the last event that is durably there: *out_tail, index -1 when there is none. What was
     * under way when an earlier writer went is decided by then. @pointer: the last event that was
     * confirmed to us, index -1: none; a driver may use it to tell old losses from new ones, but
     * comparing it with the tail is the caller's.
     */
    AkSink *(*open)(const AkSinkConfig *config, const AkCursor *pointer, AkCursor *out_tail,
                    GError **error);
    void (*close)(AkSink *sink);

    /*
     * Hands over @count events (at least one, within the handle's limits but for a single event
     * that exceeds max_batch_bytes alone), which follow what was handed over before, or the tail.
     * Blocks until they are durably there; with confirm(), until they are taken. All or nothing is
     * not asked for: after an error any number of the first ones may be there.
     * @refs: one to each event, filled in with AK_SINK_HAS_REFS; else NULL.
     * BAD_INPUT names an event that the remote can never take. One that is larger than
     * max_event_bytes is sent as a reference to its archive_key, which the caller sees to.
     */
    gboolean (*deliver)(AkSink *sink, const AkSinkEvent *events, gsize count, AkSinkRef *refs,
                        GError **error);

    /*
     * What the remote holds of the chain, in its order, from the oldest it keeps (for the driver
     * may ask it to start at @from_index) to what is there now. Opens, reads and closes by itself;
     * fences nobody, changes nothing.
     */
    gboolean (*scan)(const AkSinkConfig *config, guint64 from_index, AkSinkRecordFunc func,
                     gpointer data, GError **error);

    /*
     * Waits up to @wait_ms (0: only asks) for more to be durable, and tells the last index that is;
     * -1: nothing. Never goes back on one handle. Optional: NULL where deliver() returning is that.
     */
    gboolean (*confirm)(AkSink *sink, guint wait_ms, gint64 *out_index, GError **error);
} AkSinkDriver;

/* First member of every driver's handle; open() fills it in. */
struct AkSink {
    const AkSinkDriver *driver;
    guint caps;             /* AkSinkCaps */
    guint max_batch_events; /* at least 1 */
    gsize max_batch_bytes;  /* of lines */
    gsize max_event_bytes;  /* a longer line is only delivered once it is archived; 0: any */
};

extern const AkSinkDriver ak_sink_kafka;

/* The driver for @url by its scheme; CONFIG when there is none. */
const AkSinkDriver *ak_sink_find(const char *url, GError **error) AK_MUST_CHECK;

/*
 * The name that the pointer is kept under: scheme and path without the host, "kafka:audit-events",
 * "snowflake:DB/SCHEMA/TABLE", so that brokers may be renamed. A new string of at most 255 bytes;
 * CONFIG when @url has no path, or one with other characters than printable ASCII.
 */
char *ak_sink_name(const char *url, GError **error) AK_MUST_CHECK;

void ak_sink_close(AkSink *sink);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkSink, ak_sink_close)

#endif
