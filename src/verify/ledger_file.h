#ifndef AK_VERIFY_LEDGER_FILE_H
#define AK_VERIFY_LEDGER_FILE_H

#include "verify/ledger.h"

/* A ledger and the file that it is kept in. */
typedef struct {
    char *path;
    AkSigningKey *key;
    AkLedger *ledger;
} AkLedgerFile;

void ak_ledger_file_clear(AkLedgerFile *file);

/*
 * DIR/CHAIN.ledger, or a new ledger where there is no such file. CONFIG when file or key cannot be
 * read, BAD_SIGNATURE or BAD_INPUT when the file is no ledger that the key has signed for
 * <origin>/<chain>. @out is taken as empty.
 */
gboolean ak_ledger_file_open(AkLedgerFile *out, const char *dir, const char *key_path,
                             const char *origin, const char *chain, GError **error) AK_MUST_CHECK;

/* Replaces the file, durably, all of it or nothing. */
gboolean ak_ledger_file_save(const AkLedgerFile *file, GError **error) AK_MUST_CHECK;

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkLedgerFile, ak_ledger_file_clear)

#endif
