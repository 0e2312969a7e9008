#include "cli/commands.h"
#include "cli/open.h"
#include "ops/prove.h"
#include "segment/key.h"

gboolean ak_cmd_prove(AkCli *cli, GError **error)
{
    gboolean has_source = ak_cli_text(cli, AK_OPT_SOURCE) != NULL;
    const char *chain = ak_cli_text(cli, AK_OPT_CHAIN);
    g_autofree char *origin = ak_segment_origin(ak_cli_text(cli, AK_OPT_ORIGIN), chain);
    g_autoptr(AkStore) store = NULL;
    g_autoptr(AkSigners) signers = NULL;
    g_autoptr(AkNoteKey) key = NULL;
    g_auto(AkProof) proof = {0};
    g_auto(AkBuf) out = {0};
    AkSourceConfig source;
    AkProveConfig config = {.chain = chain};
    char id[37];

    if (!ak_cli_uuid(cli, 0, id, error) || !ak_open_note_key(cli, origin, &key, error) ||
        (has_source && !ak_open_source_config(cli, &source, error)) ||
        !ak_open_signers(cli, &signers, error))
        return FALSE;
    store = ak_open_store(cli, error);
    if (store == NULL)
        return FALSE;
    config.store = store;
    config.source = has_source ? &source : NULL;
    config.id = id;
    config.key = key;
    config.signers = signers;
    if (!ak_prove_run(&config, &proof, error))
        return FALSE;
    ak_proof_write(&proof, &out);
    ak_buf_append_byte(&out, '\n');
    return ak_cli_write(ak_buf_view(&out), error);
}
