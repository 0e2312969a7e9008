#ifndef AK_SINK_KAFKA_PRODUCER_H
#define AK_SINK_KAFKA_PRODUCER_H

#include "sink/kafka_reader.h"

/* One record on its way. Views borrowed until send() returns; it takes the headers. */
typedef struct {
    AkView key, value; /* value is never empty: a NULL one would delete in a compacted topic */
    rd_kafka_headers_t *headers;
} AkKafkaOutgoing;

/* What became of it, once its transaction is committed. */
typedef struct {
    gint64 offset;
    gint64 produced_usec;
    rd_kafka_resp_err_t err;
} AkKafkaReceipt;

/*
 * A transactional producer for one partition. The transactional id is made of topic and partition,
 * so that whoever writes there, from whatever host or database, fences those before.
 */
typedef struct AkKafkaProducer AkKafkaProducer;

/*
 * @place has to outlive it. @max_message_bytes: of the topic, 0: as the configuration says. When
 * it returns every earlier producer is fenced and its open transaction decided: what is read from
 * now on is final.
 */
AkKafkaProducer *ak_kafka_producer_open(const AkKafkaPlace *place, gsize max_message_bytes,
                                        GError **error) AK_MUST_CHECK;
void ak_kafka_producer_close(AkKafkaProducer *producer);

/* Value, key and headers of one record together may have that many bytes. */
gsize ak_kafka_producer_max_bytes(const AkKafkaProducer *producer);

/*
 * All of them in one transaction. After FALSE the producer is of no use any more, and whether the
 * records are there only the partition tells: close it, open another one, read the tail.
 */
gboolean ak_kafka_producer_send(AkKafkaProducer *producer, AkKafkaOutgoing *records, gsize count,
                                AkKafkaReceipt *receipts, GError **error) AK_MUST_CHECK;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkKafkaProducer, ak_kafka_producer_close)

#endif
