#ifndef AK_CHAIN_CANONICAL_INTERNAL_H
#define AK_CHAIN_CANONICAL_INTERNAL_H

#include "chain/canonical.h"
#include "chain/text_block.h"

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
    guint32 key_len;
    guint32 is_unescaped; /* in keys, because the output has escapes in it */
} AkMember;

struct AkCanonical {
    AkBuf source;      /* padded copy */
    AkBuf keys;        /* unescaped keys of the objects that are open */
    AkBuf moved;       /* members on their way to their place */
    AkMember *members; /* of the objects that are open, outermost first */
    gsize n_members;
    gsize members_cap;
    const AkMember **order; /* of the object that is being closed */
    gsize order_cap;

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

/* From inside a string to behind its closing quote. */
AkAt ak_canonical_copy_rest(AkCanonical *canonical, AkAt at);

/* From an opening quote to behind the closing one. Most strings are plain and end in one block. */
static inline AkAt ak_canonical_copy_string(AkCanonical *canonical, AkAt at)
{
    guint n_plain = ak_text_copy_block(at.src + 1, at.dst + 1);
    AkAt rest = {at.src + 1 + n_plain, at.dst + 1 + n_plain};

    *at.dst = '"';
    if (n_plain == AK_TEXT_BLOCK || *rest.src != '"')
        return ak_canonical_copy_rest(canonical, rest);
    *rest.dst = '"';
    return (AkAt){rest.src + 1, rest.dst + 1};
}

/* Opens a member with the key just written as @quoted, quotes included; @source: as it was read. */
void ak_members_add(AkCanonical *canonical, const char *source, AkView quoted);

/* Puts the members from @first on, which end the output, in order. FALSE: two keys are equal. */
gboolean ak_members_arrange(AkCanonical *canonical, gsize first) G_GNUC_WARN_UNUSED_RESULT;

#endif
