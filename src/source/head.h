#ifndef AK_SOURCE_HEAD_H
#define AK_SOURCE_HEAD_H

#include "source/source.h"

/* For the drivers' append_begin(): from a row near the end of the chain to its end. */
typedef struct {
    char hash[65];  /* lower case; "" when there is no row */
    gint64 ts_usec; /* the latest time seen on the way */
} AkSourceHead;

/* Takes @row as the place to start from; an AkRowFunc with an AkSourceHead as its data. BAD_INPUT
 * when the row has no hash and a payload that cannot be hashed. */
gboolean ak_source_head_take(const AkRow *row, gpointer head, GError **error) AK_MUST_CHECK;

/* Follows the links from @head as far as they go. */
gboolean ak_source_head_follow(AkSource *source, AkSourceHead *head, GError **error) AK_MUST_CHECK;

#endif
