#ifndef AK_VERIFY_CHOICE_H
#define AK_VERIFY_CHOICE_H

#include "verify/catalog.h"

/* How much of an object is looked at. */
typedef enum {
    AK_READING_NONE, /* the ledger knows it, and it is listed as it was then */
    AK_READING_END,  /* its lock, and its footer for the tree */
    AK_READING_FULL
} AkReading;

/* What this run looks at. */
typedef struct {
    gboolean is_resumed;          /* the archive begins with what the ledger knows, unchanged */
    guint n_known, n_known_seals; /* if so: that many entries come before what is new */
    guint8 *segments;             /* AkReading of each entry */
    guint8 *seals;                /* the same */
} AkChoice;

void ak_choice_clear(AkChoice *choice);

/*
 * Without a ledger: of @entries the sample, or all that is in the range; every seal. With one that
 * fits: what is new, what had faults, and of the rest as much as the sample asks for or the limit
 * leaves room for, those first whose last reading is longest ago.
 */
void ak_choice_make(const AkVerifyConfig *config, const GPtrArray *entries, const GPtrArray *seals,
                    AkChoice *out);

/* What the ledger knows of @entry, if it is still that version of that size; else NULL. */
const AkLedgerObject *ak_choice_known(const AkVerifyConfig *config, const AkCatalogEntry *entry);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkChoice, ak_choice_clear)

#endif
