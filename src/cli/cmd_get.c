#include "cli/commands.h"
#include "cli/open.h"
#include "ops/get.h"

gboolean ak_cmd_get(AkCli *cli, GError **error)
{
    gboolean has_source = ak_cli_text(cli, AK_OPT_SOURCE) != NULL;
    g_autoptr(AkStore) store = NULL;
    g_auto(AkGetResult) result = {0};
    AkSourceConfig source;
    AkGetConfig config = {.chain = ak_cli_text(cli, AK_OPT_CHAIN)};
    char id[37];

    if (!ak_cli_uuid(cli, 0, id, error))
        return FALSE;
    if (has_source && !ak_open_source_config(cli, &source, error))
        return FALSE;
    store = ak_open_store(cli, error);
    if (store == NULL)
        return FALSE;
    config.id = id;
    config.store = store;
    config.source = has_source ? &source : NULL;
    if (!ak_get_run(&config, &result, error))
        return FALSE;
    ak_buf_append_byte(&result.line, '\n');
    return ak_cli_write(ak_buf_view(&result.line), error);
}
