#include "segment/key.h"

#include "util/time.h"

#include <stdio.h>

char *ak_segment_key_prefix(const char *chain, gint64 day, guint64 first_index)
{
    int y, m, d;

    ak_time_civil(day, &y, &m, &d);
    return g_strdup_printf("audit/%04d/%02d/%02d/%s-%012" G_GUINT64_FORMAT "-", y, m, d, chain,
                           first_index);
}

char *ak_segment_key(const char *chain, gint64 day, guint64 first_index, guint64 last_index)
{
    g_autofree char *prefix = ak_segment_key_prefix(chain, day, first_index);

    return g_strdup_printf("%s%012" G_GUINT64_FORMAT ".ndjson.zst", prefix, last_index);
}

/* Chain names may hold '-' themselves, so the name is cut from its end. */
gboolean ak_segment_key_parse(const char *key, AkSegmentName *out)
{
    g_autofree char *name = NULL, *again = NULL;
    int y, m, d, used = 0;
    const char *last, *first;

    if (sscanf(key, "audit/%4d/%2d/%2d/%n", &y, &m, &d, &used) != 3 || used == 0)
        return FALSE;
    name = g_strdup(key + used);
    last = strrchr(name, '-');
    if (last == NULL)
        return FALSE;
    first = g_strrstr_len(name, last - name, "-");
    if (first == NULL || first - name >= (gssize)sizeof out->chain)
        return FALSE;
    memset(out, 0, sizeof *out);
    memcpy(out->chain, name, (gsize)(first - name));
    out->day = ak_time_from_civil(y, m, d);
    out->first_index = g_ascii_strtoull(first + 1, NULL, 10);
    out->last_index = g_ascii_strtoull(last + 1, NULL, 10);
    again = ak_segment_key(out->chain, out->day, out->first_index, out->last_index);
    return strcmp(again, key) == 0 && out->last_index >= out->first_index;
}

char *ak_segment_origin(const char *origin, const char *chain)
{
    return g_strconcat(origin, "/", chain, NULL);
}
