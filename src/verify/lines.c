#include "verify/lines.h"

#include "chain/link.h"
#include "segment/builder.h"
#include "verify/cross.h"
#include "verify/event_object.h"

#include <openssl/crypto.h>

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
    gboolean has_ends; /* the first and last events are those of the manifest */
    guint64 index;
} Reading;

static void check_line(Reading *reading, const AkArchivedLine *line)
{
    AkSegmentCheck *check = reading->check;
    const AkEnvelope *envelope = &line->envelope;
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
                       check->entry->key, "payload and the text beside it contradict each other");
    ak_link_copy(event->prev_hash, prev);
    if (reading->has_link && strcmp(prev, reading->link) != 0)
        ak_found_event(&check->found, AK_FAULT_PREV_HASH_GAP, "archive", event, check->entry->key,
                       "it links to '%s', the event before it is '%s'", prev, reading->link);
    ak_link_copy(event->hash, reading->link);
    reading->has_link = TRUE;
    if (check->footer.manifest.has_event_objects && check->context->events != NULL)
        ak_event_object_check(check, line->line, event->id);
    check->archive_events++;
}

static gboolean is_asked(const Reading *reading, guint what)
{
    return (reading->check->context->config->what & what) != 0;
}

static void corrupt(Reading *reading, const char *why)
{
    ak_found_object(&reading->check->found, AK_FAULT_OBJECT_CORRUPT, reading->check->entry->key,
                    "%s", why);
}

static gboolean has_tag(const Reading *reading, AkView id)
{
    const AkFooter *footer = &reading->check->footer;
    guint64 tag = GUINT64_TO_LE(ak_segment_tag(id));
    gsize at = (reading->index - footer->manifest.first_index) * sizeof tag;

    return memcmp(footer->tags.data + at, &tag, sizeof tag) == 0;
}

static gboolean is_event(const AkEvent *event, const char *id, gint64 ts_usec)
{
    return ak_view_equal(event->id, ak_view_str(id)) && event->ts_usec == ts_usec;
}

static void check_ends(Reading *reading, const AkEvent *event)
{
    const AkManifest *manifest = &reading->check->footer.manifest;

    if (event->index == manifest->first_index)
        reading->has_ends &= is_event(event, manifest->first_id, manifest->first_ts_usec);
    if (event->index == manifest->last_index)
        reading->has_ends &= is_event(event, manifest->last_id, manifest->last_ts_usec);
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
        check_ends(reading, &line.envelope.event);
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
        corrupt(reading, error->message);
        return TRUE;
    }
    ak_sha256_add(reading->content, reading->lines.data, reading->lines.len);
    for (guint i = 0; i < reading->parsed->len && is_asked(reading, AK_VERIFY_ARCHIVE); i++)
        check_line(reading, &g_array_index(reading->parsed, AkArchivedLine, i));
    return cross_frame(reading);
}

static void check_content(Reading *reading)
{
    const AkManifest *manifest = &reading->check->footer.manifest;
    guint8 digest[AK_SHA256_LEN];

    ak_sha256_end(reading->content, digest);
    if (CRYPTO_memcmp(digest, manifest->content_sha256, sizeof digest) != 0)
        corrupt(reading, "its content does not have the manifest's digest");
    else if (is_asked(reading, AK_VERIFY_ARCHIVE) &&
             strcmp(reading->link, manifest->last_hash) != 0)
        corrupt(reading, "its last event does not have the manifest's last hash");
    else if (!reading->has_ends)
        corrupt(reading, "its first or last event is not the one that the manifest names");
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

void ak_lines_check(AkSegmentCheck *check, AkView object)
{
    const AkSegmentContext *context = check->context;
    Reading reading = {.check = check, .has_link = TRUE, .is_whole = TRUE, .has_ends = TRUE};

    if ((context->config->what & AK_VERIFY_CROSS) != 0) {
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
