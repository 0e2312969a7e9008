#ifndef AK_SINK_SNOWFLAKE_H
#define AK_SINK_SNOWFLAKE_H

#include "sink/sink.h"

/*
 * The landing table of a Snowflake account, filled over Snowpipe Streaming: one named channel a
 * chain, whose committed offset token, the chain's index, is the tail. deliver() returns when the
 * rows are buffered there, confirm() tells what is in the table.
 */
extern const AkSinkDriver ak_sink_snowflake;

/* The parts of "snowflake://ACCOUNT/DATABASE/SCHEMA/TABLE", names as SHOW prints them. */
typedef struct {
    const char *account;
    const char *database;
    const char *schema;
    const char *table;
    char **parts;
} AkSnowflakeTarget;

gboolean ak_snowflake_target_parse(const char *url, AkSnowflakeTarget *out,
                                   GError **error) AK_MUST_CHECK;
void ak_snowflake_target_clear(AkSnowflakeTarget *target);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkSnowflakeTarget, ak_snowflake_target_clear)

#endif
