#include "cli/commands.h"
#include "sink/snowflake_ddl.h"

/* What is printed when no table is named. */
static const char usual[] = "snowflake://ACCOUNT/AUDIT/LAND/AUDIT_EVENTS_LAND";

gboolean ak_cmd_snowflake(AkCli *cli, GError **error)
{
    const char *url = ak_cli_arg(cli, 1);
    const char *archive = ak_cli_text(cli, AK_OPT_ARCHIVE);
    g_auto(AkSnowflakeTarget) target = {0};
    g_auto(AkBuf) out = {0};

    if (!g_str_equal(ak_cli_arg(cli, 0), "ddl")) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "'snowflake' knows nothing but 'ddl'; hint: 'auditkeep snowflake ddl'");
        return FALSE;
    }
    if (!ak_snowflake_target_parse(url != NULL ? url : usual, &target, error))
        return FALSE;
    if (archive != NULL && !g_str_has_prefix(archive, "s3://"))
        archive = NULL;
    ak_snowflake_ddl_append(&target, archive, &out);
    return ak_cli_write(ak_buf_view(&out), error);
}
