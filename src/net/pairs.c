#include "net/pairs.h"

#include <openssl/crypto.h>
#include <string.h>

void ak_pairs_add(AkPairs *pairs, const char *name, const char *value)
{
    if (pairs->len == pairs->cap) {
        pairs->cap = pairs->cap == 0 ? 16 : pairs->cap * 2;
        pairs->items = g_renew(AkPair, pairs->items, pairs->cap);
    }
    pairs->items[pairs->len++] = (AkPair){g_strdup(name), g_strdup(value)};
}

void ak_pairs_add_all(AkPairs *pairs, const AkPairs *from)
{
    for (gsize i = 0; i < from->len; i++)
        ak_pairs_add(pairs, from->items[i].name, from->items[i].value);
}

const char *ak_pairs_get(const AkPairs *pairs, const char *name)
{
    for (gsize i = 0; i < pairs->len; i++) {
        if (g_ascii_strcasecmp(pairs->items[i].name, name) == 0)
            return pairs->items[i].value;
    }
    return NULL;
}

void ak_pairs_clear(AkPairs *pairs)
{
    for (gsize i = 0; i < pairs->len; i++) {
        OPENSSL_cleanse(pairs->items[i].value, strlen(pairs->items[i].value));
        g_free(pairs->items[i].value);
        g_free(pairs->items[i].name);
    }
    g_free(pairs->items);
    *pairs = (AkPairs){0};
}
