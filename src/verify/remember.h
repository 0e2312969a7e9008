#ifndef AK_VERIFY_REMEMBER_H
#define AK_VERIFY_REMEMBER_H

#include "verify/choice.h"
#include "verify/segment.h"

/* How a reading of the archive keeps the ledger, if there is one, and is held against it. */
typedef struct {
    AkLedger *ledger; /* NULL: none */
    AkTree old;       /* where the ledger stood */
    gint64 old_made_usec;
    guint8 old_root[AK_SHA256_LEN];
    gboolean is_old_seen; /* the tree came by there */
    gboolean is_well;     /* the tree is known, and follows from the ledger's */
} AkMemory;

/* Before anything is read: what the ledger knows has to be listed still. */
void ak_memory_begin(AkMemory *memory, const AkVerifyConfig *config, const GPtrArray *entries,
                     const GPtrArray *seals, AkFoundList *found);

/* The reading goes on where the ledger's tree ends. */
void ak_memory_resume(AkMemory *memory);

/* The tree has come to the end of @check's segment, with @root. */
void ak_memory_check_root(AkMemory *memory, const AkTree *tree, const guint8 root[AK_SHA256_LEN],
                          AkSegmentCheck *check);

/* All is well up to @head, which is the last event of @tree; @tree NULL: it is not, from here on.
 */
void ak_memory_move(AkMemory *memory, const AkTree *tree, const AkCursor *head);

void ak_memory_add(AkMemory *memory, const AkSegmentCheck *check);

/* After the last segment: the tree has to reach as far as the ledger's. */
void ak_memory_end(AkMemory *memory, const AkTree *tree, AkFoundList *found);

/* Takes note of what was seen of one object. */
void ak_remember_object(AkLedger *ledger, const AkSegmentCheck *check);

#endif
