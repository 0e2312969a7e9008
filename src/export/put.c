#include "export/put.h"

#include "segment/reader.h"
#include "util/hex.h"

#include <openssl/crypto.h>
#include <stdio.h>

enum { MAX_META = 12, META_TEXT = 72, OBJECT_MAX_BYTES = 512 * 1024 * 1024 };

/* User metadata of a segment: HEAD alone is enough to plan a read (docs/archive-format.md). */
typedef struct {
    AkMeta items[MAX_META];
    char texts[MAX_META][META_TEXT];
    gsize n;
} Meta;

static void add_text(Meta *meta, const char *name, const char *value)
{
    (void)g_strlcpy(meta->texts[meta->n], value, META_TEXT);
    meta->items[meta->n] = (AkMeta){name, meta->texts[meta->n]};
    meta->n++;
}

static void add_number(Meta *meta, const char *name, guint64 value)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%" G_GUINT64_FORMAT, value);
    add_text(meta, name, text);
}

static void add_digest(Meta *meta, const char *name, const guint8 digest[AK_SHA256_LEN])
{
    char text[2 * AK_SHA256_LEN + 1] = "";

    ak_hex_encode(digest, AK_SHA256_LEN, text);
    add_text(meta, name, text);
}

static void describe(const AkManifest *manifest, const guint8 object_sha256[AK_SHA256_LEN],
                     Meta *meta)
{
    meta->n = 0;
    add_number(meta, "first-index", manifest->first_index);
    add_number(meta, "last-index", manifest->last_index);
    add_text(meta, "first-id", manifest->first_id);
    add_text(meta, "last-id", manifest->last_id);
    add_number(meta, "count", manifest->count);
    add_digest(meta, "content-sha256", manifest->content_sha256);
    /* not every S3-like store keeps the checksum that it is sent */
    add_digest(meta, "object-sha256", object_sha256);
    add_digest(meta, "root", manifest->root);
    add_number(meta, "tree-size", manifest->tree_size);
}

static gboolean try_put(AkStore *store, const AkSegment *segment, AkLockMode lock_mode,
                        const AkSegmentRow *plan, AkObject *out, GError **error)
{
    Meta meta;
    AkPut put = {
        .key = plan->key,
        .data = segment->object.data,
        .len = segment->object.len,
        .sha256 = plan->object_sha256,
        .content_type = "application/zstd",
        .lock_mode = lock_mode,
        .retain_until_usec = plan->retain_until_usec,
    };

    describe(&segment->manifest, plan->object_sha256, &meta);
    put.meta = meta.items;
    put.n_meta = meta.n;
    return ak_store_put(store, &put, out, error);
}

/* What is looked for among the versions of a taken key. */
typedef struct {
    AkStore *store;
    AkSegment *segment;
    AkLockMode lock_mode;
    AkSegmentRow *plan;
    const AkTree *before;
    AkTree *after;
    gboolean is_found;
} Adoption;

static gboolean is_planned_content(const Adoption *adoption, const AkFooter *footer)
{
    const AkManifest *there = &footer->manifest;

    return there->first_index == adoption->plan->first_index &&
           there->last_index == adoption->plan->last_index &&
           CRYPTO_memcmp(there->content_sha256, adoption->plan->content_sha256, AK_SHA256_LEN) == 0;
}

/* The root that the object claims must follow from the tree before it and its own leaves. */
static gboolean extend_tree(const Adoption *adoption, const AkFooter *footer, AkTree *after)
{
    g_autoptr(AkSha256) sha = ak_sha256_new();
    guint8 root[AK_SHA256_LEN];

    *after = *adoption->before;
    ak_tree_append(after, sha, (const guint8 *)footer->leaves.data, footer->manifest.count);
    ak_tree_root(after, sha, root);
    return CRYPTO_memcmp(root, footer->manifest.root, sizeof root) == 0;
}

static gboolean is_locked_enough(const Adoption *adoption, const AkObject *object)
{
    return object->lock_mode >= adoption->lock_mode &&
           object->retain_until_usec >= adoption->plan->retain_until_usec;
}

/* An object under our key: is it ours? Reads all of it: metadata alone proves nothing. */
static gboolean try_adopt(const AkObject *listed, gpointer data, GError **error)
{
    Adoption *adoption = data;
    AkSegmentRow *plan = adoption->plan;
    g_auto(AkObject) object = {0};
    g_auto(AkFooter) footer = {0};
    g_auto(AkBuf) bytes = {0};
    g_autoptr(AkSha256) sha = ak_sha256_new();
    AkTree after;

    if (listed->is_delete_marker || strcmp(listed->key, plan->key) != 0)
        return TRUE;
    if (!ak_store_head(adoption->store, plan->key, listed->version, &object, error) ||
        !ak_store_get(adoption->store, plan->key, listed->version, 0, 0, OBJECT_MAX_BYTES, &bytes,
                      error))
        return FALSE;
    if (!is_locked_enough(adoption, &object) ||
        !ak_footer_open_object(ak_buf_view(&bytes), &footer, NULL) ||
        !is_planned_content(adoption, &footer) || !extend_tree(adoption, &footer, &after))
        return TRUE;
    *adoption->after = after;
    if (plan->retain_until_usec == 0)
        plan->retain_until_usec = object.retain_until_usec;
    plan->version = g_strdup(object.version);
    plan->object_bytes = bytes.len;
    ak_sha256_of(sha, bytes.data, bytes.len, plan->object_sha256);
    memcpy(plan->root, footer.manifest.root, AK_SHA256_LEN);
    adoption->segment->manifest.has_event_objects = footer.manifest.has_event_objects;
    ak_buf_clear(&adoption->segment->object);
    adoption->segment->object = bytes;
    bytes = (AkBuf){0};
    adoption->is_found = TRUE;
    return FALSE;
}

gboolean ak_export_adopt(AkStore *store, AkSegment *segment, AkLockMode lock_mode,
                         AkSegmentRow *plan, const AkTree *before, AkTree *after,
                         gboolean *out_found, GError **error)
{
    Adoption adoption = {store, segment, lock_mode, plan, before, after, FALSE};
    GError *local = NULL;

    if (!ak_store_list(store, plan->key, try_adopt, &adoption, &local) && local != NULL) {
        g_propagate_prefixed_error(error, local, "looking at what is already at '%s': ", plan->key);
        return FALSE;
    }
    *out_found = adoption.is_found;
    return TRUE;
}

static gboolean adopt_or_refuse(AkStore *store, AkSegment *segment, AkLockMode lock_mode,
                                AkSegmentRow *plan, const AkTree *before, AkTree *after,
                                GError **error)
{
    gboolean is_found;

    if (!ak_export_adopt(store, segment, lock_mode, plan, before, after, &is_found, error))
        return FALSE;
    if (is_found)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT,
                "object '%s' is already there with other content or a weaker lock; hint: keep it "
                "as evidence and run 'auditkeep verify --what archive'",
                plan->key);
    return FALSE;
}

gboolean ak_export_put(AkStore *store, AkSegment *segment, AkLockMode lock_mode, AkSegmentRow *plan,
                       const AkTree *before, AkTree *after, gboolean *out_adopted, GError **error)
{
    g_autoptr(AkSha256) sha = ak_sha256_new();
    g_auto(AkObject) object = {0};
    GError *local = NULL;

    ak_sha256_of(sha, segment->object.data, segment->object.len, plan->object_sha256);
    if (!try_put(store, segment, lock_mode, plan, &object, &local)) {
        if (!g_error_matches(local, AK_ERROR, AK_ERROR_CONFLICT)) {
            g_propagate_error(error, local);
            return FALSE;
        }
        g_clear_error(&local);
        *out_adopted = TRUE;
        return adopt_or_refuse(store, segment, lock_mode, plan, before, after, error);
    }
    *out_adopted = FALSE;
    plan->version = g_steal_pointer(&object.version);
    plan->object_bytes = segment->object.len;
    memcpy(plan->root, segment->manifest.root, AK_SHA256_LEN);
    return TRUE;
}
