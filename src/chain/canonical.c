#include "chain/canonical_internal.h"
#include "chain/number.h"
#include "util/error.h"

/* Scratch memory above this is given back after the call. */
enum { KEPT_BYTES = 4 << 20 };

AkCanonical *ak_canonical_new(void)
{
    return g_new0(AkCanonical, 1);
}

void ak_canonical_free(AkCanonical *canonical)
{
    if (canonical == NULL)
        return;
    ak_buf_clear(&canonical->source);
    ak_buf_clear(&canonical->keys);
    ak_buf_clear(&canonical->moved);
    g_free(canonical->members);
    g_free(canonical->order);
    g_free(canonical);
}

AkAt ak_canonical_fail(AkCanonical *canonical, const char *at, const char *reason)
{
    canonical->reason = at >= canonical->end ? "unexpected end" : reason;
    canonical->reason_at = MIN(at, canonical->end);
    return (AkAt){NULL, NULL};
}

static inline const char *skip_space(const char *src)
{
    /* jsonb prints one space after each colon and comma */
    if (*src == ' ')
        src++;
    if (G_LIKELY((guchar)*src > ' '))
        return src;
    while (*src == ' ' || *src == '\n' || *src == '\r' || *src == '\t')
        src++;
    return src;
}

/* Makes the output's room that of AK_CANONICAL_PADDING again. */
static AkAt keep_room(AkCanonical *canonical, AkAt at)
{
    AkBuf *out = canonical->out;
    gsize left = (gsize)(canonical->end - at.src) + AK_CANONICAL_PADDING;

    out->len = (gsize)(at.dst - out->data);
    at.dst = ak_buf_reserve(out, left);
    return at;
}

static AkAt copy_number(AkCanonical *canonical, AkAt at)
{
    const char *end;
    gsize len = ak_number_canonical(at.src, &end, at.dst, &canonical->info.is_lossy,
                                    &canonical->info.is_reshaped);

    if (end == NULL)
        return ak_canonical_fail(canonical, at.src, "no JSON value");
    if (len == 0)
        return ak_canonical_fail(canonical, at.src, "number too large for a double");
    return keep_room(canonical, (AkAt){end, at.dst + len});
}

static AkAt copy_word(AkCanonical *canonical, AkAt at, const char *word, gsize len)
{
    if (strncmp(at.src, word, len) != 0)
        return ak_canonical_fail(canonical, at.src, "no JSON value");
    memcpy(at.dst, word, len);
    return (AkAt){at.src + len, at.dst + len};
}

static AkAt copy_value(AkCanonical *canonical, AkAt at, guint depth);

/* "key": value */
static AkAt copy_member(AkCanonical *canonical, AkAt at, guint depth)
{
    gsize index = canonical->n_members;
    AkAt start = at;

    if (*at.src != '"')
        return ak_canonical_fail(canonical, at.src, "no key");
    canonical->is_plain = TRUE;
    at = ak_canonical_copy_string(canonical, at);
    if (at.src == NULL)
        return at;
    ak_members_add(canonical, start.src, ak_view(start.dst, (gsize)(at.dst - start.dst)));
    at.src = skip_space(at.src);
    if (*at.src != ':')
        return ak_canonical_fail(canonical, at.src, "no colon after a key");
    *at.dst++ = ':';
    at.src = skip_space(at.src + 1);
    at = copy_value(canonical, at, depth);
    if (at.src != NULL)
        canonical->members[index].end = (guint32)(at.dst - ak_canonical_base(canonical));
    return at;
}

static AkAt copy_object(AkCanonical *canonical, AkAt at, guint depth)
{
    gsize first = canonical->n_members, keys_len = canonical->keys.len;

    *at.dst++ = '{';
    at.src = skip_space(at.src + 1);
    while (*at.src != '}' || canonical->n_members > first) {
        at = copy_member(canonical, at, depth);
        if (at.src == NULL)
            return at;
        at.src = skip_space(at.src);
        if (*at.src == '}')
            break;
        if (*at.src != ',')
            return ak_canonical_fail(canonical, at.src, "no comma or brace after a member");
        *at.dst++ = ',';
        at.src = skip_space(at.src + 1);
    }
    if (canonical->n_members > first + 1 && !ak_members_arrange(canonical, first))
        return ak_canonical_fail(canonical, at.src, "duplicate key in the object ending");
    canonical->n_members = first;
    ak_buf_truncate(&canonical->keys, keys_len);
    *at.dst++ = '}';
    at.src++;
    return at;
}

static AkAt copy_array(AkCanonical *canonical, AkAt at, guint depth)
{
    *at.dst++ = '[';
    at.src = skip_space(at.src + 1);
    if (*at.src == ']') {
        *at.dst++ = ']';
        return (AkAt){at.src + 1, at.dst};
    }
    for (;;) {
        at = copy_value(canonical, at, depth);
        if (at.src == NULL)
            return at;
        at.src = skip_space(at.src);
        *at.dst++ = *at.src;
        if (*at.src == ']')
            return (AkAt){at.src + 1, at.dst};
        if (*at.src != ',')
            return ak_canonical_fail(canonical, at.src, "no comma or bracket after an element");
        at.src = skip_space(at.src + 1);
    }
}

static AkAt copy_value(AkCanonical *canonical, AkAt at, guint depth)
{
    switch (*at.src) {
    case '"':
        return ak_canonical_copy_string(canonical, at);
    case '{':
    case '[':
        if (depth == AK_CANONICAL_MAX_DEPTH)
            return ak_canonical_fail(canonical, at.src, "nested too deep");
        return *at.src == '{' ? copy_object(canonical, at, depth + 1)
                              : copy_array(canonical, at, depth + 1);
    case 't':
        return copy_word(canonical, at, "true", 4);
    case 'f':
        return copy_word(canonical, at, "false", 5);
    case 'n':
        return copy_word(canonical, at, "null", 4);
    default:
        return copy_number(canonical, at);
    }
}

static AkAt copy_document(AkCanonical *canonical, AkAt at)
{
    at.src = skip_space(at.src);
    at = copy_value(canonical, at, 0);
    if (at.src == NULL)
        return at;
    at.src = skip_space(at.src);
    if (at.src != canonical->end)
        return ak_canonical_fail(canonical, at.src, "more after the value");
    return at;
}

static AkAt begin(AkCanonical *canonical, AkView text, AkBuf *out)
{
    AkBuf *source = &canonical->source;

    ak_buf_truncate(source, 0);
    ak_buf_append_view(source, text);
    memset(ak_buf_reserve(source, AK_CANONICAL_PADDING), 0, AK_CANONICAL_PADDING);
    ak_buf_truncate(&canonical->keys, 0);
    canonical->n_members = 0;
    canonical->out = out;
    canonical->out_start = out->len;
    canonical->end = source->data + source->len;
    canonical->info = (AkCanonicalInfo){FALSE, FALSE};
    return (AkAt){source->data, ak_buf_reserve(out, text.len + AK_CANONICAL_PADDING)};
}

static void give_back(AkCanonical *canonical)
{
    if (canonical->source.cap > KEPT_BYTES)
        ak_buf_clear(&canonical->source);
    if (canonical->keys.cap > KEPT_BYTES)
        ak_buf_clear(&canonical->keys);
    if (canonical->moved.cap > KEPT_BYTES)
        ak_buf_clear(&canonical->moved);
    if (canonical->members_cap > KEPT_BYTES / sizeof(AkMember)) {
        g_clear_pointer(&canonical->members, g_free);
        g_clear_pointer(&canonical->order, g_free);
        canonical->members_cap = canonical->order_cap = 0;
    }
}

gboolean ak_canonical_json(AkCanonical *canonical, AkView text, AkBuf *out, AkCanonicalInfo *info,
                           GError **error)
{
    gsize start = out->len;
    AkAt at;

    if (text.len > AK_CANONICAL_MAX_BYTES) {
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                    "cannot canonicalise JSON: %" G_GSIZE_FORMAT " bytes, the limit is %d",
                    text.len, AK_CANONICAL_MAX_BYTES);
        return FALSE;
    }
    at = copy_document(canonical, begin(canonical, text, out));
    if (at.src == NULL) {
        ak_buf_truncate(out, start);
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                    "cannot canonicalise JSON: %s at byte %" G_GSIZE_FORMAT, canonical->reason,
                    (gsize)(canonical->reason_at - canonical->source.data));
    } else {
        out->len = (gsize)(at.dst - out->data);
        if (info != NULL)
            *info = canonical->info;
    }
    give_back(canonical);
    return at.src != NULL;
}
