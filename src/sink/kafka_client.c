#include "sink/kafka_client.h"

#include <syslog.h>

enum { ERROR_BYTES = 512 };

/* The library's own log is for those who ask for it; nothing in it is a result. */
static void on_log(const rd_kafka_t *kafka, int level, const char *facility, const char *text)
{
    if (level <= LOG_DEBUG)
        g_debug("kafka: %s: %s", facility, text);
}

static void on_error(rd_kafka_t *kafka, int err, const char *reason, void *opaque)
{
    AkKafkaClient *client = opaque;

    /* "all brokers are down" follows the reason and hides it */
    if (err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && client->complaint != 0)
        return;
    client->complaint = (rd_kafka_resp_err_t)err;
    (void)g_strlcpy(client->reason, reason, sizeof client->reason);
}

AkKafkaClient *ak_kafka_client_new(rd_kafka_type_t type, rd_kafka_conf_t *conf,
                                   void (*on_delivery)(rd_kafka_t *, const rd_kafka_message_t *,
                                                       void *),
                                   GError **error)
{
    g_autoptr(AkKafkaClient) client = g_new0(AkKafkaClient, 1);
    char why[ERROR_BYTES];

    rd_kafka_conf_set_opaque(conf, client);
    rd_kafka_conf_set_log_cb(conf, on_log);
    rd_kafka_conf_set_error_cb(conf, on_error);
    /* tokens are fetched while we wait in a call, too */
    rd_kafka_conf_enable_sasl_queue(conf, 1);
    if (on_delivery != NULL)
        rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    client->kafka = rd_kafka_new(type, conf, why, sizeof why);
    if (client->kafka == NULL) {
        rd_kafka_conf_destroy(conf);
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "could not make a Kafka client: %s; hint: check --kafka-config", why);
        return NULL;
    }
    rd_kafka_error_destroy(rd_kafka_sasl_background_callbacks_enable(client->kafka));
    if (type == RD_KAFKA_CONSUMER)
        (void)rd_kafka_poll_set_consumer(client->kafka);
    return g_steal_pointer(&client);
}

void ak_kafka_client_free(AkKafkaClient *client)
{
    if (client == NULL)
        return;
    if (client->kafka != NULL) {
        if (rd_kafka_type(client->kafka) == RD_KAFKA_PRODUCER)
            (void)rd_kafka_purge(client->kafka, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                                                    RD_KAFKA_PURGE_F_NON_BLOCKING);
        rd_kafka_destroy_flags(client->kafka, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    }
    g_free(client);
}

void ak_kafka_client_listen(AkKafkaClient *client)
{
    rd_kafka_message_t *message;

    if (rd_kafka_type(client->kafka) == RD_KAFKA_PRODUCER) {
        (void)rd_kafka_poll(client->kafka, 0);
        return;
    }
    /* nothing is assigned: what comes is no record */
    while ((message = rd_kafka_consumer_poll(client->kafka, 0)) != NULL)
        rd_kafka_message_destroy(message);
}

/* The class of an error; what is in no row is retryable: a new client reads back and goes on. */
static const struct {
    rd_kafka_resp_err_t err;
    AkErrorCode code;
} classes[] = {
    {RD_KAFKA_RESP_ERR__FENCED, AK_ERROR_FENCED},
    {RD_KAFKA_RESP_ERR_PRODUCER_FENCED, AK_ERROR_FENCED},
    {RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, AK_ERROR_FENCED},
    {RD_KAFKA_RESP_ERR__AUTHENTICATION, AK_ERROR_DENIED},
    {RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, AK_ERROR_DENIED},
    {RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM, AK_ERROR_CONFIG},
    {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, AK_ERROR_DENIED},
    {RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, AK_ERROR_DENIED},
    {RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, AK_ERROR_DENIED},
    {RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED, AK_ERROR_DENIED},
    {RD_KAFKA_RESP_ERR__SSL, AK_ERROR_NETWORK},
    {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, AK_ERROR_MISSING},
    {RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, AK_ERROR_MISSING},
    {RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, AK_ERROR_MISSING},
    {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, AK_ERROR_CONFIG},
    {RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, AK_ERROR_CONFIG},
    {RD_KAFKA_RESP_ERR_INVALID_RECORD, AK_ERROR_CONFIG}, /* a compacted topic, or one with checks */
    {RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT, AK_ERROR_CONFIG},
    {RD_KAFKA_RESP_ERR__TIMED_OUT, AK_ERROR_TIMEOUT},
    {RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, AK_ERROR_TIMEOUT},
    {RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, AK_ERROR_TIMEOUT},
};

AkErrorCode ak_kafka_error_code(rd_kafka_resp_err_t err)
{
    for (gsize i = 0; i < G_N_ELEMENTS(classes); i++)
        if (classes[i].err == err)
            return classes[i].code;
    return AK_ERROR_NETWORK;
}

static gboolean is_silence(rd_kafka_resp_err_t err)
{
    return ak_kafka_error_code(err) == AK_ERROR_TIMEOUT ||
           err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || err == RD_KAFKA_RESP_ERR__TRANSPORT;
}

static const char *hint(AkErrorCode code, rd_kafka_resp_err_t err)
{
    if (err == RD_KAFKA_RESP_ERR__AUTHENTICATION)
        return "; hint: check sasl.* in --kafka-config";
    if (err == RD_KAFKA_RESP_ERR__SSL)
        return "; hint: check security.protocol and ssl.* in --kafka-config";
    switch ((guint)code) {
    case AK_ERROR_DENIED:
        return "; hint: the user needs Write, Read and Describe on the topic and Write on the "
               "transactional id";
    case AK_ERROR_MISSING:
        return "; hint: create the topic, with cleanup.policy=delete and one partition a chain";
    case AK_ERROR_FENCED:
        return "; hint: another exporter writes to this partition; one has to go";
    case AK_ERROR_NETWORK:
        return "; hint: check --kafka-brokers and that the broker is up";
    default:
        return "";
    }
}

gboolean ak_kafka_client_fail(AkKafkaClient *client, rd_kafka_resp_err_t err, const char *what,
                              const char *thing, GError **error)
{
    const char *why = rd_kafka_err2str(err);
    AkErrorCode code;

    ak_kafka_client_listen(client);
    if (is_silence(err) && client->complaint != 0) {
        err = client->complaint;
        why = client->reason;
    }
    code = ak_kafka_error_code(err);
    g_set_error(error, AK_ERROR, (gint)code, "%s '%s': %s%s", what, thing, why, hint(code, err));
    return FALSE;
}
