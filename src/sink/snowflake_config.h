#ifndef AK_SINK_SNOWFLAKE_CONFIG_H
#define AK_SINK_SNOWFLAKE_CONFIG_H

#include <glib.h>

/*
 * Where the events go and who we are there. Borrowed; NULL and 0: not set. Names are as SHOW
 * prints them (upper case unless they were created in quotes).
 */
typedef struct {
    const char *account; /* identifier (ORG-NAME) or locator */
    const char *host;    /* NULL: <account>.snowflakecomputing.com; "http://" on loopback only */
    const char *user;
    const char *key_file;
    const char *key_file_2; /* the other slot, while keys are rotated */
    const char *passphrase; /* of the key files; a secret */
    const char *database;
    const char *schema;
    const char *table;
    const char *pipe; /* NULL: the table's own, <TABLE>-STREAMING */
    const char *role; /* of statements; NULL: the user's own */
    const char *warehouse;
    const char *ca_bundle;
    gboolean use_offset_token; /* the older spelling: offsetToken instead of start… and end… */
    guint64 known_errors;      /* dropped rows that somebody looked into already */
    guint connect_timeout_ms;  /* 0: 5000 */
    guint request_timeout_ms;  /* 0: 60000 */
    guint commit_timeout_ms;   /* how long rows may be on their way to the table; 0: 60000 */
    guint max_attempts;        /* of one request; 0: 6 */
    const volatile gint *stop; /* may be NULL */
} AkSnowflakeConfig;

#endif
