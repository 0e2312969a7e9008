#ifndef AK_CLI_JSON_H
#define AK_CLI_JSON_H

#include "chain/event.h"

/* Writes one JSON document, on one line. @name NULL: an element of an array. */
typedef struct {
    GString *out;
    gboolean needs_comma;
} AkJson;

void ak_json_open(AkJson *json, const char *name, char bracket);
void ak_json_close(AkJson *json, char bracket);

/* @text NULL is null. */
void ak_json_string(AkJson *json, const char *name, const char *text);
void ak_json_uint(AkJson *json, const char *name, guint64 value);
void ak_json_int(AkJson *json, const char *name, gint64 value);
void ak_json_bool(AkJson *json, const char *name, gboolean value);
void ak_json_null(AkJson *json, const char *name);

/* RFC 3339; null for 0. */
void ak_json_time(AkJson *json, const char *name, gint64 usec);

/* An index; null when negative. */
void ak_json_index(AkJson *json, const char *name, gint64 index);

/* {"index", "id", "hash"}; null before the first event. */
void ak_json_cursor(AkJson *json, const char *name, const AkCursor *cursor);

#endif
