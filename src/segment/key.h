#ifndef AK_SEGMENT_KEY_H
#define AK_SEGMENT_KEY_H

#include <glib.h>

/* What an archive key says (docs/archive-format.md, "Keys"). */
typedef struct {
    char chain[64];
    gint64 day;
    guint64 first_index, last_index;
} AkSegmentName;

/* "audit/YYYY/MM/DD/<chain>-<first>-<last>.ndjson.zst". */
char *ak_segment_key(const char *chain, gint64 day, guint64 first_index, guint64 last_index);

/* What the keys of a day's objects from @first_index on start with. */
char *ak_segment_key_prefix(const char *chain, gint64 day, guint64 first_index);

/* FALSE unless @key is what ak_segment_key() makes. */
gboolean ak_segment_key_parse(const char *key, AkSegmentName *out);

/* The checkpoint's origin of a chain: "<origin>/<chain>". */
char *ak_segment_origin(const char *origin, const char *chain);

#endif
