#include "chain/small_file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

/* A descriptor that closes itself; -1 is none. */
typedef int Fd;

static void fd_close(Fd fd)
{
    (void)close(fd);
}

G_DEFINE_AUTO_CLEANUP_FREE_FUNC(Fd, fd_close, -1)

typedef struct {
    guint8 *data;
    gsize len;
} Secret;

static void secret_free(gpointer data)
{
    Secret *secret = data;

    OPENSSL_cleanse(secret->data, secret->len);
    g_free(secret->data);
    g_free(secret);
}

static GBytes *take_bytes(guint8 *data, gsize len, gboolean is_secret)
{
    Secret *secret;

    if (!is_secret)
        return g_bytes_new_take(data, len);
    secret = g_new(Secret, 1);
    *secret = (Secret){data, len};
    return g_bytes_new_with_free_func(data, len, secret_free, secret);
}

static gboolean check_mode(int fd, const char *path, GError **error)
{
    struct stat info = {0};

    if (fstat(fd, &info) == 0 && (info.st_mode & (S_IRWXG | S_IRWXO)) == 0)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                "refused to use key file '%s': others than its owner may read or change it (mode "
                "%03o); hint: chmod 600 '%s'",
                path, (guint)info.st_mode & 0777, path);
    return FALSE;
}

static void fail_read(const char *path, int why, GError **error)
{
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                "could not read '%s': %s; hint: check the path "
                "and its permissions",
                path, g_strerror(why));
}

/* Reads up to @size bytes; the end of the file comes first when it is shorter. */
static gboolean read_up_to(int fd, guint8 *out, gsize size, gsize *out_len)
{
    gsize len = 0;

    while (len < size) {
        gssize got = read(fd, out + len, size - len);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return FALSE;
        if (got == 0)
            break;
        len += (gsize)got;
    }
    *out_len = len;
    return TRUE;
}

GBytes *ak_small_file_read(const char *path, gsize max_bytes, gboolean is_secret, GError **error)
{
    g_auto(Fd) fd = open(path, O_RDONLY | O_CLOEXEC);
    guint8 *data;
    gsize len;

    if (fd < 0) {
        fail_read(path, errno, error);
        return NULL;
    }
    if (is_secret && !check_mode(fd, path, error))
        return NULL;
    data = g_malloc(max_bytes + 1);
    if (!read_up_to(fd, data, max_bytes + 1, &len)) {
        fail_read(path, errno, error);
        g_free(data);
        return NULL;
    }
    if (len > max_bytes) {
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                    "could not read '%s': it has more than %" G_GSIZE_FORMAT " bytes", path,
                    max_bytes);
        g_free(data);
        return NULL;
    }
    return take_bytes(data, len, is_secret);
}

static gboolean fail_create(const char *path, int why, GError **error)
{
    int code = why == EEXIST                    ? AK_ERROR_CONFLICT
               : why == ENOSPC || why == EDQUOT ? AK_ERROR_FULL
                                                : AK_ERROR_CONFIG;
    const char *hint = why == EEXIST ? "; hint: use it, or name another file" : "";

    g_set_error(error, AK_ERROR, code, "could not create '%s': %s%s", path, g_strerror(why), hint);
    return FALSE;
}

static gboolean write_all(int fd, const guint8 *data, gsize len)
{
    while (len > 0) {
        gssize done = write(fd, data, len);

        if (done < 0 && errno != EINTR)
            return FALSE;
        if (done > 0) {
            data += done;
            len -= (gsize)done;
        }
    }
    return fsync(fd) == 0;
}

/* The name itself is durable only when its folder is; EINVAL: its file system cannot say. */
static gboolean sync_folder(const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);
    g_auto(Fd) fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd >= 0 && (fsync(fd) == 0 || errno == EINVAL);
}

gboolean ak_small_file_create(const char *path, const void *data, gsize len, GError **error)
{
    g_auto(Fd) fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);

    if (fd < 0)
        return fail_create(path, errno, error);
    if (!write_all(fd, data, len) || !sync_folder(path)) {
        int why = errno;

        (void)unlink(path); /* half a file would stand in the way of the next attempt */
        return fail_create(path, why, error);
    }
    return TRUE;
}
