#include "export/session.h"

#include "export/accepted.h"
#include "export/flight.h"
#include "util/log.h"
#include "util/time.h"

enum {
    DEFAULT_LEASE_MS = 30000,
    DEFAULT_SEGMENT_EVENTS = 16384,
    DEFAULT_SEGMENT_BYTES = 16 * 1024 * 1024
};

guint ak_export_lease_ttl_ms(const AkExportConfig *config)
{
    return config->lease_ttl_ms != 0 ? config->lease_ttl_ms : DEFAULT_LEASE_MS;
}

guint ak_export_threads(const AkExportConfig *config)
{
    return config->threads != 0 ? config->threads : g_get_num_processors();
}

static void free_plan(gpointer data)
{
    ak_segment_row_clear(data);
    g_free(data);
}

static AkSegmentRow *copy_row(const AkSegmentRow *row)
{
    AkSegmentRow *copy = g_new(AkSegmentRow, 1);

    ak_segment_row_copy(copy, row);
    return copy;
}

/* Where the pointer stands, gathered from the segments. */
typedef struct {
    AkSession *session;
    AkSegmentRow *last; /* archived */
} Position;

static gboolean add_segment(const AkSegmentRow *row, gpointer data, GError **error)
{
    Position *position = data;

    if (!row->is_archived) {
        g_ptr_array_add(position->session->plans, copy_row(row));
        return TRUE;
    }
    g_clear_pointer(&position->last, free_plan);
    position->last = copy_row(row);
    return TRUE;
}

static gboolean has_tree(AkSession *session, const Position *position, gint64 archived)
{
    session->tree = AK_TREE_EMPTY;
    if (archived < 0)
        return TRUE;
    return position->last != NULL && (gint64)position->last->last_index == archived &&
           ak_tree_load(ak_buf_view(&position->last->edge), &session->tree) &&
           session->tree.size == position->last->last_index + 1;
}

/* Pointer and segments are read one after the other: when they do not fit, somebody else may have
 * moved both in between, and then the lease says so. */
static gboolean resume_tree(AkSession *session, const Position *position, const AkCursor *archived,
                            GError **error)
{
    AkSource *writer = session->writer;

    if (has_tree(session, position, archived->index))
        return TRUE;
    if (session->epoch != 0 &&
        !writer->driver->lease_renew(writer, session->epoch,
                                     ak_export_lease_ttl_ms(session->config), error))
        return FALSE;
    g_set_error(error, AK_ERROR, AK_ERROR_INTERNAL,
                "pointer of chain stands at index %" G_GINT64_FORMAT
                " but its segment does not say so; hint: run 'auditkeep verify --what archive'",
                archived->index);
    return FALSE;
}

static void open_feed(AkSession *session, const Position *position, const AkCursor *archived)
{
    const AkExportConfig *config = session->config;
    const AkSegmentRow *last = position->last;
    AkFeedLimits limits = {
        config->segment_events != 0 ? config->segment_events : DEFAULT_SEGMENT_EVENTS,
        config->segment_bytes != 0 ? config->segment_bytes : DEFAULT_SEGMENT_BYTES,
        0,
    };

    session->feed =
        ak_feed_new(session->reader, archived, last != NULL ? last->last_ts_usec : G_MININT64,
                    last != NULL ? last->day : G_MININT64, &limits);
    ak_accepted_let_pass(session->feed, config);
}

static gboolean load_position(AkSession *session, GError **error)
{
    AkSource *source = session->writer;
    g_auto(AkChainState) state = {0};
    Position position = {session, NULL};
    guint64 from;
    gboolean is_loaded;

    if (!source->driver->state(source, &state, error))
        return FALSE;
    from = state.archived.index < 0 ? 0 : (guint64)state.archived.index;
    session->report->head = state.archived;
    is_loaded = source->driver->segments(source, from, add_segment, &position, error) &&
                resume_tree(session, &position, &state.archived, error);
    if (is_loaded)
        open_feed(session, &position, &state.archived);
    g_clear_pointer(&position.last, free_plan);
    return is_loaded;
}

AkSource *ak_session_connect(const AkExportConfig *config, GError **error)
{
    if (config->open_source != NULL)
        return config->open_source(config->source, error);
    return ak_source_open(config->source, error);
}

static gboolean take_lease(AkSession *session, GError **error)
{
    const AkExportConfig *config = session->config;
    AkSource *writer = session->writer;
    GError *local = NULL;

    if (writer->driver->lease_acquire(writer, config->holder, ak_export_lease_ttl_ms(config),
                                      &session->epoch, &local))
        return TRUE;
    /* for what is said only: without an answer nobody is named */
    if (g_error_matches(local, AK_ERROR, AK_ERROR_BUSY))
        (void)!writer->driver->state(writer, &session->rival, NULL);
    g_propagate_error(error, local);
    return FALSE;
}

static gboolean connect(AkSession *session, GError **error)
{
    const AkExportConfig *config = session->config;

    session->reader = ak_session_connect(config, error);
    if (session->reader == NULL)
        return FALSE;
    session->writer = ak_session_connect(config, error);
    if (session->writer == NULL || !session->writer->driver->check(session->writer, error))
        return FALSE;
    if (config->is_dry_run)
        return TRUE;
    return ak_store_check(config->store, error) && take_lease(session, error);
}

void ak_session_note(AkSession *session, const GError *trouble)
{
    AkSource *writer = session->writer;
    g_autofree char *text = trouble != NULL ? ak_log_redact(trouble->message) : NULL;
    g_autoptr(GError) error = NULL;

    if (writer == NULL || writer->driver->note_trouble == NULL || session->config->is_dry_run ||
        g_error_matches(trouble, AK_ERROR, AK_ERROR_BUSY) ||
        g_error_matches(trouble, AK_ERROR, AK_ERROR_FENCED) ||
        g_error_matches(trouble, AK_ERROR, AK_ERROR_CANCELLED))
        return;
    if (!writer->driver->note_trouble(writer, text, &error))
        g_debug("how it ended is not noted: %s", error->message);
}

gboolean ak_session_open(AkSession *session, const AkExportConfig *config, AkExec *exec,
                         AkExportReport *report, GError **error)
{
    GError *local = NULL;

    *session = (AkSession){.config = config, .exec = exec, .report = report};
    session->plans = g_ptr_array_new_with_free_func(free_plan);
    if (connect(session, &local) && load_position(session, &local))
        return TRUE;
    ak_session_note(session, local);
    ak_session_close(session);
    g_propagate_error(error, local);
    return FALSE;
}

void ak_session_close(AkSession *session)
{
    g_autoptr(GError) error = NULL;

    g_clear_pointer(&session->feed, ak_feed_free);
    if (session->epoch != 0 &&
        !session->writer->driver->lease_release(session->writer, session->epoch, &error))
        g_debug("lease not given back: %s", error->message);
    g_clear_pointer(&session->reader, ak_source_close);
    g_clear_pointer(&session->writer, ak_source_close);
    g_clear_pointer(&session->plans, g_ptr_array_unref);
    session->epoch = 0;
}

/*
 * The rows of a plan may have changed before their object was written. When the planned object is
 * in the archive it counts, and verify shows the change; else the rows are archived as they are
 * now, under a plan that says so: an object is never written that no plan describes.
 */
static gboolean put_planned(AkSession *session, AkFlight *flight, GError **error)
{
    const AkExportConfig *config = session->config;
    gboolean is_found;

    if (ak_flight_is_planned_content(flight))
        return ak_flight_put(flight, config, error);
    if (!ak_flight_adopt(flight, config, &is_found, error))
        return FALSE;
    if (is_found)
        return TRUE;
    g_warning("rows of '%s' have changed since it was planned; they are archived as they are",
              flight->row.key);
    return ak_flight_plan(flight, session->writer, session->epoch, flight->row.retain_until_usec,
                          error) &&
           ak_flight_put(flight, config, error);
}

static gboolean recover_plan(AkSession *session, AkSegmentBuilder *builder, AkSegmentRow *plan,
                             GError **error)
{
    const AkExportConfig *config = session->config;
    AkSource *writer = session->writer;
    g_autoptr(AkFlight) flight = NULL;
    AkBatch *batch;

    if (!ak_feed_planned(session->feed, plan->last_index, plan->day, &batch, error))
        return FALSE;
    flight = ak_flight_new(batch, plan->day);
    if (!ak_flight_build(flight, builder, error) ||
        !ak_flight_seal(flight, config, &session->tree, error))
        return FALSE;
    ak_flight_resume_plan(flight, plan);
    if (!writer->driver->lease_renew(writer, session->epoch, ak_export_lease_ttl_ms(config),
                                     error) ||
        !put_planned(session, flight, error) ||
        !ak_flight_commit(flight, writer, session->epoch, error))
        return FALSE;
    session->tree = flight->after; /* an adopted object may hold other leaves than the rows give */
    ak_flight_report(flight, session->report);
    return TRUE;
}

gboolean ak_session_recover(AkSession *session, GError **error)
{
    const AkExportConfig *config = session->config;
    g_autoptr(AkSegmentBuilder) builder = NULL;

    if (session->plans->len == 0 || config->is_dry_run)
        return TRUE;
    g_message("carrying out %u plans that an earlier run left", session->plans->len);
    builder =
        ak_segment_builder_new(config->source->chain, config->signers, config->require_signatures);
    for (guint i = 0; i < session->plans->len; i++) {
        AkSegmentRow *plan = g_ptr_array_index(session->plans, i);

        g_autofree char *key = g_strdup(plan->key);

        if (!recover_plan(session, builder, plan, error)) {
            g_prefix_error(error, "carrying out the plan of '%s': ", key);
            return FALSE;
        }
    }
    return TRUE;
}
