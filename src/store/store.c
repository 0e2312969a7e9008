#include "store/store.h"

#include "store/key.h"
#include "util/time.h"

enum { META_VALUE_MAX = 256, META_TOTAL_MAX = 2048, META_NAME_MAX = 64 };

static const AkStoreDriver *const drivers[] = {&ak_store_dir, &ak_store_s3};

void ak_object_clear(AkObject *object)
{
    g_free(object->key);
    g_free(object->version);
    g_clear_pointer(&object->meta, g_hash_table_unref);
    *object = (AkObject){0};
}

const char *ak_object_meta(const AkObject *object, const char *name)
{
    return object->meta != NULL ? g_hash_table_lookup(object->meta, name) : NULL;
}

AkStore *ak_store_open(const AkStoreConfig *config, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(drivers); i++) {
        gsize len = strlen(drivers[i]->scheme);

        if (strncmp(config->url, drivers[i]->scheme, len) == 0 && config->url[len] == ':') {
            AkStore *store = drivers[i]->open(config, error);

            if (store != NULL)
                store->legal_hold = config->legal_hold;
            return store;
        }
    }
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                "no store for '%s'; hint: an archive is 'file:DIR' or 's3://BUCKET[/PREFIX]'",
                config->url);
    return NULL;
}

void ak_store_close(AkStore *store)
{
    if (store != NULL)
        store->driver->close(store);
}

gboolean ak_store_check(AkStore *store, GError **error)
{
    return store->driver->check(store, error);
}

static gboolean set_bad_put(const AkPut *put, const char *what, GError **error)
{
    g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT, "cannot put '%s': %s", put->key, what);
    return FALSE;
}

/* Header values must survive HTTP and the folding of blanks in signatures. */
static gboolean is_meta_value(const char *value)
{
    gsize len = strlen(value);

    if (len > META_VALUE_MAX || value[0] == ' ' || (len > 0 && value[len - 1] == ' '))
        return FALSE;
    for (gsize i = 0; i < len; i++) {
        if (!g_ascii_isprint(value[i]))
            return FALSE;
    }
    return TRUE;
}

static gboolean is_meta_name(const char *name)
{
    gsize len = strlen(name);

    return len > 0 && len <= META_NAME_MAX &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

static gboolean check_meta(const AkPut *put, GError **error)
{
    gsize total = 0;

    for (gsize i = 0; i < put->n_meta; i++) {
        if (!is_meta_name(put->meta[i].name) || !is_meta_value(put->meta[i].value))
            return set_bad_put(put, "bad name or value of user metadata", error);
        total += strlen(put->meta[i].name) + strlen(put->meta[i].value);
    }
    return total <= META_TOTAL_MAX || set_bad_put(put, "more than 2 KB of user metadata", error);
}

gboolean ak_store_put(AkStore *store, const AkPut *put, AkObject *out, GError **error)
{
    if (!ak_key_check(put->key, error) || !check_meta(put, error))
        return FALSE;
    if (put->lock_mode != AK_LOCK_COMPLIANCE && put->lock_mode != AK_LOCK_GOVERNANCE)
        return set_bad_put(put, "the lock must be COMPLIANCE or GOVERNANCE", error);
    if (put->retain_until_usec <= 0 || put->retain_until_usec % AK_USEC_PER_SEC != 0)
        return set_bad_put(put, "retention must end at a whole second", error);
    AkPut held = *put;
    held.legal_hold = put->legal_hold || store->legal_hold;
    return store->driver->put(store, &held, out, error);
}

gboolean ak_store_head(AkStore *store, const char *key, const char *version, AkObject *out,
                       GError **error)
{
    return ak_key_check(key, error) && store->driver->head(store, key, version, out, error);
}

gboolean ak_store_get(AkStore *store, const char *key, const char *version, guint64 offset,
                      guint64 len, gsize max_bytes, AkBuf *out, GError **error)
{
    if (!ak_key_check(key, error))
        return FALSE;
    if (offset > G_MAXINT64 || len > G_MAXINT64) {
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT, "cannot get '%s': bad range", key);
        return FALSE;
    }
    return store->driver->get(store, key, version, offset, len, max_bytes, out, error);
}

gboolean ak_store_list(AkStore *store, const char *prefix, AkObjectFunc func, gpointer data,
                       GError **error)
{
    return ak_key_check_prefix(prefix, error) &&
           store->driver->list(store, prefix, func, data, error);
}

gboolean ak_store_remove(AkStore *store, const char *key, const char *version, GError **error)
{
    return ak_key_check(key, error) && store->driver->remove(store, key, version, error);
}
