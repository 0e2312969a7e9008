#ifndef AK_SOURCE_WALK_CACHE_H
#define AK_SOURCE_WALK_CACHE_H

#include "source/source.h"

/* Used by walk.c and walk_fault.c only: rows that were seen and do not link yet. */

/* A link: the 32 bytes of a hash; zeros where a chain starts. */
typedef struct {
    guint8 bytes[AK_SHA256_LEN];
} AkLink;

static inline gboolean ak_link_equal(const AkLink *a, const AkLink *b)
{
    guint64 x[4], y[4];

    memcpy(x, a, sizeof x);
    memcpy(y, b, sizeof y);
    return x[0] == y[0] && x[1] == y[1] && x[2] == y[2] && x[3] == y[3];
}

/*
 * The link that @hex stands for, in either case; NULL, empty and zeros are the start. What is not
 * the hex of 32 bytes links to nothing, but is the same link each time.
 */
void ak_link_from_hex(AkView hex, AkLink *out);

/* Lower-case hex; "" for the start. */
void ak_link_to_hex(const AkLink *link, char out[65]);

guint ak_link_hash(gconstpointer link);
gboolean ak_link_equal_func(gconstpointer a, gconstpointer b);

/* A waiting row; where memory is short, only what finds it again. */
typedef struct AkWaiting {
    AkLink prev, own;
    gboolean has_own;
    gboolean is_computed; /* own is: no hash is stored */
    gint64 ts_usec;
    char id[37];
    AkRow row;              /* its views point into blob */
    char *blob;             /* NULL: the row has to be fetched by its id */
    gsize bytes;            /* of blob */
    struct AkWaiting *next; /* another one with the same prev */
} AkWaiting;

void ak_waiting_free(AkWaiting *waiting);

/* Takes a copy of @row into @waiting. */
void ak_waiting_fill(AkWaiting *waiting, const AkRow *row);

typedef struct {
    GHashTable *by_prev; /* AkLink of the first in a list → AkWaiting */
    gsize count, bytes;
    gsize max_bytes, max_count;
} AkWalkCache;

void ak_walk_cache_init(AkWalkCache *cache, gsize max_bytes, gsize max_count);
void ak_walk_cache_clear(AkWalkCache *cache);

/* Copies the row in, or only what links it when max_bytes is reached. GAP when max_count is. */
gboolean ak_walk_cache_add(AkWalkCache *cache, const AkRow *row, const AkLink *prev,
                           const AkLink *own, GError **error) AK_MUST_CHECK;

/* The rows that wait for @prev; borrowed; NULL: none. */
AkWaiting *ak_walk_cache_find(const AkWalkCache *cache, const AkLink *prev);

/* Takes @waiting out; the caller owns it. */
AkWaiting *ak_walk_cache_take(AkWalkCache *cache, AkWaiting *waiting);

/* Memory of a row that was kept without its columns, once they were fetched. */
void ak_walk_cache_fill(AkWalkCache *cache, AkWaiting *waiting, const AkRow *row);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkWaiting, ak_waiting_free)

#endif
