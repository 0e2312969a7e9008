#ifndef AK_SINK_SNOWFLAKE_SQL_H
#define AK_SINK_SNOWFLAKE_SQL_H

#include "sink/snowflake_client.h"
#include "sink/snowflake_reply.h"

/*
 * The SQL API, version 2 (docs.snowflake.com/en/developer-guide/sql-api): one statement at a time,
 * in the configured database, schema, warehouse and role. Each has an id of its own; when it has to
 * be sent again it says so, and the server does not carry it out twice. The server forgets ids
 * some time: statements should be such that twice does no harm.
 */
typedef struct {
    const char *statement;
    const char *const *texts; /* bound to ?, as TEXT; NULL-terminated or NULL */
    guint timeout_seconds;    /* of the statement, at the server; 0: 300 */
    gboolean is_async;        /* ask for 202 at once */
} AkSnowflakeStatement;

/* All partitions of the result. BAD_INPUT (the statement failed; with Snowflake's code), MISSING,
 * DENIED, TIMEOUT, CANCELLED (then it is cancelled at the server). */
gboolean ak_snowflake_sql_run(AkSnowflake *snowflake, const AkSnowflakeStatement *statement,
                              AkSnowflakeResult *out, GError **error) AK_MUST_CHECK;

/* A cell as an unsigned number; BAD_INPUT when there is none. */
gboolean ak_snowflake_sql_number(const AkSnowflakeResult *result, guint row, guint column,
                                 guint64 *out, GError **error) AK_MUST_CHECK;

/* 'text' with its quotes doubled and backslashes too; "NAME" in double quotes. New strings. */
char *ak_snowflake_sql_text(const char *text);
char *ak_snowflake_sql_name(const char *name);

#endif
