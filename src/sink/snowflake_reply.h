#ifndef AK_SINK_SNOWFLAKE_REPLY_H
#define AK_SINK_SNOWFLAKE_REPLY_H

#include "util/error.h"
#include "util/view.h"

/*
 * Readers of what Snowflake answers. Three generations of its pages differ in names and shapes, so
 * members are taken where one of the known names stands; what is needed and missing is BAD_INPUT.
 */
enum {
    AK_SNOWFLAKE_MAX_REPLY = 1024 * 1024,
    AK_SNOWFLAKE_MAX_RESULT = 16 * 1024 * 1024,
    AK_SNOWFLAKE_MAX_TOKEN = 16 * 1024
};

/* What the server says of a channel. Zero-initialise to start. */
typedef struct {
    char *code;      /* "ACTIVE"; NULL: not said */
    char *committed; /* last_committed_offset_token; NULL: none yet */
    guint64 rows_errors;
    char *last_error_upper; /* offset token at or after the last row that was dropped */
    char *last_error;       /* its message, which may quote the row: never logged */
} AkSnowflakeStatus;

void ak_snowflake_status_clear(AkSnowflakeStatus *status);

/*
 * "hostname" or "token": a JSON object with @member, a JSON string, or the bare text. At most
 * AK_SNOWFLAKE_MAX_TOKEN bytes, all of them printable ASCII without blanks.
 */
char *ak_snowflake_read_text(AkView body, const char *member, GError **error) AK_MUST_CHECK;

/*
 * Code and message of a refusal: {"code"|"error_code"|"status_code", "message"}, a JSON string, or
 * other text, whose first word is the code. Never fails; NULL where there is none.
 */
void ak_snowflake_read_error(AkView body, char **out_code, char **out_message);

gboolean ak_snowflake_read_open(AkView body, char **out_continuation, AkSnowflakeStatus *out,
                                GError **error) AK_MUST_CHECK;

char *ak_snowflake_read_append(AkView body, GError **error) AK_MUST_CHECK;

/* *out_is_known FALSE: the reply has no such channel. */
gboolean ak_snowflake_read_statuses(AkView body, const char *channel, gboolean *out_is_known,
                                    AkSnowflakeStatus *out, GError **error) AK_MUST_CHECK;

/* One partition of a statement's result. Cells are text, or NULL for SQL NULL. */
typedef struct {
    char *handle;       /* names the statement from now on */
    guint n_partitions; /* 0: not said */
    GPtrArray *columns; /* char *: names, of the first partition */
    GPtrArray *rows;    /* GPtrArray * of char *; NULL: none yet (still running) */
} AkSnowflakeResult;

void ak_snowflake_result_clear(AkSnowflakeResult *result);

/* Reads a reply and appends its rows to those in @result. */
gboolean ak_snowflake_read_result(AkView body, AkSnowflakeResult *result,
                                  GError **error) AK_MUST_CHECK;

/* A decimal offset token: digits alone, below 2^63. */
gboolean ak_snowflake_read_offset(const char *token, guint64 *out) AK_MUST_CHECK;

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkSnowflakeStatus, ak_snowflake_status_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkSnowflakeResult, ak_snowflake_result_clear)

#endif
