#ifndef AK_SINK_SNOWFLAKE_ROWS_H
#define AK_SINK_SNOWFLAKE_ROWS_H

#include "sink/snowflake_channel.h"
#include "util/buf.h"

/* One event on its way into the landing table. Borrowed. */
typedef struct {
    guint64 index;
    gint64 ts_usec;
    AkView id;
    AkView prev_hash; /* NULL: none */
    AkView hash;
    AkView line;        /* the archive's line, without newline: canonical JSON */
    AkView archive_key; /* NULL: not known */
} AkSnowflakeRow;

enum {
    AK_SNOWFLAKE_WIRE_MAX = 3584 * 1024,       /* the hard cap is 4 MB after compression */
    AK_SNOWFLAKE_PLAIN_MAX = 16 * 1024 * 1024, /* and this before it */
    AK_SNOWFLAKE_LINE_MAX = 15 * 1024 * 1024   /* a VARCHAR holds 16 MiB */
};

/* Cuts rows into requests; keeps its buffers. Zero-initialise to start; for one thread. */
typedef struct {
    AkBuf plain;
    AkBuf wire;
    struct ZSTD_CCtx_s *zstd;
} AkSnowflakeRows;

void ak_snowflake_rows_clear(AkSnowflakeRows *rows);

/*
 * Hands @n rows over, in order, one request after the other. A row that is too large for a request
 * goes without RAW when its place in the archive is known, and is BAD_INPUT when it is not.
 * *out LOST: open the channel again; what was taken before shows in its committed token.
 */
gboolean ak_snowflake_rows_send(AkSnowflakeRows *rows, AkSnowflakeChannel *channel, AkView chain,
                                const AkSnowflakeRow *first, gsize n, AkSnowflakeOutcome *out,
                                GError **error) AK_MUST_CHECK;

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkSnowflakeRows, ak_snowflake_rows_clear)

#endif
