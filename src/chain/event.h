#ifndef AK_CHAIN_EVENT_H
#define AK_CHAIN_EVENT_H

#include "util/view.h"

/* One audit event as its source holds it. The views are borrowed: whoever fills it says for how
 * long they stay. A NULL view is an SQL NULL or a column that the table does not have. */
typedef struct {
    guint64 index;        /* position in the chain, from 0 */
    gint64 ts_usec;       /* ts or created_at, see util/time.h */
    AkView id;            /* uuid, lower case */
    AkView event_type;    /* UTF-8 */
    AkView payload;       /* JSON text as the source prints it */
    AkView prev_hash;     /* hex of the event before; NULL or empty at the head */
    AkView hash;          /* hex of this event; NULL where the table has no such column or value */
    AkView signature;     /* base64 or hex */
    AkView signer_id;     /* signer_id, signer_kid or manifest_signature_id */
    AkView metadata;      /* JSON text */
    AkView extra;         /* canonical JSON object of the columns with no other place, or NULL */
    gboolean is_verbatim; /* payload is a text column: its exact bytes are evidence (not jsonb) */
} AkEvent;

/* A position in a chain: the last event that is done. index -1 (and NULL views): before the first.
 */
typedef struct {
    gint64 index;
    char id[37];   /* "" before the first */
    char hash[65]; /* lower-case hex, "" before the first */
} AkCursor;

#define AK_CURSOR_START ((AkCursor){-1, "", ""})

#endif
