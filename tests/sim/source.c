#include "sim/source.h"

#include "sim/call.h"
#include "sim/person.h"

/* A connection to the world's table and to auditkeep's state. */
typedef struct {
    AkSource base;
    SimProcess *process;
    SimWorld *world;
    gboolean is_broken;
    gboolean is_busy; /* a call is under way: another one at the same time breaks the contract */
    gboolean is_scanning;
    guint order[SIM_MAX_EVENTS]; /* the scan's snapshot */
    guint count, at;
} SimSource;

static void begin_call(SimSource *source, const char *what)
{
    if (source->is_busy)
        sim_violate(source->world, "p%u: '%s' on a connection that is in use",
                    source->process->number, what);
    source->is_busy = TRUE;
}

static gboolean read_call(SimSource *source, const char *what, GError **error)
{
    const SimLine line = {SIM_DATABASE, &source->is_broken};
    gboolean is_done;

    begin_call(source, what);
    is_done = sim_call_read(source->process, &line, what, error);
    source->is_busy = FALSE;
    return is_done;
}

static gboolean write_call(SimSource *source, SimRequest *request, GError **error)
{
    const SimLine line = {SIM_DATABASE, &source->is_broken};
    gboolean is_done;

    begin_call(source, sim_request_name(request->kind));
    is_done = sim_call_write(source->process, &line, request, error);
    source->is_busy = FALSE;
    return is_done;
}

static void source_close(AkSource *base)
{
    g_free(base);
}

static gboolean source_check(AkSource *base, GError **error)
{
    return read_call((SimSource *)base, "check the table", error);
}

static void fill_row(const SimWorld *world, guint i, AkRow *out)
{
    *out = (AkRow){.event = world->chain->events[i],
                   .is_archived = world->rows[i].is_archived,
                   .locator = i + 1};
    if (world->rows[i].has_hash)
        out->event.hash = ak_view_str(world->chain->hashes[i]);
}

static gboolean is_after(const AkEvent *event, const AkScanPos *from)
{
    if (event->ts_usec != from->ts_usec)
        return event->ts_usec > from->ts_usec;
    return strncmp(event->id.data, from->id, event->id.len) > 0;
}

static gboolean scan_begin(AkSource *base, const AkScanPos *from, guint64 limit, GError **error)
{
    SimSource *source = (SimSource *)base;
    const SimWorld *world = source->world;

    if (source->is_scanning)
        sim_violate(source->world, "p%u scans twice at once", source->process->number);
    if (!read_call(source, "scan", error))
        return FALSE;
    source->is_scanning = TRUE;
    source->count = source->at = 0;
    for (guint i = 0; i < SIM_MAX_EVENTS && source->count < limit; i++) {
        guint row = world->chain->order[i];

        if (sim_row_is_there(world, row) && is_after(&world->chain->events[row], from))
            source->order[source->count++] = row;
    }
    return TRUE;
}

static gboolean scan_next(AkSource *base, AkRow *out, gboolean *out_found, GError **error)
{
    SimSource *source = (SimSource *)base;

    if (source->process->is_crashed || sim_draw(source->world, SIM_READ_CUT)) {
        source->is_broken = TRUE;
        g_set_error(error, AK_ERROR, AK_ERROR_NETWORK, "scan: connection is lost");
        return FALSE;
    }
    if (sim_rng_chance(&source->world->rng, 300))
        sim_sleep(source->world, sim_rng_between(&source->world->rng, 1, 50000));
    *out_found = source->at < source->count;
    if (*out_found)
        fill_row(source->world, source->order[source->at++], out);
    return TRUE;
}

static gboolean scan_end(AkSource *base, GError **error)
{
    ((SimSource *)base)->is_scanning = FALSE;
    return TRUE;
}

/* Rows for which @is_wanted holds, in the order in which they lie. */
static gboolean find(SimSource *source, const char *what,
                     gboolean (*is_wanted)(const AkRow *row, gconstpointer key), gconstpointer key,
                     AkRowFunc func, gpointer data, GError **error)
{
    const SimWorld *world = source->world;

    if (source->is_scanning)
        sim_violate(source->world, "p%u: '%s' within a scan", source->process->number, what);
    if (!read_call(source, what, error))
        return FALSE;
    for (guint i = 0; i < world->n_events; i++) {
        AkRow row;

        if (!sim_row_is_there(world, i))
            continue;
        fill_row(world, i, &row);
        if (is_wanted(&row, key) && !func(&row, data, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean has_prev(const AkRow *row, gconstpointer key)
{
    return ak_view_equal(row->event.prev_hash, ak_view_str(key));
}

static gboolean find_by_prev(AkSource *base, const char *hash, AkRowFunc func, gpointer data,
                             GError **error)
{
    return find((SimSource *)base, "find by prev_hash", has_prev, hash, func, data, error);
}

typedef struct {
    const char (*ids)[37];
    gsize count;
} Ids;

static gboolean has_id(const AkRow *row, gconstpointer key)
{
    const Ids *ids = key;

    for (gsize i = 0; i < ids->count; i++)
        if (ak_view_equal(row->event.id, ak_view_str(ids->ids[i])))
            return TRUE;
    return FALSE;
}

static gboolean find_by_id(AkSource *base, const char (*ids)[37], gsize count, AkRowFunc func,
                           gpointer data, GError **error)
{
    Ids wanted = {ids, count};

    return find((SimSource *)base, "find by id", has_id, &wanted, func, data, error);
}

static gboolean has_hash(const AkRow *row, gconstpointer key)
{
    return row->event.hash.data != NULL && ak_view_equal(row->event.hash, ak_view_str(key));
}

static gboolean find_by_hash(AkSource *base, const char *hash, AkRowFunc func, gpointer data,
                             GError **error)
{
    return find((SimSource *)base, "find by hash", has_hash, hash, func, data, error);
}

static gboolean state(AkSource *base, AkChainState *out, GError **error)
{
    SimSource *source = (SimSource *)base;
    const SimWorld *world = source->world;

    if (!read_call(source, "read the state", error))
        return FALSE;
    *out = (AkChainState){.archived = world->pointer,
                          .archived_usec = world->pointer_usec,
                          .holder = world->holder[0] != '\0' ? g_strdup(world->holder) : NULL,
                          .epoch = world->epoch,
                          .lease_until_usec = world->lease_until_usec,
                          .is_lease_held = world->holder[0] != '\0' &&
                                           world->lease_until_usec > world->now_usec};
    for (guint i = 0; i < world->segments->len; i++)
        out->planned += !((AkSegmentRow *)g_ptr_array_index(world->segments, i))->is_archived;
    for (guint i = 0; i < SIM_MAX_EVENTS; i++) {
        guint row = world->chain->order[i];
        const AkEvent *event = &world->chain->events[row];

        if (!sim_row_is_there(world, row) || world->rows[row].is_archived)
            continue;
        if (out->pending++ > 0)
            continue;
        out->oldest_pending_usec = event->ts_usec;
        memcpy(out->oldest_pending_id, event->id.data, event->id.len);
    }
    return TRUE;
}

static gboolean segments(AkSource *base, guint64 from_index, AkSegmentFunc func, gpointer data,
                         GError **error)
{
    SimSource *source = (SimSource *)base;
    const SimWorld *world = source->world;

    if (!read_call(source, "read the segments", error))
        return FALSE;
    for (guint i = 0; i < world->segments->len; i++) {
        const AkSegmentRow *row = g_ptr_array_index(world->segments, i);

        if (row->last_index >= from_index && !func(row, data, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean lease_acquire(AkSource *base, const char *holder, guint ttl_ms, guint64 *out_epoch,
                              GError **error)
{
    SimSource *source = (SimSource *)base;
    g_autoptr(SimRequest) request = sim_request_new(source->world, SIM_LEASE_ACQUIRE);

    request->ttl_ms = ttl_ms;
    (void)g_strlcpy(request->holder, holder, sizeof request->holder);
    if (!write_call(source, request, error))
        return FALSE;
    *out_epoch = request->number;
    return TRUE;
}

static gboolean lease_renew(AkSource *base, guint64 epoch, guint ttl_ms, GError **error)
{
    SimSource *source = (SimSource *)base;
    g_autoptr(SimRequest) request = sim_request_new(source->world, SIM_LEASE_RENEW);

    request->epoch = epoch;
    request->ttl_ms = ttl_ms;
    return write_call(source, request, error);
}

static gboolean lease_release(AkSource *base, guint64 epoch, GError **error)
{
    SimSource *source = (SimSource *)base;
    g_autoptr(SimRequest) request = sim_request_new(source->world, SIM_LEASE_RELEASE);

    request->epoch = epoch;
    return write_call(source, request, error);
}

static void copy_row(const AkSegmentRow *row, AkSegmentRow *out)
{
    *out = *row;
    out->key = g_strdup(row->key);
    out->version = g_strdup(row->version);
    out->edge = (AkBuf){0};
    ak_buf_append_view(&out->edge, ak_buf_view(&row->edge));
}

static gboolean plan(AkSource *base, guint64 epoch, const AkSegmentRow *segment, GError **error)
{
    SimSource *source = (SimSource *)base;
    g_autoptr(SimRequest) request = sim_request_new(source->world, SIM_PLAN);

    request->epoch = epoch;
    copy_row(segment, &request->row);
    return write_call(source, request, error);
}

static gboolean commit(AkSource *base, guint64 epoch, const AkSegmentRow *segment,
                       const AkRowRefs *rows, guint64 *out_marked, GError **error)
{
    SimSource *source = (SimSource *)base;
    g_autoptr(SimRequest) request = sim_request_new(source->world, SIM_COMMIT);

    request->epoch = epoch;
    copy_row(segment, &request->row);
    request->ids = g_array_new(FALSE, FALSE, 37);
    g_array_append_vals(request->ids, rows->ids, (guint)rows->count);
    if (!write_call(source, request, error))
        return FALSE;
    *out_marked = request->number;
    return TRUE;
}

static gboolean send_seal(SimSource *source, SimRequestKind kind, guint64 epoch,
                          const AkSealRow *seal, GError **error)
{
    const SimProcess *process = source->process;
    g_autoptr(SimRequest) request = sim_request_new(source->world, kind);

    request->epoch = epoch;
    request->clock_usec = source->world->now_usec + process->most_skew_usec;
    request->seal = *seal;
    request->seal.key = g_strdup(seal->key);
    request->seal.version = g_strdup(seal->version);
    return write_call(source, request, error);
}

static gboolean seal_plan(AkSource *base, guint64 epoch, const AkSealRow *seal, GError **error)
{
    return send_seal((SimSource *)base, SIM_SEAL_PLAN, epoch, seal, error);
}

static gboolean seal_commit(AkSource *base, guint64 epoch, const AkSealRow *seal, GError **error)
{
    return send_seal((SimSource *)base, SIM_SEAL_COMMIT, epoch, seal, error);
}

static gboolean seals(AkSource *base, gint64 from_day, AkSealFunc func, gpointer data,
                      GError **error)
{
    SimSource *source = (SimSource *)base;
    const SimWorld *world = source->world;

    if (!read_call(source, "read the seals", error))
        return FALSE;
    for (guint i = 0; i < world->seals->len; i++) {
        const AkSealRow *row = g_ptr_array_index(world->seals, i);

        if (row->day >= from_day && !func(row, data, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean accept_break(AkSource *base, const AkAcceptance *acceptance, AkView statement,
                             GError **error)
{
    SimSource *source = (SimSource *)base;

    return read_call(source, "accept", error) &&
           sim_accept(source->world, acceptance, statement, error);
}

static gboolean acceptances(AkSource *base, AkStatementFunc func, gpointer data, GError **error)
{
    SimSource *source = (SimSource *)base;
    const SimWorld *world = source->world;

    if (!read_call(source, "read the acceptances", error))
        return FALSE;
    for (guint i = 0; i < world->acceptances->len; i++) {
        gsize len;
        const char *text = g_bytes_get_data(g_ptr_array_index(world->acceptances, i), &len);

        if (!func(ak_view(text, len), data, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean source_wait(AkSource *base, guint timeout_ms, GError **error)
{
    SimSource *source = (SimSource *)base;
    SimWorld *world = source->world;

    sim_sleep(world, sim_rng_between(&world->rng, timeout_ms / 4, timeout_ms) * 1000LL);
    return read_call(source, "wait", error);
}

AkSource *sim_source_open(const AkSourceConfig *config, GError **error)
{
    static const AkSourceDriver driver = {
        .scheme = "sim",
        .close = source_close,
        .check = source_check,
        .scan_begin = scan_begin,
        .scan_next = scan_next,
        .scan_end = scan_end,
        .find_by_prev = find_by_prev,
        .find_by_id = find_by_id,
        .find_by_hash = find_by_hash,
        .state = state,
        .lease_acquire = lease_acquire,
        .lease_renew = lease_renew,
        .lease_release = lease_release,
        .plan = plan,
        .commit = commit,
        .segments = segments,
        .seal_plan = seal_plan,
        .seal_commit = seal_commit,
        .seals = seals,
        .accept = accept_break,
        .acceptances = acceptances,
        .wait = source_wait,
    };
    gsize address = GPOINTER_TO_SIZE(config) - G_STRUCT_OFFSET(SimProcess, source);
    SimSource *source = g_new0(SimSource, 1);

    source->base.driver = &driver;
    source->process = GSIZE_TO_POINTER(address);
    source->world = source->process->world;
    if (read_call(source, "connect", error))
        return &source->base;
    g_free(source);
    return NULL;
}
