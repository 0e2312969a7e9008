#include "store/dir_driver.h"

#include "util/hex.h"
#include "util/time.h"

#include <errno.h>
#include <sys/stat.h>

static const char group[] = "object";
static const char meta_group[] = "meta";

char *ak_dir_keep_path(const AkDir *dir, const char *key)
{
    return g_strconcat(dir->root, "/" AK_DIR_KEEP "/", key, NULL);
}

char *ak_dir_keep_text(const AkPut *put)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *sha256 = ak_hex_string(put->sha256, AK_SHA256_LEN);
    char until[AK_TIME_MAX];

    ak_time_format_seconds(put->retain_until_usec, until);
    g_key_file_set_string(file, group, "mode",
                          put->lock_mode == AK_LOCK_COMPLIANCE ? "COMPLIANCE" : "GOVERNANCE");
    g_key_file_set_string(file, group, "retain-until", until);
    if (put->legal_hold)
        g_key_file_set_boolean(file, group, "legal-hold", TRUE);
    g_key_file_set_string(file, group, "sha256", sha256);
    g_key_file_set_uint64(file, group, "size", put->len);
    if (put->content_type != NULL)
        g_key_file_set_string(file, group, "content-type", put->content_type);
    for (gsize i = 0; i < put->n_meta; i++)
        g_key_file_set_string(file, meta_group, put->meta[i].name, put->meta[i].value);
    return g_key_file_to_data(file, NULL, NULL);
}

static void read_meta(GKeyFile *file, AkObject *out)
{
    g_auto(GStrv) names = g_key_file_get_keys(file, meta_group, NULL, NULL);

    out->meta = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (char **name = names; name != NULL && *name != NULL; name++)
        g_hash_table_insert(out->meta, g_strdup(*name),
                            g_key_file_get_string(file, meta_group, *name, NULL));
}

static gboolean read_fields(GKeyFile *file, AkObject *out)
{
    g_autofree char *mode = g_key_file_get_string(file, group, "mode", NULL);
    g_autofree char *until = g_key_file_get_string(file, group, "retain-until", NULL);
    g_autofree char *sha256 = g_key_file_get_string(file, group, "sha256", NULL);

    if (g_strcmp0(mode, "COMPLIANCE") == 0)
        out->lock_mode = AK_LOCK_COMPLIANCE;
    else if (g_strcmp0(mode, "GOVERNANCE") == 0)
        out->lock_mode = AK_LOCK_GOVERNANCE;
    else
        return FALSE;
    out->legal_hold =
        g_key_file_get_boolean(file, group, "legal-hold", NULL) ? AK_HOLD_ON : AK_HOLD_OFF;
    out->has_sha256 = TRUE;
    read_meta(file, out);
    return until != NULL && ak_time_parse(ak_view_str(until), &out->retain_until_usec) &&
           sha256 != NULL && ak_hex_decode(ak_view_str(sha256), out->sha256, AK_SHA256_LEN);
}

gboolean ak_dir_keep_read(const AkDir *dir, const char *key, AkObject *out, GError **error)
{
    g_autofree char *path = ak_dir_keep_path(dir, key);
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) local = NULL;
    struct stat info;

    if (lstat(path, &info) != 0) {
        if (errno != ENOENT && errno != ENOTDIR)
            return ak_dir_set_error(errno, "read", path, error);
        out->lock_mode = AK_LOCK_NONE;
        return TRUE;
    }
    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &local)) {
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT, "cannot read retention record '%s': %s",
                    path, local->message);
        return FALSE;
    }
    if (!read_fields(file, out)) {
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT, "retention record '%s' is damaged", path);
        return FALSE;
    }
    return TRUE;
}

gboolean ak_dir_keep_is_final(const AkDir *dir, const char *key)
{
    g_autofree char *path = ak_dir_keep_path(dir, key);
    struct stat info;

    return lstat(path, &info) == 0 && (info.st_mode & 0777) == 0444;
}
