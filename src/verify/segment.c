#include "verify/segment.h"

#include "chain/link.h"
#include "segment/builder.h"
#include "util/stop.h"
#include "util/time.h"
#include "verify/cross.h"

#include <openssl/crypto.h>

enum { OBJECT_MAX_BYTES = 1024 * 1024 * 1024, EVENT_FOOTER_BYTES = 64, FOOTER_SLACK = 64 * 1024 };

/* The lock runs from the plan; the object may be written later, when the store was out of reach. */
#define PLAN_SLACK (7 * AK_USEC_PER_DAY)

AkSegmentCheck *ak_segment_check_new(const AkSegmentContext *context, const AkCatalogEntry *entry,
                                     gboolean is_full)
{
    AkSegmentCheck *check = g_new0(AkSegmentCheck, 1);

    check->context = context;
    check->entry = entry;
    check->is_full = is_full;
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

static gboolean head(AkSegmentCheck *check)
{
    const AkCatalogEntry *entry = check->entry;
    g_auto(AkObject) object = {0};

    if (!ak_store_head(check->context->config->store, entry->key, entry->version, &object,
                       &check->error))
        return is_gone(check, &check->error);
    check_lock(check, &object);
    check_replication(check, &object);
    return TRUE;
}

/* The whole object, or as much of its end as the footer can take. */
static gboolean fetch(AkSegmentCheck *check, gsize tail, AkBuf *out)
{
    const AkCatalogEntry *entry = check->entry;
    guint64 offset = check->is_full || tail >= entry->size ? 0 : entry->size - tail;

    ak_buf_truncate(out, 0);
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

static void check_digest(AkSegmentCheck *check, AkSha256 *sha, const AkBuf *bytes)
{
    guint8 digest[AK_SHA256_LEN];

    if (!check->is_full || !check->entry->is_recorded)
        return;
    ak_sha256_of(sha, bytes->data, bytes->len, digest);
    if (CRYPTO_memcmp(digest, check->entry->object_sha256, sizeof digest) != 0)
        (void)corrupt(check, "its bytes are not those that were archived");
}

/* Reading the lines of one segment. */
typedef struct {
    AkSegmentCheck *check;
    AkChecker *checker;
    AkSource *source; /* cross only */
    AkSha256 *sha, *content;
    AkArena arena;
    AkBuf lines, canonical;
    GArray *parsed;    /* AkArchivedLine of the open frame */
    char link[65];     /* what the next event has to name as its predecessor */
    gboolean has_link; /* FALSE behind a frame that could not be read */
    gboolean is_whole; /* every frame so far could be read */
    guint64 index;
} Reading;

static void check_line(Reading *reading, const AkEnvelope *envelope)
{
    AkSegmentCheck *check = reading->check;
    const AkVerifyConfig *config = check->context->config;
    const AkEvent *event = &envelope->event;
    AkCheckResult result;
    char prev[AK_LINK_SIZE];

    ak_buf_truncate(&reading->canonical, 0);
    ak_checker_check(reading->checker, event, &reading->canonical, &result);
    ak_found_faults(&check->found, result.faults, "archive", event, check->entry->key);
    check->signatures += config->signers != NULL && !ak_view_is_blank(event->signature);
    if (result.canonical.data != NULL && !ak_view_equal(result.canonical, envelope->canonical))
        ak_found_event(&check->found, AK_FAULT_ENVELOPE_CHANGED, "archive", event,
                       check->entry->key, "payload and payloadText contradict each other");
    ak_link_copy(event->prev_hash, prev);
    if (reading->has_link && strcmp(prev, reading->link) != 0)
        ak_found_event(&check->found, AK_FAULT_PREV_HASH_GAP, "archive", event, check->entry->key,
                       "it links to '%s', the event before it is '%s'", prev, reading->link);
    ak_link_copy(event->hash, reading->link);
    reading->has_link = TRUE;
    check->archive_events++;
}

static gboolean has_tag(const Reading *reading, AkView id)
{
    const AkFooter *footer = &reading->check->footer;
    guint64 tag = GUINT64_TO_LE(ak_segment_tag(id));
    gsize at = (reading->index - footer->manifest.first_index) * sizeof tag;

    return memcmp(footer->tags.data + at, &tag, sizeof tag) == 0;
}

static gboolean parse_lines(Reading *reading, GError **error)
{
    AkView rest = ak_buf_view(&reading->lines);
    AkArchivedLine line;

    g_array_set_size(reading->parsed, 0);
    ak_arena_reset(&reading->arena);
    for (; ak_line_next(&rest, &line.line); reading->index++) {
        if (!ak_envelope_parse(line.line, &reading->arena, &line.envelope, error)) {
            g_prefix_error(error, "index %" G_GUINT64_FORMAT ": ", reading->index);
            return FALSE;
        }
        if (line.envelope.event.index != reading->index || line.envelope.event.id.data == NULL ||
            line.envelope.event.id.len > 36) {
            g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                        "index %" G_GUINT64_FORMAT ": the line says another index or no id",
                        reading->index);
            return FALSE;
        }
        if (!has_tag(reading, line.envelope.event.id)) {
            g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                        "index %" G_GUINT64_FORMAT ": the footer's tag is another id's",
                        reading->index);
            return FALSE;
        }
        g_array_append_val(reading->parsed, line);
    }
    return TRUE;
}

static gboolean cross_frame(Reading *reading)
{
    AkSegmentCheck *check = reading->check;

    if (reading->source == NULL || reading->parsed->len == 0)
        return TRUE;
    check->cross_events += reading->parsed->len;
    return ak_cross_check(reading->source, reading->checker,
                          ak_view_str(check->context->config->chain),
                          (const void *)reading->parsed->data, reading->parsed->len,
                          check->entry->key, &check->found, &check->error);
}

/* A frame that cannot be read is one finding; the next one is looked at all the same. */
static gboolean read_frame(Reading *reading, guint number, AkView object)
{
    const AkFrame *frame = &g_array_index(reading->check->footer.frames, AkFrame, number);
    g_autoptr(GError) error = NULL;

    reading->index = ak_footer_first_index(&reading->check->footer, number);
    if (!ak_footer_open_frame(&reading->check->footer, reading->sha, number,
                              ak_view(object.data + frame->offset, frame->compressed),
                              &reading->lines, &error) ||
        !parse_lines(reading, &error)) {
        reading->has_link = reading->is_whole = FALSE;
        (void)corrupt(reading->check, error->message);
        return TRUE;
    }
    ak_sha256_add(reading->content, reading->lines.data, reading->lines.len);
    for (guint i = 0; i < reading->parsed->len && is_asked(reading->check, AK_VERIFY_ARCHIVE); i++)
        check_line(reading, &g_array_index(reading->parsed, AkArchivedLine, i).envelope);
    return cross_frame(reading);
}

static void check_content(Reading *reading)
{
    const AkManifest *manifest = &reading->check->footer.manifest;
    guint8 digest[AK_SHA256_LEN];

    ak_sha256_end(reading->content, digest);
    if (CRYPTO_memcmp(digest, manifest->content_sha256, sizeof digest) != 0)
        (void)corrupt(reading->check, "its content does not have the manifest's digest");
    else if (is_asked(reading->check, AK_VERIFY_ARCHIVE) &&
             strcmp(reading->link, manifest->last_hash) != 0)
        (void)corrupt(reading->check, "its last event does not have the manifest's last hash");
}

static void read_lines(Reading *reading, AkView object)
{
    reading->sha = ak_sha256_new();
    reading->content = ak_sha256_new();
    reading->parsed = g_array_new(FALSE, FALSE, sizeof(AkArchivedLine));
    (void)g_strlcpy(reading->link, reading->check->footer.manifest.prev_hash, sizeof reading->link);
    ak_sha256_begin(reading->content);
    for (guint i = 0; i < reading->check->footer.frames->len; i++)
        if (!read_frame(reading, i, object))
            break;
    if (reading->check->error == NULL && reading->is_whole)
        check_content(reading);
    ak_sha256_free(reading->sha);
    ak_sha256_free(reading->content);
    ak_arena_clear(&reading->arena);
    ak_buf_clear(&reading->lines);
    ak_buf_clear(&reading->canonical);
    g_array_unref(reading->parsed);
}

static AkSource *borrow_source(AkSegmentCheck *check)
{
    AkSource *source = g_async_queue_try_pop(check->context->sources);

    if (source == NULL)
        source = ak_source_open(check->context->config->source, &check->error);
    return source;
}

static void read_object(AkSegmentCheck *check, AkView object)
{
    const AkSegmentContext *context = check->context;
    Reading reading = {.check = check, .has_link = TRUE, .is_whole = TRUE};

    if (is_asked(check, AK_VERIFY_CROSS)) {
        reading.source = borrow_source(check);
        if (reading.source == NULL)
            return;
    }
    reading.checker = g_async_queue_try_pop(context->checkers);
    if (reading.checker == NULL)
        reading.checker =
            ak_checker_new(context->config->signers, context->config->require_signatures);
    read_lines(&reading, object);
    g_async_queue_push(context->checkers, reading.checker);
    if (reading.source != NULL)
        g_async_queue_push(context->sources, reading.source);
}

void ak_segment_check_run(AkSegmentCheck *check)
{
    g_autoptr(AkSha256) sha = ak_sha256_new();
    g_auto(AkBuf) bytes = {0};

    if (ak_is_stopped(check->context->config->stop)) {
        g_set_error(&check->error, AK_ERROR, AK_ERROR_CANCELLED, "verifying was stopped");
        return;
    }
    if ((is_asked(check, AK_VERIFY_ARCHIVE) && !head(check)) || !open_footer(check, &bytes))
        return;
    check->has_footer = check_manifest(check);
    if (!check->has_footer)
        return;
    ak_buf_append_view(&check->leaves, check->footer.leaves);
    check->footer.leaves = ak_buf_view(&check->leaves);
    check_digest(check, sha, &bytes);
    if (check->is_full)
        read_object(check, ak_buf_view(&bytes));
    check->footer.tags = AK_VIEW_NULL;
}
