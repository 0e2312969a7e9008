#ifndef AK_CLI_OPTION_H
#define AK_CLI_OPTION_H

#include "cli/command.h"

/*
 * The one table of options. Parser, --help, man pages, completion, sample configuration and
 * docs/reference.md are made from it. Only cli/ reads it: what lies below gets plain structs.
 */
typedef enum {
    AK_OPT_SOURCE,
    AK_OPT_TABLE,
    AK_OPT_CHAIN,
    AK_OPT_WHERE_COLUMN,
    AK_OPT_WHERE_VALUE,
    AK_OPT_CHAINS_COLUMN,
    AK_OPT_CHAINS_QUERY,
    AK_OPT_CHAINS_LIMIT,
    AK_OPT_MAX_EVENT_BYTES,
    AK_OPT_CONNECT_TIMEOUT,
    AK_OPT_STATEMENT_TIMEOUT,
    AK_OPT_ARCHIVE,
    AK_OPT_RETENTION,
    AK_OPT_LOCK_MODE,
    AK_OPT_LEGAL_HOLD,
    AK_OPT_FILE_IMMUTABLE,
    AK_OPT_S3_ENDPOINT,
    AK_OPT_S3_REGION,
    AK_OPT_S3_CA_BUNDLE,
    AK_OPT_S3_PATH_STYLE,
    AK_OPT_S3_MAX_ATTEMPTS,
    AK_OPT_S3_PROFILE,
    AK_OPT_S3_CREDENTIALS,
    AK_OPT_S3_RETRY_MODE,
    AK_OPT_S3_FIPS,
    AK_OPT_S3_DUALSTACK,
    AK_OPT_S3_FALLBACK_REGIONAL,
    AK_OPT_S3_SSE,
    AK_OPT_S3_SSE_KMS_KEY,
    AK_OPT_S3_SSE_BUCKET_KEY,
    AK_OPT_S3_CONNECT_TIMEOUT,
    AK_OPT_S3_STALL_TIMEOUT,
    AK_OPT_S3_REQUEST_TIMEOUT,
    AK_OPT_AWS_ACCESS_KEY_ID,
    AK_OPT_AWS_SECRET_ACCESS_KEY,
    AK_OPT_AWS_SESSION_TOKEN,
    AK_OPT_SIGNERS,
    AK_OPT_HMAC_SECRET_FILE,
    AK_OPT_REQUIRE_SIGNATURES,
    AK_OPT_SIGNING_KEY,
    AK_OPT_SIGNER_ID,
    AK_OPT_KEY,
    AK_OPT_ORIGIN,
    AK_OPT_ONCE,
    AK_OPT_FOLLOW,
    AK_OPT_LAYOUT,
    AK_OPT_SEGMENT_EVENTS,
    AK_OPT_SEGMENT_BYTES,
    AK_OPT_FLUSH_INTERVAL,
    AK_OPT_POLL_INTERVAL,
    AK_OPT_LEASE_TTL,
    AK_OPT_GAP_GRACE,
    AK_OPT_SEAL_GRACE,
    AK_OPT_HEARTBEAT_INTERVAL,
    AK_OPT_REQUIRE_SEALS,
    AK_OPT_THREADS,
    AK_OPT_MAX_CHAINS,
    AK_OPT_CHAINS_INTERVAL,
    AK_OPT_SINK,
    AK_OPT_DELIVER_AFTER,
    AK_OPT_KAFKA_BROKERS,
    AK_OPT_KAFKA_CONFIG,
    AK_OPT_KAFKA_FORMAT,
    AK_OPT_KAFKA_SOURCE,
    AK_OPT_SNOWFLAKE_HOST,
    AK_OPT_SNOWFLAKE_USER,
    AK_OPT_SNOWFLAKE_KEY_FILE,
    AK_OPT_SNOWFLAKE_KEY_FILE_2,
    AK_OPT_SNOWFLAKE_PASSPHRASE,
    AK_OPT_SNOWFLAKE_PIPE,
    AK_OPT_SNOWFLAKE_ROLE,
    AK_OPT_SNOWFLAKE_WAREHOUSE,
    AK_OPT_SNOWFLAKE_CA_BUNDLE,
    AK_OPT_SNOWFLAKE_OFFSET_TOKEN,
    AK_OPT_SNOWFLAKE_KNOWN_ERRORS,
    AK_OPT_WHAT,
    AK_OPT_SINCE,
    AK_OPT_UNTIL,
    AK_OPT_AFTER_ID,
    AK_OPT_LIMIT,
    AK_OPT_INDEX,
    AK_OPT_ID,
    AK_OPT_REASON,
    AK_OPT_SAMPLE,
    AK_OPT_SEED,
    AK_OPT_REPORT,
    AK_OPT_LEDGER,
    AK_OPT_LEDGER_KEY,
    AK_OPT_INCREMENTAL,
    AK_OPT_COVER_PERIOD,
    AK_OPT_READ_LIMIT,
    AK_OPT_REQUEST_RATE,
    AK_OPT_JSON,
    AK_OPT_DRY_RUN,
    AK_OPT_YES,
    AK_OPT_PRINT_CONFIG,
    AK_OPT_CONFIG,
    AK_OPT_LOG_FORMAT,
    AK_OPT_LOG_LEVEL,
    AK_OPT_HELP,
    AK_OPT_VERSION,
    AK_OPT_N
} AkOptId;

typedef enum {
    AK_TYPE_BOOL, /* takes no value on the command line; --no-NAME is FALSE */
    AK_TYPE_STRING,
    AK_TYPE_PATH,
    AK_TYPE_URL, /* a password in it is refused on the command line */
    AK_TYPE_UINT,
    AK_TYPE_SIZE,     /* bytes; KiB, MiB, GiB */
    AK_TYPE_DURATION, /* ms, s, min, h, d; number is milliseconds */
    AK_TYPE_ENUM,     /* one of choices; number is its place in the list */
    AK_TYPE_SET,      /* some of choices, with commas; bit n is choice n */
    AK_TYPE_TIME,     /* RFC 3339; number is microseconds, see util/time.h */
    AK_TYPE_PERIOD,   /* "7 years" */
    AK_TYPE_CHAIN,    /* the name of a chain */
    AK_TYPE_ORIGIN    /* the first part of a checkpoint's origin */
} AkOptType;

/* An environment variable; @prefix is put before its value (AUDIT_BUCKET: "s3://"). */
typedef struct {
    const char *name;
    const char *prefix;
} AkOptEnv;

enum { AK_OPT_MAX_ENV = 2 };

typedef struct {
    const char *name; /* without "--" */
    char letter;      /* short name, or 0 */
    AkOptType type;
    const char *value;            /* what stands for the value in help; NULL for BOOL */
    const char *initial;          /* default as text; NULL: none */
    guint64 min, max;             /* range of UINT, SIZE and DURATION */
    const char *choices;          /* of ENUM and SET: "a|b|c" */
    AkOptEnv env[AK_OPT_MAX_ENV]; /* the first that is set and not empty counts */
    guint32 commands;             /* AK_CMD_BIT() of those it applies to */
    const char *section;          /* in the configuration file, also the group in help */
    const char *key;              /* NULL: cannot stand in the configuration file */
    gboolean is_list;             /* given again it is added, with a blank in between */
    gboolean is_secret;  /* environment only; never stored, shown or taken from the command line */
    const char *summary; /* one sentence */
    const char *text;    /* more, for the man page; may be NULL */
} AkOption;

extern const AkOption ak_options[AK_OPT_N];

/* "source": the options' sections in the order of help and sample, with a heading. */
typedef struct {
    const char *name;
    const char *heading;
} AkOptSection;

extern const AkOptSection ak_option_sections[];
extern const guint ak_option_n_sections;

/* Borrowed; NULL when there is none. */
const AkOption *ak_option_find(const char *name, gsize len);
const AkOption *ak_option_find_letter(char letter);
const AkOption *ak_option_find_key(const char *section, const char *key);

static inline AkOptId ak_option_id(const AkOption *option)
{
    return (AkOptId)(option - ak_options);
}

static inline gboolean ak_option_applies(const AkOption *option, const AkCommand *command)
{
    return (option->commands & AK_CMD_BIT(ak_command_id(command))) != 0;
}

/* "--name VALUE" as help shows it; a new string. */
char *ak_option_usage(const AkOption *option);

/* "default 5s; 1 to 100; environment A, B": what the table says beside the sentence; "" if nothing.
 */
char *ak_option_facts(const AkOption *option);

#endif
