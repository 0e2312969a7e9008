#include "store/dir_driver.h"

#include "util/time.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOCK_TIMEOUT_MS = 30000 };

/* "file:DIR" or "file:///DIR"; a host has no place in it. NULL when there is no folder. */
static char *parse_root(const char *url)
{
    const char *path = url + strlen("file:");

    if (g_str_has_prefix(path, "//"))
        path += 2;
    if (path[0] == '\0' || (path[0] != '/' && path != url + strlen("file:")))
        return NULL;
    return g_canonicalize_filename(path, NULL);
}

static AkStore *dir_open(const AkStoreConfig *config, GError **error)
{
    g_autofree char *root = parse_root(config->url);

    if (root == NULL) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "no folder in '%s'; hint: an archive in a folder is 'file:DIR'", config->url);
        return NULL;
    }
    if (config->sse != AK_SSE_NONE) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "a folder encrypts nothing; hint: server-side encryption is for s3://");
        return NULL;
    }
    AkDir *dir = g_new0(AkDir, 1);
    dir->base.driver = &ak_store_dir;
    dir->root = g_steal_pointer(&root);
    dir->is_immutable_wanted = !config->is_mutable;
    dir->stop = config->stop;
    dir->lock_timeout_ms = LOCK_TIMEOUT_MS;
    dir->durable_dirs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_mutex_init(&dir->lock);
    return &dir->base;
}

static void dir_close(AkStore *store)
{
    AkDir *dir = (AkDir *)store;

    g_hash_table_unref(dir->durable_dirs);
    g_mutex_clear(&dir->lock);
    g_free(dir->root);
    g_free(dir);
}

static gboolean dir_check(AkStore *store, GError **error)
{
    const AkDir *dir = (const AkDir *)store;
    struct stat info;

    if (stat(dir->root, &info) != 0 && errno == ENOENT) {
        g_set_error(error, AK_ERROR, AK_ERROR_MISSING,
                    "no folder '%s'; hint: 'mkdir -p' it, on the disk where the archive belongs",
                    dir->root);
        return FALSE;
    }
    if (access(dir->root, R_OK | W_OK | X_OK) != 0)
        return ak_dir_set_error(errno, "use folder", dir->root, error);
    if (!S_ISDIR(info.st_mode)) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG, "'%s' is no folder", dir->root);
        return FALSE;
    }
    return TRUE;
}

/* A folder has one version of each object, which has no name. */
static gboolean check_version(const char *path, const char *version, GError **error)
{
    if (version == NULL)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_MISSING, "no version '%s' of '%s'", version, path);
    return FALSE;
}

static gboolean stat_object(const AkDir *dir, const char *verb, const char *key,
                            struct stat *out_info, GError **error)
{
    g_autofree char *path = ak_dir_path(dir, key);

    if (lstat(path, out_info) == 0 && S_ISREG(out_info->st_mode))
        return TRUE;
    (void)ak_dir_set_error(ENOENT, verb, path, error);
    if (ak_dir_keep_is_final(dir, key))
        g_prefix_error(error, "its retention record is there, it was taken away: ");
    return FALSE;
}

gboolean ak_dir_head(AkStore *store, const char *key, const char *version, AkObject *out,
                     GError **error)
{
    const AkDir *dir = (const AkDir *)store;
    g_auto(AkObject) object = {.is_latest = TRUE};
    struct stat info;

    if (!check_version(key, version, error) || !stat_object(dir, "head", key, &info, error) ||
        !ak_dir_keep_read(dir, key, &object, error))
        return FALSE;
    object.key = g_strdup(key);
    object.size = (gsize)info.st_size;
    object.modified_usec =
        (gint64)info.st_mtim.tv_sec * AK_USEC_PER_SEC + (gint64)info.st_mtim.tv_nsec / 1000;
    *out = object;
    object = (AkObject){0};
    return TRUE;
}

static gboolean read_range(int fd, guint64 offset, gsize len, AkBuf *out)
{
    char *place = len > 0 ? ak_buf_reserve(out, len) : NULL;
    gsize done = 0;

    while (done < len) {
        gssize n = pread(fd, place + done, MIN(len - done, 1u << 30), (off_t)(offset + done));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return FALSE;
        if (n == 0)
            break; /* cut short since fstat() */
        done += (gsize)n;
    }
    out->len += done;
    return TRUE;
}

static gboolean dir_get(AkStore *store, const char *key, const char *version, guint64 offset,
                        guint64 len, gsize max_bytes, AkBuf *out, GError **error)
{
    const AkDir *dir = (const AkDir *)store;
    g_autofree char *path = ak_dir_path(dir, key);
    g_auto(AkFd) fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat info;

    if (!check_version(path, version, error))
        return FALSE;
    if (fd < 0 || fstat(fd, &info) != 0)
        return ak_dir_set_error(errno, "get", path, error);
    if (!S_ISREG(info.st_mode))
        return ak_dir_set_error(ENOENT, "get", path, error);

    guint64 size = (guint64)info.st_size;
    guint64 rest = offset < size ? size - offset : 0;
    guint64 wanted = len == 0 ? rest : MIN(len, rest);
    if (wanted > max_bytes) {
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                    "cannot get '%s': it is larger than the %" G_GSIZE_FORMAT " bytes allowed",
                    path, max_bytes);
        return FALSE;
    }
    return read_range(fd, offset, wanted, out) || ak_dir_set_error(errno, "get", path, error);
}

static gboolean check_unlocked(const AkDir *dir, const char *key, GError **error)
{
    g_auto(AkObject) object = {0};
    char until[AK_TIME_MAX];

    if (!ak_dir_keep_read(dir, key, &object, error))
        return FALSE;
    if (object.legal_hold == AK_HOLD_ON) {
        g_set_error(error, AK_ERROR, AK_ERROR_DENIED, "cannot delete '%s': it is on legal hold",
                    key);
        return FALSE;
    }
    if (object.lock_mode == AK_LOCK_NONE || object.retain_until_usec <= g_get_real_time())
        return TRUE;
    ak_time_format_seconds(object.retain_until_usec, until);
    g_set_error(error, AK_ERROR, AK_ERROR_DENIED, "cannot delete '%s': locked until %s", key,
                until);
    return FALSE;
}

/* The sidecar loses its finality first: a crash in between must not look like a theft. */
static gboolean remove_files(const AkDir *dir, const char *key, GError **error)
{
    g_autofree char *path = ak_dir_path(dir, key);
    g_autofree char *keep = ak_dir_keep_path(dir, key);
    g_autofree char *folder = g_path_get_dirname(path);

    ak_dir_set_immutable(dir, keep, FALSE);
    ak_dir_set_immutable(dir, path, FALSE);
    if (chmod(keep, 0600) != 0 && errno != ENOENT)
        return ak_dir_set_error(errno, "delete", keep, error);
    if (unlink(path) != 0)
        return ak_dir_set_error(errno, "delete", path, error);
    if (!ak_dir_sync_folder(folder, error))
        return FALSE;
    if (unlink(keep) != 0 && errno != ENOENT)
        return ak_dir_set_error(errno, "delete", keep, error);
    return TRUE;
}

static gboolean dir_remove(AkStore *store, const char *key, const char *version, GError **error)
{
    AkDir *dir = (AkDir *)store;
    struct stat info;

    if (!check_version(key, version, error) || !stat_object(dir, "delete", key, &info, error) ||
        !ak_dir_make_parent(dir, AK_DIR_TMP "/any", error))
        return FALSE;
    g_auto(AkFd) lock = ak_dir_lock(dir, error);
    return lock >= 0 && check_unlocked(dir, key, error) && remove_files(dir, key, error);
}

const AkStoreDriver ak_store_dir = {
    .scheme = "file",
    .open = dir_open,
    .close = dir_close,
    .check = dir_check,
    .put = ak_dir_put,
    .head = ak_dir_head,
    .get = dir_get,
    .list = ak_dir_list,
    .remove = dir_remove,
};
