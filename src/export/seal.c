#include "export/seal.h"

#include "export/flight.h"
#include "export/seal_put.h"
#include "segment/key.h"
#include "tree/checkpoint.h"
#include "util/time.h"

enum { DEFAULT_GRACE_MS = 15 * 60 * 1000 };

static AkSource *writer_of(const AkSealer *sealer)
{
    return sealer->session->writer;
}

/* The segments of some days, and where the chain stands before and after them. */
typedef struct {
    AkSeal *seal;
    guint64 start; /* up to there sealed before */
    gboolean has_start;
    gint64 day;                 /* the last day that is looked at */
    gint64 later_day;           /* of the segment after it; G_MAXINT64: there is none */
    guint64 last_index;         /* last event up to day */
    guint8 root[AK_SHA256_LEN]; /* of the tree then */
} Collection;

static gboolean collect(const AkSegmentRow *row, gpointer data, GError **error)
{
    Collection *days = data;
    AkSealSegment segment = {.first_index = row->first_index, .last_index = row->last_index};

    if (row->day > days->day || !row->is_archived) {
        days->later_day = row->day;
        return FALSE;
    }
    days->last_index = row->last_index;
    memcpy(days->root, row->root, sizeof days->root);
    memcpy(days->seal->last_hash, row->last_hash, sizeof days->seal->last_hash);
    if (days->has_start && row->last_index <= days->start) {
        memcpy(days->seal->prev_hash, row->last_hash, sizeof days->seal->prev_hash);
        return TRUE;
    }
    (void)g_strlcpy(segment.key, row->key, sizeof segment.key);
    memcpy(segment.content_sha256, row->content_sha256, AK_SHA256_LEN);
    memcpy(segment.object_sha256, row->object_sha256, AK_SHA256_LEN);
    ak_seal_add(days->seal, &segment);
    return TRUE;
}

static gboolean sign(const AkSealer *sealer, const Collection *days, GError **error)
{
    const AkExportConfig *config = sealer->session->config;
    g_autofree char *origin = ak_segment_origin(config->origin, config->source->chain);
    g_auto(AkBuf) note = {0};

    if (!ak_checkpoint_sign(config->key, origin, days->last_index + 1, days->root, &note, error))
        return FALSE;
    days->seal->checkpoint = g_strndup(note.data, note.len);
    return TRUE;
}

/*
 * The seal of first_day to day, as the database has its segments: the same each time. Without
 * segments it may reach on to @until, or to the day before the next segment.
 */
static gboolean describe(const AkSealer *sealer, gint64 day, gint64 until, AkSeal *seal,
                         guint64 *out_last_index, GError **error)
{
    AkSource *writer = writer_of(sealer);
    gboolean has_start = sealer->start != G_MAXUINT64;
    Collection days = {.seal = seal,
                       .start = sealer->start,
                       .has_start = has_start,
                       .day = day,
                       .later_day = G_MAXINT64};
    GError *local = NULL;

    ak_seal_init(seal);
    seal->chain = g_strdup(sealer->session->config->source->chain);
    seal->exporter = g_strdup("auditkeep " AK_VERSION);
    if (!writer->driver->segments(writer, has_start ? sealer->start : 0, collect, &days, &local) &&
        local != NULL) {
        g_propagate_error(error, local);
        return FALSE;
    }
    seal->first_day = sealer->next_day;
    seal->day = seal->segments->len > 0 ? day : MAX(day, MIN(until, days.later_day - 1));
    *out_last_index = days.last_index;
    return sign(sealer, &days, error);
}

static void take_sealed(AkSealer *sealer, const AkSealRow *row)
{
    sealer->next_day = row->day + 1;
    sealer->start = row->last_index;
}

static gboolean record(AkSealer *sealer, const AkSealRow *row, GError **error)
{
    AkExportReport *report = sealer->session->report;
    AkSource *writer = writer_of(sealer);

    if (!writer->driver->seal_commit(writer, sealer->session->epoch, row, error))
        return FALSE;
    take_sealed(sealer, row);
    report->seals++;
    report->sealed_days += (guint64)(row->day - row->first_day + 1);
    return TRUE;
}

static gboolean plan(AkSealer *sealer, const AkSealRow *row, GError **error)
{
    AkSource *writer = writer_of(sealer);

    return writer->driver->seal_plan(writer, sealer->session->epoch, row, error);
}

/* The key was taken since we looked: by whoever had this plan before us? */
static gboolean adopt(AkSealer *sealer, const AkSeal *seal, AkSealRow *row, GError **error)
{
    gboolean is_there;

    if (!ak_seal_find(sealer->session->config, seal, TRUE, row, &is_there, error))
        return FALSE;
    if (is_there)
        return plan(sealer, row, error);
    g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT,
                "the store says that '%s' is there, and does not list it; hint: run 'auditkeep "
                "verify --what archive'",
                row->key);
    return FALSE;
}

/*
 * What is in the archive already counts when it says the same (a plan was carried out, or the
 * database came back from a backup): the plan then takes its digest. @row: what to plan.
 */
static gboolean carry_out(AkSealer *sealer, const AkSeal *seal, gboolean is_planned, AkSealRow *row,
                          GError **error)
{
    const AkExportConfig *config = sealer->session->config;
    g_auto(AkBuf) bytes = {0};
    gboolean is_there, is_put;

    if (!ak_seal_find(config, seal, is_planned, row, &is_there, error))
        return FALSE;
    if (is_there)
        return plan(sealer, row, error) && record(sealer, row, error);
    ak_seal_write(seal, &bytes);
    ak_seal_digest(&bytes, row->sha256);
    if (!plan(sealer, row, error) || !ak_seal_put(config, &bytes, row, &is_put, error))
        return FALSE;
    return (is_put || adopt(sealer, seal, row, error)) && record(sealer, row, error);
}

static gboolean recover(AkSealer *sealer, AkSealRow *row, GError **error)
{
    AkSession *session = sealer->session;
    g_auto(AkSeal) seal = {0};
    guint64 last_index;

    g_message("carrying out the plan of '%s' that an earlier run left", row->key);
    return session->writer->driver->lease_renew(session->writer, session->epoch,
                                                ak_export_lease_ttl_ms(session->config), error) &&
           describe(sealer, row->day, row->day, &seal, &last_index, error) &&
           carry_out(sealer, &seal, TRUE, row, error);
}

gboolean ak_sealer_seal(AkSealer *sealer, gint64 until, GError **error)
{
    AkSession *session = sealer->session;
    const AkExecDriver *clock = session->exec->driver;
    g_auto(AkSeal) seal = {0};
    g_auto(AkSealRow) row = {0};

    if (!ak_flight_retain_until(session->config, clock->now_usec(session->exec),
                                &row.retain_until_usec, error) ||
        !describe(sealer, sealer->next_day, until, &seal, &row.last_index, error))
        return FALSE;
    row.first_day = seal.first_day;
    row.day = seal.day;
    row.key = ak_seal_key(seal.chain, seal.day);
    if (carry_out(sealer, &seal, FALSE, &row, error))
        return TRUE;
    g_prefix_error(error, "sealing '%s': ", row.key);
    return FALSE;
}

/* What is sealed already. */
typedef struct {
    AkSealer *sealer;
    AkSealRow plan;
    gboolean has_plan;
} Sealed;

static gboolean add_seal(const AkSealRow *row, gpointer data, GError **error)
{
    Sealed *sealed = data;

    if (row->is_archived) {
        take_sealed(sealed->sealer, row);
        return TRUE;
    }
    ak_seal_row_clear(&sealed->plan);
    sealed->plan = *row;
    sealed->plan.key = g_strdup(row->key);
    sealed->plan.version = NULL;
    sealed->has_plan = TRUE;
    return TRUE;
}

static gboolean take_first_day(const AkSegmentRow *row, gpointer data, GError **error)
{
    AkSealer *sealer = data;

    if (row->is_archived)
        sealer->next_day = row->day;
    return FALSE;
}

static gboolean load(AkSealer *sealer, Sealed *sealed, GError **error)
{
    AkSource *writer = writer_of(sealer);
    GError *local = NULL;

    if (!writer->driver->seals(writer, G_MININT64, add_seal, sealed, error))
        return FALSE;
    if (sealer->next_day == G_MAXINT64 &&
        !writer->driver->segments(writer, 0, take_first_day, sealer, &local) && local != NULL) {
        g_propagate_error(error, local);
        return FALSE;
    }
    if (!sealed->has_plan)
        return TRUE;
    sealer->next_day = sealed->plan.first_day;
    return recover(sealer, &sealed->plan, error);
}

gboolean ak_sealer_open(AkSealer *sealer, AkSession *session, GError **error)
{
    const AkSourceDriver *driver = session->writer->driver;
    Sealed sealed = {.sealer = sealer};
    gboolean is_loaded;

    *sealer = (AkSealer){
        .session = session,
        .is_on = driver->seal_plan != NULL && !session->config->is_dry_run,
        .next_day = G_MAXINT64,
        .last_day = ak_feed_day(session->feed),
        .start = G_MAXUINT64,
    };
    if (!sealer->is_on)
        return TRUE;
    is_loaded = load(sealer, &sealed, error);
    ak_seal_row_clear(&sealed.plan);
    if (is_loaded && sealer->next_day != G_MAXINT64)
        ak_feed_open_day(session->feed, sealer->next_day);
    return is_loaded;
}

void ak_sealer_note(AkSealer *sealer, gint64 day)
{
    sealer->last_day = day;
    if (sealer->next_day == G_MAXINT64)
        sealer->next_day = day;
}

/* The last day that was over, and the grace time too, at @usec. */
static gint64 last_full_day(const AkSealer *sealer, gint64 usec)
{
    guint grace_ms = sealer->session->config->seal_grace_ms;

    return ak_time_day(usec - (grace_ms != 0 ? grace_ms : DEFAULT_GRACE_MS) * 1000LL) - 1;
}

gboolean ak_sealer_is_due(const AkSealer *sealer, gint64 now_usec, gint64 head_usec,
                          gint64 *out_until)
{
    if (!sealer->is_on || sealer->next_day == G_MAXINT64)
        return FALSE;
    /* days do not step back: before the last segment's day nothing can come any more */
    *out_until = MIN(last_full_day(sealer, now_usec), sealer->last_day - 1);
    if (head_usec != 0)
        *out_until = MAX(*out_until, last_full_day(sealer, head_usec));
    return sealer->next_day <= *out_until;
}
