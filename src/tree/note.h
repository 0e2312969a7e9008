#ifndef AK_TREE_NOTE_H
#define AK_TREE_NOTE_H

#include "tree/checkpoint.h"

/* C2SP signed-note: what checkpoints and cosignatures share. */

enum {
    AK_NOTE_ED25519 = 0x01,
    AK_NOTE_COSIGNATURE = 0x04, /* C2SP tlog-cosignature, Ed25519 */
    AK_NOTE_KEY_ID_LEN = 4,
    AK_NOTE_ED25519_LEN = 64
};

/* "— ", which starts a signature line. */
#define AK_NOTE_DASH "\xE2\x80\x94 "

struct AkNoteKey {
    char *name;
    guint8 algorithm;
    guint8 public_key[32];
    guint8 id[AK_NOTE_KEY_ID_LEN];
    struct AkEd25519Key *table;
};

/* First four bytes of SHA-256(name || '\n' || algorithm || key). */
void ak_note_key_id(const char *name, guint8 algorithm, const guint8 public_key[32],
                    guint8 out[AK_NOTE_KEY_ID_LEN]);

/* UTF-8 without control characters other than the newline, and not empty. */
gboolean ak_note_is_text(AkView note);

/* Splits at the last blank line: text with its newline, then the signature lines. */
gboolean ak_note_split(AkView note, AkView *text, AkView *signatures);

/* The next line, without its newline; FALSE at the end or when the newline is missing. */
gboolean ak_note_line(AkView *rest, AkView *out);

/* Base64 in its one spelling, of exactly @wanted bytes. */
gboolean ak_note_base64(AkView text, guint8 *out, gsize wanted);

/* "— name base64(id || signature)": is it a line of @key's? Copies its @wanted bytes of signature.
 */
gboolean ak_note_signature(AkView line, const AkNoteKey *key, guint8 *out, gsize wanted);

#endif
