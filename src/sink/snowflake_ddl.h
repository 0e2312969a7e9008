#ifndef AK_SINK_SNOWFLAKE_DDL_H
#define AK_SINK_SNOWFLAKE_DDL_H

#include "sink/snowflake.h"
#include "util/buf.h"

/* The SQL that a Snowflake account has to run before events come, and what consumers can run after:
 * sql/snowflake. @archive: "s3://BUCKET[/PREFIX]", NULL: a name to fill in. */
void ak_snowflake_ddl_append(const AkSnowflakeTarget *target, const char *archive, AkBuf *out);

#endif
