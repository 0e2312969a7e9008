#ifndef AK_VERIFY_LEDGER_H
#define AK_VERIFY_LEDGER_H

#include "chain/event.h"
#include "chain/signer.h"
#include "tree/merkle.h"
#include "util/error.h"

/*
 * What a verification saw, signed by whoever verified, so that the next one proves that the archive
 * has only grown since and reads what is new: the tree up to where all was well, and every object
 * with the version, size and digest that were read (docs/verify.md).
 */

enum { AK_LEDGER_FORMAT = 1, AK_LEDGER_MAX_BYTES = 1024 * 1024 * 1024 };

/* An object that was looked at. Strings owned by the ledger. */
typedef struct {
    char *key;
    char *version; /* NULL where the store has none */
    gsize size;
    gint64 modified_usec;
    gint64 read_usec;             /* when all of it was read last; 0: never */
    guint8 sha256[AK_SHA256_LEN]; /* of its bytes; zeros when it was never read */
    guint n_faults;               /* that were found in it then: it is read again each time */
} AkLedgerObject;

/* How far the seals have been followed. */
typedef struct {
    gint64 next_day; /* the first day that needs another seal; G_MININT64: before the first one */
    gboolean has_last;
    char last_hash[65]; /* head of the chain after them */
    guint64 size;       /* of the tree after them; 0: not known */
    guint8 root[AK_SHA256_LEN];
} AkSealPosition;

typedef struct {
    char *origin; /* of checkpoints, "<origin>/<chain>" */
    gint64 made_usec;
    AkTree tree;   /* of the archive's events so far */
    AkCursor head; /* the last of them */
    AkSealPosition seals;
    AkCursor source; /* the last event of the database that was seen; index -1: none */
    gint64 source_ts_usec;
    GHashTable *objects; /* key → AkLedgerObject */
} AkLedger;

AkLedger *ak_ledger_new(const char *origin);
void ak_ledger_free(AkLedger *ledger);

/* NULL when @key was not looked at. */
const AkLedgerObject *ak_ledger_find(const AkLedger *ledger, const char *key);

/* Takes note of a copy of @object in place of what was known of its key. */
void ak_ledger_set(AkLedger *ledger, const AkLedgerObject *object);

/* Bytes of all objects, and of those that were read in full at @since_usec or later. */
void ak_ledger_cover(const AkLedger *ledger, gint64 since_usec, guint64 *out_covered,
                     guint64 *out_total);

/* Appends the ledger with @key's signature; CONFIG unless that is an Ed25519 key. */
gboolean ak_ledger_write(const AkLedger *ledger, const AkSigningKey *key, AkBuf *out,
                         GError **error) AK_MUST_CHECK;

/*
 * NULL with BAD_SIGNATURE when it was not written with the key of which @public_key (32 bytes) is
 * the public half; with BAD_INPUT when it is no ledger, or one of another @origin.
 */
AkLedger *ak_ledger_read(AkView text, const guint8 public_key[32], const char *origin,
                         GError **error) AK_MUST_CHECK;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkLedger, ak_ledger_free)

#endif
