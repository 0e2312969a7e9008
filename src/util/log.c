#include "util/log.h"

#include "util/time.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BLOT "***"

/* The log sink's settings: written once by ak_log_init(), before there are threads. */
static struct {
    gboolean is_json;
    GLogLevelFlags level;
} sink = {FALSE, G_LOG_LEVEL_INFO};

/* libpq takes everything up to '/' for user and password, so the last '@' before it counts. */
static const char *authority_password(const char *authority, const char *stops,
                                      const char **out_end)
{
    gsize len = strcspn(authority, stops);
    const char *at = g_strrstr_len(authority, (gssize)len, "@");
    const char *colon = at != NULL ? memchr(authority, ':', (gsize)(at - authority)) : NULL;

    *out_end = at;
    return colon != NULL && colon + 1 < at ? colon + 1 : NULL;
}

/* "password = 'se cret'" of a conninfo, "password=secret&" of a URL; also sslpassword. */
static const char *keyword_password(const char *after_word, const char **out_end)
{
    const char *p = after_word + strspn(after_word, " ");

    if (*p != '=')
        return NULL;
    p += 1 + strspn(p + 1, " ");
    if (*p != '\'') {
        *out_end = p + strcspn(p, " \t\n&;'\"");
        return *out_end > p ? p : NULL;
    }
    for (*out_end = p + 1; **out_end != '\0' && **out_end != '\''; (*out_end)++)
        if (**out_end == '\\' && (*out_end)[1] != '\0')
            (*out_end)++;
    return p + 1;
}

static char *redact(const char *text, const char *stops)
{
    static const char word[] = "password";
    GString *out = g_string_new(NULL);
    const char *p = text;

    while (*p != '\0') {
        const char *secret = NULL, *end = NULL;
        gsize skip = 1;

        if (g_str_has_prefix(p, "://")) {
            skip = 3;
            secret = authority_password(p + skip, stops, &end);
        } else if (g_ascii_strncasecmp(p, word, sizeof word - 1) == 0) {
            skip = sizeof word - 1;
            secret = keyword_password(p + skip, &end);
        }
        if (secret == NULL) {
            g_string_append_len(out, p, (gssize)skip);
            p += skip;
            continue;
        }
        g_string_append_len(out, p, secret - p);
        g_string_append(out, BLOT);
        p = end;
    }
    return g_string_free(out, FALSE);
}

char *ak_log_redact_url(const char *url)
{
    return redact(url, "/");
}

char *ak_log_redact(const char *text)
{
    return redact(text, "/ \t\n'\"");
}

void ak_log_append_json(GString *out, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);

    g_string_append_c(out, '"');
    for (const char *p = valid; *p != '\0'; p++) {
        if (*p == '"' || *p == '\\')
            g_string_append_printf(out, "\\%c", *p);
        else if (*p == '\n')
            g_string_append(out, "\\n");
        else if ((guchar)*p < 0x20 || *p == 0x7f)
            g_string_append_printf(out, "\\u%04x", (guchar)*p);
        else
            g_string_append_c(out, *p);
    }
    g_string_append_c(out, '"');
}

/* Control characters could forge lines or drive the terminal. */
static void append_text(GString *out, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);

    for (const char *p = valid; *p != '\0'; p++)
        g_string_append_c(out, (guchar)*p < 0x20 || *p == 0x7f ? ' ' : *p);
}

static const char *level_name(GLogLevelFlags level)
{
    if (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
        return "error";
    if (level & G_LOG_LEVEL_WARNING)
        return "warning";
    return level & (G_LOG_LEVEL_MESSAGE | G_LOG_LEVEL_INFO) ? "info" : "debug";
}

static char *field_text(const GLogField *field)
{
    g_autofree char *raw = field->length < 0 ? g_strdup(field->value)
                                             : g_strndup(field->value != NULL ? field->value : "",
                                                         (gsize)field->length);

    return ak_log_redact(raw != NULL ? raw : "");
}

static void append_field(GString *line, const GLogField *field)
{
    g_autofree char *name = g_ascii_strdown(field->key + strlen("AK_"), -1);
    g_autofree char *text = field_text(field);

    if (sink.is_json) {
        g_string_append_c(line, ',');
        ak_log_append_json(line, name);
        g_string_append_c(line, ':');
        ak_log_append_json(line, text);
    } else {
        g_string_append_printf(line, " %s=", name);
        append_text(line, text);
    }
}

static void append_head(GString *line, GLogLevelFlags level, const char *message)
{
    char ts[AK_TIME_MAX];

    (void)ak_time_format(g_get_real_time(), ts);
    if (sink.is_json) {
        g_string_append_printf(line, "{\"ts\":\"%s\",\"level\":\"%s\",\"message\":", ts,
                               level_name(level));
        ak_log_append_json(line, message);
    } else {
        g_string_append_printf(line, "%s %-7s ", ts, level_name(level));
        append_text(line, message);
    }
}

static GLogWriterOutput write_line(GLogLevelFlags level, const GLogField *fields, gsize n_fields,
                                   gpointer data)
{
    g_autoptr(GString) line = g_string_new(NULL);
    g_autofree char *message = NULL;

    if ((level & G_LOG_LEVEL_MASK) > sink.level)
        return G_LOG_WRITER_HANDLED;
    for (gsize i = 0; i < n_fields && message == NULL; i++)
        if (strcmp(fields[i].key, "MESSAGE") == 0)
            message = field_text(&fields[i]);
    append_head(line, level, message != NULL ? message : "");
    for (gsize i = 0; i < n_fields; i++)
        if (g_str_has_prefix(fields[i].key, "AK_"))
            append_field(line, &fields[i]);
    g_string_append(line, sink.is_json ? "}\n" : "\n");
    (void)fwrite(line->str, 1, line->len, stderr);
    return G_LOG_WRITER_HANDLED;
}

void ak_log_init(AkLogFormat format, GLogLevelFlags level)
{
    sink.is_json = format == AK_LOG_JSON || (format == AK_LOG_AUTO && !isatty(STDERR_FILENO));
    sink.level = level;
    g_log_set_writer_func(write_line, NULL, NULL);
}
