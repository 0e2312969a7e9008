#ifndef AK_OPS_ACCEPT_H
#define AK_OPS_ACCEPT_H

#include "source/acceptance.h"

typedef struct {
    AkWalkStep step; /* END: the chain is whole */
    AkWalkFault fault;
    AkCursor head; /* the last event reached */
} AkBreak;

/* Walks on from the archive's pointer, over what is accepted, to where the chain stops now. */
gboolean ak_accept_find_break(AkSource *source, const AkAcceptor *acceptor,
                              const volatile gint *stop, AkBreak *out,
                              GError **error) AK_MUST_CHECK;

/*
 * What there is to accept at @index, with event @id: fills @out but for who, when and why. CONFLICT
 * that says where the chain stands when it is not broken just there.
 */
gboolean ak_accept_describe(const AkBreak *found, guint64 index, const char *id, AkAcceptance *out,
                            GError **error) AK_MUST_CHECK;

#endif
