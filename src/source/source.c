#include "source/source.h"

static const AkSourceDriver *const drivers[] = {&ak_source_postgres, &ak_source_sqlite};

void ak_segment_row_clear(AkSegmentRow *row)
{
    g_free(row->key);
    g_free(row->version);
    ak_buf_clear(&row->edge);
    *row = (AkSegmentRow){0};
}

void ak_segment_row_copy(AkSegmentRow *to, const AkSegmentRow *from)
{
    *to = *from;
    to->key = g_strdup(from->key);
    to->version = g_strdup(from->version);
    to->edge = (AkBuf){0};
    ak_buf_append_view(&to->edge, ak_buf_view(&from->edge));
}

void ak_seal_row_clear(AkSealRow *row)
{
    g_free(row->key);
    g_free(row->version);
    *row = (AkSealRow){0};
}

void ak_chain_state_clear(AkChainState *state)
{
    g_free(state->holder);
    g_free(state->trouble);
    *state = (AkChainState){0};
}

void ak_sink_state_clear(AkSinkState *state)
{
    g_free(state->name);
    g_free(state->holder);
    g_free(state->error);
    *state = (AkSinkState){0};
}

/* The driver for @url: by its scheme, or libpq's "key=value" form. */
static const AkSourceDriver *find_driver(const char *url)
{
    g_autofree char *scheme = NULL;
    const char *colon = strchr(url, ':');
    const char *equals = strchr(url, '=');

    if (equals != NULL && (colon == NULL || equals < colon))
        return &ak_source_postgres;
    if (colon == NULL)
        return NULL;
    scheme = g_strndup(url, (gsize)(colon - url));
    if (g_str_equal(scheme, "postgres"))
        return &ak_source_postgres;
    for (gsize i = 0; i < G_N_ELEMENTS(drivers); i++)
        if (g_str_equal(scheme, drivers[i]->scheme))
            return drivers[i];
    return NULL;
}

static gboolean check_chain(const char *chain, GError **error)
{
    gsize len = strspn(chain, "abcdefghijklmnopqrstuvwxyz0123456789_-");

    if (len > 0 && len <= 63 && chain[len] == '\0')
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                "cannot use chain name '%s': it is 1 to 63 of a-z, 0-9, '_' and '-'; hint: --chain",
                chain);
    return FALSE;
}

AkSource *ak_source_open(const AkSourceConfig *config, GError **error)
{
    AkSourceConfig full = *config;
    const AkSourceDriver *driver;

    if (config->url == NULL || config->url[0] == '\0') {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "no source is named; hint: --source postgresql://… or sqlite:PATH, or set "
                    "DATABASE_URL");
        return NULL;
    }
    driver = find_driver(config->url);
    if (driver == NULL) {
        /* not the URL itself: it may hold a password */
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "cannot tell what kind of source the URL names; hint: --source "
                    "postgresql://USER@HOST/DATABASE or sqlite:PATH");
        return NULL;
    }
    if (full.table == NULL)
        full.table = "audit_events";
    if (full.chain == NULL)
        full.chain = "main";
    if (full.max_event_bytes == 0)
        full.max_event_bytes = 16 * 1024 * 1024;
    if (full.connect_timeout_ms == 0)
        full.connect_timeout_ms = 10000;
    if (full.statement_timeout_ms == 0)
        full.statement_timeout_ms = 300000;
    if (!check_chain(full.chain, error))
        return NULL;
    if ((full.column == NULL) != (full.value == NULL)) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "chain '%s' has a column without a value, or a value without a column; "
                    "hint: --where-column and --where-value go together",
                    full.chain);
        return NULL;
    }
    return driver->open(&full, error);
}

void ak_source_close(AkSource *source)
{
    if (source != NULL)
        source->driver->close(source);
}

gboolean ak_source_wait(AkSource *source, guint timeout_ms, GError **error)
{
    if (source->driver->wait != NULL)
        return source->driver->wait(source, timeout_ms, error);
    g_usleep(timeout_ms * 1000UL);
    return TRUE;
}
