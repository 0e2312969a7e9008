#ifndef AK_CLI_MEMBERS_H
#define AK_CLI_MEMBERS_H

#include "util/buf.h"
#include "util/error.h"

/* A member of a JSON object as it stands in the text. */
typedef struct {
    AkView name;  /* between the quotes, escapes and all */
    AkView value; /* without white space around it */
} AkMember;

/*
 * The members of the object that @text is, by their extent only: where values end is found by
 * quotes and brackets, and whether they are JSON is left to whoever reads them. Sets *out_n.
 * BAD_INPUT when @text is no object, or has more than @max members.
 */
gboolean ak_members_split(AkView text, AkMember *members, gsize max, gsize *out_n,
                          GError **error) AK_MUST_CHECK;

/* Appends the characters of @string, a canonical JSON string with its quotes. */
void ak_members_unquote(AkView string, AkBuf *out);

#endif
