#ifndef AK_STORE_DIR_DRIVER_H
#define AK_STORE_DIR_DRIVER_H

#include "store/store.h"

#include <sys/types.h>

/*
 * A folder as an archive:
 *   DIR/<key>                  the object, mode 0444, immutable where rights allow
 *   DIR/.auditkeep/keep/<key>  its retention, digest and metadata, durable before the object shows;
 *                              mode 0600 until the object is in place, then 0444: one of mode 0444
 *                              without an object proves that the object was taken away
 *   DIR/.auditkeep/tmp/        files being written; each is flock()ed by its writer
 *   DIR/.auditkeep/lock        flock()ed while sidecar and object are put in place or removed
 */
typedef struct {
    AkStore base;
    char *root;
    gboolean is_immutable_wanted;
    const volatile gint *stop;
    guint lock_timeout_ms; /* how long another process may hold the lock */
    GMutex lock;
    GHashTable *durable_dirs;  /* set of folders whose entries up to the root are synced */
    gboolean is_swept;         /* left-overs of crashed writers are gone */
    void (*on_step)(int step); /* AkDirStep; NULL but in tests of crashes */
} AkDir;

#define AK_DIR_PRIVATE ".auditkeep"
#define AK_DIR_KEEP AK_DIR_PRIVATE "/keep"
#define AK_DIR_TMP AK_DIR_PRIVATE "/tmp"

/* The points of put() at which tests let the process die. */
typedef enum {
    AK_DIR_STEP_DATA_WRITTEN,
    AK_DIR_STEP_KEEP_WRITTEN,
    AK_DIR_STEP_KEEP_PLACED,
    AK_DIR_STEP_OBJECT_PLACED,
    AK_DIR_STEP_DONE
} AkDirStep;

/* Path of @relative below the folder. */
char *ak_dir_path(const AkDir *dir, const char *relative);

/* Path of the sidecar of @key. */
char *ak_dir_keep_path(const AkDir *dir, const char *key);

/* Sets the error that errno @code means for "cannot <verb> '<path>'"; returns FALSE. */
gboolean ak_dir_set_error(int code, const char *verb, const char *path, GError **error);

/* dir_keep.c: the sidecar's text, and what it says; AK_LOCK_NONE when there is none. */
char *ak_dir_keep_text(const AkPut *put);
gboolean ak_dir_keep_read(const AkDir *dir, const char *key, AkObject *out,
                          GError **error) AK_MUST_CHECK;
gboolean ak_dir_keep_is_final(const AkDir *dir, const char *key);

/* dir_file.c: file-system moves. */
typedef int AkFd; /* -1: none */
void ak_fd_close(AkFd *fd);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkFd, ak_fd_close)

/* Holds the folder's lock until the descriptor is closed; -1 with TIMEOUT while another process
 * holds it for too long, CANCELLED when we are asked to stop meanwhile. */
AkFd ak_dir_lock(const AkDir *dir, GError **error) AK_MUST_CHECK;

gboolean ak_dir_sync_folder(const char *path, GError **error) AK_MUST_CHECK;

/* Makes the folder that @relative is to be in, durably. */
gboolean ak_dir_make_parent(AkDir *dir, const char *relative, GError **error) AK_MUST_CHECK;

/* Where rights and the file system allow; else nothing happens. */
void ak_dir_set_immutable(const AkDir *dir, const char *path, gboolean is_immutable);

/* A file being written: unlinked when cleared, unless it was placed. */
typedef struct {
    char *path;
    AkFd fd;
} AkDirTemp;

gboolean ak_dir_temp_write(AkDir *dir, const void *data, gsize len, mode_t mode, AkDirTemp *out,
                           GError **error) AK_MUST_CHECK;
void ak_dir_temp_clear(AkDirTemp *temp);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkDirTemp, ak_dir_temp_clear)

/* Gives the file its name and syncs the folder; CONFLICT when the name is taken, unless
 * @may_replace. */
gboolean ak_dir_temp_place(AkDirTemp *temp, const char *path, gboolean may_replace,
                           GError **error) AK_MUST_CHECK;

/* dir.c, dir_put.c, dir_list.c: members of ak_store_dir, see store.h. */
gboolean ak_dir_head(AkStore *store, const char *key, const char *version, AkObject *out,
                     GError **error) AK_MUST_CHECK;
gboolean ak_dir_put(AkStore *store, const AkPut *put, AkObject *out, GError **error) AK_MUST_CHECK;
gboolean ak_dir_list(AkStore *store, const char *prefix, AkObjectFunc func, gpointer data,
                     GError **error) AK_MUST_CHECK;

#endif
