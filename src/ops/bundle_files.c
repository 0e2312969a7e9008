#include "ops/bundle_files.h"

#include "util/hex.h"
#include "util/sha256.h"

#include <errno.h>
#include <glib/gstdio.h>

struct AkBundleFiles {
    char *dir;
    GString *sums;
    AkSha256 *sha;
};

static gboolean fail(const char *path, const char *why, int code, GError **error)
{
    g_set_error(error, AK_ERROR, code == ENOSPC ? AK_ERROR_FULL : AK_ERROR_CONFIG,
                "'%s' cannot be written: %s", path, why);
    return FALSE;
}

static gboolean make_dir(const char *path, GError **error)
{
    return g_mkdir_with_parents(path, 0755) == 0 || fail(path, g_strerror(errno), errno, error);
}

static gboolean is_empty(const char *dir)
{
    g_autoptr(GDir) handle = g_dir_open(dir, 0, NULL);

    return handle != NULL && g_dir_read_name(handle) == NULL;
}

AkBundleFiles *ak_bundle_files_new(const char *dir, GError **error)
{
    g_autofree char *work = g_build_filename(dir, "work", NULL);
    AkBundleFiles *files;

    if (!make_dir(dir, error))
        return NULL;
    if (!is_empty(dir)) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "'%s' holds something already; hint: name a folder that is not there yet", dir);
        return NULL;
    }
    if (!make_dir(work, error))
        return NULL;
    files = g_new0(AkBundleFiles, 1);
    files->dir = g_strdup(dir);
    files->sums = g_string_new(NULL);
    files->sha = ak_sha256_new();
    return files;
}

void ak_bundle_files_free(AkBundleFiles *files)
{
    if (files == NULL)
        return;
    g_free(files->dir);
    (void)g_string_free(files->sums, TRUE);
    ak_sha256_free(files->sha);
    g_free(files);
}

static gboolean write_file(const AkBundleFiles *files, const char *path, AkView bytes,
                           GError **error)
{
    g_autofree char *full = g_build_filename(files->dir, path, NULL);
    g_autofree char *dir = g_path_get_dirname(full);
    g_autoptr(GError) local = NULL;

    if (!make_dir(dir, error))
        return FALSE;
    if (g_file_set_contents_full(full, bytes.data, (gssize)bytes.len,
                                 G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0644,
                                 &local))
        return TRUE;
    return fail(full, local->message,
                g_error_matches(local, G_FILE_ERROR, G_FILE_ERROR_NOSPC) ? ENOSPC : EIO, error);
}

gboolean ak_bundle_files_add(AkBundleFiles *files, const char *path, AkView bytes, GError **error)
{
    guint8 digest[AK_SHA256_LEN];
    g_autofree char *hex = NULL;

    ak_sha256_of(files->sha, bytes.data, bytes.len, digest);
    hex = ak_hex_string(digest, sizeof digest);
    g_string_append_printf(files->sums, "%s  %s\n", hex, path);
    return write_file(files, path, bytes, error);
}

gboolean ak_bundle_files_end(AkBundleFiles *files, GError **error)
{
    return write_file(files, "SHA256SUMS", ak_view(files->sums->str, files->sums->len), error);
}
