#ifndef AK_EXPORT_COMPARE_H
#define AK_EXPORT_COMPARE_H

#include "export/deliver.h"

/* Something that a sink holds, or lacks, other than it should. @event: of the chain, NULL when it
 * is about none. Borrowed for the call. */
typedef void (*AkCompareFunc)(const AkEvent *event, const char *detail, gpointer data);

/*
 * Reads the sink back in order and compares index, id and hash of every event with the chain, up to
 * what it had confirmed when this began: *out_events of them. What Kafka's retention has removed at
 * the front is not missed. Takes no lease and fences nobody.
 */
gboolean ak_compare_run(const AkDeliverConfig *config, AkCompareFunc func, gpointer data,
                        guint64 *out_events, GError **error) AK_MUST_CHECK;

#endif
