#include "cli/text.h"

#include <string.h>

static void wrap_paragraph(GString *out, const char *text, const char *margin, guint width)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    glong margin_width = g_utf8_strlen(margin, -1), column = margin_width;

    g_string_append(out, margin);
    for (char **word = words; *word != NULL; word++) {
        glong len = g_utf8_strlen(*word, -1);

        if (column > margin_width && column + 1 + len > (glong)width) {
            g_string_append_printf(out, "\n%s", margin);
            column = margin_width;
        }
        if (column > margin_width) {
            g_string_append_c(out, ' ');
            column++;
        }
        g_string_append(out, *word);
        column += len;
    }
    g_string_append_c(out, '\n');
}

void ak_text_wrap(GString *out, const char *text, const char *margin, guint width)
{
    g_auto(GStrv) paragraphs = g_strsplit(text, "\n", -1);

    for (char **paragraph = paragraphs; *paragraph != NULL; paragraph++)
        wrap_paragraph(out, *paragraph, margin, width);
}
