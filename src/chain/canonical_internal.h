#ifndef AK_CHAIN_CANONICAL_INTERNAL_H
#define AK_CHAIN_CANONICAL_INTERNAL_H

#include "chain/canonical.h"

/* Shared by the files that make up chain/canonical.h. */

/*
 * The source is a copy that ends in PADDING zero bytes, and there is always room in the output for
 * what is left of the source and as many bytes more. So neither blocks nor the end of the text
 * have to be checked for, as long as no step writes more than it reads; numbers alone can.
 */
enum { AK_CANONICAL_PADDING = 64 };

/* Where reading and writing are. src is NULL after an error. */
typedef struct {
    const char *src;
    char *dst;
} AkAt;

/* A member of an object that is being written; offsets count from the start of this output. */
typedef struct {
    guint64 prefix; /* the key's first bytes: most comparisons end here */
    guint32 begin;
    guint32 end;
    guint32 key_at; /* the key's unescaped bytes, in the output or in AkCanonical.keys */
    guint32 key_len : 31;
    guint32 is_unescaped : 1; /* in keys, because the output has escapes in it */
} AkMember;

struct AkCanonical {
    AkBuf source;      /* padded copy */
    AkBuf keys;        /* unescaped keys of the objects that are open */
    AkBuf moved;       /* members on their way to their place */
    AkMember *members; /* of the objects that are open, outermost first */
    gsize n_members;
    gsize members_cap;

    /* of the running call */
    AkBuf *out;
    gsize out_start;
    const char *end;
    gboolean is_plain; /* cleared by every string that is not plain ASCII without escapes */
    const char *reason;
    const char *reason_at;
    AkCanonicalInfo info;
};

static inline char *ak_canonical_base(const AkCanonical *canonical)
{
    return canonical->out->data + canonical->out_start;
}

/* Notes the first reason (a literal) and where in the source it lies. */
AkAt ak_canonical_fail(AkCanonical *canonical, const char *at, const char *reason);

/* From an opening quote to behind the closing one. */
AkAt ak_canonical_copy_string(AkCanonical *canonical, AkAt at);

/* Opens a member whose key, quotes included, was written from @quote to @dst. */
void ak_members_add(AkCanonical *canonical, const char *quote, const char *dst);

/* TRUE when the last member is not the first of its object and does not follow the one before. */
gboolean ak_members_last_is_misplaced(const AkCanonical *canonical, gsize first);

/* Puts the members from @first on, which end the output, in order. FALSE: two keys are equal. */
gboolean ak_members_arrange(AkCanonical *canonical, gsize first) G_GNUC_WARN_UNUSED_RESULT;

#endif
