#ifndef AK_SINK_KAFKA_RECORD_H
#define AK_SINK_KAFKA_RECORD_H

#include "chain/event.h"
#include "sink/kafka_producer.h"
#include "util/buf.h"

typedef enum {
    AK_KAFKA_BINARY,     /* CloudEvents 1.0, binary mode: the value is the archive's line */
    AK_KAFKA_STRUCTURED, /* CloudEvents 1.0, structured mode: the line is the member data */
    AK_KAFKA_PLAIN       /* the prototype's envelope, keyed by the event's id */
} AkKafkaFormat;

/* FALSE when @name is none of "binary", "structured", "plain". */
gboolean ak_kafka_format_from_name(const char *name, AkKafkaFormat *out);

/* What the records of one chain have in common. Strings borrowed. */
typedef struct {
    AkKafkaFormat format;
    const char *chain;
    const char *source; /* CloudEvents' source: a URI reference */
    gsize max_bytes;    /* a record that is larger refers to the archive instead */
} AkKafkaStyle;

/* The record's key: all of a chain has one, so that tools that partition by key keep its order. */
AkView ak_kafka_record_key(const AkKafkaStyle *style, const AkEvent *event);

/*
 * Appends the record's value to @out and makes its headers. @line: the archive's line of @event.
 * @archive_key: the object that holds it, NULL when it is not archived (yet). A record that would
 * be larger than style->max_bytes gets a reference for a value, the canonical JSON object
 * {chain, dataref, hash, id, index, sha256 and size of the line}, and the header ce_dataref.
 * MISSING when it is too large and not archived.
 */
gboolean ak_kafka_record_write(const AkKafkaStyle *style, const AkEvent *event, AkView line,
                               const char *archive_key, AkBuf *out, rd_kafka_headers_t **headers,
                               GError **error) AK_MUST_CHECK;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(rd_kafka_headers_t, rd_kafka_headers_destroy)

#endif
