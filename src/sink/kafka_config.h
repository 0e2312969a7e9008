#ifndef AK_SINK_KAFKA_CONFIG_H
#define AK_SINK_KAFKA_CONFIG_H

#include "util/error.h"
#include "util/view.h"

#include <librdkafka/rdkafka.h>

/*
 * librdkafka's own properties, as a person gave them in a file: "name = value" lines, '#' before
 * comments. A value that is ${env:NAME} or ${file:PATH} is taken from there. 'partition.CHAIN = N'
 * is ours: the partition of a chain. Secrets never appear in an error.
 */
typedef struct {
    GPtrArray *names;       /* char * */
    GPtrArray *values;      /* char *, one to a name */
    GHashTable *partitions; /* char * → partition */
} AkKafkaConfig;

AkKafkaConfig *ak_kafka_config_new(void);
void ak_kafka_config_free(AkKafkaConfig *config);

/*
 * Adds what @text says. CONFIG for a line that is none, for a property that the delivery depends
 * on (acks, transactional.id, …) with another value than ours, for a secret that stands in @text
 * itself when @is_public, and for a variable or file that is not there. @path is for the error.
 */
gboolean ak_kafka_config_parse(AkKafkaConfig *config, AkView text, const char *path,
                               gboolean is_public, GError **error) AK_MUST_CHECK;

/* The same for a file of at most 64 KiB; one that others may read must not hold secrets. */
gboolean ak_kafka_config_load(AkKafkaConfig *config, const char *path,
                              GError **error) AK_MUST_CHECK;

/* The partition of @chain, 0 where nothing is said. */
gint32 ak_kafka_config_partition(const AkKafkaConfig *config, const char *chain);

/*
 * For rd_kafka_new(). @brokers NULL: as the file says. CONFIG when librdkafka does not take a
 * property, or when nobody named a broker.
 */
rd_kafka_conf_t *ak_kafka_config_producer(const AkKafkaConfig *config, const char *brokers,
                                          const char *transactional_id,
                                          GError **error) AK_MUST_CHECK;
rd_kafka_conf_t *ak_kafka_config_consumer(const AkKafkaConfig *config, const char *brokers,
                                          GError **error) AK_MUST_CHECK;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkKafkaConfig, ak_kafka_config_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rd_kafka_conf_t, rd_kafka_conf_destroy)

#endif
