#ifndef AK_SEGMENT_ACCEPTANCE_KEY_H
#define AK_SEGMENT_ACCEPTANCE_KEY_H

#include "util/sha256.h"
#include "util/view.h"

/*
 * Where the archive keeps an acceptance:
 * "audit/YYYY/MM/DD/<chain>-acceptance-<index>-<digest>.json", the day and index that it states,
 * and the first 16 digits of its SHA-256: the same key always has the same content.
 */
char *ak_acceptance_key(const char *chain, gint64 day, guint64 index, AkView statement);

/* FALSE unless @key is such a key. */
gboolean ak_acceptance_key_parse(const char *key, char out_chain[64], guint64 *out_index);

#endif
