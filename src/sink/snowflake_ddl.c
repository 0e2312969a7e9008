#include "sink/snowflake_ddl.h"

#include "sink/snowflake_sql.h"

#include "sql_snowflake.h"

typedef struct {
    const char *name;
    char *value;
} Name;

static void append(AkBuf *out, const char *text, const Name *names, gsize n)
{
    g_autoptr(GString) sql = g_string_new(text);

    for (gsize i = 0; i < n; i++)
        (void)g_string_replace(sql, names[i].name, names[i].value, 0);
    ak_buf_append(out, sql->str, sql->len);
}

static char *bucket_of(const char *archive)
{
    g_autofree char *url =
        g_strconcat(archive != NULL ? archive : "s3://BUCKET/PREFIX",
                    archive != NULL && g_str_has_suffix(archive, "/") ? "" : "/", NULL);

    return ak_snowflake_sql_text(url);
}

void ak_snowflake_ddl_append(const AkSnowflakeTarget *target, const char *archive, AkBuf *out)
{
    static const char *const files[] = {ak_sql_snowflake_landing, ak_sql_snowflake_streaming,
                                        ak_sql_snowflake_files, ak_sql_snowflake_consumer};
    g_autofree char *pipe = g_strconcat(target->table, "-STREAMING", NULL);
    Name names[] = {
        {"@database@", ak_snowflake_sql_name(target->database)},
        {"@schema@", ak_snowflake_sql_name(target->schema)},
        {"@table@", NULL},
        {"@pipe@", ak_snowflake_sql_name(pipe)},
        {"@bucket@", bucket_of(archive)},
        {"@role@", ak_snowflake_sql_name("AUDITKEEP")},
        {"@user@", ak_snowflake_sql_name("AUDITKEEP")},
        {"@url@", g_strdup_printf("snowflake://%s/%s/%s/%s", target->account, target->database,
                                  target->schema, target->table)},
    };
    g_autofree char *table = ak_snowflake_sql_name(target->table);

    names[2].value = g_strconcat(names[0].value, ".", names[1].value, ".", table, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++)
        append(out, files[i], names, G_N_ELEMENTS(names));
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        g_free(names[i].value);
}
