/*
 * Runs our number and JSON code over standard input, for comparison with another implementation
 * (tests/it/test_numbers.py):
 *   format     8-byte little-endian doubles → one line of text each; also checks reading back
 *   parse      a JSON number per line → the double's bits, as 16 hex digits, per line
 *   canonical  NUL-terminated JSON texts → NUL-terminated canonical texts, or "!" and the error
 */
#include "chain/canonical.h"
#include "chain/number.h"

#include <stdio.h>
#include <stdlib.h>

static int run_format(void)
{
    guint64 bits;
    double value;

    while (fread(&bits, sizeof bits, 1, stdin) == 1) {
        char text[AK_NUMBER_MAX];
        double back;
        gsize len;

        bits = GUINT64_FROM_LE(bits);
        memcpy(&value, &bits, sizeof value);
        len = ak_number_format(value, text);
        back = ak_number_parse(text, len);
        if (value != 0 && memcmp(&back, &value, sizeof value) != 0) {
            g_printerr("'%.*s' does not read back\n", (int)len, text);
            return EXIT_FAILURE;
        }
        fwrite(text, 1, len, stdout);
        putchar('\n');
    }
    return EXIT_SUCCESS;
}

static int run_parse(void)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t len;

    while ((len = getline(&line, &size, stdin)) > 0) {
        double value = ak_number_parse(line, (gsize)len - 1);
        guint64 bits;

        memcpy(&bits, &value, sizeof bits);
        printf("%016" G_GINT64_MODIFIER "x\n", bits);
    }
    free(line);
    return EXIT_SUCCESS;
}

static int run_canonical(void)
{
    g_autoptr(AkCanonical) canonical = ak_canonical_new();
    g_auto(AkBuf) out = {0};
    char *text = NULL;
    size_t size = 0;
    ssize_t len;

    while ((len = getdelim(&text, &size, '\0', stdin)) > 0) {
        g_autoptr(GError) error = NULL;

        ak_buf_truncate(&out, 0);
        if (!ak_canonical_json(canonical, ak_view(text, (gsize)len - 1), &out, NULL, &error))
            ak_buf_append_printf(&out, "!%s", error->message);
        fwrite(out.data, 1, out.len, stdout);
        putchar('\0');
    }
    free(text);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(void);
    } modes[] = {{"format", run_format}, {"parse", run_parse}, {"canonical", run_canonical}};

    for (gsize i = 0; argc == 2 && i < G_N_ELEMENTS(modes); i++) {
        if (strcmp(argv[1], modes[i].name) == 0)
            return modes[i].run();
    }
    g_printerr("usage: %s format|parse|canonical\n", argv[0]);
    return 2;
}
