#ifndef AK_EXPORT_SESSION_H
#define AK_EXPORT_SESSION_H

#include "export/export.h"
#include "export/feed.h"
#include "tree/merkle.h"

/* One stretch of exporting under one lease: connections, epoch, where the chain stands. */
typedef struct {
    const AkExportConfig *config;
    AkExec *exec;
    AkSource *reader;
    AkSource *writer;
    AkFeed *feed;
    AkTree tree; /* of everything committed or on its way */
    guint64 epoch;
    GPtrArray *plans; /* AkSegmentRow *: planned and not archived, in order */
    AkExportReport *report;
    AkChainState rival; /* who holds the lease, when open() found it BUSY: the caller clears it */
} AkSession;

/*
 * Connects, checks source and store, takes the lease (BUSY), reads the state. A dry run takes no
 * lease. close() gives the lease back.
 */
gboolean ak_session_open(AkSession *session, const AkExportConfig *config, AkExec *exec,
                         AkExportReport *report, GError **error) AK_MUST_CHECK;
void ak_session_close(AkSession *session);

/* Leaves a note of what the session ended with, for status; NULL: it ended well. What passes
 * between writers is not worth one. */
void ak_session_note(AkSession *session, const GError *trouble);

/* Carries out the plans that an earlier process left, in order (promise 2). */
gboolean ak_session_recover(AkSession *session, GError **error) AK_MUST_CHECK;

/*
 * Goes over what follows config->after_id again (runbook 4.2): *out_events that are archived
 * already. GAP when that event is not archived: replaying after it would leave events out.
 */
gboolean ak_session_replay(AkSession *session, guint64 *out_events, GError **error) AK_MUST_CHECK;

/*
 * Takes over what the archive holds beyond the pointer although no plan says so, as after a
 * database was restored from a backup: the same rows must give the same objects. Holes before an
 * object are filled. CONFLICT, or GAP, when the rows do not lead to what is there.
 */
gboolean ak_session_catch_up(AkSession *session, GError **error) AK_MUST_CHECK;

/* Exports until the head of the chain, or until stopped when following. */
gboolean ak_session_export(AkSession *session, GError **error) AK_MUST_CHECK;

/* One more connection to the source. */
AkSource *ak_session_connect(const AkExportConfig *config, GError **error) AK_MUST_CHECK;

guint ak_export_lease_ttl_ms(const AkExportConfig *config);
guint ak_export_threads(const AkExportConfig *config);

#endif
