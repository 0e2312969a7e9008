/*
 * Drives a channel of Snowpipe Streaming, one call a line of standard input, for tests that need
 * more than the exporter does:
 *   open POINTER | send FIRST LAST [BYTES] | poll | wait INDEX | drop | sql STATEMENT
 * Answers one line each: "open N", "taken", "lost", "poll N", "dropped", "rows …", or
 * "error CLASS text".
 */
#include "sink/snowflake_rows.h"
#include "sink/snowflake_sql.h"

#include <stdio.h>

enum { MAX_LINE = 64 * 1024 };

typedef struct {
    AkSnowflake *snowflake;
    AkSnowflakeChannel channel;
    AkSnowflakeRows rows;
} Tool;

static const char *const outcomes[] = {[AK_SNOWFLAKE_TAKEN] = "taken",
                                       [AK_SNOWFLAKE_LOST] = "lost",
                                       [AK_SNOWFLAKE_TOO_LARGE] = "large"};

static gboolean open_channel(Tool *tool, char **words, GError **error)
{
    gint64 committed;

    if (!ak_snowflake_channel_open(&tool->channel, g_ascii_strtoll(words[1], NULL, 10), &committed,
                                   error))
        return FALSE;
    printf("open %" G_GINT64_FORMAT "\n", committed);
    return TRUE;
}

static char *noise(gsize len)
{
    char *text = g_malloc(len + 1);

    for (gsize i = 0; i < len; i++)
        text[i] = (char)('0' + g_random_int_range(0, 64));
    text[len] = '\0';
    g_strdelimit(text, "\\", '/');
    return text;
}

static gboolean send_rows(Tool *tool, char **words, GError **error)
{
    guint64 first = g_ascii_strtoull(words[1], NULL, 10);
    guint64 last = g_ascii_strtoull(words[2], NULL, 10);
    gsize bytes = words[3] != NULL ? g_ascii_strtoull(words[3], NULL, 10) : 10;
    const char *key = words[3] != NULL ? words[4] : NULL;
    g_autofree char *payload = noise(bytes);
    g_autofree char *line = g_strdup_printf("{\"payload\":\"%s\"}", payload);
    g_autofree AkSnowflakeRow *rows = g_new0(AkSnowflakeRow, last - first + 1);
    AkSnowflakeOutcome outcome;

    for (guint64 i = first; i <= last; i++)
        rows[i - first] = (AkSnowflakeRow){.index = i,
                                           .id = AK_VIEW("00000000-0000-4000-8000-000000000000"),
                                           .hash = AK_VIEW("ab"),
                                           .line = ak_view_str(line),
                                           .archive_key = ak_view_str(key)};
    if (!ak_snowflake_rows_send(&tool->rows, &tool->channel, AK_VIEW("default"), rows,
                                last - first + 1, &outcome, error))
        return FALSE;
    puts(outcomes[outcome]);
    return TRUE;
}

static gboolean poll_channel(Tool *tool, char **words, GError **error)
{
    gint64 wanted = words[1] != NULL ? g_ascii_strtoll(words[1], NULL, 10) : -1;
    gint64 committed = -1;
    AkSnowflakeOutcome outcome = AK_SNOWFLAKE_TAKEN;

    do {
        if (!ak_snowflake_channel_poll(&tool->channel, &committed, &outcome, error))
            return FALSE;
    } while (outcome == AK_SNOWFLAKE_TAKEN && committed < wanted);
    printf("%s %" G_GINT64_FORMAT "\n", outcome == AK_SNOWFLAKE_TAKEN ? "poll" : "lost", committed);
    return TRUE;
}

static gboolean drop_channel(Tool *tool, char **words, GError **error)
{
    if (!ak_snowflake_channel_drop(&tool->channel, error))
        return FALSE;
    puts("dropped");
    return TRUE;
}

static gboolean run_sql(Tool *tool, char **words, GError **error)
{
    g_autofree char *text = g_strjoinv(" ", words + 1);
    AkSnowflakeStatement statement = {.statement = text,
                                      .is_async = g_str_equal(words[0], "async")};
    g_auto(AkSnowflakeResult) result = {0};

    if (!ak_snowflake_sql_run(tool->snowflake, &statement, &result, error))
        return FALSE;
    printf("rows %u", result.rows != NULL ? result.rows->len : 0);
    for (guint i = 0; result.rows != NULL && i < result.rows->len && i < 3; i++) {
        GPtrArray *row = result.rows->pdata[i];

        for (guint j = 0; j < row->len; j++)
            printf(" %s", row->pdata[j] != NULL ? (char *)row->pdata[j] : "NULL");
    }
    putchar('\n');
    return TRUE;
}

static const struct {
    const char *name;
    gboolean (*run)(Tool *tool, char **words, GError **error);
} verbs[] = {
    {"open", open_channel}, {"send", send_rows}, {"poll", poll_channel}, {"wait", poll_channel},
    {"drop", drop_channel}, {"sql", run_sql},    {"async", run_sql},
};

static void run_line(Tool *tool, char *line)
{
    g_auto(GStrv) words = g_strsplit(g_strchomp(line), " ", -1);
    g_autoptr(GError) error = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(verbs); i++) {
        if (g_str_equal(verbs[i].name, words[0]) && !verbs[i].run(tool, words, &error))
            printf("error %s %s\n", ak_error_class(error->code)->name, error->message);
    }
    fflush(stdout);
}

int main(void)
{
    char line[MAX_LINE];
    g_autoptr(GError) error = NULL;
    Tool tool = {0};
    AkSnowflakeConfig config = {
        .account = g_getenv("SNOWFLAKE_ACCOUNT"),
        .host = g_getenv("SNOWFLAKE_HOST"),
        .user = g_getenv("SNOWFLAKE_USER"),
        .key_file = g_getenv("SNOWFLAKE_KEY"),
        .key_file_2 = g_getenv("SNOWFLAKE_KEY_2"),
        .passphrase = g_getenv("SNOWFLAKE_PASSPHRASE"),
        .database = "AUDIT",
        .schema = "LAND",
        .table = g_getenv("SNOWFLAKE_TABLE"),
        .use_offset_token = g_getenv("SNOWFLAKE_OLD") != NULL,
        .request_timeout_ms = (guint)g_ascii_strtoull(g_getenv("SNOWFLAKE_TIMEOUT"), NULL, 10),
        .commit_timeout_ms = (guint)g_ascii_strtoull(g_getenv("SNOWFLAKE_COMMIT"), NULL, 10),
        .known_errors = g_ascii_strtoull(g_getenv("SNOWFLAKE_KNOWN"), NULL, 10),
    };

    tool.snowflake = ak_snowflake_new(&config, &error);
    if (tool.snowflake == NULL) {
        printf("error %s %s\n", ak_error_class(error->code)->name, error->message);
        return ak_error_exit_status(error);
    }
    ak_snowflake_channel_init(&tool.channel, tool.snowflake, "default");
    while (fgets(line, sizeof line, stdin) != NULL)
        run_line(&tool, line);
    ak_snowflake_channel_clear(&tool.channel);
    ak_snowflake_rows_clear(&tool.rows);
    ak_snowflake_free(tool.snowflake);
    return 0;
}
