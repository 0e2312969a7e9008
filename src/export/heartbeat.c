#include "export/heartbeat.h"

#include "chain/canonical.h"
#include "export/flight.h"
#include "segment/key.h"
#include "segment/seal.h"
#include "tree/checkpoint.h"
#include "util/hex.h"
#include "util/time.h"

static void add_text(AkBuf *out, const char *name, AkView text)
{
    ak_buf_append_byte(out, out->len == 0 ? '{' : ',');
    ak_canonical_string(ak_view_str(name), out);
    ak_buf_append_byte(out, ':');
    if (text.data != NULL)
        ak_canonical_string(text, out);
    else
        ak_buf_append_literal(out, "null");
}

static void add_time(AkBuf *out, const char *name, gint64 usec)
{
    char text[AK_TIME_MAX];

    (void)ak_time_format(usec, text);
    add_text(out, name, usec != 0 ? ak_view_str(text) : AK_VIEW_NULL);
}

static void write_beat(const AkHeartbeat *beat, const char *chain, AkView checkpoint, AkBuf *out)
{
    gboolean has_head = beat->head.index >= 0;

    add_text(out, "chain", ak_view_str(chain));
    add_text(out, "checkpoint", checkpoint);
    add_text(out, "exporter", AK_VIEW("auditkeep " AK_VERSION));
    ak_buf_append_printf(out, ",\"format\":%d", AK_SEAL_FORMAT);
    add_text(out, "hash", has_head ? ak_view_str(beat->head.hash) : AK_VIEW_NULL);
    add_text(out, "id", has_head ? ak_view_str(beat->head.id) : AK_VIEW_NULL);
    ak_buf_append_literal(out, ",\"index\":");
    if (has_head)
        ak_buf_append_uint(out, (guint64)beat->head.index);
    else
        ak_buf_append_literal(out, "null");
    add_time(out, "ts", beat->ts_usec);
    add_time(out, "unchangedSince", beat->unchanged_usec);
    ak_buf_append_byte(out, '}');
}

static gboolean put(const AkExportConfig *config, const char *key, const AkBuf *bytes,
                    gint64 retain_until_usec, gboolean *out_put, GError **error)
{
    g_autoptr(AkSha256) sha = ak_sha256_new();
    g_autofree char *text = NULL;
    guint8 digest[AK_SHA256_LEN];
    g_auto(AkObject) object = {0};
    g_autoptr(GError) local = NULL;
    AkMeta meta = {"object-sha256", NULL};
    AkPut what = {
        .key = key,
        .data = bytes->data,
        .len = bytes->len,
        .sha256 = digest,
        .content_type = "application/json",
        .meta = &meta,
        .n_meta = 1,
        .lock_mode = config->lock_mode,
        .retain_until_usec = retain_until_usec,
    };

    ak_sha256_of(sha, bytes->data, bytes->len, digest);
    text = ak_hex_string(digest, sizeof digest);
    meta.value = text;
    *out_put = ak_store_put(config->store, &what, &object, &local);
    if (*out_put || g_error_matches(local, AK_ERROR, AK_ERROR_CONFLICT))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

gboolean ak_heartbeat_put(AkSession *session, const AkHeartbeat *beat, gboolean *out_put,
                          GError **error)
{
    const AkExportConfig *config = session->config;
    const char *chain = config->source->chain;
    g_autofree char *key = ak_heartbeat_key(chain, beat->slot_usec);
    g_autofree char *origin = ak_segment_origin(config->origin, chain);
    g_auto(AkBuf) note = {0}, bytes = {0};
    gint64 until;

    /* only the holder moves the head: whoever holds it now speaks the truth about ts */
    if (!session->writer->driver->lease_renew(session->writer, session->epoch,
                                              ak_export_lease_ttl_ms(config), error) ||
        !ak_checkpoint_sign(config->key, origin, beat->size, beat->root, &note, error) ||
        !ak_flight_retain_until(config, beat->ts_usec, &until, error))
        return FALSE;
    write_beat(beat, chain, ak_buf_view(&note), &bytes);
    if (put(config, key, &bytes, until, out_put, error))
        return TRUE;
    g_prefix_error(error, "writing the heartbeat '%s': ", key);
    return FALSE;
}
