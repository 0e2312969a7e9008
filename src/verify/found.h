#ifndef AK_VERIFY_FOUND_H
#define AK_VERIFY_FOUND_H

#include "chain/event.h"
#include "verify/verify.h"

/* Findings of one piece of work, kept until they can be reported in order. Zero-initialise. */
typedef struct {
    GPtrArray *items;
} AkFoundList;

void ak_found_clear(AkFoundList *list);

/* About an archive object: @key, no event. */
void ak_found_object(AkFoundList *list, AkFaultCode code, const char *key, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

/* About an event; @key NULL when it is seen in the source. */
void ak_found_event(AkFoundList *list, AkFaultCode code, const char *where, const AkEvent *event,
                    const char *key, const char *format, ...) G_GNUC_PRINTF(6, 7);

/* One finding per fault of @faults, with a sentence of its own each. */
void ak_found_faults(AkFoundList *list, AkFaultSet faults, const char *where, const AkEvent *event,
                     const char *key);

/* What the first finding with @code says; NULL when there is none. */
const char *ak_found_first(const AkFoundList *list, AkFaultCode code);

/* How many there are, without notices. */
guint ak_found_count_faults(const AkFoundList *list);

/* Counts and reports all of @list, and empties it. */
void ak_found_report(AkFoundList *list, const AkVerifyConfig *config, AkVerifyReport *report);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkFoundList, ak_found_clear)

#endif
