/* Runs a fuzz target over every file of a corpus folder, without libFuzzer. */
#include "fuzz.h"

#include <glib.h>
#include <stdlib.h>

static void replay(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *contents = NULL;
    g_autofree guint8 *exact = NULL;
    g_autoptr(GError) error = NULL;
    gsize len;

    if (!g_file_get_contents(path, &contents, &len, &error))
        g_error("%s", error->message);
    g_print("%s\n", name);
    /* without the NUL that GLib adds, so that a sanitizer sees a read behind the end */
    exact = g_memdup2(contents, MAX(len, 1));
    (void)LLVMFuzzerTestOneInput(exact, len);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) dir = NULL;
    const char *name;
    guint n = 0;

    if (argc != 2) {
        g_printerr("usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    dir = g_dir_open(argv[1], 0, &error);
    if (dir == NULL) {
        g_printerr("%s\n", error->message);
        return 2;
    }
    for (; (name = g_dir_read_name(dir)) != NULL; n++)
        replay(argv[1], name);
    g_print("%u inputs\n", n);
    return n > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
