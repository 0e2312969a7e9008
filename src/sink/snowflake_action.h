#ifndef AK_SINK_SNOWFLAKE_ACTION_H
#define AK_SINK_SNOWFLAKE_ACTION_H

#include <glib.h>

/* What an answer of Snowflake asks for; the code wins over the HTTP status. */
typedef enum {
    AK_SNOWFLAKE_DONE,
    AK_SNOWFLAKE_AGAIN,       /* it was not taken: the same request after a back-off */
    AK_SNOWFLAKE_UNSURE,      /* it may have been taken: safe to send again only if idempotent */
    AK_SNOWFLAKE_REOPEN,      /* the channel is lost to us: open it and ask where it stands */
    AK_SNOWFLAKE_FAILOVER,    /* the pipe moved: new host and token, then as REOPEN */
    AK_SNOWFLAKE_UNCOMMITTED, /* rows of an earlier opening are on their way to the table */
    AK_SNOWFLAKE_SMALLER,     /* the body is too large */
    AK_SNOWFLAKE_REAUTH,      /* a new token, once */
    AK_SNOWFLAKE_REFUSED
} AkSnowflakeAction;

/* @code may be NULL. */
AkSnowflakeAction ak_snowflake_action(long status, const char *code);

#endif
