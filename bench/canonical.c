/* canonical FILE SECONDS: canonicalise the lines of FILE again and again; prints bytes per second.
 */
#include "chain/canonical.h"

#include <stdio.h>
#include <stdlib.h>

static GArray *split_lines(const char *text, gsize len)
{
    GArray *lines = g_array_new(FALSE, FALSE, sizeof(AkView));
    const char *end = text + len, *newline;

    for (; (newline = memchr(text, '\n', (gsize)(end - text))) != NULL; text = newline + 1) {
        AkView line = ak_view(text, (gsize)(newline - text));

        g_array_append_val(lines, line);
    }
    return lines;
}

static gsize run_once(AkCanonical *canonical, const GArray *lines, AkBuf *out)
{
    gsize n_bytes = 0;

    for (guint i = 0; i < lines->len; i++) {
        AkView line = g_array_index(lines, AkView, i);
        g_autoptr(GError) error = NULL;

        ak_buf_truncate(out, 0);
        if (!ak_canonical_json(canonical, line, out, NULL, &error))
            g_error("%s", error->message);
        n_bytes += line.len;
    }
    return n_bytes;
}

int main(int argc, char **argv)
{
    g_autoptr(AkCanonical) canonical = ak_canonical_new();
    g_autoptr(GArray) lines = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    g_auto(AkBuf) out = {0};
    gsize len, n_bytes = 0;
    gint64 start, spent;

    if (argc != 3 || !g_file_get_contents(argv[1], &text, &len, &error)) {
        g_printerr("usage: %s FILE SECONDS\n", argv[0]);
        return 2;
    }
    lines = split_lines(text, len);
    (void)run_once(canonical, lines, &out);
    start = g_get_monotonic_time();
    do {
        n_bytes += run_once(canonical, lines, &out);
        spent = g_get_monotonic_time() - start;
    } while ((double)spent < g_ascii_strtod(argv[2], NULL) * G_USEC_PER_SEC);
    printf("%.0f\n", (double)n_bytes * G_USEC_PER_SEC / (double)spent);
    return EXIT_SUCCESS;
}
