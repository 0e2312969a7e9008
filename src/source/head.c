#include "source/head.h"

#include "chain/check.h"
#include "util/hex.h"

gboolean ak_source_head_take(const AkRow *row, gpointer data, GError **error)
{
    AkSourceHead *head = data;
    const AkEvent *event = &row->event;
    guint8 digest[AK_SHA256_LEN];

    if (!ak_hex_decode(event->hash, digest, sizeof digest)) {
        g_autoptr(AkCanonical) canonical = ak_canonical_new();
        g_autoptr(AkSha256) sha = ak_sha256_new();
        g_auto(AkBuf) text = {0};
        AkView payload = event->payload.data != NULL ? event->payload : AK_VIEW("null");

        if (!ak_canonical_json(canonical, payload, &text, NULL, error)) {
            g_prefix_error(error, "cannot append after event '%.*s': ", (int)event->id.len,
                           event->id.data);
            return FALSE;
        }
        if (!ak_chain_hash(sha, ak_buf_view(&text), event->prev_hash, digest)) {
            g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                        "cannot append after event '%.*s': its prev_hash is not hex",
                        (int)event->id.len, event->id.data);
            return FALSE;
        }
    }
    ak_hex_encode(digest, sizeof digest, head->hash);
    head->hash[64] = '\0';
    head->ts_usec = MAX(head->ts_usec, event->ts_usec);
    return TRUE;
}

gboolean ak_source_head_follow(AkSource *source, AkSourceHead *head, GError **error)
{
    /* Stored hashes that were tampered with can make a circle. */
    guint left = 10 * 1000 * 1000;
    char last[65];

    if (head->hash[0] == '\0')
        return TRUE;
    do {
        if (left-- == 0) {
            g_set_error(error, AK_ERROR, AK_ERROR_GAP,
                        "cannot append: the chain has no end; hint: run 'auditkeep verify "
                        "--what source'");
            return FALSE;
        }
        memcpy(last, head->hash, sizeof last);
        if (!source->driver->find_by_prev(source, last, ak_source_head_take, head, error))
            return FALSE;
    } while (!g_str_equal(last, head->hash));
    return TRUE;
}
