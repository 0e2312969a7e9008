#include "sink/snowflake_action.h"

typedef struct {
    const char *code;
    gboolean is_prefix;
    AkSnowflakeAction action;
} CodeRule;

/* docs.snowflake.com, Snowpipe Streaming error handling; the rest is known from other clients. */
static const CodeRule codes[] = {
    {"STALE_CONTINUATION_TOKEN_SEQUENCER", FALSE, AK_SNOWFLAKE_REOPEN},
    {"ERR_STALE_CONTINUATION_TOKEN_SEQUENCER", FALSE, AK_SNOWFLAKE_REOPEN},
    {"ERR_CHANNEL_MUST_BE_REOPENED", TRUE, AK_SNOWFLAKE_REOPEN}, /* also …_DUE_TO_ROW_SEQ_GAP */
    {"ERR_CHANNEL_HAS_INVALID_ROW_SEQUENCER", FALSE, AK_SNOWFLAKE_REOPEN},
    {"ERR_CHANNEL_HAS_INVALID_CLIENT_SEQUENCER", FALSE, AK_SNOWFLAKE_REOPEN},
    {"ERR_CHANNEL_DOES_NOT_EXIST_OR_IS_NOT_AUTHORIZED", FALSE, AK_SNOWFLAKE_REOPEN},
    {"STALE_PIPE_CACHE", FALSE, AK_SNOWFLAKE_REOPEN},
    {"ERR_CHANNEL_HAS_UNCOMMITTED_DATA", FALSE, AK_SNOWFLAKE_UNCOMMITTED},
    {"ERR_OPEN_CHANNEL_IN_PROGRESS", FALSE, AK_SNOWFLAKE_AGAIN},
    {"ERR_PIPE_DOES_NOT_EXIST_OR_NOT_AUTHORIZED", FALSE, AK_SNOWFLAKE_REFUSED},
    {"ERR_GENERAL_EXCEPTION_RETRY_REQUEST", FALSE, AK_SNOWFLAKE_UNSURE},
    {"HttpRetryableClientError", FALSE, AK_SNOWFLAKE_UNSURE},
    {"ReceiverSaturated", FALSE, AK_SNOWFLAKE_AGAIN},
    {"MemoryThresholdExceeded", TRUE, AK_SNOWFLAKE_AGAIN},
};

typedef struct {
    long status;
    AkSnowflakeAction action;
} StatusRule;

/* A bare 503 may come from a proxy after the body went through, so it proves nothing. */
static const StatusRule statuses[] = {
    {200, AK_SNOWFLAKE_DONE},   {202, AK_SNOWFLAKE_DONE},     {401, AK_SNOWFLAKE_REAUTH},
    {408, AK_SNOWFLAKE_UNSURE}, {410, AK_SNOWFLAKE_FAILOVER}, {413, AK_SNOWFLAKE_SMALLER},
    {429, AK_SNOWFLAKE_AGAIN},  {500, AK_SNOWFLAKE_UNSURE},   {502, AK_SNOWFLAKE_UNSURE},
    {503, AK_SNOWFLAKE_UNSURE}, {504, AK_SNOWFLAKE_UNSURE},
};

AkSnowflakeAction ak_snowflake_action(long status, const char *code)
{
    for (gsize i = 0; code != NULL && status >= 400 && i < G_N_ELEMENTS(codes); i++) {
        if (codes[i].is_prefix ? g_str_has_prefix(code, codes[i].code)
                               : g_str_equal(code, codes[i].code))
            return codes[i].action;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(statuses); i++) {
        if (statuses[i].status == status)
            return statuses[i].action;
    }
    return AK_SNOWFLAKE_REFUSED;
}
