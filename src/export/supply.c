#include "export/supply.h"

#include "chain/envelope.h"
#include "chain/link.h"
#include "export/accepted.h"
#include "export/feed.h"
#include "segment/builder.h"
#include "segment/reader.h"

enum {
    DEFAULT_EVENTS = 1024,
    DEFAULT_BYTES = 1024 * 1024,
    STOCK_EVENTS = 4096,
    STOCK_BYTES = 4 * 1024 * 1024
};

struct AkSupply {
    const AkExportConfig *config;
    AkSource *source;
    AkSegmentBuilder *builder;
    AkFeed *feed; /* NULL: the next events come from the archive, or nobody looked yet */
    AkCursor at;  /* the last event that is in stock, or was */
    gint64 at_ts_usec;
    /* the stock: what was read and not handed out */
    GArray *events; /* AkSinkEvent */
    guint next;
    AkBatch *batch;      /* the rows behind it; NULL: they are from the archive */
    AkBuf lines;         /* one after the other */
    char (*hashes)[65];  /* computed, where the rows have none */
    AkArena arena;       /* strings of parsed lines */
    AkSegmentRow object; /* that holds what comes from the archive */
    char *key;           /* of the object that holds a line too large to be sent */
};

AkSupply *ak_supply_new(const AkExportConfig *config, AkSource *source, const AkCursor *from,
                        gint64 from_ts_usec)
{
    AkSupply *supply = g_new0(AkSupply, 1);

    supply->config = config;
    supply->source = source;
    supply->builder =
        ak_segment_builder_new(config->source->chain, config->signers, config->require_signatures);
    supply->at = *from;
    supply->at_ts_usec = from_ts_usec;
    supply->events = g_array_new(FALSE, FALSE, sizeof(AkSinkEvent));
    return supply;
}

static void clear_stock(AkSupply *supply)
{
    g_array_set_size(supply->events, 0);
    supply->next = 0;
    g_clear_pointer(&supply->batch, ak_batch_free);
    g_clear_pointer(&supply->hashes, g_free);
    ak_buf_truncate(&supply->lines, 0);
    ak_arena_reset(&supply->arena);
    ak_segment_row_clear(&supply->object);
}

void ak_supply_free(AkSupply *supply)
{
    if (supply == NULL)
        return;
    clear_stock(supply);
    g_clear_pointer(&supply->feed, ak_feed_free);
    ak_segment_builder_free(supply->builder);
    g_array_unref(supply->events);
    ak_buf_clear(&supply->lines);
    ak_arena_clear(&supply->arena);
    g_free(supply->key);
    g_free(supply);
}

char *ak_supply_fault(const AkSupply *supply)
{
    const AkWalkFault *fault = ak_feed_fault(supply->feed);

    return g_strdup_printf("the chain is broken after index %" G_GINT64_FORMAT ", event '%s': "
                           "event '%s' does not follow",
                           fault->head.index, fault->head.id, fault->orphan_id);
}

/* Moves on to the last event in stock. */
static void note_last(AkSupply *supply)
{
    const AkSinkEvent *last = &g_array_index(supply->events, AkSinkEvent, supply->events->len - 1);

    ak_cursor_move(&supply->at, &last->event);
    supply->at_ts_usec = last->event.ts_usec;
}

/* The lines may move while they grow: they are cut when all of them are there. */
static void stock_batch(AkSupply *supply, AkBatch *batch)
{
    guint count = ak_batch_count(batch);
    g_autofree gsize *ends = g_new(gsize, count);
    gsize start = 0;

    clear_stock(supply);
    supply->batch = batch;
    supply->hashes = g_malloc_n(count, sizeof *supply->hashes);
    for (guint i = 0; i < count; i++) {
        (void)ak_segment_line(supply->builder, ak_batch_event(batch, i), supply->hashes[i],
                              &supply->lines);
        ends[i] = supply->lines.len;
    }
    for (guint i = 0; i < count; i++) {
        AkSinkEvent event = {.event = *ak_batch_event(batch, i),
                             .line = ak_view(supply->lines.data + start, ends[i] - start)};

        if (event.event.hash.data == NULL)
            event.event.hash = ak_view_str(supply->hashes[i]);
        g_array_append_val(supply->events, event);
        start = ends[i];
    }
    note_last(supply);
}

static gboolean take_segment(const AkSegmentRow *row, gpointer data, GError **error)
{
    AkSegmentRow *out = data;

    if (row->is_archived)
        ak_segment_row_copy(out, row);
    return FALSE; /* the first is enough */
}

/* The archived segment that holds @index; out->key NULL: none. */
static gboolean find_segment(AkSupply *supply, guint64 index, AkSegmentRow *out, GError **error)
{
    GError *local = NULL;

    if (!supply->source->driver->segments(supply->source, index, take_segment, out, &local) &&
        local != NULL) {
        g_propagate_error(error, local);
        return FALSE;
    }
    if (out->key != NULL && (out->first_index > index || out->last_index < index))
        ak_segment_row_clear(out);
    return TRUE;
}

static gboolean contradicts(AkSupply *supply, GError **error)
{
    g_set_error(error, AK_ERROR, AK_ERROR_GAP,
                "it does not go on after index %" G_GINT64_FORMAT ", event '%s'; hint: run "
                "'auditkeep verify --what archive'",
                supply->at.index, supply->at.id);
    return FALSE;
}

/* The event that was the last one has to be there as it was handed out. */
static gboolean stock_line(AkSupply *supply, AkView line, GError **error)
{
    AkEnvelope envelope;
    AkSinkEvent event = {.line = line, .archive_key = supply->object.key};
    AkCursor cursor;

    if (!ak_envelope_parse(line, &supply->arena, &envelope, error))
        return FALSE;
    event.event = envelope.event;
    ak_cursor_move(&cursor, &event.event);
    if (cursor.index == supply->at.index &&
        (strcmp(cursor.id, supply->at.id) != 0 || strcmp(cursor.hash, supply->at.hash) != 0))
        return contradicts(supply, error);
    if (cursor.index > supply->at.index)
        g_array_append_val(supply->events, event);
    return TRUE;
}

static gboolean read_lines(AkSupply *supply, AkView object, GError **error)
{
    g_auto(AkFooter) footer = {0};
    g_autoptr(AkSha256) sha = ak_sha256_new();
    g_auto(AkBuf) frame_lines = {0};
    AkView rest, line;

    if (!ak_footer_open_object(object, &footer, error))
        return FALSE;
    for (guint i = 0; i < footer.frames->len; i++) {
        const AkFrame *frame = &g_array_index(footer.frames, AkFrame, i);

        if (!ak_footer_open_frame(&footer, sha, i,
                                  ak_view(object.data + frame->offset, frame->compressed),
                                  &frame_lines, error))
            return FALSE;
        ak_buf_append_view(&supply->lines, ak_buf_view(&frame_lines));
    }
    rest = ak_buf_view(&supply->lines);
    while (ak_line_next(&rest, &line))
        if (!stock_line(supply, line, error))
            return FALSE;
    if (supply->events->len > 0 &&
        (gint64)g_array_index(supply->events, AkSinkEvent, 0).event.index == supply->at.index + 1)
        return TRUE;
    return contradicts(supply, error);
}

static gboolean stock_object(AkSupply *supply, GError **error)
{
    AkStore *store = supply->config->store;
    g_auto(AkBuf) object = {0};

    clear_stock(supply);
    if (!find_segment(supply, (guint64)(supply->at.index + 1), &supply->object, error))
        return FALSE;
    if (supply->object.key == NULL || store == NULL) {
        g_set_error(error, AK_ERROR, AK_ERROR_MISSING,
                    "the row after index %" G_GINT64_FORMAT " is pruned, and %s; hint: --archive",
                    supply->at.index,
                    store == NULL ? "no archive is named" : "no segment holds it");
        return FALSE;
    }
    if (!ak_store_get(store, supply->object.key, supply->object.version, 0, 0,
                      supply->object.object_bytes, &object, error))
        return FALSE;
    if (!read_lines(supply, ak_buf_view(&object), error)) {
        g_prefix_error(error, "reading '%s': ", supply->object.key);
        return FALSE;
    }
    note_last(supply);
    return TRUE;
}

static gboolean note_row(const AkRow *row, gpointer data, GError **error)
{
    *(gboolean *)data = TRUE;
    return TRUE;
}

/* Is what follows archived, and its row gone? */
static gboolean is_pruned(AkSupply *supply, gboolean *out_is, GError **error)
{
    AkSource *source = supply->source;
    g_auto(AkChainState) state = {0};
    gboolean has_row = FALSE;

    *out_is = FALSE;
    if (!source->driver->state(source, &state, error))
        return FALSE;
    if (supply->at.index >= state.archived.index)
        return TRUE;
    if (!source->driver->find_by_prev(source, supply->at.hash, note_row, &has_row, error))
        return FALSE;
    *out_is = !has_row;
    return TRUE;
}

static void open_feed(AkSupply *supply)
{
    AkFeedLimits limits = {STOCK_EVENTS, STOCK_BYTES, 0};

    supply->feed =
        ak_feed_new(supply->source, &supply->at, supply->at_ts_usec, G_MININT64, &limits);
    ak_accepted_let_pass(supply->feed, supply->config);
}

static gboolean stock_rows(AkSupply *supply, AkSupplyStep *out_step, GError **error)
{
    AkFeedStep step;
    AkBatch *batch = NULL;
    gint64 day;

    if (supply->feed == NULL)
        open_feed(supply);
    if (!ak_feed_next(supply->feed, supply->config->stop, &step, &batch, &day, error))
        return FALSE;
    if (step != AK_FEED_BATCH)
        batch = ak_feed_flush(supply->feed, &day);
    if (batch != NULL)
        stock_batch(supply, batch);
    else
        *out_step = step == AK_FEED_END ? AK_SUPPLY_END : AK_SUPPLY_BROKEN;
    return TRUE;
}

/* Fills the stock; when it stays empty *out_step says why. */
static gboolean refill(AkSupply *supply, AkSupplyStep *out_step, GError **error)
{
    gboolean pruned;

    clear_stock(supply);
    if (supply->feed != NULL || supply->config->store == NULL) {
        if (!stock_rows(supply, out_step, error))
            return FALSE;
        if (supply->events->len > 0)
            return TRUE;
    }
    if (!is_pruned(supply, &pruned, error))
        return FALSE;
    if (pruned) {
        g_clear_pointer(&supply->feed, ak_feed_free);
        return stock_object(supply, error);
    }
    return supply->feed != NULL || stock_rows(supply, out_step, error);
}

/* A line that is too large for the sink is replaced by where the archive has it. */
static gboolean find_key(AkSupply *supply, AkSinkEvent *event, GError **error)
{
    g_auto(AkSegmentRow) row = {0};

    if (event->archive_key != NULL)
        return TRUE;
    if (!find_segment(supply, event->event.index, &row, error))
        return FALSE;
    g_free(supply->key);
    supply->key = g_steal_pointer(&row.key);
    event->archive_key = supply->key;
    return TRUE;
}

gboolean ak_supply_next(AkSupply *supply, const AkSupplyLimits *limits, gint64 bound,
                        AkSupplyStep *out_step, const AkSinkEvent **out_events, gsize *out_count,
                        GError **error)
{
    guint max_events = limits->max_events != 0 ? limits->max_events : DEFAULT_EVENTS;
    gsize max_bytes = limits->max_bytes != 0 ? limits->max_bytes : DEFAULT_BYTES, bytes = 0;
    guint first, end;

    *out_step = AK_SUPPLY_END;
    *out_count = 0;
    if (supply->next == supply->events->len && !refill(supply, out_step, error))
        return FALSE;
    first = end = supply->next;
    for (; end < supply->events->len && end - first < max_events; end++) {
        AkSinkEvent *event = &g_array_index(supply->events, AkSinkEvent, end);
        gboolean is_large = limits->max_line != 0 && event->line.len > limits->max_line;

        if ((gint64)event->event.index > bound ||
            (end > first && (is_large || bytes + event->line.len > max_bytes)))
            break;
        if (is_large && !find_key(supply, event, error))
            return FALSE;
        if (is_large && event->archive_key == NULL) {
            *out_step = AK_SUPPLY_WAITING;
            return TRUE;
        }
        bytes += event->line.len;
        if (is_large) {
            end++;
            break;
        }
    }
    if (end == first)
        return TRUE;
    *out_step = AK_SUPPLY_EVENTS;
    *out_events = &g_array_index(supply->events, AkSinkEvent, first);
    *out_count = end - first;
    supply->next = end;
    return TRUE;
}
