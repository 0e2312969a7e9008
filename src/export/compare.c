#include "export/compare.h"

#include "chain/link.h"
#include "export/session.h"
#include "export/supply.h"

typedef struct {
    const AkDeliverConfig *config;
    AkCompareFunc func;
    gpointer data;
    AkCursor pointer;
    AkSource *source;
    AkSupply *supply;
    const AkSinkEvent *events; /* of the chain, the next one first */
    gsize count;
    gint64 next; /* index that has to come next */
    gboolean is_begun, is_chain_over;
    guint64 seen;
} Comparison;

static gboolean find_pointer(const AkSinkState *state, gpointer data, GError **error)
{
    Comparison *self = data;

    if (strcmp(state->name, self->config->name) == 0)
        self->pointer = state->at;
    return TRUE;
}

static void report(Comparison *self, const AkEvent *event, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static void report(Comparison *self, const AkEvent *event, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    self->func(event, text, self->data);
}

/* The chain's next event; *out NULL at its end. Stays valid until the next call. */
static gboolean peek(Comparison *self, const AkSinkEvent **out, GError **error)
{
    AkSupplyLimits limits = {0};
    AkSupplyStep step;

    *out = NULL;
    if (self->count == 0 && !self->is_chain_over) {
        if (!ak_supply_next(self->supply, &limits, G_MAXINT64, &step, &self->events, &self->count,
                            error))
            return FALSE;
        self->is_chain_over = self->count == 0;
    }
    if (self->count > 0)
        *out = self->events;
    return TRUE;
}

static void take(Comparison *self)
{
    self->next = (gint64)self->events->event.index + 1;
    self->events++;
    self->count--;
}

/* Passes over what comes before @index in the chain: it is missing in the sink, unless it was
 * removed there on purpose. */
static gboolean skip_to(Comparison *self, gint64 index, gboolean is_missing, GError **error)
{
    while (self->next < index) {
        const AkSinkEvent *event;

        if (!peek(self, &event, error))
            return FALSE;
        if (event == NULL)
            return TRUE;
        if (is_missing)
            report(self, &event->event, "sink '%s' does not hold the event", self->config->name);
        take(self);
    }
    return TRUE;
}

static gboolean differs(AkView said, const char *expected)
{
    return said.data != NULL && !ak_view_equal(said, ak_view_str(expected));
}

static gboolean compare_event(Comparison *self, const AkSinkRecord *record, GError **error)
{
    const AkSinkEvent *event;
    AkCursor cursor;

    if (!peek(self, &event, error))
        return FALSE;
    if (event == NULL) {
        report(self, NULL,
               "sink '%s' holds index %" G_GUINT64_FORMAT ", which the chain does not reach",
               self->config->name, record->index);
        return TRUE;
    }
    ak_cursor_move(&cursor, &event->event);
    if (differs(record->id, cursor.id) || differs(record->hash, cursor.hash))
        report(self, &event->event, "sink '%s' holds '%.*s' with hash '%.*s' there",
               self->config->name, (int)MIN(record->id.len, 36), record->id.data,
               (int)MIN(record->hash.len, 64), record->hash.data);
    take(self);
    self->seen++;
    return TRUE;
}

static gboolean take_record(const AkSinkRecord *record, gpointer data, GError **error)
{
    Comparison *self = data;
    gboolean is_first = !self->is_begun;

    self->is_begun = TRUE;
    if (!record->is_event) {
        report(self, NULL, "place %" G_GUINT64_FORMAT " of sink '%s' holds no event of the chain",
               record->place, self->config->name);
        return TRUE;
    }
    if ((gint64)record->index < self->next) {
        report(self, NULL,
               "sink '%s' holds index %" G_GUINT64_FORMAT " again, at place %" G_GUINT64_FORMAT,
               self->config->name, record->index, record->place);
        return TRUE;
    }
    return skip_to(self, (gint64)record->index, !is_first || record->place == 0, error) &&
           compare_event(self, record, error);
}

static gboolean compare(Comparison *self, GError **error)
{
    const AkDeliverConfig *config = self->config;
    AkCursor start = AK_CURSOR_START;

    if (!self->source->driver->check(self->source, error) ||
        !self->source->driver->sinks(self->source, find_pointer, self, error))
        return FALSE;
    self->supply = ak_supply_new(config->export, self->source, &start, G_MININT64);
    return config->driver->scan(config->sink, 0, take_record, self, error) &&
           skip_to(self, self->pointer.index + 1, TRUE, error);
}

gboolean ak_compare_run(const AkDeliverConfig *config, AkCompareFunc func, gpointer data,
                        guint64 *out_events, GError **error)
{
    Comparison self = {.config = config, .func = func, .data = data, .pointer = AK_CURSOR_START};
    gboolean is_done;

    self.source = ak_session_connect(config->export, error);
    if (self.source == NULL)
        return FALSE;
    is_done = compare(&self, error);
    *out_events = self.seen;
    ak_supply_free(self.supply);
    ak_source_close(self.source);
    return is_done;
}
