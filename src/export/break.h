#ifndef AK_EXPORT_BREAK_H
#define AK_EXPORT_BREAK_H

#include "export/feed.h"

/* The error, of class GAP, for a chain that stops at @step (GAP or FORK); owned. */
GError *ak_break_error(AkFeedStep step, const AkWalkFault *fault);

#endif
