#include "chain/check.h"
#include "cli/commands.h"
#include "cli/input.h"
#include "cli/line.h"
#include "cli/open.h"
#include "cli/stop.h"
#include "util/hex.h"
#include "util/time.h"

#include <unistd.h>

/* A batch is one transaction; its bytes are bounded so that memory is. */
enum { BATCH_EVENTS = 1000, BATCH_BYTES = 4 * 1024 * 1024 };

typedef struct {
    AkCli *cli;
    AkSource *source;
    AkSigningKey *key; /* NULL: events are not signed */
    AkInputLines input;
    AkLineReader *reader;
    AkSha256 *sha;
    AkArena arena; /* of the batch */
    AkLine lines[BATCH_EVENTS];
    AkEvent events[BATCH_EVENTS];
    guint n;
    AkBuf scratch, report;
    guint64 appended;
    gboolean is_at_end;
} Append;

static void append_free(Append *append)
{
    g_clear_pointer(&append->source, ak_source_close);
    g_clear_pointer(&append->key, ak_signing_key_free);
    ak_input_clear(&append->input);
    ak_line_reader_free(append->reader);
    g_clear_pointer(&append->sha, ak_sha256_free);
    ak_arena_clear(&append->arena);
    ak_buf_clear(&append->scratch);
    ak_buf_clear(&append->report);
    g_free(append);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Append, append_free)

/* Waits for the first line only: what is there then makes the batch. */
static gboolean read_batch(Append *append, GError **error)
{
    AkView text;
    AkInputStep step;

    append->n = 0;
    ak_arena_reset(&append->arena);
    while (append->n < BATCH_EVENTS && append->arena.used < BATCH_BYTES) {
        if (!ak_input_next(&append->input, append->n == 0, &step, &text, error))
            return FALSE;
        append->is_at_end = step == AK_INPUT_END;
        if (step != AK_INPUT_LINE)
            return TRUE;
        if (ak_line_is_blank(text))
            continue;
        if (!ak_line_read(append->reader, text, &append->arena, &append->lines[append->n], error)) {
            g_prefix_error(error, "line %" G_GUINT64_FORMAT ": ", append->input.number);
            return FALSE;
        }
        append->n++;
    }
    return TRUE;
}

static gboolean sign(Append *append, const guint8 hash[AK_SHA256_LEN], AkEvent *event,
                     GError **error)
{
    const char *signer = ak_cli_text(append->cli, AK_OPT_SIGNER_ID);

    if (append->key == NULL)
        return TRUE;
    append->scratch.len = 0;
    if (!ak_signing_key_sign(append->key, hash, &append->scratch, error))
        return FALSE;
    event->signature = ak_arena_copy(&append->arena, ak_buf_view(&append->scratch));
    event->signer_id = ak_view_str(signer);
    return TRUE;
}

/* Links @line behind @prev, which becomes its own hash. */
static gboolean chain_event(Append *append, const AkLine *line, AkView *prev, gint64 *last_usec,
                            AkEvent *event, GError **error)
{
    guint8 hash[AK_SHA256_LEN];
    char *hex = ak_arena_alloc(&append->arena, 2 * AK_SHA256_LEN);

    /* Times grow along the chain, so that readers find the order without searching. */
    *last_usec =
        line->has_ts ? MAX(line->ts_usec, *last_usec) : MAX(g_get_real_time(), *last_usec + 1);
    *event = (AkEvent){
        .ts_usec = line->has_ts ? line->ts_usec : *last_usec,
        .id = line->id,
        .event_type = line->event_type,
        .payload = line->payload,
        .metadata = line->metadata,
        .prev_hash = *prev,
    };
    if (!ak_chain_hash(append->sha, line->canonical, *prev, hash)) {
        g_set_error(error, AK_ERROR, AK_ERROR_GAP,
                    "the hash of the chain's head is not hexadecimal; hint: 'auditkeep verify'");
        return FALSE;
    }
    ak_hex_encode(hash, sizeof hash, hex);
    event->hash = ak_view(hex, 2 * AK_SHA256_LEN);
    *prev = event->hash;
    return sign(append, hash, event, error);
}

static gboolean write_rows(Append *append, GError **error)
{
    const AkSourceDriver *driver = append->source->driver;
    char head[65];
    gint64 last_usec;
    AkView prev;

    if (!driver->append_begin(append->source, head, &last_usec, error))
        return FALSE;
    prev = ak_arena_copy(&append->arena, ak_view_str(head));
    for (guint i = 0; i < append->n; i++)
        if (!chain_event(append, &append->lines[i], &prev, &last_usec, &append->events[i], error))
            return FALSE;
    return driver->append_rows(append->source, append->events, append->n, error);
}

static gboolean write_batch(Append *append, GError **error)
{
    const AkSourceDriver *driver = append->source->driver;
    gboolean is_dry_run = ak_cli_flag(append->cli, AK_OPT_DRY_RUN);

    if (!write_rows(append, error)) {
        (void)driver->append_end(append->source, FALSE, NULL);
        return FALSE;
    }
    if (!driver->append_end(append->source, !is_dry_run, error))
        return FALSE;
    if (!is_dry_run)
        append->appended += append->n;
    return TRUE;
}

static gboolean report_batch(Append *append, GError **error)
{
    gboolean is_json = ak_cli_flag(append->cli, AK_OPT_JSON);

    append->report.len = 0;
    for (guint i = 0; i < append->n; i++) {
        const AkEvent *event = &append->events[i];

        ak_buf_append_printf(
            &append->report, is_json ? "{\"id\":\"%.*s\",\"hash\":\"%.*s\"}\n" : "%.*s %.*s\n",
            (int)event->id.len, event->id.data, (int)event->hash.len, event->hash.data);
    }
    return ak_cli_write(ak_buf_view(&append->report), error);
}

static gboolean append_all(Append *append, GError **error)
{
    while (!append->is_at_end) {
        if (!read_batch(append, error))
            return FALSE;
        if (append->n > 0 && (!write_batch(append, error) || !report_batch(append, error)))
            return FALSE;
    }
    return TRUE;
}

static gboolean load_key(Append *append, GError **error)
{
    const char *path = ak_cli_text(append->cli, AK_OPT_SIGNING_KEY);

    if (path == NULL)
        return TRUE;
    if (ak_cli_require(append->cli, AK_OPT_SIGNER_ID, error) == NULL)
        return FALSE;
    append->key = ak_signing_key_load(path, error);
    return append->key != NULL;
}

gboolean ak_cmd_append(AkCli *cli, GError **error)
{
    g_autoptr(Append) append = g_new0(Append, 1);

    append->cli = cli;
    append->input.fd = STDIN_FILENO;
    append->input.max_line = ak_cli_number(cli, AK_OPT_MAX_EVENT_BYTES);
    append->input.stop = ak_stop_flag();
    append->reader = ak_line_reader_new();
    append->sha = ak_sha256_new();
    if (!load_key(append, error))
        return FALSE;
    append->source = ak_open_source(cli, error);
    if (append->source == NULL || !append->source->driver->check(append->source, error))
        return FALSE;
    if (append_all(append, error))
        return TRUE;
    g_prefix_error(error, "%" G_GUINT64_FORMAT " event%s appended, then: ", append->appended,
                   append->appended == 1 ? " was" : "s were");
    return FALSE;
}
