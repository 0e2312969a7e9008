#ifndef AK_STORE_KEY_H
#define AK_STORE_KEY_H

#include "util/error.h"

enum { AK_KEY_MAX = 900 };

/*
 * A key is '/'-separated parts of [A-Za-z0-9._-], none empty, none starting with '.', at most 200
 * bytes each and AK_KEY_MAX in all, so that it means one thing as a path, in a URL and in a
 * listing. BAD_INPUT otherwise.
 */
gboolean ak_key_check(const char *key, GError **error) AK_MUST_CHECK;

/* The same for the start of a key: may be empty or break off anywhere. */
gboolean ak_key_check_prefix(const char *prefix, GError **error) AK_MUST_CHECK;

#endif
