#include "export/event_put.h"

#include "chain/envelope.h"
#include "segment/event_key.h"
#include "segment/reader.h"
#include "util/arena.h"
#include "util/hex.h"
#include "util/ordered.h"
#include "util/stop.h"

/* Each put mostly waits for its answer. */
enum { AT_A_TIME = 16 };

/* The lines of a segment, one after the other. */
typedef struct {
    const AkExportConfig *config;
    AkView object;
    gint64 retain_until_usec;
    AkFooter footer;
    AkSha256 *sha;
    AkArena arena;
    AkBuf lines; /* of the open frame */
    AkView rest; /* of them */
    guint next_frame;
} Lines;

/* One event's object. */
typedef struct {
    const Lines *lines;
    char *key;
    AkBuf bytes;
    gboolean is_there; /* already, and right */
    GError *error;
} Item;

static gboolean next_line(Lines *lines, AkView *out, GError **error)
{
    while (!ak_line_next(&lines->rest, out)) {
        const AkFrame *frame;

        *out = AK_VIEW_NULL;
        if (lines->next_frame >= lines->footer.frames->len)
            return TRUE;
        frame = &g_array_index(lines->footer.frames, AkFrame, lines->next_frame);
        if (!ak_footer_open_frame(&lines->footer, lines->sha, lines->next_frame++,
                                  ak_view(lines->object.data + frame->offset, frame->compressed),
                                  &lines->lines, error))
            return FALSE;
        lines->rest = ak_buf_view(&lines->lines);
    }
    return TRUE;
}

static gpointer next_item(gpointer data, GError **error)
{
    Lines *lines = data;
    g_autofree char *id = NULL;
    AkEnvelope envelope;
    AkView line;
    Item *item;

    if (!next_line(lines, &line, error) || line.data == NULL)
        return NULL;
    ak_arena_reset(&lines->arena);
    if (!ak_envelope_parse(line, &lines->arena, &envelope, error))
        return NULL;
    id = g_strndup(envelope.event.id.data, envelope.event.id.len);
    item = g_new0(Item, 1);
    item->lines = lines;
    item->key = ak_event_key(lines->footer.manifest.day, id);
    ak_buf_append_view(&item->bytes, line);
    return item;
}

/* A version of the key: is it ours? */
static gboolean look_at(const AkObject *listed, gpointer data, GError **error)
{
    Item *item = data;
    const AkExportConfig *config = item->lines->config;
    g_auto(AkObject) object = {0};
    g_auto(AkBuf) bytes = {0};

    if (listed->is_delete_marker || strcmp(listed->key, item->key) != 0 ||
        listed->size != item->bytes.len)
        return TRUE;
    if (!ak_store_head(config->store, item->key, listed->version, &object, error) ||
        !ak_store_get(config->store, item->key, listed->version, 0, 0, item->bytes.len, &bytes,
                      error))
        return FALSE;
    item->is_there = object.lock_mode >= config->lock_mode &&
                     object.retain_until_usec >= item->lines->retain_until_usec &&
                     ak_view_equal(ak_buf_view(&bytes), ak_buf_view(&item->bytes));
    return !item->is_there;
}

static gboolean adopt(Item *item, GError **error)
{
    GError *local = NULL;

    if (!ak_store_list(item->lines->config->store, item->key, look_at, item, &local) &&
        local != NULL) {
        g_propagate_error(error, local);
        return FALSE;
    }
    if (item->is_there)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT,
                "object '%s' is already there with other content or a weaker lock; hint: keep it "
                "as evidence and run 'auditkeep verify --what archive'",
                item->key);
    return FALSE;
}

static gboolean put(Item *item, GError **error)
{
    g_autoptr(AkSha256) sha = ak_sha256_new();
    g_autofree char *text = NULL;
    guint8 digest[AK_SHA256_LEN];
    g_auto(AkObject) object = {0};
    AkMeta meta = {"object-sha256", NULL};
    AkPut what = {
        .key = item->key,
        .data = item->bytes.data,
        .len = item->bytes.len,
        .sha256 = digest,
        .content_type = "application/json",
        .meta = &meta,
        .n_meta = 1,
        .lock_mode = item->lines->config->lock_mode,
        .retain_until_usec = item->lines->retain_until_usec,
    };

    ak_sha256_of(sha, item->bytes.data, item->bytes.len, digest);
    text = ak_hex_string(digest, sizeof digest);
    meta.value = text;
    return ak_store_put(item->lines->config->store, &what, &object, error);
}

static void run_item(gpointer data)
{
    Item *item = data;
    g_autoptr(GError) local = NULL;

    if (ak_is_stopped(item->lines->config->stop))
        g_set_error(&item->error, AK_ERROR, AK_ERROR_CANCELLED,
                    "archiving was stopped; hint: run it again to go on");
    else if (!put(item, &local) && !g_error_matches(local, AK_ERROR, AK_ERROR_CONFLICT))
        g_propagate_error(&item->error, g_steal_pointer(&local));
    else if (local != NULL)
        (void)!adopt(item, &item->error);
}

static gboolean take_item(gpointer data, gpointer user_data, GError **error)
{
    Item *item = data;

    if (item->error == NULL)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&item->error));
    return FALSE;
}

static void free_item(gpointer data)
{
    Item *item = data;

    g_free(item->key);
    ak_buf_clear(&item->bytes);
    g_clear_error(&item->error);
    g_free(item);
}

gboolean ak_export_put_events(const AkExportConfig *config, AkView object, gint64 retain_until_usec,
                              GError **error)
{
    Lines lines = {.config = config, .object = object, .retain_until_usec = retain_until_usec};
    AkOrdered ordered = {AT_A_TIME, &lines, next_item, run_item, take_item, free_item};
    gboolean is_done;

    if (!ak_footer_open_object(object, &lines.footer, error))
        return FALSE;
    lines.sha = ak_sha256_new();
    is_done = ak_ordered_run(&ordered, error);
    ak_sha256_free(lines.sha);
    ak_arena_clear(&lines.arena);
    ak_buf_clear(&lines.lines);
    ak_footer_clear(&lines.footer);
    return is_done;
}
