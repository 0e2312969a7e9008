/* For renameat2(). */
#define _GNU_SOURCE

#include "store/dir_driver.h"

#include "util/patience.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOCK_MIN_STEP_USEC = 100, LOCK_MAX_STEP_USEC = 20000 };

void ak_fd_close(AkFd *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

char *ak_dir_path(const AkDir *dir, const char *relative)
{
    return g_strconcat(dir->root, "/", relative, NULL);
}

typedef struct {
    int code;
    AkErrorCode class;
    const char *hint;
} ErrnoClass;

gboolean ak_dir_set_error(int code, const char *verb, const char *path, GError **error)
{
    static const ErrnoClass classes[] = {
        {ENOSPC, AK_ERROR_FULL, "free some space"},
        {EDQUOT, AK_ERROR_FULL, "raise the quota"},
        {EFBIG, AK_ERROR_FULL, "raise the limit on the size of files ('ulimit -f')"},
        {EACCES, AK_ERROR_DENIED, "check the owner and the mode of the folder"},
        {EPERM, AK_ERROR_DENIED, "check the owner and the mode of the folder"},
        {EROFS, AK_ERROR_DENIED, "mount the file system for writing"},
        {ENOENT, AK_ERROR_MISSING, NULL},
        {ENOTDIR, AK_ERROR_MISSING, NULL},
        {EEXIST, AK_ERROR_CONFLICT, NULL},
        {ENAMETOOLONG, AK_ERROR_BAD_INPUT, NULL},
        {ELOOP, AK_ERROR_BAD_INPUT, "symbolic links are not followed"},
        {EMFILE, AK_ERROR_INTERNAL, "raise the number of open files ('ulimit -n')"},
    };
    AkErrorCode class = AK_ERROR_INTERNAL;
    const char *hint = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(classes); i++) {
        if (classes[i].code == code) {
            class = classes[i].class;
            hint = classes[i].hint;
        }
    }
    g_set_error(error, AK_ERROR, (int)class, "cannot %s '%s': %s%s%s", verb, path, g_strerror(code),
                hint != NULL ? "; hint: " : "", hint != NULL ? hint : "");
    return FALSE;
}

static int lock_file(int fd, int how)
{
    int rc;

    do {
        rc = flock(fd, how);
    } while (rc != 0 && errno == EINTR);
    return rc;
}

static void fail_locked(const char *path, AkPatienceEnd end, GError **error)
{
    if (end == AK_PATIENCE_STOPPED)
        g_set_error(error, AK_ERROR, AK_ERROR_CANCELLED,
                    "cannot lock '%s': stopped while another process held it", path);
    else
        g_set_error(error, AK_ERROR, AK_ERROR_TIMEOUT,
                    "cannot lock '%s': another process holds it; hint: 'fuser %s' tells which",
                    path, path);
}

/* flock() that waits would not see the deadline, nor that we are asked to stop. It is held for a
 * few milliseconds: steps are short at first. */
static gboolean lock_in_time(const AkDir *dir, int fd, const char *path, GError **error)
{
    AkPatience patience = ak_patience_new(dir->stop, dir->lock_timeout_ms);
    gulong step_usec = LOCK_MIN_STEP_USEC;
    AkPatienceEnd end;

    while (lock_file(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return ak_dir_set_error(errno, "lock", path, error);
        if (ak_patience_slice_ms(&patience, 1, &end) == 0) {
            fail_locked(path, end, error);
            return FALSE;
        }
        g_usleep(step_usec);
        step_usec = MIN(2 * step_usec, LOCK_MAX_STEP_USEC);
    }
    return TRUE;
}

AkFd ak_dir_lock(const AkDir *dir, GError **error)
{
    g_autofree char *path = ak_dir_path(dir, AK_DIR_PRIVATE "/lock");
    g_auto(AkFd) fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    AkFd locked;

    if (fd < 0) {
        (void)ak_dir_set_error(errno, "lock", path, error);
        return -1;
    }
    if (!lock_in_time(dir, fd, path, error))
        return -1;
    locked = fd;
    fd = -1;
    return locked;
}

gboolean ak_dir_sync_folder(const char *path, GError **error)
{
    g_auto(AkFd) fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 || fsync(fd) != 0)
        return ak_dir_set_error(errno, "sync", path, error);
    return TRUE;
}

static gboolean make_one(const char *path, GError **error)
{
    struct stat info;

    if (mkdir(path, 0755) == 0)
        return TRUE;
    if (errno != EEXIST)
        return ak_dir_set_error(errno, "make folder", path, error);
    if (lstat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT, "cannot make folder '%s': it is no folder",
                path);
    return FALSE;
}

/* Every level is synced once per handle, also one that was there: its maker may have crashed. */
gboolean ak_dir_make_parent(AkDir *dir, const char *relative, GError **error)
{
    g_autofree char *path = ak_dir_path(dir, relative);
    g_autofree char *parent = g_path_get_dirname(path);
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&dir->lock);
    char *slash = path + strlen(dir->root);

    if (g_hash_table_contains(dir->durable_dirs, parent))
        return TRUE;
    while ((slash = strchr(slash + 1, '/')) != NULL) {
        g_autofree char *level = g_strndup(path, (gsize)(slash - path));
        g_autofree char *above = g_path_get_dirname(level);

        if (!make_one(level, error) || !ak_dir_sync_folder(above, error))
            return FALSE;
    }
    g_hash_table_add(dir->durable_dirs, g_steal_pointer(&parent));
    return TRUE;
}

void ak_dir_set_immutable(const AkDir *dir, const char *path, gboolean is_immutable)
{
    g_auto(AkFd) fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    int flags = 0;

    if (fd < 0 || (is_immutable && !dir->is_immutable_wanted) ||
        ioctl(fd, FS_IOC_GETFLAGS, &flags) != 0)
        return;
    int wanted = is_immutable ? flags | FS_IMMUTABLE_FL : flags & ~FS_IMMUTABLE_FL;
    if (wanted != flags && ioctl(fd, FS_IOC_SETFLAGS, &wanted) != 0)
        g_debug("no immutable flag on '%s': %s", path, g_strerror(errno));
}

/* Unlinks what crashed writers left behind: a living writer holds the lock of its file. */
static void sweep(AkDir *dir, const char *folder)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&dir->lock);
    g_autoptr(GDir) entries = dir->is_swept ? NULL : g_dir_open(folder, 0, NULL);
    const char *name;

    while (entries != NULL && (name = g_dir_read_name(entries)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_auto(AkFd) fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

        if (fd >= 0 && lock_file(fd, LOCK_EX | LOCK_NB) == 0)
            unlink(path);
    }
    dir->is_swept = TRUE;
}

static gboolean open_temp(const char *folder, AkDirTemp *out, GError **error)
{
    for (;;) {
        g_auto(AkDirTemp)
            temp = {g_strdup_printf("%s/%08x%08x", folder, g_random_int(), g_random_int()), -1};
        struct stat info;

        temp.fd = open(temp.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (temp.fd < 0 && errno == EEXIST)
            continue;
        if (temp.fd < 0 || lock_file(temp.fd, LOCK_EX) != 0 || fstat(temp.fd, &info) != 0)
            return ak_dir_set_error(errno, "create", temp.path, error);
        if (info.st_nlink == 0)
            continue; /* swept between open() and flock() */
        *out = temp;
        temp = (AkDirTemp){NULL, -1};
        return TRUE;
    }
}

static gboolean write_all(int fd, const char *data, gsize len)
{
    while (len > 0) {
        gssize n = write(fd, data, MIN(len, 1u << 30));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return FALSE;
        data += n;
        len -= (gsize)n;
    }
    return TRUE;
}

gboolean ak_dir_temp_write(AkDir *dir, const void *data, gsize len, mode_t mode, AkDirTemp *out,
                           GError **error)
{
    g_autofree char *folder = ak_dir_path(dir, AK_DIR_TMP);
    g_auto(AkDirTemp) temp = {NULL, -1};

    if (!ak_dir_make_parent(dir, AK_DIR_TMP "/any", error))
        return FALSE;
    sweep(dir, folder);
    if (!open_temp(folder, &temp, error))
        return FALSE;
    if (!write_all(temp.fd, data, len) || fchmod(temp.fd, mode) != 0 || fsync(temp.fd) != 0)
        return ak_dir_set_error(errno, "write", temp.path, error);
    *out = temp;
    temp = (AkDirTemp){NULL, -1};
    return TRUE;
}

void ak_dir_temp_clear(AkDirTemp *temp)
{
    if (temp->path != NULL && temp->fd >= 0)
        unlink(temp->path);
    ak_fd_close(&temp->fd);
    g_clear_pointer(&temp->path, g_free);
}

/* renameat2() where it knows the flag, else link(): both refuse a name that is taken. */
static int rename_exclusive(const char *from, const char *to)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
    return link(from, to) == 0 ? unlink(from) : -1;
}

gboolean ak_dir_temp_place(AkDirTemp *temp, const char *path, gboolean may_replace, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);
    int rc = may_replace ? rename(temp->path, path) : rename_exclusive(temp->path, path);

    if (rc != 0)
        return ak_dir_set_error(errno, "put", path, error);
    ak_fd_close(&temp->fd);
    g_clear_pointer(&temp->path, g_free);
    return ak_dir_sync_folder(folder, error);
}
