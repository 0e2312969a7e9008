#ifndef AK_SOURCE_ACCEPTANCE_H
#define AK_SOURCE_ACCEPTANCE_H

#include "source/walk.h"

/* Whose acceptances count. */
typedef struct {
    const char *origin;       /* "<origin>/<chain>" */
    const guint8 *public_key; /* 32 bytes; NULL: signatures are not checked */
} AkAcceptor;

/*
 * The acceptance of what a walk over @source stopped at, and its statement, if somebody accepted
 * just that. A statement that is not signed by the acceptor's key counts for nothing.
 */
gboolean ak_acceptance_find(AkSource *source, const AkAcceptor *acceptor, AkWalkStep step,
                            const AkWalkFault *fault, AkAcceptance *out, AkBuf *out_statement,
                            gboolean *out_found, GError **error) AK_MUST_CHECK;

#endif
