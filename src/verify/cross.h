#ifndef AK_VERIFY_CROSS_H
#define AK_VERIFY_CROSS_H

#include "chain/check.h"
#include "chain/envelope.h"
#include "verify/found.h"

/* An archived line and what it says. */
typedef struct {
    AkView line;
    AkEnvelope envelope;
} AkArchivedLine;

/*
 * Compares archived lines with the rows of the same ids: each row is written as the exporter would
 * write it, and has to give the same bytes. ROW_MISSING, HASH_MISMATCH (payload or hash differ) or
 * ENVELOPE_CHANGED (anything else), with the members that differ.
 */
gboolean ak_cross_check(AkSource *source, AkChecker *checker, AkView chain,
                        const AkArchivedLine *lines, gsize count, const char *key,
                        AkFoundList *found, GError **error) AK_MUST_CHECK;

#endif
