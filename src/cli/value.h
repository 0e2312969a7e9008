#ifndef AK_CLI_VALUE_H
#define AK_CLI_VALUE_H

#include "cli/option.h"

/*
 * Checks @text as a value of @option and gives its number (see AkOptType). CONFIG names @origin
 * ("option '--limit'"), the value, unless it may hold a secret, and what would be right.
 */
gboolean ak_value_parse(const AkOption *option, const char *text, const char *origin,
                        guint64 *out_number, GError **error) AK_MUST_CHECK;

/* "; hint: did you mean '--x'?" for the best of @names (NULL-terminated), with @prefix before it,
 * or
 * "" when none is near; a new string. */
char *ak_value_suggest(const char *wrong, const char *const *names, const char *prefix);

#endif
