#ifndef AK_EXPORT_AHEAD_H
#define AK_EXPORT_AHEAD_H

#include "export/export.h"
#include "segment/key.h"

/* What the archive holds of a chain beyond the pointer, by the names of its objects. */
typedef struct {
    GArray *segments;       /* AkSegmentName, by their indexes */
    GArray *seal_days;      /* gint64, ascending */
    GPtrArray *acceptances; /* keys */
    gboolean has_more;      /* segments than these */
} AkAhead;

void ak_ahead_clear(AkAhead *ahead);

/*
 * Lists what is filed under @from_day (G_MININT64: any) to @to_day: segments from @index on, of
 * many the first ones; seals; acceptances, of earlier indexes too. @ahead is taken as empty.
 */
gboolean ak_ahead_list(const AkExportConfig *config, gint64 from_day, gint64 to_day, guint64 index,
                       AkAhead *ahead, GError **error) AK_MUST_CHECK;

/* What a segment in the archive says of its place in the chain. */
typedef struct {
    char first_id[37];
    char prev_hash[65];
} AkAheadPlace;

/* *out_found FALSE when no version of @key is what its name says: that is no work of an exporter.
 */
gboolean ak_ahead_read_place(const AkExportConfig *config, const AkSegmentName *name,
                             const char *key, AkAheadPlace *out, gboolean *out_found,
                             GError **error) AK_MUST_CHECK;

/* The size of the tree that the seal of @day states; 0 when there is none that can be read. */
gboolean ak_ahead_read_seal(const AkExportConfig *config, gint64 day, guint64 *out_size,
                            GError **error) AK_MUST_CHECK;

/* Records in the database what was accepted at @index or later, as far as our key signed it. */
gboolean ak_ahead_take_acceptances(const AkExportConfig *config, const AkAhead *ahead,
                                   guint64 index, AkSource *writer, GError **error) AK_MUST_CHECK;

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkAhead, ak_ahead_clear)

#endif
