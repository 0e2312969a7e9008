#include "sink/sink.h"

enum { MAX_NAME = 255 };

/* Those that are built in, ended by NULL. */
static const AkSinkDriver *const drivers[] = {&ak_sink_kafka, NULL};

const AkSinkDriver *ak_sink_find(const char *url, GError **error)
{
    gsize len = strcspn(url, ":");

    for (gsize i = 0; drivers[i] != NULL; i++)
        if (ak_view_equal(ak_view(url, len), ak_view_str(drivers[i]->scheme)))
            return drivers[i];
    /* not the URL itself: somebody may have put a password into it */
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                "cannot tell what kind of sink the URL names; hint: --sink "
                "kafka://HOST:PORT/TOPIC or snowflake://ACCOUNT/DATABASE/SCHEMA/TABLE");
    return NULL;
}

static gboolean is_path(const char *path)
{
    for (const char *at = path; *at != '\0'; at++)
        if (!g_ascii_isgraph(*at))
            return FALSE;
    return *path != '\0' && strlen(path) <= MAX_NAME / 2;
}

char *ak_sink_name(const char *url, GError **error)
{
    const char *colon = strchr(url, ':');
    const char *path = colon != NULL ? colon + 1 : "";

    if (g_str_has_prefix(path, "//"))
        path = strchr(path + 2, '/');
    while (path != NULL && *path == '/')
        path++;
    if (path != NULL && is_path(path) && colon - url <= MAX_NAME / 4)
        return g_strdup_printf("%.*s:%s", (int)(colon - url), url, path);
    g_set_error(
        error, AK_ERROR, AK_ERROR_CONFIG,
        "a sink's URL names no place of at most %d printable ASCII characters; hint: --sink "
        "kafka://HOST:PORT/TOPIC or snowflake://ACCOUNT/DATABASE/SCHEMA/TABLE",
        MAX_NAME / 2);
    return NULL;
}

void ak_sink_close(AkSink *sink)
{
    if (sink != NULL)
        sink->driver->close(sink);
}
