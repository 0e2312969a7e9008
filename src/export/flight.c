#include "export/flight.h"

#include "export/event_put.h"
#include "export/put.h"
#include "segment/event_key.h"
#include "segment/key.h"
#include "util/time.h"

#include <openssl/crypto.h>

AkFlight *ak_flight_new(AkBatch *batch, gint64 day)
{
    AkFlight *flight = g_new0(AkFlight, 1);

    flight->batch = batch;
    flight->day = day;
    return flight;
}

void ak_flight_free(AkFlight *flight)
{
    if (flight == NULL)
        return;
    ak_batch_free(flight->batch);
    ak_segment_clear(&flight->segment);
    ak_segment_row_clear(&flight->row);
    g_free(flight);
}

gboolean ak_flight_build(AkFlight *flight, AkSegmentBuilder *builder, GError **error)
{
    AkBatch *batch = flight->batch;

    if (!ak_segment_build(builder, (const void *)batch->events->data, ak_batch_count(batch),
                          flight->day, &flight->segment, error))
        return FALSE;
    /* the rows are in the object now; ids and locators stay, for the pointer */
    ak_batch_drop_events(batch);
    flight->state = AK_FLIGHT_BUILT;
    return TRUE;
}

static gboolean check_ids(const AkBatch *batch, GError **error)
{
    for (guint i = 0; i < ak_batch_count(batch); i++) {
        const char *id = &g_array_index(batch->ids, char, i * 37);

        if (ak_event_key_takes(id))
            continue;
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                    "event '%s' can have no object of its own: its id is not a UUID in lower case; "
                    "hint: --layout segment",
                    id);
        return FALSE;
    }
    return TRUE;
}

gboolean ak_flight_seal(AkFlight *flight, const AkExportConfig *config, AkTree *tree,
                        GError **error)
{
    flight->before = *tree;
    if (config->event_objects && !check_ids(flight->batch, error))
        return FALSE;
    flight->segment.manifest.has_event_objects = config->event_objects;
    if (!ak_segment_seal(&flight->segment, tree, config->key, config->origin, error))
        return FALSE;
    flight->after = *tree;
    flight->state = AK_FLIGHT_SEALED;
    return TRUE;
}

static gint64 round_up_to_second(gint64 usec)
{
    return (usec + AK_USEC_PER_SEC - 1) / AK_USEC_PER_SEC * AK_USEC_PER_SEC;
}

static void describe_plan(const AkManifest *manifest, AkSegmentRow *row)
{
    row->first_index = manifest->first_index;
    row->last_index = manifest->last_index;
    row->day = manifest->day;
    row->first_ts_usec = manifest->first_ts_usec;
    row->last_ts_usec = manifest->last_ts_usec;
    memcpy(row->first_id, manifest->first_id, sizeof row->first_id);
    memcpy(row->last_id, manifest->last_id, sizeof row->last_id);
    memcpy(row->prev_hash, manifest->prev_hash, sizeof row->prev_hash);
    memcpy(row->last_hash, manifest->last_hash, sizeof row->last_hash);
    memcpy(row->content_sha256, manifest->content_sha256, sizeof row->content_sha256);
    g_free(row->key);
    row->key =
        ak_segment_key(manifest->chain, manifest->day, manifest->first_index, manifest->last_index);
}

gboolean ak_flight_retain_until(const AkExportConfig *config, gint64 now_usec, gint64 *out_usec,
                                GError **error)
{
    if (ak_time_add_period(round_up_to_second(now_usec), config->retention, out_usec))
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                "retention '%s' is no period; hint: --retention '7 years'", config->retention);
    return FALSE;
}

gboolean ak_flight_plan(AkFlight *flight, AkSource *source, guint64 epoch, gint64 retain_until_usec,
                        GError **error)
{
    AkSegmentRow *row = &flight->row;

    describe_plan(&flight->segment.manifest, row);
    row->retain_until_usec = retain_until_usec;
    if (!source->driver->plan(source, epoch, row, error))
        return FALSE;
    flight->state = AK_FLIGHT_PLANNED;
    return TRUE;
}

void ak_flight_resume_plan(AkFlight *flight, AkSegmentRow *row)
{
    flight->row = *row;
    *row = (AkSegmentRow){0};
    flight->state = AK_FLIGHT_PLANNED;
}

gboolean ak_flight_is_planned_content(const AkFlight *flight)
{
    return CRYPTO_memcmp(flight->row.content_sha256, flight->segment.manifest.content_sha256,
                         AK_SHA256_LEN) == 0;
}

/* After the segment: what it holds is settled then, whatever becomes of the rows. */
static gboolean put_events(AkFlight *flight, const AkExportConfig *config, GError **error)
{
    if (!flight->segment.manifest.has_event_objects)
        return TRUE;
    return ak_export_put_events(config, ak_buf_view(&flight->segment.object),
                                flight->row.retain_until_usec, error);
}

gboolean ak_flight_adopt(AkFlight *flight, const AkExportConfig *config, gboolean *out_found,
                         GError **error)
{
    if (!ak_export_adopt(config->store, &flight->segment, config->lock_mode, &flight->row,
                         &flight->before, &flight->after, out_found, error))
        return FALSE;
    if (*out_found) {
        if (!config->is_dry_run && !put_events(flight, config, error))
            return FALSE;
        flight->is_adopted = TRUE;
        flight->state = AK_FLIGHT_PUT;
    }
    return TRUE;
}

gboolean ak_flight_find(AkFlight *flight, const AkExportConfig *config, gboolean *out_found,
                        GError **error)
{
    describe_plan(&flight->segment.manifest, &flight->row);
    flight->row.retain_until_usec = 0;
    return ak_flight_adopt(flight, config, out_found, error);
}

gboolean ak_flight_put(AkFlight *flight, const AkExportConfig *config, GError **error)
{
    if (!ak_export_put(config->store, &flight->segment, config->lock_mode, &flight->row,
                       &flight->before, &flight->after, &flight->is_adopted, error) ||
        !put_events(flight, config, error))
        return FALSE;
    ak_buf_clear(&flight->segment.object);
    flight->state = AK_FLIGHT_PUT;
    return TRUE;
}

gboolean ak_flight_commit(AkFlight *flight, AkSource *source, guint64 epoch, GError **error)
{
    const AkBatch *batch = flight->batch;
    AkRowRefs refs = {
        .ids = (const char(*)[37])batch->ids->data,
        .locators = (const void *)batch->locators->data,
        .hashes = (const char(*)[65])flight->segment.hashes.data,
        .count = ak_batch_count(batch),
    };
    guint64 marked;

    ak_buf_truncate(&flight->row.edge, 0);
    ak_tree_save(&flight->after, &flight->row.edge);
    if (!source->driver->commit(source, epoch, &flight->row, &refs, &marked, error))
        return FALSE;
    flight->state = AK_FLIGHT_COMMITTED;
    return TRUE;
}

void ak_flight_count(const AkFlight *flight, AkExportReport *report)
{
    const AkManifest *manifest = &flight->segment.manifest;

    report->events += manifest->count;
    report->segments++;
    report->adopted += flight->is_adopted;
    report->content_bytes += manifest->content_bytes;
    report->object_bytes += flight->row.object_bytes;
    for (guint i = 0; i < AK_FAULT_N_CODES; i++)
        report->faults[i] += flight->segment.faults[i];
}

void ak_flight_report(const AkFlight *flight, AkExportReport *report)
{
    const AkManifest *manifest = &flight->segment.manifest;

    ak_flight_count(flight, report);
    report->head.index = (gint64)manifest->last_index;
    memcpy(report->head.id, manifest->last_id, sizeof report->head.id);
    memcpy(report->head.hash, manifest->last_hash, sizeof report->head.hash);
}
