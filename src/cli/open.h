#ifndef AK_CLI_OPEN_H
#define AK_CLI_OPEN_H

#include "chain/signer.h"
#include "cli/cli.h"
#include "source/source.h"
#include "store/store.h"
#include "tree/checkpoint.h"

/* From options to the plain structs and handles of the rooms below. */

/* The database at --source. Strings are the cli's. CONFIG when it is not set, or the chain's name
 * is not one. */
gboolean ak_open_source_config(const AkCli *cli, AkSourceConfig *out, GError **error) AK_MUST_CHECK;

AkSource *ak_open_source(const AkCli *cli, GError **error) AK_MUST_CHECK;

AkStore *ak_open_store(const AkCli *cli, GError **error) AK_MUST_CHECK;

/* *out NULL when neither --signers nor --hmac-secret-file is set. */
gboolean ak_open_signers(const AkCli *cli, AkSigners **out, GError **error) AK_MUST_CHECK;

/* Raw Ed25519 public key of the PEM file at --key, private or public. *out_is_set FALSE when the
 * option is not set. */
gboolean ak_open_checkpoint_key(const AkCli *cli, guint8 out[32], gboolean *out_is_set,
                                GError **error) AK_MUST_CHECK;

/* The same as the key of checkpoints of @origin ("<origin>/<chain>"); CONFIG when --key is not set.
 */
gboolean ak_open_note_key(const AkCli *cli, const char *origin, AkNoteKey **out,
                          GError **error) AK_MUST_CHECK;

#endif
