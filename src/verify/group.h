#ifndef AK_VERIFY_GROUP_H
#define AK_VERIFY_GROUP_H

#include "verify/verify.h"

/*
 * Findings that belong together: of one fault, in one place, about events that follow each other,
 * or about objects of which the same is said. Strings are the group's.
 */
typedef struct {
    AkFaultCode code;
    const char *where; /* as AkFinding's */
    guint64 count;
    gint64 first_index, last_index; /* -1: about objects */
    char *first_id, *last_id;       /* NULL: about objects */
    char *first_key, *last_key;     /* NULL: not about objects of the archive */
    char *detail;                   /* of the first */
} AkFindingGroup;

/* A group that is complete; borrowed for the call. */
typedef void (*AkFindingGroupFunc)(const AkFindingGroup *group, gpointer data);

/* Puts findings into groups as they come, in bounded memory: an open group per fault and place. */
typedef struct AkGrouper AkGrouper;

AkGrouper *ak_grouper_new(AkFindingGroupFunc func, gpointer data);
void ak_grouper_free(AkGrouper *grouper);

/* TRUE when @finding begins a group; FALSE when it belongs to one that is open. */
gboolean ak_grouper_add(AkGrouper *grouper, const AkFinding *finding);

/* Completes the groups that are open, in the order in which they began. */
void ak_grouper_end(AkGrouper *grouper);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkGrouper, ak_grouper_free)

#endif
