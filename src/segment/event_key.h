#ifndef AK_SEGMENT_EVENT_KEY_H
#define AK_SEGMENT_EVENT_KEY_H

#include <glib.h>

/* Is @id what an event's own object can be named by: a UUID in lower case? */
gboolean ak_event_key_takes(const char *id);

/* "audit/YYYY/MM/DD/<id>.json"; a new string. */
char *ak_event_key(gint64 day, const char *id);

/* FALSE unless @key is what ak_event_key() makes of an id that it takes. */
gboolean ak_event_key_parse(const char *key);

#endif
