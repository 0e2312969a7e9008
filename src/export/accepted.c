#include "export/accepted.h"

#include "segment/acceptance_key.h"
#include "segment/key.h"
#include "util/time.h"

void ak_accepted_let_pass(AkFeed *feed, const AkExportConfig *config)
{
    const char *chain = config->source->chain != NULL ? config->source->chain : "main";
    g_autofree char *origin = NULL;
    guint8 public_key[32];

    if (config->key == NULL || config->origin == NULL ||
        !ak_signing_key_public_raw(config->key, public_key))
        return;
    origin = ak_segment_origin(config->origin, chain);
    ak_feed_accept(feed, origin, public_key);
}

/* Is there a version of the object that is the same? */
typedef struct {
    const AkExportConfig *config;
    const AkPut *put;
    gboolean is_found;
} Same;

static gboolean compare(const AkObject *listed, gpointer data, GError **error)
{
    Same *same = data;
    AkStore *store = same->config->store;
    g_auto(AkObject) object = {0};
    g_auto(AkBuf) bytes = {0};

    if (listed->is_delete_marker || strcmp(listed->key, same->put->key) != 0 ||
        listed->size != same->put->len)
        return TRUE;
    if (!ak_store_head(store, listed->key, listed->version, &object, error) ||
        !ak_store_get(store, listed->key, listed->version, 0, 0, same->put->len, &bytes, error))
        return FALSE;
    same->is_found = object.lock_mode >= same->put->lock_mode &&
                     ak_view_equal(ak_buf_view(&bytes), ak_view(same->put->data, same->put->len));
    return !same->is_found;
}

static gboolean check_same(const AkExportConfig *config, const AkPut *put, GError **error)
{
    Same same = {config, put, FALSE};
    GError *local = NULL;

    if (!ak_store_list(config->store, put->key, compare, &same, &local) && local != NULL) {
        g_propagate_error(error, local);
        return FALSE;
    }
    if (same.is_found)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT,
                "object '%s' is already there with other content or without its lock; hint: keep "
                "it as evidence and run 'auditkeep verify --what archive'",
                put->key);
    return FALSE;
}

static gboolean put_statement(const AkExportConfig *config, AkView statement,
                              gint64 retain_until_usec, GError **error)
{
    g_auto(AkAcceptance) acceptance = {0};
    g_autoptr(AkSha256) sha = ak_sha256_new();
    g_autofree char *key = NULL;
    g_auto(AkObject) object = {0};
    guint8 digest[AK_SHA256_LEN];
    GError *local = NULL;
    AkPut put = {.data = statement.data,
                 .len = statement.len,
                 .sha256 = digest,
                 .content_type = "application/json",
                 .lock_mode = config->lock_mode,
                 .retain_until_usec = retain_until_usec};

    if (!ak_acceptance_parse(statement, &acceptance, error))
        return FALSE;
    key = ak_acceptance_key(acceptance.chain, ak_time_day(acceptance.accepted_usec),
                            acceptance.index, statement);
    put.key = key;
    ak_sha256_of(sha, statement.data, statement.len, digest);
    if (ak_store_put(config->store, &put, &object, &local)) {
        g_message("going on at index %" G_GUINT64_FORMAT " with event '%s': %s accepted the %s",
                  acceptance.index, acceptance.event_id, acceptance.accepted_by,
                  ak_break_name(acceptance.kind));
        return TRUE;
    }
    if (!g_error_matches(local, AK_ERROR, AK_ERROR_CONFLICT)) {
        g_propagate_error(error, local);
        return FALSE;
    }
    g_error_free(local);
    return check_same(config, &put, error);
}

gboolean ak_accepted_put(const AkExportConfig *config, const AkBatch *batch,
                         gint64 retain_until_usec, GError **error)
{
    for (guint i = 0; batch->accepted != NULL && i < batch->accepted->len; i++) {
        gsize len;
        const char *data = g_bytes_get_data(g_ptr_array_index(batch->accepted, i), &len);

        if (!put_statement(config, ak_view(data, len), retain_until_usec, error)) {
            g_prefix_error(error, "archiving what was accepted: ");
            return FALSE;
        }
    }
    return TRUE;
}
