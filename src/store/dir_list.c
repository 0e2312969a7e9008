#include "store/dir_driver.h"

#include "util/time.h"

#include <errno.h>
#include <sys/stat.h>

typedef struct {
    const AkDir *dir;
    const char *prefix;
    AkObjectFunc func;
    gpointer data;
    GError *failure;
} Listing;

/* Can something below folder @key ("a/b/" or "") start with the prefix? */
static gboolean may_match(const char *key, const char *prefix)
{
    return strncmp(key, prefix, MIN(strlen(key), strlen(prefix))) == 0;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names in @folder, a folder's with '/' behind it, so that their order is that of whole keys. */
static GPtrArray *sorted_names(const char *folder, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) local = NULL;
    g_autoptr(GDir) entries = g_dir_open(folder, 0, &local);
    const char *name;

    if (entries == NULL) {
        if (g_error_matches(local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            return g_steal_pointer(&names);
        g_set_error(error, AK_ERROR, AK_ERROR_DENIED, "cannot list '%s': %s", folder,
                    local->message);
        return NULL;
    }
    while ((name = g_dir_read_name(entries)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        struct stat info;

        /* What starts with '.' is no key: our own sidecars and half-written files among it. */
        if (name[0] == '.' || lstat(path, &info) != 0)
            continue;
        if (S_ISDIR(info.st_mode))
            g_ptr_array_add(names, g_strconcat(name, "/", NULL));
        else if (S_ISREG(info.st_mode))
            g_ptr_array_add(names, g_strdup(name));
    }
    g_ptr_array_sort(names, compare_names);
    return g_steal_pointer(&names);
}

static gboolean report(Listing *listing, const char *key)
{
    g_autofree char *path = ak_dir_path(listing->dir, key);
    g_autofree char *copy = g_strdup(key);
    AkObject object = {.key = copy, .is_latest = TRUE};
    struct stat info;

    if (!g_str_has_prefix(key, listing->prefix) || lstat(path, &info) != 0)
        return TRUE;
    object.size = (gsize)info.st_size;
    object.modified_usec =
        (gint64)info.st_mtim.tv_sec * AK_USEC_PER_SEC + (gint64)info.st_mtim.tv_nsec / 1000;
    return listing->func(&object, listing->data, &listing->failure);
}

/* FALSE ends the listing, with listing->failure or without. */
static gboolean walk(Listing *listing, const char *folder_key)
{
    g_autofree char *folder = ak_dir_path(listing->dir, folder_key);
    g_autoptr(GPtrArray) names = sorted_names(folder, &listing->failure);

    for (guint i = 0; names != NULL && i < names->len; i++) {
        g_autofree char *key = g_strconcat(folder_key, names->pdata[i], NULL);
        gboolean is_folder = g_str_has_suffix(key, "/");

        if (is_folder && may_match(key, listing->prefix) && !walk(listing, key))
            return FALSE;
        if (!is_folder && !report(listing, key))
            return FALSE;
    }
    return names != NULL;
}

gboolean ak_dir_list(AkStore *store, const char *prefix, AkObjectFunc func, gpointer data,
                     GError **error)
{
    Listing listing = {(const AkDir *)store, prefix, func, data, NULL};

    (void)walk(&listing, "");
    if (listing.failure == NULL)
        return TRUE;
    g_propagate_error(error, listing.failure);
    return FALSE;
}
