#ifndef AUDITKEEP_H
#define AUDITKEEP_H

/*
 * libauditkeep: what it takes to check an audit chain and its archive's proofs without the
 * program. Pure: no I/O, no clock, no globals. `pkg-config --cflags --libs auditkeep`.
 */
#include "chain/canonical.h" /* canonical JSON (RFC 8785) */
#include "chain/check.h"     /* chain hash, and the check of one event */
#include "chain/ed25519.h"   /* fast verification for few keys */
#include "chain/envelope.h"  /* the archive's lines */
#include "chain/event.h"
#include "chain/fault.h" /* what can be wrong, by its stable name */
#include "chain/link.h"
#include "chain/number.h"    /* ECMAScript numbers */
#include "chain/signer.h"    /* registries, keys, signatures */
#include "tree/checkpoint.h" /* signed notes */
#include "tree/merkle.h"     /* RFC 6962 trees, and the check of proofs */
#include "tree/proof.h"      /* making proofs */
#include "tree/tile.h"       /* hash tiles */

#endif
