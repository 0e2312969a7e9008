#include "segment/acceptance_key.h"

#include "util/hex.h"
#include "util/time.h"

#include <stdio.h>

#define MARK "-acceptance-"

enum { DIGITS = 16 };

char *ak_acceptance_key(const char *chain, gint64 day, guint64 index, AkView statement)
{
    g_autoptr(AkSha256) sha = ak_sha256_new();
    guint8 digest[AK_SHA256_LEN];
    char hex[DIGITS + 1] = "";
    int y, m, d;

    ak_sha256_of(sha, statement.data, statement.len, digest);
    ak_hex_encode(digest, DIGITS / 2, hex);
    ak_time_civil(day, &y, &m, &d);
    return g_strdup_printf("audit/%04d/%02d/%02d/%s" MARK "%012" G_GUINT64_FORMAT "-%s.json", y, m,
                           d, chain, index, hex);
}

/* Chain names may hold the mark themselves, so the name is cut from its end. */
gboolean ak_acceptance_key_parse(const char *key, char out_chain[64], guint64 *out_index)
{
    int y, m, d, used = 0;
    const char *name, *mark;
    char digest[DIGITS + 1], again[128];

    if (sscanf(key, "audit/%4d/%2d/%2d/%n", &y, &m, &d, &used) != 3 || used == 0)
        return FALSE;
    name = key + used;
    mark = g_strrstr(name, MARK);
    if (mark == NULL || mark == name || mark - name >= 64 ||
        sscanf(mark, MARK "%" G_GUINT64_FORMAT "-%16[0-9a-f]", out_index, digest) != 2)
        return FALSE;
    g_snprintf(again, sizeof again, MARK "%012" G_GUINT64_FORMAT "-%s.json", *out_index, digest);
    memcpy(out_chain, name, (gsize)(mark - name));
    out_chain[mark - name] = '\0';
    return strlen(digest) == DIGITS && strcmp(mark, again) == 0;
}
