#include "tree/note.h"

#include "chain/ed25519.h"
#include "util/hex.h"

enum { LINE_MAX_BYTES = 1024, SIGNATURE_MAX_BYTES = 128 };

void ak_note_key_id(const char *name, guint8 algorithm, const guint8 public_key[32],
                    guint8 out[AK_NOTE_KEY_ID_LEN])
{
    g_autoptr(AkSha256) sha = ak_sha256_new();
    guint8 digest[AK_SHA256_LEN];

    ak_sha256_begin(sha);
    ak_sha256_add(sha, name, strlen(name));
    ak_sha256_add(sha, "\n", 1);
    ak_sha256_add(sha, &algorithm, 1);
    ak_sha256_add(sha, public_key, 32);
    ak_sha256_end(sha, digest);
    memcpy(out, digest, AK_NOTE_KEY_ID_LEN);
}

static AkNoteKey *new_key(const char *name, guint8 algorithm, const guint8 public_key[32])
{
    AkEd25519Key *table = ak_ed25519_key_new(public_key);
    AkNoteKey *key;

    if (table == NULL)
        return NULL;
    key = g_new0(AkNoteKey, 1);
    key->name = g_strdup(name);
    key->algorithm = algorithm;
    memcpy(key->public_key, public_key, sizeof key->public_key);
    ak_note_key_id(name, algorithm, public_key, key->id);
    key->table = table;
    return key;
}

AkNoteKey *ak_note_key_new(const char *origin, const guint8 public_key[32])
{
    return new_key(origin, AK_NOTE_ED25519, public_key);
}

void ak_note_key_free(AkNoteKey *key)
{
    if (key == NULL)
        return;
    ak_ed25519_key_free(key->table);
    g_free(key->name);
    g_free(key);
}

const char *ak_note_key_name(const AkNoteKey *key)
{
    return key->name;
}

char *ak_note_key_text(const AkNoteKey *key)
{
    guint8 bytes[33] = {key->algorithm};
    g_autofree char *key64 = NULL, *id = ak_hex_string(key->id, sizeof key->id);

    memcpy(bytes + 1, key->public_key, 32);
    key64 = g_base64_encode(bytes, sizeof bytes);
    return g_strdup_printf("%s+%s+%s", key->name, id, key64);
}

AkNoteKey *ak_note_key_parse(const char *text, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, "+", 3); /* base64 may hold a '+' of its own */
    g_autoptr(AkNoteKey) key = NULL;
    g_autofree char *again = NULL;
    guint8 bytes[33];

    if (g_strv_length(parts) == 3 && ak_checkpoint_is_name(parts[0]) &&
        ak_note_base64(ak_view_str(parts[2]), bytes, sizeof bytes) &&
        (bytes[0] == AK_NOTE_ED25519 || bytes[0] == AK_NOTE_COSIGNATURE))
        key = new_key(parts[0], bytes[0], bytes + 1);
    if (key != NULL) {
        again = ak_note_key_text(key);
        if (strcmp(again, text) == 0)
            return g_steal_pointer(&key);
    }
    g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                "it is no key as signed notes write it: NAME+HASH+BASE64, of an Ed25519 key");
    return NULL;
}

/* A key's name is not empty and has neither white space nor '+'. */
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

gboolean ak_note_is_text(AkView note)
{
    for (gsize i = 0; i < note.len; i++)
        if ((guint8)note.data[i] < ' ' && note.data[i] != '\n')
            return FALSE;
    return note.len > 0 && g_utf8_validate_len(note.data, note.len, NULL);
}

gboolean ak_note_split(AkView note, AkView *text, AkView *signatures)
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

gboolean ak_note_line(AkView *rest, AkView *out)
{
    const char *end = rest->len > 0 ? memchr(rest->data, '\n', rest->len) : NULL;

    if (end == NULL)
        return FALSE;
    *out = ak_view(rest->data, (gsize)(end - rest->data));
    *rest = ak_view(end + 1, rest->len - out->len - 1);
    return TRUE;
}

gboolean ak_note_base64(AkView text, guint8 *out, gsize wanted)
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

gboolean ak_note_signature(AkView line, const AkNoteKey *key, guint8 *out, gsize wanted)
{
    g_autofree char *prefix = g_strconcat(AK_NOTE_DASH, key->name, " ", NULL);
    gsize len = strlen(prefix);
    guint8 bytes[SIGNATURE_MAX_BYTES];

    if (line.len <= len || line.len > LINE_MAX_BYTES || memcmp(line.data, prefix, len) != 0)
        return FALSE;
    if (!ak_note_base64(ak_view(line.data + len, line.len - len), bytes,
                        AK_NOTE_KEY_ID_LEN + wanted) ||
        memcmp(bytes, key->id, AK_NOTE_KEY_ID_LEN) != 0)
        return FALSE;
    memcpy(out, bytes + AK_NOTE_KEY_ID_LEN, wanted);
    return TRUE;
}
