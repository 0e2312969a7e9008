#include "store/dir_driver.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sys/stat.h>

static void at_step(const AkDir *dir, AkDirStep step)
{
    if (dir->on_step != NULL)
        dir->on_step(step);
}

static gboolean check_digest(const AkPut *put, GError **error)
{
    guint8 digest[AK_SHA256_LEN];

    if (EVP_Digest(put->len > 0 ? put->data : "", put->len, digest, NULL, EVP_sha256(), NULL) ==
            1 &&
        CRYPTO_memcmp(digest, put->sha256, sizeof digest) == 0)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_INTERNAL,
                "cannot put '%s': the SHA-256 given is not that of its bytes", put->key);
    return FALSE;
}

/* The last touch: the sidecar is final, and nothing may be changed any more. Done again by a put
 * that finds the object there, because its writer may have crashed in between. */
static gboolean seal(const AkDir *dir, const char *path, const char *keep, GError **error)
{
    if (chmod(keep, 0444) != 0 && errno != EPERM && errno != ENOENT)
        return ak_dir_set_error(errno, "seal", keep, error);
    ak_dir_set_immutable(dir, keep, TRUE);
    ak_dir_set_immutable(dir, path, TRUE);
    return TRUE;
}

static gboolean set_exists(const AkDir *dir, const char *path, const char *keep, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);

    if (!ak_dir_sync_folder(folder, error) || !seal(dir, path, keep, error))
        return FALSE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT, "cannot put '%s': it exists already", path);
    return FALSE;
}

/* Under the folder's lock: nobody else places a sidecar or an object meanwhile. */
static gboolean place(AkDir *dir, const AkPut *put, AkDirTemp *object, AkDirTemp *sidecar,
                      GError **error)
{
    g_autofree char *path = ak_dir_path(dir, put->key);
    g_autofree char *keep = ak_dir_keep_path(dir, put->key);
    g_auto(AkFd) lock = ak_dir_lock(dir, error);
    struct stat info;

    if (lock < 0)
        return FALSE;
    if (lstat(path, &info) == 0)
        return set_exists(dir, path, keep, error);
    if (ak_dir_keep_is_final(dir, put->key)) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT,
                    "cannot put '%s': an object of this name was here and was taken away; hint: "
                    "'%s' says what it was",
                    path, keep);
        return FALSE;
    }
    if (!ak_dir_temp_place(sidecar, keep, TRUE, error))
        return FALSE;
    at_step(dir, AK_DIR_STEP_KEEP_PLACED);
    if (!ak_dir_temp_place(object, path, FALSE, error))
        return FALSE;
    at_step(dir, AK_DIR_STEP_OBJECT_PLACED);
    return seal(dir, path, keep, error);
}

static gboolean check_written(const AkPut *put, const AkObject *object, GError **error)
{
    if (object->size == put->len && object->lock_mode == put->lock_mode &&
        (object->legal_hold == AK_HOLD_ON) == put->legal_hold &&
        object->retain_until_usec == put->retain_until_usec &&
        CRYPTO_memcmp(object->sha256, put->sha256, AK_SHA256_LEN) == 0)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_INTERNAL, "put '%s': it does not read back as written",
                put->key);
    return FALSE;
}

gboolean ak_dir_put(AkStore *store, const AkPut *put, AkObject *out, GError **error)
{
    AkDir *dir = (AkDir *)store;
    g_autofree char *keep_key = g_strconcat(AK_DIR_KEEP "/", put->key, NULL);
    g_autofree char *keep_text = ak_dir_keep_text(put);
    g_auto(AkDirTemp) object = {NULL, -1};
    g_auto(AkDirTemp) sidecar = {NULL, -1};
    g_auto(AkObject) written = {0};

    if (!check_digest(put, error) || !ak_dir_make_parent(dir, put->key, error) ||
        !ak_dir_make_parent(dir, keep_key, error))
        return FALSE;
    if (!ak_dir_temp_write(dir, put->data, put->len, 0444, &object, error))
        return FALSE;
    at_step(dir, AK_DIR_STEP_DATA_WRITTEN);
    if (!ak_dir_temp_write(dir, keep_text, strlen(keep_text), 0600, &sidecar, error))
        return FALSE;
    at_step(dir, AK_DIR_STEP_KEEP_WRITTEN);
    if (!place(dir, put, &object, &sidecar, error))
        return FALSE;
    at_step(dir, AK_DIR_STEP_DONE);
    if (!ak_dir_head(store, put->key, NULL, &written, error) ||
        !check_written(put, &written, error))
        return FALSE;
    *out = written;
    written = (AkObject){0};
    return TRUE;
}
