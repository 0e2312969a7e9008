#ifndef AK_CHAIN_ACCEPTANCE_H
#define AK_CHAIN_ACCEPTANCE_H

#include "chain/signer.h"
#include "util/buf.h"

/*
 * A person's word that the chain goes on where it is broken: signed with the archiver's key, kept
 * in the source and in the archive (docs/archive-format.md, "Acceptances").
 */

enum { AK_ACCEPTANCE_MAX_BYTES = 16 * 1024, AK_ACCEPTANCE_MAX_REASON = 2000 };

typedef enum {
    AK_BREAK_GAP, /* @event comes next although its predecessor is not there */
    AK_BREAK_FORK /* of two rows with one predecessor @event counts, @rejected does not */
} AkBreakKind;

typedef struct {
    AkBreakKind kind;
    char *origin; /* "<origin>/<chain>", as in checkpoints */
    char *chain;
    guint64 index;                   /* of the next event when this was accepted */
    char head_id[37], head_hash[65]; /* the event before it; "" at the start */
    char event_id[37], event_prev[65];
    char rejected_id[37]; /* FORK */
    char *reason;
    char *accepted_by;
    gint64 accepted_usec; /* a whole second */
} AkAcceptance;

void ak_acceptance_clear(AkAcceptance *acceptance);

const char *ak_break_name(AkBreakKind kind);

/* Appends the signed statement: canonical JSON, Ed25519 over the object without "signature". With
 * @key NULL that is what is appended. */
gboolean ak_acceptance_sign(const AkAcceptance *acceptance, const AkSigningKey *key, AkBuf *out,
                            GError **error) AK_MUST_CHECK;

/* BAD_INPUT unless @statement is one, byte by byte as ak_acceptance_sign() writes it. */
gboolean ak_acceptance_parse(AkView statement, AkAcceptance *out, GError **error) AK_MUST_CHECK;

/*
 * Is the statement that @acceptance was parsed from signed by @public_key, and about the chain of
 * @origin ("<origin>/<chain>")? BAD_SIGNATURE when not.
 */
gboolean ak_acceptance_verify(const AkAcceptance *acceptance, AkView statement, const char *origin,
                              const guint8 public_key[32], GError **error) AK_MUST_CHECK;

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkAcceptance, ak_acceptance_clear)

#endif
