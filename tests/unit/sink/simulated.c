#include "simulated.h"

#include "chain/link.h"

typedef struct {
    AkSink base;
    guint64 epoch;
} SimSink;

static SimRemote *place;

void sim_remote_init(SimRemote *remote, guint32 seed, gboolean is_late)
{
    *remote = (SimRemote){.records = g_array_new(FALSE, FALSE, sizeof(SimRecord)),
                          .pending = g_array_new(FALSE, FALSE, sizeof(SimRecord)),
                          .rng = seed != 0 ? g_rand_new_with_seed(seed) : NULL,
                          .is_late = is_late,
                          .pointer = -1};
    place = remote;
}

void sim_remote_clear(SimRemote *remote)
{
    g_array_unref(remote->records);
    g_array_unref(remote->pending);
    g_clear_pointer(&remote->rng, g_rand_free);
}

/* One in @n, when things go wrong at all. */
static gboolean strikes(gint32 n)
{
    return place->rng != NULL && g_rand_int_range(place->rng, 0, n) == 0;
}

static gboolean lose(const char *what, GError **error)
{
    g_set_error(error, AK_ERROR, AK_ERROR_NETWORK, "the line broke: %s", what);
    return FALSE;
}

static gboolean check_epoch(const SimSink *sink, GError **error)
{
    if (sink->epoch == place->epoch)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_FENCED, "another one opened the place");
    return FALSE;
}

static AkSink *sim_open(const AkSinkConfig *config, const AkCursor *pointer, AkCursor *out_tail,
                        GError **error);

static void settle(guint count)
{
    g_array_append_vals(place->records, place->pending->data, count);
    g_array_remove_range(place->pending, 0, count);
}

static void sim_close(AkSink *sink)
{
    g_free(sink);
}

static gboolean sim_deliver(AkSink *sink, const AkSinkEvent *events, gsize count, AkSinkRef *refs,
                            GError **error)
{
    gsize taken = strikes(6) ? (gsize)g_rand_int_range(place->rng, 0, (gint32)count + 1) : count;

    if (!check_epoch((SimSink *)sink, error))
        return FALSE;
    if (strikes(10))
        return lose("before", error);
    for (gsize i = 0; i < taken; i++) {
        SimRecord record = {.index = events[i].event.index};

        ak_id_copy(events[i].event.id, record.id);
        ak_link_copy(events[i].event.hash, record.hash);
        g_array_append_val(place->pending, record);
        if (refs != NULL)
            refs[i] = (AkSinkRef){0, (gint64)record.index, 1};
    }
    if (!place->is_late)
        settle(place->pending->len);
    return taken == count && !strikes(6) ? TRUE : lose("after", error);
}

static gint64 last_index(void)
{
    guint len = place->records->len;

    return len > 0 ? (gint64)g_array_index(place->records, SimRecord, len - 1).index : -1;
}

static gboolean sim_confirm(AkSink *sink, guint wait_ms, gint64 *out_index, GError **error)
{
    if (!check_epoch((SimSink *)sink, error))
        return FALSE;
    if (strikes(10))
        return lose("confirming", error);
    settle(place->rng != NULL
               ? (guint)g_rand_int_range(place->rng, 0, (gint32)place->pending->len + 1)
               : place->pending->len);
    *out_index = last_index();
    return TRUE;
}

static gboolean sim_scan(const AkSinkConfig *config, guint64 from_index, AkSinkRecordFunc func,
                         gpointer data, GError **error)
{
    for (guint i = 0; i < place->records->len; i++) {
        const SimRecord *record = &g_array_index(place->records, SimRecord, i);
        AkSinkRecord seen = {i, TRUE, record->index, ak_view_str(record->id),
                             ak_view_str(record->hash)};

        if (record->index >= from_index && !func(&seen, data, error))
            return FALSE;
    }
    return TRUE;
}

static const AkSinkDriver at_once = {.scheme = "sim",
                                     .open = sim_open,
                                     .close = sim_close,
                                     .deliver = sim_deliver,
                                     .scan = sim_scan};
static const AkSinkDriver late = {.scheme = "sim",
                                  .open = sim_open,
                                  .close = sim_close,
                                  .deliver = sim_deliver,
                                  .scan = sim_scan,
                                  .confirm = sim_confirm};

const AkSinkDriver *sim_driver(const SimRemote *remote)
{
    return remote->is_late ? &late : &at_once;
}

/* What was taken and is not durable is decided now: some of it is dropped. */
static AkSink *sim_open(const AkSinkConfig *config, const AkCursor *pointer, AkCursor *out_tail,
                        GError **error)
{
    SimSink *sink;
    gint32 len = (gint32)place->pending->len;

    if (strikes(10)) {
        (void)lose("opening", error);
        return NULL;
    }
    settle(place->rng != NULL ? (guint)g_rand_int_range(place->rng, 0, len + 1) : 0);
    g_array_set_size(place->pending, 0);
    place->pointer = pointer->index;
    *out_tail = AK_CURSOR_START;
    out_tail->index = last_index();
    if (out_tail->index >= 0 && !place->is_late) {
        const SimRecord *last = &g_array_index(place->records, SimRecord, place->records->len - 1);

        memcpy(out_tail->id, last->id, sizeof last->id);
        memcpy(out_tail->hash, last->hash, sizeof last->hash);
    }
    sink = g_new0(SimSink, 1);
    sink->base = (AkSink){.driver = sim_driver(place),
                          .caps = place->is_late ? 0 : AK_SINK_KNOWS_HASH | AK_SINK_HAS_REFS,
                          .max_batch_events = 5,
                          .max_batch_bytes = 4096};
    sink->epoch = ++place->epoch;
    return &sink->base;
}
