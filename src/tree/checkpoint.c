#include "tree/checkpoint.h"

#include "chain/ed25519.h"

/* C2SP signed-note: algorithm byte of Ed25519, "— " that starts a signature line. */
enum { NOTE_ED25519 = 0x01, KEY_ID_LEN = 4, SIGNATURE_LEN = 64, NOTE_LINE_MAX = 1024 };
#define DASH "\xE2\x80\x94 "

struct AkNoteKey {
    char *origin;
    guint8 public_key[32];
    guint8 id[KEY_ID_LEN];
    AkEd25519Key *table;
};

/* First four bytes of SHA-256(name || '\n' || algorithm || key). */
static void key_id(const char *name, const guint8 public_key[32], guint8 out[KEY_ID_LEN])
{
    g_autoptr(AkSha256) sha = ak_sha256_new();
    guint8 digest[AK_SHA256_LEN];

    ak_sha256_begin(sha);
    ak_sha256_add(sha, name, strlen(name));
    ak_sha256_add(sha, "\n\x01", 2);
    ak_sha256_add(sha, public_key, 32);
    ak_sha256_end(sha, digest);
    memcpy(out, digest, KEY_ID_LEN);
}

AkNoteKey *ak_note_key_new(const char *origin, const guint8 public_key[32])
{
    AkEd25519Key *table = ak_ed25519_key_new(public_key);
    AkNoteKey *key;

    if (table == NULL)
        return NULL;
    key = g_new0(AkNoteKey, 1);
    key->origin = g_strdup(origin);
    memcpy(key->public_key, public_key, sizeof key->public_key);
    key_id(origin, public_key, key->id);
    key->table = table;
    return key;
}

void ak_note_key_free(AkNoteKey *key)
{
    if (key == NULL)
        return;
    ak_ed25519_key_free(key->table);
    g_free(key->origin);
    g_free(key);
}

char *ak_note_key_text(const AkNoteKey *key)
{
    guint8 bytes[33] = {NOTE_ED25519};
    g_autofree char *key64 = NULL;

    memcpy(bytes + 1, key->public_key, 32);
    key64 = g_base64_encode(bytes, sizeof bytes);
    return g_strdup_printf("%s+%02x%02x%02x%02x+%s", key->origin, key->id[0], key->id[1],
                           key->id[2], key->id[3], key64);
}

/* C2SP signed-note: a key's name is not empty and has neither white space nor '+'. */
gboolean ak_checkpoint_is_name(const char *name)
{
    if (*name == '\0' || !g_utf8_validate(name, -1, NULL))
        return FALSE;
    for (; *name != '\0'; name = g_utf8_find_next_char(name, NULL)) {
        gunichar c = g_utf8_get_char(name);

        if (g_unichar_isspace(c) || g_unichar_iscntrl(c) || c == '+')
            return FALSE;
    }
    return TRUE;
}

gboolean ak_checkpoint_sign(const AkSigningKey *key, const char *origin, guint64 size,
                            const guint8 root[AK_SHA256_LEN], AkBuf *out, GError **error)
{
    guint8 signature[KEY_ID_LEN + SIGNATURE_LEN], public_key[32];
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
    key_id(origin, public_key, signature);
    if (!ak_signing_key_sign_raw(key, (const guint8 *)text, strlen(text), signature + KEY_ID_LEN,
                                 error))
        return FALSE;
    signature64 = g_base64_encode(signature, sizeof signature);
    ak_buf_append_printf(out, "%s\n" DASH "%s %s\n", text, origin, signature64);
    return TRUE;
}

/* The next line, without its newline; FALSE at the end or when the newline is missing. */
static gboolean take_line(AkView *rest, AkView *out)
{
    const char *end = rest->len > 0 ? memchr(rest->data, '\n', rest->len) : NULL;

    if (end == NULL)
        return FALSE;
    *out = ak_view(rest->data, (gsize)(end - rest->data));
    *rest = ak_view(end + 1, rest->len - out->len - 1);
    return TRUE;
}

static gboolean parse_size(AkView line, guint64 *out)
{
    g_autofree char *text = g_strndup(line.data, line.len);

    if (line.len == 0 || (line.data[0] == '0' && line.len > 1))
        return FALSE;
    return g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT64, out, NULL);
}

static gboolean decode_base64(AkView text, guint8 *out, gsize wanted)
{
    g_autofree char *copy = g_strndup(text.data, text.len);
    g_autofree guchar *bytes = NULL;
    g_autofree char *again = NULL;
    gsize len;

    bytes = g_base64_decode(copy, &len);
    if (len != wanted)
        return FALSE;
    again = g_base64_encode(bytes, len); /* GLib passes over what is no base64 */
    if (strcmp(again, copy) != 0)
        return FALSE;
    memcpy(out, bytes, len);
    return TRUE;
}

/* C2SP signed-note: UTF-8 without control characters other than the newline. */
static gboolean is_text(AkView note)
{
    for (gsize i = 0; i < note.len; i++)
        if ((guint8)note.data[i] < ' ' && note.data[i] != '\n')
            return FALSE;
    return note.len > 0 && g_utf8_validate_len(note.data, note.len, NULL);
}

gboolean ak_checkpoint_parse(AkView note, AkCheckpoint *out, GError **error)
{
    AkView rest = note, origin, size, root;

    if (note.len > AK_CHECKPOINT_MAX_BYTES || !is_text(note) || !take_line(&rest, &origin) ||
        origin.len == 0 || !take_line(&rest, &size) || !parse_size(size, &out->size) ||
        !take_line(&rest, &root) || !decode_base64(root, out->root, AK_SHA256_LEN)) {
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                    "checkpoint is malformed: origin, tree size and root expected");
        return FALSE;
    }
    out->origin = origin;
    return TRUE;
}

/* "— name base64": is it by @key? Copies the signature. */
static gboolean match_signature_line(AkView line, const AkNoteKey *key, guint8 out[SIGNATURE_LEN])
{
    g_autofree char *prefix = g_strconcat(DASH, key->origin, " ", NULL);
    gsize len = strlen(prefix);
    guint8 bytes[KEY_ID_LEN + SIGNATURE_LEN];

    if (line.len <= len || line.len > NOTE_LINE_MAX || memcmp(line.data, prefix, len) != 0)
        return FALSE;
    if (!decode_base64(ak_view(line.data + len, line.len - len), bytes, sizeof bytes) ||
        memcmp(bytes, key->id, KEY_ID_LEN) != 0)
        return FALSE;
    memcpy(out, bytes + KEY_ID_LEN, SIGNATURE_LEN);
    return TRUE;
}

/* Splits at the last blank line: text with its newline, then the signature lines. */
static gboolean split_note(AkView note, AkView *text, AkView *signatures)
{
    const char *found = NULL;

    for (gsize i = 1; i < note.len; i++)
        if (note.data[i] == '\n' && note.data[i - 1] == '\n')
            found = note.data + i;
    if (found == NULL)
        return FALSE;
    *text = ak_view(note.data, (gsize)(found - note.data));
    *signatures = ak_view(found + 1, note.len - text->len - 1);
    return TRUE;
}

gboolean ak_checkpoint_verify(AkView note, const AkNoteKey *key, GError **error)
{
    guint8 signature[SIGNATURE_LEN];
    g_autofree char *shown = NULL;
    AkCheckpoint checkpoint;
    AkView text, rest, line;

    if (!ak_checkpoint_parse(note, &checkpoint, error))
        return FALSE;
    if (ak_view_equal(checkpoint.origin, ak_view_str(key->origin)) &&
        split_note(note, &text, &rest)) {
        while (take_line(&rest, &line))
            if (match_signature_line(line, key, signature) &&
                ak_ed25519_verify(key->table, (const guint8 *)text.data, text.len, signature))
                return TRUE;
    }
    shown = g_utf8_make_valid(checkpoint.origin.data, (gssize)MIN(checkpoint.origin.len, 200));
    g_set_error(error, AK_ERROR, AK_ERROR_BAD_SIGNATURE,
                "checkpoint of '%s' carries no valid signature by the key of '%s'; "
                "hint: --key names the archiver's key, --origin its name",
                shown, key->origin);
    return FALSE;
}
