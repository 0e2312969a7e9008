#ifndef AK_CHAIN_ENVELOPE_H
#define AK_CHAIN_ENVELOPE_H

#include "chain/canonical.h"
#include "chain/event.h"
#include "chain/fault.h"
#include "util/arena.h"
#include "util/error.h"

/*
 * The archive's line: the canonical JSON of one event (docs/archive-format.md). Members in
 * canonical order: chain, eventType, extra, fault, hash, id, index, metadata, payload, payloadText
 * (payloadBase64 where it is not UTF-8), prevHash, signature, signerId, ts.
 */
typedef struct {
    AkEvent event; /* payload is the source's text: payloadBase64 or payloadText */
    AkView chain;
    AkView canonical; /* the member payload, canonical JSON; NULL when there is none */
    AkFaultSet faults;
} AkEnvelope;

/*
 * Appends the line, without newline. @canonical: the canonical payload, or NULL when the payload
 * cannot be canonicalised (then payload is null and payloadText holds the source's text).
 * metadata and extra are canonicalised too; metadata that cannot be stands as a string.
 */
void ak_envelope_write(AkCanonical *scratch, const AkEvent *event, AkView chain, AkView canonical,
                       const AkCanonicalInfo *info, AkFaultSet faults, AkBuf *out);

/*
 * Reads a line; what ak_envelope_write() makes of it is the line again. Views point into @line or,
 * where a string had to be unescaped, into @arena.
 * BAD_INPUT when a member is missing, unknown or of the wrong type.
 */
gboolean ak_envelope_parse(AkView line, AkArena *arena, AkEnvelope *out,
                           GError **error) AK_MUST_CHECK;

#endif
