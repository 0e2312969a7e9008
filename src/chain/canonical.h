#ifndef AK_CHAIN_CANONICAL_H
#define AK_CHAIN_CANONICAL_H

#include "util/buf.h"

/* Nesting deeper than this is refused: it protects the stack and no audit payload needs it. */
enum { AK_CANONICAL_MAX_DEPTH = 512 };

/* Longer texts are refused; jsonb cannot hold more either. */
enum { AK_CANONICAL_MAX_BYTES = 256 << 20 };

/* Scratch memory for canonicalising, kept from call to call. Not to be shared between threads. */
typedef struct AkCanonical AkCanonical;

/* What canonicalising could not carry over into its output. */
typedef struct {
    gboolean is_lossy; /* a number has a value that no double holds: the hash cannot see it all */
    gboolean is_reshaped; /* a number keeps its value but not its digits (1.0, 1.50): to print the
                             source's jsonb again its text is needed */
} AkCanonicalInfo;

AkCanonical *ak_canonical_new(void);
void ak_canonical_free(AkCanonical *canonical);

/*
 * Append to @out what ECMAScript's JSON.parse, a recursive sort of the members by UTF-16 code
 * units and JSON.stringify make of @text; for I-JSON that is RFC 8785. Strict RFC 8259 input:
 * BAD_INPUT with the byte offset for invalid UTF-8, lone surrogates, duplicate keys, numbers that
 * overflow a double, trailing data, leading zeros, unescaped controls, too deep nesting, more than
 * AK_CANONICAL_MAX_BYTES. On error @out is as it was. @info may be NULL.
 */
gboolean ak_canonical_json(AkCanonical *canonical, AkView text, AkBuf *out, AkCanonicalInfo *info,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Append @utf8 as a canonical JSON string, quotes included (RFC 8785 §3.2.2.2). The input has to
 * be valid UTF-8; bytes that are not are replaced by U+FFFD so that the output always is.
 */
void ak_canonical_string(AkView utf8, AkBuf *out);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkCanonical, ak_canonical_free)

#endif
