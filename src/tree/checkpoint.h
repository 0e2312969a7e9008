#ifndef AK_TREE_CHECKPOINT_H
#define AK_TREE_CHECKPOINT_H

#include "chain/signer.h"
#include "util/buf.h"
#include "util/error.h"
#include "util/sha256.h"

/* C2SP tlog-checkpoint: a signed note whose text is origin, tree size and root. */

enum { AK_CHECKPOINT_MAX_BYTES = 64 * 1024 };

typedef struct {
    AkView origin; /* points into the note */
    guint64 size;
    guint8 root[AK_SHA256_LEN];
} AkCheckpoint;

/* May a note's key, and with it a checkpoint's origin, have this name? */
gboolean ak_checkpoint_is_name(const char *name);

/* Appends the signed note; the key's name is the origin. CONFIG for one that no note can carry. */
gboolean ak_checkpoint_sign(const AkSigningKey *key, const char *origin, guint64 size,
                            const guint8 root[AK_SHA256_LEN], AkBuf *out,
                            GError **error) AK_MUST_CHECK;

/* Reads the text of a note without looking at signatures. BAD_INPUT when malformed. */
gboolean ak_checkpoint_parse(AkView note, AkCheckpoint *out, GError **error) AK_MUST_CHECK;

/* A key that notes are checked with: its name (the archiver's: the origin), its id and its table.
 */
typedef struct AkNoteKey AkNoteKey;

/* NULL when @public_key is no Ed25519 point. Immutable; threads may share it. */
AkNoteKey *ak_note_key_new(const char *origin, const guint8 public_key[32]);
void ak_note_key_free(AkNoteKey *key);

/* The key as signed notes write it: "<name>+<hash>+<base64>". */
char *ak_note_key_text(const AkNoteKey *key);

/* Reads that: an archiver's key, or a witness's. BAD_INPUT for any other text. */
AkNoteKey *ak_note_key_parse(const char *text, GError **error) AK_MUST_CHECK;

/* Borrowed. */
const char *ak_note_key_name(const AkNoteKey *key);

/*
 * Is one of the note's signature lines by @key, an archiver's, and is the note's origin the key's
 * name? BAD_SIGNATURE when not. Other signature lines are ignored (C2SP signed-note).
 */
gboolean ak_checkpoint_verify(AkView note, const AkNoteKey *key, GError **error) AK_MUST_CHECK;

/*
 * Has the witness of @key cosigned the note (C2SP tlog-cosignature, cosignature/v1)? *out_seconds:
 * when, by its clock. BAD_SIGNATURE when not.
 */
gboolean ak_checkpoint_verify_cosignature(AkView note, const AkNoteKey *key, guint64 *out_seconds,
                                          GError **error) AK_MUST_CHECK;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkNoteKey, ak_note_key_free)

#endif
