#ifndef AK_UTIL_SHA256_H
#define AK_UTIL_SHA256_H

#include "util/view.h"

enum { AK_SHA256_LEN = 32 };

/*
 * A SHA-256 context that is fetched once and used many times: fetching per call costs three times
 * the hash of a short input (docs/performance.md). Not to be shared between threads.
 */
typedef struct AkSha256 AkSha256;

AkSha256 *ak_sha256_new(void);
void ak_sha256_free(AkSha256 *sha);

void ak_sha256_begin(AkSha256 *sha);
void ak_sha256_add(AkSha256 *sha, const void *data, gsize len);
void ak_sha256_end(AkSha256 *sha, guint8 out[AK_SHA256_LEN]);

/* Digest of one piece. */
void ak_sha256_of(AkSha256 *sha, const void *data, gsize len, guint8 out[AK_SHA256_LEN]);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkSha256, ak_sha256_free)

#endif
