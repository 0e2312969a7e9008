#ifndef AK_EXPORT_FLIGHT_H
#define AK_EXPORT_FLIGHT_H

#include "export/export.h"
#include "segment/builder.h"
#include "source/batch.h"

/* How far a segment has come. The steps below move it from one to the next. */
typedef enum {
    AK_FLIGHT_READ,
    AK_FLIGHT_BUILT,
    AK_FLIGHT_SEALED,
    AK_FLIGHT_PLANNED,
    AK_FLIGHT_PUT,
    AK_FLIGHT_COMMITTED
} AkFlightState;

/* One segment on its way from the source to the archive. */
typedef struct {
    AkFlightState state;
    AkBatch *batch; /* its events are freed once they are built */
    gint64 day;
    AkSegment segment;
    AkSegmentRow row;
    AkTree before, after;
    gboolean is_adopted;
} AkFlight;

/* Takes @batch. */
AkFlight *ak_flight_new(AkBatch *batch, gint64 day);
void ak_flight_free(AkFlight *flight);

/* READ → BUILT. The slow, parallel part. */
gboolean ak_flight_build(AkFlight *flight, AkSegmentBuilder *builder, GError **error) AK_MUST_CHECK;

/* BUILT → SEALED. In chain order: @tree is the chain's tree so far, and is moved on. */
gboolean ak_flight_seal(AkFlight *flight, const AkExportConfig *config, AkTree *tree,
                        GError **error) AK_MUST_CHECK;

/* Until when an object that is planned at @now_usec is locked; a whole second. */
gboolean ak_flight_retain_until(const AkExportConfig *config, gint64 now_usec, gint64 *out_usec,
                                GError **error) AK_MUST_CHECK;

/* SEALED → PLANNED. In chain order. A plan that is not carried out yet may be made again, for rows
 * that have changed since. */
gboolean ak_flight_plan(AkFlight *flight, AkSource *source, guint64 epoch, gint64 retain_until_usec,
                        GError **error) AK_MUST_CHECK;

/* SEALED → PLANNED for a plan that an earlier process left; takes the contents of @row. */
void ak_flight_resume_plan(AkFlight *flight, AkSegmentRow *row);

/* Do the rows still give what was planned? */
gboolean ak_flight_is_planned_content(const AkFlight *flight);

/* PLANNED → PUT when the planned object is in the archive already. */
gboolean ak_flight_adopt(AkFlight *flight, const AkExportConfig *config, gboolean *out_found,
                         GError **error) AK_MUST_CHECK;

/*
 * For a segment that the archive holds and no plan names: *out_found when a version of its key has
 * just this content. The row then says so, and is to be planned with the lock that it has.
 */
gboolean ak_flight_find(AkFlight *flight, const AkExportConfig *config, gboolean *out_found,
                        GError **error) AK_MUST_CHECK;

/* PLANNED → PUT. */
gboolean ak_flight_put(AkFlight *flight, const AkExportConfig *config,
                       GError **error) AK_MUST_CHECK;

/* PUT → COMMITTED. In chain order. */
gboolean ak_flight_commit(AkFlight *flight, AkSource *source, guint64 epoch,
                          GError **error) AK_MUST_CHECK;

/* Adds a segment that was gone over again to the report. */
void ak_flight_count(const AkFlight *flight, AkExportReport *report);

/* Adds a segment that is done to the report, and moves the report's head over it. */
void ak_flight_report(const AkFlight *flight, AkExportReport *report);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkFlight, ak_flight_free)

#endif
