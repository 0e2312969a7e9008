#ifndef AK_SINK_SNOWFLAKE_AUTH_H
#define AK_SINK_SNOWFLAKE_AUTH_H

#include "sink/snowflake_client.h"

/* Headers that say who we are, for a call; asks for host and token where they are needed. */
gboolean ak_snowflake_auth_headers(AkSnowflake *snowflake, gboolean is_ingest, AkPairs *out,
                                   GError **error) AK_MUST_CHECK;

/* "https://host" that the call goes to; valid after ak_snowflake_auth_headers(). A new string. */
char *ak_snowflake_auth_origin(const AkSnowflake *snowflake, gboolean is_ingest);

/* What was tried already against refusals of one call. */
typedef struct {
    gboolean has_new_clock;
    gboolean has_new_key;
    gboolean has_new_token;
} AkSnowflakeMended;

/*
 * A token was refused: is there another way to ask, not tried yet? Our clock set right by the
 * server's, the other key, a new scoped token.
 */
gboolean ak_snowflake_auth_mend(AkSnowflake *snowflake, gboolean is_ingest,
                                const AkHttpResponse *response, AkSnowflakeMended *mended);

#endif
