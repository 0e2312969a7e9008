#ifndef AK_OPS_GET_H
#define AK_OPS_GET_H

#include "source/source.h"
#include "store/store.h"
#include "util/buf.h"

typedef struct {
    AkStore *store;
    const AkSourceConfig *source; /* narrows the search to one segment; NULL: search the archive */
    const char *chain;
    const char *id;
} AkGetConfig;

typedef struct {
    AkBuf line; /* the archived line, without newline */
    char *key;  /* object it came from */
    guint64 index;
} AkGetResult;

void ak_get_result_clear(AkGetResult *result);

/*
 * One event by ranged reads: the object's footer, then the one frame, whose leaf hashes are
 * checked against the footer's and the footer's root against its manifest. MISSING when no object
 * of the chain holds the id; BAD_INPUT when the object is corrupt.
 */
gboolean ak_get_run(const AkGetConfig *config, AkGetResult *result, GError **error) AK_MUST_CHECK;

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkGetResult, ak_get_result_clear)

#endif
