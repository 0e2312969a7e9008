#include "cli/json.h"

#include "util/log.h"
#include "util/time.h"

static void begin(AkJson *json, const char *name)
{
    if (json->needs_comma)
        g_string_append_c(json->out, ',');
    json->needs_comma = TRUE;
    if (name != NULL) {
        ak_log_append_json(json->out, name);
        g_string_append_c(json->out, ':');
    }
}

void ak_json_open(AkJson *json, const char *name, char bracket)
{
    begin(json, name);
    g_string_append_c(json->out, bracket);
    json->needs_comma = FALSE;
}

void ak_json_close(AkJson *json, char bracket)
{
    g_string_append_c(json->out, bracket);
    json->needs_comma = TRUE;
}

void ak_json_null(AkJson *json, const char *name)
{
    begin(json, name);
    g_string_append(json->out, "null");
}

void ak_json_string(AkJson *json, const char *name, const char *text)
{
    if (text == NULL) {
        ak_json_null(json, name);
        return;
    }
    begin(json, name);
    ak_log_append_json(json->out, text);
}

void ak_json_uint(AkJson *json, const char *name, guint64 value)
{
    begin(json, name);
    g_string_append_printf(json->out, "%" G_GUINT64_FORMAT, value);
}

void ak_json_int(AkJson *json, const char *name, gint64 value)
{
    begin(json, name);
    g_string_append_printf(json->out, "%" G_GINT64_FORMAT, value);
}

void ak_json_bool(AkJson *json, const char *name, gboolean value)
{
    begin(json, name);
    g_string_append(json->out, value ? "true" : "false");
}

void ak_json_time(AkJson *json, const char *name, gint64 usec)
{
    char text[AK_TIME_MAX];

    (void)ak_time_format(usec, text);
    ak_json_string(json, name, usec != 0 ? text : NULL);
}

void ak_json_index(AkJson *json, const char *name, gint64 index)
{
    if (index < 0)
        ak_json_null(json, name);
    else
        ak_json_uint(json, name, (guint64)index);
}

void ak_json_cursor(AkJson *json, const char *name, const AkCursor *cursor)
{
    if (cursor->index < 0) {
        ak_json_null(json, name);
        return;
    }
    ak_json_open(json, name, '{');
    ak_json_index(json, "index", cursor->index);
    ak_json_string(json, "id", cursor->id);
    ak_json_string(json, "hash", cursor->hash);
    ak_json_close(json, '}');
}
