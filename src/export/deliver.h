#ifndef AK_EXPORT_DELIVER_H
#define AK_EXPORT_DELIVER_H

#include "export/export.h"
#include "sink/sink.h"

/*
 * Delivers a chain to one downstream sink, with a connection, a lease, a pointer and a pace of its
 * own (docs/sinks.md). Resuming asks the remote first and compares it with the pointer and the
 * chain: equal, it goes on; ahead by events of the chain, the pointer follows; anything else is the
 * fault "<scheme>_gap", which a person has to look into.
 */
typedef struct {
    const AkExportConfig *export; /* source, store (NULL: rows only), signers, key, origin, holder,
                                   * lease_ttl_ms, poll_interval_ms, gap_grace_ms, is_follow,
                                   * open_source, stop */
    const AkSinkConfig *sink;
    const AkSinkDriver *driver;
    const char *name;        /* ak_sink_name() */
    gboolean after_archived; /* deliver what is locked in the archive only */
    guint max_events;        /* of a batch; 0: 1024, or what the sink takes if that is less */
    guint retry_ms;          /* first wait after an outage, doubled up to a minute; 0: 1000 */
} AkDeliverConfig;

typedef struct {
    guint64 events;  /* that were handed over */
    guint64 skipped; /* that the remote had already, beyond the pointer */
    AkCursor head;   /* the last one that the sink confirmed */
} AkDeliverReport;

/*
 * Runs until the sink has confirmed the head of the chain; when following, until stopped: outages
 * and other holders of the lease are waited out. FALSE with GAP (the named fault, or a chain that
 * is broken), FENCED (another writer took the sink's remote place), or an error of source, store
 * and sink; the sink's state tells it, too (AkSinkState.error). *report is filled in any case.
 */
gboolean ak_deliver_run(const AkDeliverConfig *config, AkDeliverReport *report,
                        GError **error) AK_MUST_CHECK;

#endif
