#ifndef AK_SINK_KAFKA_CLIENT_H
#define AK_SINK_KAFKA_CLIENT_H

#include "util/error.h"

#include <librdkafka/rdkafka.h>

/*
 * One client of librdkafka, and what it last complained about: its calls only time out where a
 * broker refused the password or is not there, and tell the reason beside them.
 */
typedef struct {
    rd_kafka_t *kafka;
    rd_kafka_resp_err_t complaint; /* 0: none */
    char reason[256];
} AkKafkaClient;

/* Takes @conf. @on_delivery: for producers, gets each message's _private; else NULL. */
AkKafkaClient *ak_kafka_client_new(rd_kafka_type_t type, rd_kafka_conf_t *conf,
                                   void (*on_delivery)(rd_kafka_t *, const rd_kafka_message_t *,
                                                       void *),
                                   GError **error) AK_MUST_CHECK;

/* A producer's unsent messages are thrown away. */
void ak_kafka_client_free(AkKafkaClient *client);

/* Takes in what the client has to say. */
void ak_kafka_client_listen(AkKafkaClient *client);

/* What @err is for those who act on it. Retryable where a new client may succeed. */
AkErrorCode ak_kafka_error_code(rd_kafka_resp_err_t err);

/*
 * "@what '@thing': …" for @err, or for the client's complaint where that says more than a time
 * that has run out. Returns FALSE.
 */
gboolean ak_kafka_client_fail(AkKafkaClient *client, rd_kafka_resp_err_t err, const char *what,
                              const char *thing, GError **error);

typedef const struct rd_kafka_metadata AkKafkaMetadata;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkKafkaMetadata, rd_kafka_metadata_destroy)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkKafkaClient, ak_kafka_client_free)

#endif
