#ifndef AK_SINK_KAFKA_READER_H
#define AK_SINK_KAFKA_READER_H

#include "sink/kafka_client.h"
#include "sink/kafka_config.h"

/* Where a chain's events lie in Kafka, and how we get there. Strings borrowed. */
typedef struct {
    const AkKafkaConfig *config;
    const char *brokers; /* NULL: as the configuration says */
    const char *topic;
    gint32 partition;
    guint timeout_ms;          /* how long a broker may be away */
    const volatile gint *stop; /* non-zero: give up, CANCELLED; may be NULL */
} AkKafkaPlace;

/* A committed record. What it says of itself is only said: nothing here is checked. Borrowed. */
typedef struct {
    gint64 offset;
    AkView value;
    gboolean is_event; /* it carries our headers; else the rest is not set */
    gint64 index;
    AkView chain, id, hash;
} AkKafkaRecord;

/* FALSE ends the reading, with *error or without. */
typedef gboolean (*AkKafkaRecordFunc)(const AkKafkaRecord *record, gpointer data, GError **error);

/* What the topic is set to, as far as we may see it. */
typedef struct {
    gsize max_message_bytes; /* 0: not seen */
    gboolean is_compacted;
} AkKafkaTopic;

/* Reads one partition, read_committed, by itself and without a group. */
typedef struct AkKafkaReader AkKafkaReader;

/* @place has to outlive it. MISSING when there is no such topic or partition; DENIED; NETWORK. */
AkKafkaReader *ak_kafka_reader_open(const AkKafkaPlace *place, GError **error) AK_MUST_CHECK;
void ak_kafka_reader_close(AkKafkaReader *reader);

/* Never fails: what we may not see is as if it were not set. */
void ak_kafka_reader_topic(AkKafkaReader *reader, AkKafkaTopic *out);

/* Every record, from the oldest that is kept to what is committed now. */
gboolean ak_kafka_reader_scan(AkKafkaReader *reader, AkKafkaRecordFunc func, gpointer data,
                              GError **error) AK_MUST_CHECK;

/* The last record; *out_found FALSE when the partition keeps none. */
gboolean ak_kafka_reader_tail(AkKafkaReader *reader, AkKafkaRecordFunc func, gpointer data,
                              gboolean *out_found, GError **error) AK_MUST_CHECK;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkKafkaReader, ak_kafka_reader_close)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rd_kafka_message_t, rd_kafka_message_destroy)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rd_kafka_topic_t, rd_kafka_topic_destroy)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rd_kafka_error_t, rd_kafka_error_destroy)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rd_kafka_topic_partition_list_t,
                              rd_kafka_topic_partition_list_destroy)

#endif
