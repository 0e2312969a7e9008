#include "chain/canonical.h"
#include "cli/commands.h"
#include "cli/input.h"

enum { MAX_BYTES = 64 * 1024 * 1024 };

gboolean ak_cmd_canonical(AkCli *cli, GError **error)
{
    const char *path = ak_cli_arg(cli, 0);
    g_autoptr(AkCanonical) canonical = ak_canonical_new();
    g_auto(AkBuf) text = {0};
    g_auto(AkBuf) out = {0};

    if (!ak_input_read_all(path, MAX_BYTES, &text, error))
        return FALSE;
    if (!ak_canonical_json(canonical, ak_buf_view(&text), &out, NULL, error)) {
        g_prefix_error(error, "'%s' has no canonical form: ", path != NULL ? path : "-");
        return FALSE;
    }
    return ak_cli_write(ak_buf_view(&out), error);
}
