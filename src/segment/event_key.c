#include "segment/event_key.h"

#include "util/time.h"

#include <stdio.h>
#include <string.h>

enum { ID_LEN = 36 };

gboolean ak_event_key_takes(const char *id)
{
    for (const char *at = id; *at != '\0'; at++)
        if (g_ascii_isupper(*at))
            return FALSE;
    return g_uuid_string_is_valid(id);
}

char *ak_event_key(gint64 day, const char *id)
{
    int y, m, d;

    ak_time_civil(day, &y, &m, &d);
    return g_strdup_printf("audit/%04d/%02d/%02d/%s.json", y, m, d, id);
}

gboolean ak_event_key_parse(const char *key)
{
    g_autofree char *id = NULL, *again = NULL;
    int y, m, d, used = 0;

    if (sscanf(key, "audit/%4d/%2d/%2d/%n", &y, &m, &d, &used) != 3 || used == 0)
        return FALSE;
    id = g_strndup(key + used, ID_LEN);
    again = ak_event_key(ak_time_from_civil(y, m, d), id);
    return ak_event_key_takes(id) && strcmp(again, key) == 0;
}
