#include "tree/checkpoint.h"

#include "chain/ed25519.h"
#include "tree/note.h"

gboolean ak_checkpoint_sign(const AkSigningKey *key, const char *origin, guint64 size,
                            const guint8 root[AK_SHA256_LEN], AkBuf *out, GError **error)
{
    guint8 signature[AK_NOTE_KEY_ID_LEN + AK_NOTE_ED25519_LEN], public_key[32];
    g_autofree char *root64 = g_base64_encode(root, AK_SHA256_LEN);
    g_autofree char *text = NULL, *signature64 = NULL;

    if (!ak_checkpoint_is_name(origin)) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "checkpoint origin '%s' has white space, '+' or nothing in it; "
                    "hint: --origin names the archive, such as 'audit.example.org'",
                    origin);
        return FALSE;
    }
    if (!ak_signing_key_public_raw(key, public_key)) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "checkpoint key is no Ed25519 key; hint: make one with 'auditkeep init --key'");
        return FALSE;
    }
    text = g_strdup_printf("%s\n%" G_GUINT64_FORMAT "\n%s\n", origin, size, root64);
    ak_note_key_id(origin, AK_NOTE_ED25519, public_key, signature);
    if (!ak_signing_key_sign_raw(key, (const guint8 *)text, strlen(text),
                                 signature + AK_NOTE_KEY_ID_LEN, error))
        return FALSE;
    signature64 = g_base64_encode(signature, sizeof signature);
    ak_buf_append_printf(out, "%s\n" AK_NOTE_DASH "%s %s\n", text, origin, signature64);
    return TRUE;
}

static gboolean parse_size(AkView line, guint64 *out)
{
    g_autofree char *text = g_strndup(line.data, line.len);

    if (line.len == 0 || (line.data[0] == '0' && line.len > 1))
        return FALSE;
    return g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT64, out, NULL);
}

gboolean ak_checkpoint_parse(AkView note, AkCheckpoint *out, GError **error)
{
    AkView rest = note, origin, size, root;

    if (note.len > AK_CHECKPOINT_MAX_BYTES || !ak_note_is_text(note) ||
        !ak_note_line(&rest, &origin) || origin.len == 0 || !ak_note_line(&rest, &size) ||
        !parse_size(size, &out->size) || !ak_note_line(&rest, &root) ||
        !ak_note_base64(root, out->root, AK_SHA256_LEN)) {
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                    "checkpoint is malformed: origin, tree size and root expected");
        return FALSE;
    }
    out->origin = origin;
    return TRUE;
}

gboolean ak_checkpoint_verify(AkView note, const AkNoteKey *key, GError **error)
{
    guint8 signature[AK_NOTE_ED25519_LEN];
    g_autofree char *shown = NULL;
    AkCheckpoint checkpoint;
    AkView text, rest, line;

    if (!ak_checkpoint_parse(note, &checkpoint, error))
        return FALSE;
    if (key->algorithm == AK_NOTE_ED25519 &&
        ak_view_equal(checkpoint.origin, ak_view_str(key->name)) &&
        ak_note_split(note, &text, &rest)) {
        while (ak_note_line(&rest, &line))
            if (ak_note_signature(line, key, signature, sizeof signature) &&
                ak_ed25519_verify(key->table, (const guint8 *)text.data, text.len, signature))
                return TRUE;
    }
    shown = g_utf8_make_valid(checkpoint.origin.data, (gssize)MIN(checkpoint.origin.len, 200));
    g_set_error(error, AK_ERROR, AK_ERROR_BAD_SIGNATURE,
                "checkpoint of '%s' carries no valid signature by the key of '%s'; "
                "hint: --key names the archiver's key, --origin its name",
                shown, key->name);
    return FALSE;
}

/* C2SP tlog-cosignature: the line's signature is over the time and the note's text. */
static gboolean is_cosigned(AkView text, const AkNoteKey *key, const guint8 *signature,
                            guint64 *out_seconds)
{
    g_auto(AkBuf) message = {0};
    guint64 seconds;

    memcpy(&seconds, signature, sizeof seconds);
    *out_seconds = GUINT64_FROM_BE(seconds);
    ak_buf_append_printf(&message, "cosignature/v1\ntime %" G_GUINT64_FORMAT "\n", *out_seconds);
    ak_buf_append_view(&message, text);
    return ak_ed25519_verify(key->table, (const guint8 *)message.data, message.len,
                             signature + sizeof seconds);
}

gboolean ak_checkpoint_verify_cosignature(AkView note, const AkNoteKey *key, guint64 *out_seconds,
                                          GError **error)
{
    guint8 signature[sizeof(guint64) + AK_NOTE_ED25519_LEN];
    AkCheckpoint checkpoint;
    AkView text, rest, line;

    if (!ak_checkpoint_parse(note, &checkpoint, error))
        return FALSE;
    if (key->algorithm == AK_NOTE_COSIGNATURE && ak_note_split(note, &text, &rest)) {
        while (ak_note_line(&rest, &line))
            if (ak_note_signature(line, key, signature, sizeof signature) &&
                is_cosigned(text, key, signature, out_seconds))
                return TRUE;
    }
    g_set_error(error, AK_ERROR, AK_ERROR_BAD_SIGNATURE,
                "checkpoint carries no valid cosignature by the witness '%s'; hint: --witness-key "
                "names the witness's key",
                key->name);
    return FALSE;
}
