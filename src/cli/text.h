#ifndef AK_CLI_TEXT_H
#define AK_CLI_TEXT_H

#include <glib.h>

/* Appends the paragraphs of @text (divided by newlines), broken at blanks so that a line has at
 * most @width characters; every line starts with @margin and ends with a newline. */
void ak_text_wrap(GString *out, const char *text, const char *margin, guint width);

/* "s" but for one thing. */
static inline const char *ak_text_plural(guint64 n)
{
    return n == 1 ? "" : "s";
}

#endif
