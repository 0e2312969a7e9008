#include "verify/ledger_file.h"

#include "chain/small_file.h"
#include "segment/key.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <unistd.h>

void ak_ledger_file_clear(AkLedgerFile *file)
{
    g_free(file->path);
    ak_signing_key_free(file->key);
    ak_ledger_free(file->ledger);
}

static gboolean read_file(AkLedgerFile *file, const guint8 public_key[32], const char *origin,
                          GError **error)
{
    g_autoptr(GBytes) bytes = NULL;

    if (g_access(file->path, F_OK) != 0 && errno == ENOENT) {
        g_message("there is no ledger '%s' yet: beginning one", file->path);
        file->ledger = ak_ledger_new(origin);
        return TRUE;
    }
    bytes = ak_small_file_read(file->path, AK_LEDGER_MAX_BYTES, FALSE, error);
    if (bytes == NULL)
        return FALSE;
    file->ledger = ak_ledger_read(ak_view(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)),
                                  public_key, origin, error);
    if (file->ledger != NULL)
        return TRUE;
    g_prefix_error(error, "ledger '%s': ", file->path);
    return FALSE;
}

gboolean ak_ledger_file_open(AkLedgerFile *out, const char *dir, const char *key_path,
                             const char *origin, const char *chain, GError **error)
{
    g_autofree char *name = g_strconcat(chain, ".ledger", NULL);
    g_autofree char *full_origin = ak_segment_origin(origin, chain);
    guint8 public_key[32];

    if (!g_file_test(dir, G_FILE_TEST_IS_DIR)) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "no folder '%s' for the ledger; hint: 'mkdir -p' it", dir);
        return FALSE;
    }
    out->path = g_build_filename(dir, name, NULL);
    out->key = ak_signing_key_load(key_path, error);
    if (out->key == NULL)
        return FALSE;
    if (!ak_signing_key_public_raw(out->key, public_key)) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "the ledger's key '%s' is not an Ed25519 key; hint: 'auditkeep init --key' "
                    "makes one",
                    key_path);
        return FALSE;
    }
    return read_file(out, public_key, full_origin, error);
}

gboolean ak_ledger_file_save(const AkLedgerFile *file, GError **error)
{
    g_auto(AkBuf) text = {0};
    g_autoptr(GError) local = NULL;

    if (!ak_ledger_write(file->ledger, file->key, &text, error))
        return FALSE;
    if (g_file_set_contents_full(file->path, text.data, (gssize)text.len,
                                 G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0644,
                                 &local))
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG, "the ledger cannot be written: %s",
                local->message);
    return FALSE;
}
