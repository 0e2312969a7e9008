#ifndef AK_UTIL_LOG_H
#define AK_UTIL_LOG_H

#include <glib.h>

typedef enum {
    AK_LOG_AUTO, /* text when standard error is a terminal, else JSON lines */
    AK_LOG_TEXT,
    AK_LOG_JSON
} AkLogFormat;

/*
 * Sends everything logged through GLib (g_warning(), g_info(), g_log_structured(), …) to standard
 * error, one line per message: UTC time, level, text, and the structured fields whose name starts
 * with AK_ (AK_CHAIN becomes "chain"). Messages less severe than @level are dropped. Passwords in
 * URLs are blotted out. Call once, before threads start.
 */
void ak_log_init(AkLogFormat format, GLogLevelFlags level);

/* @url or libpq conninfo with every password replaced by "***"; a new string. */
char *ak_log_redact_url(const char *url);

/* The same for free text, in which a URL ends at white space or a quote. */
char *ak_log_redact(const char *text);

/* Appends @text as a JSON string; bytes that are not UTF-8 become U+FFFD. */
void ak_log_append_json(GString *out, const char *text);

#endif
