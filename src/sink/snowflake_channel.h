#ifndef AK_SINK_SNOWFLAKE_CHANNEL_H
#define AK_SINK_SNOWFLAKE_CHANNEL_H

#include "sink/snowflake_client.h"
#include "sink/snowflake_reply.h"

/*
 * A named channel of Snowpipe Streaming: rows go in order into one table, and the server keeps the
 * offset token (here: the chain's index) of the last row that is in the table.
 *
 * 200 for an append means buffered: only the committed token counts. An append whose fate is not
 * known is never sent again; the channel is opened anew, which fences whoever may still be
 * sending, and says where it stands.
 */
typedef struct {
    AkSnowflake *snowflake; /* borrowed */
    char *name;             /* upper case: the status call tells the cases apart */
    char *pipe_path;
    char *continuation;  /* NULL: not open */
    gint64 committed;    /* index; -1: nothing yet */
    gint64 appended;     /* the last index that was handed over; -1: nothing */
    gint64 next_usec;    /* pacing, monotonic */
    guint64 rows_errors; /* when it was opened */
    gboolean was_open;
    gboolean is_taken;       /* another one opened it */
    guint takeovers;         /* of these in a row, without a step ahead between them */
    gint64 committed_before; /* at the opening before */
} AkSnowflakeChannel;

typedef enum {
    AK_SNOWFLAKE_TAKEN,
    AK_SNOWFLAKE_LOST,     /* open it again and go on after what is committed */
    AK_SNOWFLAKE_TOO_LARGE /* nothing was taken: send less */
} AkSnowflakeOutcome;

/* Sends nothing. @chain names the channel. */
void ak_snowflake_channel_init(AkSnowflakeChannel *channel, AkSnowflake *snowflake,
                               const char *chain);
void ak_snowflake_channel_clear(AkSnowflakeChannel *channel);

/*
 * Opens it, or opens it anew: older holders are fenced. Rows that are on their way to the table are
 * waited for, up to the commit time-out; what is not committed then is dropped there and has to be
 * sent again. *out_committed: the last index in the table, -1 for a new channel.
 * @pointer: the index that is known to be in the table, -1: none. Errors that the server counted
 * after it are a GAP, as is a token that went back or is none of ours; FENCED when another writer
 * opens it again and again.
 */
gboolean ak_snowflake_channel_open(AkSnowflakeChannel *channel, gint64 pointer,
                                   gint64 *out_committed, GError **error) AK_MUST_CHECK;

/* @body: NDJSON, compressed with zstd, of the events from @first to @last. */
gboolean ak_snowflake_channel_append(AkSnowflakeChannel *channel, guint64 first, guint64 last,
                                     AkView body, AkSnowflakeOutcome *out,
                                     GError **error) AK_MUST_CHECK;

/* Asks what is in the table. GAP as above. */
gboolean ak_snowflake_channel_poll(AkSnowflakeChannel *channel, gint64 *out_committed,
                                   AkSnowflakeOutcome *out, GError **error) AK_MUST_CHECK;

/* Deletes it, its offset token included: for an operator, never on shutdown. */
gboolean ak_snowflake_channel_drop(AkSnowflakeChannel *channel, GError **error) AK_MUST_CHECK;

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkSnowflakeChannel, ak_snowflake_channel_clear)

#endif
