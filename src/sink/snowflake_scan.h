#ifndef AK_SINK_SNOWFLAKE_SCAN_H
#define AK_SINK_SNOWFLAKE_SCAN_H

#include "sink/sink.h"
#include "sink/snowflake_client.h"

/* Hands the landing table's rows of @chain to @func, ordered by index, from @from_index on; rows
 * whose SEQ is no index first, as records that are not ours. By the SQL API, page by page. */
gboolean ak_snowflake_scan(AkSnowflake *snowflake, const char *chain, guint64 from_index,
                           AkSinkRecordFunc func, gpointer data, GError **error) AK_MUST_CHECK;

#endif
