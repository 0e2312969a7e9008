#ifndef AK_CHAIN_SMALL_FILE_H
#define AK_CHAIN_SMALL_FILE_H

#include "util/error.h"

/*
 * The whole of the file @path, for what a person configures: registries and keys. CONFIG when it
 * cannot be read, or when others may read it and @is_secret; BAD_INPUT when it has more than
 * @max_bytes. A secret is wiped when the bytes are freed.
 */
GBytes *ak_small_file_read(const char *path, gsize max_bytes, gboolean is_secret,
                           GError **error) AK_MUST_CHECK;

/* Writes a new file, mode 0600, durably; CONFLICT when @path is there, CONFIG or FULL otherwise. */
gboolean ak_small_file_create(const char *path, const void *data, gsize len,
                              GError **error) AK_MUST_CHECK;

#endif
