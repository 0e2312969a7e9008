#include "verify/segment.h"

#include "segment/key.h"
#include "util/hex.h"
#include "util/stop.h"
#include "util/time.h"
#include "verify/lines.h"

#include <openssl/crypto.h>

enum { OBJECT_MAX_BYTES = 1024 * 1024 * 1024, EVENT_FOOTER_BYTES = 64, FOOTER_SLACK = 64 * 1024 };

/* The lock runs from the plan; the object may be written later, when the store was out of reach. */
#define PLAN_SLACK (7 * AK_USEC_PER_DAY)

AkSegmentCheck *ak_segment_check_new(const AkSegmentContext *context, const AkCatalogEntry *entry,
                                     gboolean is_full)
{
    AkSegmentCheck *check = g_new0(AkSegmentCheck, 1);
    const AkLedger *ledger = context->config->ledger;
    const AkLedgerObject *known = ledger != NULL ? ak_ledger_find(ledger, entry->key) : NULL;

    check->context = context;
    check->entry = entry;
    check->is_full = is_full;
    if (known != NULL && known->read_usec > 0) {
        check->known_read_usec = known->read_usec;
        memcpy(check->known_sha256, known->sha256, sizeof check->known_sha256);
    }
    return check;
}

void ak_segment_check_free(AkSegmentCheck *check)
{
    ak_found_clear(&check->found);
    ak_footer_clear(&check->footer);
    ak_buf_clear(&check->leaves);
    g_clear_error(&check->error);
    g_free(check);
}

static gboolean is_asked(const AkSegmentCheck *check, guint what)
{
    return (check->context->config->what & what) != 0;
}

static void check_retention(AkSegmentCheck *check, const AkObject *object)
{
    const AkCatalogEntry *entry = check->entry;
    gint64 wanted = entry->retain_until_usec;
    char is[AK_TIME_MAX], should[AK_TIME_MAX];

    if (!entry->is_recorded) {
        if (!ak_time_add_period(entry->modified_usec, check->context->config->retention, &wanted))
            return;
        wanted -= PLAN_SLACK;
    }
    if (object->retain_until_usec >= wanted)
        return;
    (void)ak_time_format(object->retain_until_usec, is);
    (void)ak_time_format(wanted, should);
    ak_found_object(&check->found, AK_FAULT_RETENTION_TOO_SHORT, entry->key,
                    "it is locked until %s, and should be until %s", is, should);
}

static void check_lock(AkSegmentCheck *check, const AkObject *object)
{
    const char *key = check->entry->key;

    switch (object->lock_mode) {
    case AK_LOCK_NONE:
        ak_found_object(&check->found, AK_FAULT_OBJECT_UNLOCKED, key, "it has no lock");
        return;
    case AK_LOCK_UNKNOWN:
        ak_found_object(&check->found, AK_FAULT_OBJECT_UNLOCKED, key,
                        "its lock cannot be seen; hint: allow s3:GetObjectRetention");
        return;
    case AK_LOCK_GOVERNANCE:
        ak_found_object(&check->found, AK_FAULT_RETENTION_MODE_WRONG, key,
                        "it is locked in governance mode, which a privileged user can lift");
        break;
    case AK_LOCK_COMPLIANCE:
        break;
    }
    check_retention(check, object);
}

static void check_replication(AkSegmentCheck *check, const AkObject *object)
{
    if (object->replication == AK_REPLICATION_PENDING)
        ak_found_object(&check->found, AK_FAULT_REPLICATION_PENDING, check->entry->key,
                        "its replication is pending");
    else if (object->replication == AK_REPLICATION_FAILED)
        ak_found_object(&check->found, AK_FAULT_REPLICATION_FAILED, check->entry->key,
                        "its replication failed");
}

/* TRUE when @error only says that the object is not there, which is a finding. */
static gboolean is_gone(AkSegmentCheck *check, GError **error)
{
    if (!g_error_matches(*error, AK_ERROR, AK_ERROR_MISSING))
        return FALSE;
    g_clear_error(error);
    ak_found_object(&check->found, AK_FAULT_OBJECT_MISSING, check->entry->key,
                    "it was listed, and is not there");
    return TRUE;
}

/* The store's own checksum, or, where it keeps none, the one in the object's metadata. */
static void remember_digest(AkSegmentCheck *check, const AkObject *object)
{
    const char *meta = ak_object_meta(object, "object-sha256");

    check->has_digest = object->has_sha256;
    if (object->has_sha256)
        memcpy(check->digest, object->sha256, sizeof check->digest);
    else if (meta != NULL)
        check->has_digest = ak_hex_decode(ak_view_str(meta), check->digest, sizeof check->digest);
}

static gboolean head(AkSegmentCheck *check)
{
    const AkCatalogEntry *entry = check->entry;
    g_auto(AkObject) object = {0};

    ak_pace_wait(check->context->pace);
    if (!ak_store_head(check->context->config->store, entry->key, entry->version, &object,
                       &check->error))
        return is_gone(check, &check->error);
    check->has_lock = TRUE;
    check->lock_mode = object.lock_mode;
    check->retain_until_usec = object.retain_until_usec;
    check->replication = object.replication;
    check_lock(check, &object);
    check_replication(check, &object);
    remember_digest(check, &object);
    return TRUE;
}

/* The whole object, or as much of its end as the footer can take. */
static gboolean fetch(AkSegmentCheck *check, gsize tail, AkBuf *out)
{
    const AkCatalogEntry *entry = check->entry;
    guint64 offset = check->is_full || tail >= entry->size ? 0 : entry->size - tail;

    ak_buf_truncate(out, 0);
    ak_pace_wait(check->context->pace);
    return ak_store_get(check->context->config->store, entry->key, entry->version, offset, 0,
                        OBJECT_MAX_BYTES, out, &check->error) ||
           is_gone(check, &check->error);
}

static gboolean corrupt(AkSegmentCheck *check, const char *why)
{
    ak_found_object(&check->found, AK_FAULT_OBJECT_CORRUPT, check->entry->key, "%s", why);
    return FALSE;
}

static gboolean open_footer(AkSegmentCheck *check, AkBuf *bytes)
{
    const AkCatalogEntry *entry = check->entry;
    gsize need = (entry->last_index - entry->first_index + 1) * EVENT_FOOTER_BYTES + FOOTER_SLACK;
    g_autoptr(GError) error = NULL;

    for (int tries = 0; tries < 3; tries++) {
        if (!fetch(check, need, bytes) || bytes->len == 0)
            return FALSE;
        if (check->is_full && bytes->len != entry->size)
            return corrupt(check, "its length is not the one that was listed");
        if (ak_footer_parse(ak_buf_view(bytes), entry->size, &check->footer, &need, &error))
            return TRUE;
        if (need == 0)
            break;
    }
    return corrupt(check, error != NULL ? error->message : "its footer cannot be found");
}

static gboolean check_manifest(AkSegmentCheck *check)
{
    const AkManifest *manifest = &check->footer.manifest;
    const AkCatalogEntry *entry = check->entry;
    const AkNoteKey *note_key = check->context->note_key;
    AkView note = ak_view_str(manifest->checkpoint);
    g_autoptr(GError) error = NULL;
    AkCheckpoint checkpoint;

    if (strcmp(manifest->chain, check->context->config->chain) != 0 ||
        manifest->first_index != entry->first_index || manifest->last_index != entry->last_index ||
        manifest->day != entry->day)
        return corrupt(check, "its manifest does not fit its key");
    if (!ak_checkpoint_parse(note, &checkpoint, &error) ||
        (note_key != NULL && !ak_checkpoint_verify(note, note_key, &error)))
        ak_found_object(&check->found, AK_FAULT_CHECKPOINT_INVALID, entry->key, "%s",
                        error->message);
    else if (checkpoint.size != manifest->tree_size ||
             CRYPTO_memcmp(checkpoint.root, manifest->root, AK_SHA256_LEN) != 0)
        ak_found_object(&check->found, AK_FAULT_CHECKPOINT_INVALID, entry->key,
                        "the checkpoint is about another tree than the manifest");
    return TRUE;
}

/*
 * The object's bytes against every digest that was kept beside them. What zstd does not look at
 * (bits of padding) and what the manifest says of the exporter shows here alone.
 */
static void check_digest(AkSegmentCheck *check, AkSha256 *sha, const AkBuf *bytes)
{
    const AkCatalogEntry *entry = check->entry;
    const guint8 *digest = check->object_sha256;

    ak_sha256_of(sha, bytes->data, bytes->len, check->object_sha256);
    check->has_object = TRUE;
    if ((entry->is_recorded && CRYPTO_memcmp(digest, entry->object_sha256, AK_SHA256_LEN) != 0) ||
        (check->has_digest && CRYPTO_memcmp(digest, check->digest, AK_SHA256_LEN) != 0))
        (void)corrupt(check, "its bytes are not those that were archived");
    else if (check->known_read_usec > 0 &&
             CRYPTO_memcmp(digest, check->known_sha256, AK_SHA256_LEN) != 0)
        (void)corrupt(check, "its bytes are not those that an earlier verification read");
}

void ak_segment_check_run(AkSegmentCheck *check)
{
    g_autoptr(AkSha256) sha = ak_sha256_new();
    g_auto(AkBuf) bytes = {0};

    if (ak_is_stopped(check->context->config->stop)) {
        g_set_error(&check->error, AK_ERROR, AK_ERROR_CANCELLED,
                    "verifying was stopped; hint: run it again");
        return;
    }
    if ((is_asked(check, AK_VERIFY_ARCHIVE) && !head(check)) || !open_footer(check, &bytes))
        return;
    check->has_footer = check_manifest(check);
    if (!check->has_footer)
        return;
    ak_buf_append_view(&check->leaves, check->footer.leaves);
    check->footer.leaves = ak_buf_view(&check->leaves);
    if (check->is_full) {
        check_digest(check, sha, &bytes);
        ak_lines_check(check, ak_buf_view(&bytes));
    }
    check->footer.tags = AK_VIEW_NULL;
}

gboolean ak_segment_check_object(AkSegmentCheck *check, AkBuf *out)
{
    g_autoptr(AkSha256) sha = ak_sha256_new();

    if (!head(check) || !fetch(check, 0, out))
        return FALSE;
    check_digest(check, sha, out);
    return TRUE;
}

void ak_segment_check_show(const AkSegmentCheck *check, gint64 first_day)
{
    const AkCatalogEntry *entry = check->entry;
    const AkVerifyConfig *config = check->context->config;
    AkSegmentName name;
    AkVerifiedObject object = {.key = entry->key,
                               .version = entry->version,
                               .is_seal = !ak_segment_key_parse(entry->key, &name),
                               .first_day = first_day,
                               .day = entry->day,
                               .first_index = entry->first_index,
                               .last_index = entry->last_index,
                               .size = entry->size,
                               .is_read = check->has_object,
                               .has_lock = check->has_lock,
                               .lock_mode = check->lock_mode,
                               .retain_until_usec = check->retain_until_usec,
                               .replication = check->replication,
                               .n_faults = ak_found_count_faults(&check->found)};

    if (config->on_object != NULL)
        config->on_object(&object, config->data);
}
