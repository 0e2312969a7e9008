/*
 * A note is read or refused with a reason. One that the key signed stays so when a line by an
 * unknown key is added, and no longer when its first line changes; nobody else's note verifies.
 */
#include "fuzz.h"

#include "../unit/fixed_key.h"
#include "tree/checkpoint.h"

#define ORIGIN "audit.example/orders"

static AkNoteKey *note_key_new(void)
{
    g_autoptr(AkSigningKey) key = fixed_key_new();
    guint8 public_key[32];

    if (!ak_signing_key_public_raw(key, public_key))
        g_error("no Ed25519 key");
    return ak_note_key_new(ORIGIN, public_key);
}

static gboolean is_signed(AkView note, const AkNoteKey *key)
{
    g_autoptr(GError) error = NULL;
    gboolean is_good = ak_checkpoint_verify(note, key, &error);

    if (is_good == (error != NULL))
        g_error("good with an error, or refused without");
    if (error != NULL && !g_utf8_validate(error->message, -1, NULL))
        g_error("a message that is not UTF-8");
    return is_good;
}

static void check_signed(AkView note, const AkNoteKey *key)
{
    g_auto(AkBuf) changed = {0};
    AkCheckpoint checkpoint;

    if (!ak_checkpoint_parse(note, &checkpoint, NULL))
        g_error("signed and malformed");
    if (!ak_view_equal(checkpoint.origin, AK_VIEW(ORIGIN)))
        g_error("signed for another origin");
    ak_buf_append_view(&changed, note);
    ak_buf_append_literal(&changed, "— unknown.example AAAAAAECAwQ=\n");
    if (changed.len <= AK_CHECKPOINT_MAX_BYTES && !is_signed(ak_buf_view(&changed), key))
        g_error("a line by an unknown key is not ignored");
    changed.data[0] ^= 1;
    if (is_signed(ak_buf_view(&changed), key))
        g_error("signed with another first byte");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static AkNoteKey *key; /* made once: its table takes longer than all the rest */
    AkView note = ak_view((const char *)data, size);

    if (key == NULL)
        key = note_key_new();
    if (is_signed(note, key))
        check_signed(note, key);
    return 0;
}
