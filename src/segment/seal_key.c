#include "segment/seal.h"
#include "util/time.h"

#include <stdio.h>

#define SEAL_END "-seal.json"
#define HEARTBEAT "-heartbeat-"

char *ak_seal_key(const char *chain, gint64 day)
{
    int y, m, d;

    ak_time_civil(day, &y, &m, &d);
    return g_strdup_printf("audit/%04d/%02d/%02d/%s" SEAL_END, y, m, d, chain);
}

char *ak_heartbeat_key(const char *chain, gint64 usec)
{
    gint64 day = ak_time_day(usec);
    int second = (int)((usec - day * AK_USEC_PER_DAY) / AK_USEC_PER_SEC), y, m, d;

    ak_time_civil(day, &y, &m, &d);
    return g_strdup_printf("audit/%04d/%02d/%02d/%s" HEARTBEAT "%02d%02d%02d.json", y, m, d, chain,
                           second / 3600, second / 60 % 60, second % 60);
}

/* The day of the key, and its file name up to @end, the last one there is. */
static gboolean cut(const char *key, const char *end, char out_chain[64], gint64 *out_day,
                    const char **out_rest)
{
    int y, m, d, used = 0;
    const char *found;

    if (sscanf(key, "audit/%4d/%2d/%2d/%n", &y, &m, &d, &used) != 3 || used == 0)
        return FALSE;
    found = g_strrstr(key + used, end);
    if (found == NULL || found == key + used || found - (key + used) > 63)
        return FALSE;
    (void)g_strlcpy(out_chain, key + used, (gsize)(found - (key + used)) + 1);
    *out_day = ak_time_from_civil(y, m, d);
    *out_rest = found + strlen(end);
    return TRUE;
}

gboolean ak_seal_key_parse(const char *key, char out_chain[64], gint64 *out_day)
{
    g_autofree char *again = NULL;
    const char *rest;

    if (!cut(key, SEAL_END, out_chain, out_day, &rest))
        return FALSE;
    again = ak_seal_key(out_chain, *out_day);
    return strcmp(again, key) == 0;
}

gboolean ak_heartbeat_key_parse(const char *key, char out_chain[64], gint64 *out_usec)
{
    g_autofree char *again = NULL;
    const char *rest;
    int hour, minute, second;
    gint64 day;

    if (!cut(key, HEARTBEAT, out_chain, &day, &rest) ||
        sscanf(rest, "%2d%2d%2d", &hour, &minute, &second) != 3)
        return FALSE;
    *out_usec = day * AK_USEC_PER_DAY + ((hour * 60 + minute) * 60 + second) * AK_USEC_PER_SEC;
    again = ak_heartbeat_key(out_chain, *out_usec);
    return strcmp(again, key) == 0;
}
