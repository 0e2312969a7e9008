#ifndef AK_NET_PAIRS_H
#define AK_NET_PAIRS_H

#include <glib.h>

/* Names and values in order: headers, query parameters. Zero-initialise to start. */
typedef struct {
    char *name;
    char *value;
} AkPair;

typedef struct {
    AkPair *items;
    gsize len;
    gsize cap;
} AkPairs;

void ak_pairs_add(AkPairs *pairs, const char *name, const char *value);

/* Appends copies of all of @from. */
void ak_pairs_add_all(AkPairs *pairs, const AkPairs *from);

/* Value of the first pair of that name (ASCII case ignored) or NULL. */
const char *ak_pairs_get(const AkPairs *pairs, const char *name);

/* Values may be tokens: they are wiped before they are freed. */
void ak_pairs_clear(AkPairs *pairs);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkPairs, ak_pairs_clear)

#endif
