#include "chain/canonical_internal.h"

enum { PREFIX = 8, RANKED_MAX = 16, SHORT_RUN = 12, CHUNK = 64, LONG_COPY = 256 };

static const guchar *key_of(const AkCanonical *canonical, const AkMember *member)
{
    const char *base = member->is_unescaped ? canonical->keys.data : ak_canonical_base(canonical);

    return (const guchar *)base + member->key_at;
}

/*
 * RFC 8785 §3.2.3 sorts by UTF-16 code units. UTF-8 bytes sort the same way, but that U+E000 to
 * U+FFFF (0xee, 0xef) come after the surrogate pairs (0xf0 to 0xf4).
 */
static guchar rank(guchar byte)
{
    return byte == 0xee || byte == 0xef ? byte + 8 : byte;
}

/* The first bytes, big-endian, padded with zeros. @key may be read for PREFIX bytes. */
static guint64 prefix_of(const char *key, gsize len)
{
    guint64 prefix;

    memcpy(&prefix, key, sizeof prefix);
    prefix = GUINT64_FROM_BE(prefix);
    len = MIN(len, PREFIX);
    return prefix & ~(G_MAXUINT64 >> (4 * len) >> (4 * len));
}

static guint64 rank_prefix(guint64 prefix)
{
    for (guint shift = 0; shift < 64; shift += 8) {
        guint64 byte = prefix >> shift & 0xff;

        prefix += (guint64)(rank((guchar)byte) - byte) << shift;
    }
    return prefix;
}

static int compare_rest(const AkCanonical *canonical, const AkMember *a, const AkMember *b)
{
    const guchar *key_a = key_of(canonical, a);
    const guchar *key_b = key_of(canonical, b);
    gsize shorter = MIN(a->key_len, b->key_len);

    for (gsize i = PREFIX; i < shorter; i++) {
        if (key_a[i] != key_b[i])
            return rank(key_a[i]) < rank(key_b[i]) ? -1 : 1;
    }
    return (a->key_len > b->key_len) - (a->key_len < b->key_len);
}

static inline int compare(const AkCanonical *canonical, const AkMember *a, const AkMember *b)
{
    if (G_LIKELY(a->prefix != b->prefix))
        return a->prefix < b->prefix ? -1 : 1;
    return compare_rest(canonical, a, b);
}

/* Undoes put_escape() of the canonical string from @src to @end into canonical->keys. */
static void unescape_key(AkCanonical *canonical, const char *src, const char *end)
{
    static const char values[0x80] = {['b'] = '\b', ['t'] = '\t', ['n'] = '\n', ['f'] = '\f',
                                      ['r'] = '\r', ['"'] = '"',  ['\\'] = '\\'};
    char *dst = ak_buf_reserve(&canonical->keys, (gsize)(end - src) + PREFIX);

    while (src < end) {
        if (*src != '\\') {
            *dst++ = *src++;
        } else if (src[1] != 'u') {
            *dst++ = values[(guchar)src[1]];
            src += 2;
        } else {
            *dst++ = (char)(g_ascii_xdigit_value(src[4]) << 4 | g_ascii_xdigit_value(src[5]));
            src += 6;
        }
    }
    canonical->keys.len = (gsize)(dst - canonical->keys.data);
}

void ak_members_add(AkCanonical *canonical, const char *source, AkView quoted)
{
    const char *key = quoted.data + 1;
    gsize len = quoted.len - 2, begin = (gsize)(quoted.data - ak_canonical_base(canonical));
    gsize unescaped_at = canonical->keys.len;
    AkMember *member;

    if (G_UNLIKELY(canonical->n_members == canonical->members_cap)) {
        canonical->members_cap = MAX(64, canonical->members_cap * 2);
        canonical->members = g_renew(AkMember, canonical->members, canonical->members_cap);
    }
    member = &canonical->members[canonical->n_members++];
    member->begin = (guint32)begin;
    member->key_at = (guint32)begin + 1;
    member->key_len = (guint32)len;
    member->is_unescaped = FALSE;
    if (G_LIKELY(canonical->is_plain)) {
        /* not from the output: loading what was just stored in pieces would wait for it */
        member->prefix = prefix_of(source + 1, len);
        return;
    }
    if (memchr(key, '\\', len) != NULL) {
        unescape_key(canonical, key, key + len);
        key = canonical->keys.data + unescaped_at;
        len = canonical->keys.len - unescaped_at;
        member->key_at = (guint32)unescaped_at;
        member->key_len = (guint32)len;
        member->is_unescaped = TRUE;
    }
    member->prefix = rank_prefix(prefix_of(key, len));
}

typedef enum { IN_ORDER, SORTED, UNDECIDED } Ranking;

/*
 * Sorts by counting, because no branch predictor knows which of two keys is less. UNDECIDED when
 * prefixes are equal; @order is filled only when it is needed.
 */
static Ranking sort_by_prefix(const AkMember *members, gsize n, const AkMember **order)
{
    guint8 ranks[RANKED_MAX];
    gboolean is_distinct = TRUE;
    gsize n_moved = 0;

    for (gsize i = 0; i < n; i++) {
        gsize n_after = 0;

        for (gsize j = 0; j < i; j++) {
            guint8 is_before = members[i].prefix < members[j].prefix;

            is_distinct &= members[i].prefix != members[j].prefix;
            ranks[j] += is_before;
            n_after += is_before;
        }
        ranks[i] = (guint8)(i - n_after);
        n_moved += n_after;
    }
    if (!is_distinct || n_moved == 0)
        return is_distinct ? IN_ORDER : UNDECIDED;
    for (gsize i = 0; i < n; i++)
        order[ranks[i]] = &members[i];
    return SORTED;
}

static gboolean is_sorted(const AkCanonical *canonical, const AkMember *const *order, gsize n)
{
    for (gsize i = 1; i < n; i++) {
        if (compare(canonical, order[i - 1], order[i]) >= 0)
            return FALSE;
    }
    return TRUE;
}

static void insertion_sort(const AkCanonical *canonical, const AkMember **order, gsize n)
{
    for (gsize i = 1; i < n; i++) {
        const AkMember *member = order[i];
        gsize at = i;

        for (; at > 0 && compare(canonical, member, order[at - 1]) < 0; at--)
            order[at] = order[at - 1];
        order[at] = member;
    }
}

/* @spare has room for half of them. */
static void sort_by_key(const AkCanonical *canonical, const AkMember **order, gsize n,
                        const AkMember **spare)
{
    gsize half = n / 2, left = 0, right = half;

    if (n <= SHORT_RUN) {
        insertion_sort(canonical, order, n);
        return;
    }
    sort_by_key(canonical, order, half, spare);
    sort_by_key(canonical, order + half, n - half, spare);
    memcpy(spare, order, half * sizeof *order);
    for (gsize at = 0; left < half; at++) {
        if (right < n && compare(canonical, order[right], spare[left]) < 0)
            order[at] = order[right++];
        else
            order[at] = spare[left++];
    }
}

/* memcpy() of @len bytes that may write and read up to CHUNK more: most members are short. */
static void copy_roughly(char *dst, const char *src, gsize len)
{
    if (len > LONG_COPY) {
        memcpy(dst, src, len);
        return;
    }
    for (gsize i = 0; i < len; i += CHUNK)
        memcpy(dst + i, src + i, CHUNK);
}

/* Rewrites what is from @begin to @end with its members in their new order. */
static void move_members(AkCanonical *canonical, const AkMember *const *order, gsize n, gsize begin,
                         gsize end)
{
    char *base = ak_canonical_base(canonical);
    char *moved, *at;

    ak_buf_truncate(&canonical->moved, 0);
    at = moved = ak_buf_reserve(&canonical->moved, end - begin + 1 + CHUNK);
    for (gsize i = 0; i < n; i++) {
        gsize len = order[i]->end - order[i]->begin;

        copy_roughly(at, base + order[i]->begin, len);
        at[len] = ',';
        at += len + 1;
    }
    /* what follows in the output has not been written yet */
    copy_roughly(base + begin, moved, end - begin);
}

/* For many members, or keys that start with the same bytes. */
static gboolean arrange_by_key(AkCanonical *canonical, const AkMember *members, gsize n)
{
    const AkMember **order;

    if (canonical->order_cap < 2 * n) {
        canonical->order_cap = 2 * n;
        canonical->order = g_renew(const AkMember *, canonical->order, canonical->order_cap);
    }
    order = canonical->order;
    for (gsize i = 0; i < n; i++)
        order[i] = &members[i];
    if (is_sorted(canonical, order, n))
        return TRUE;
    sort_by_key(canonical, order, n, order + n);
    /* in order now, but for equal keys */
    if (!is_sorted(canonical, order, n))
        return FALSE;
    move_members(canonical, order, n, members[0].begin, members[n - 1].end);
    return TRUE;
}

gboolean ak_members_arrange(AkCanonical *canonical, gsize first)
{
    gsize n = canonical->n_members - first;
    const AkMember *members = canonical->members + first;
    const AkMember *order[RANKED_MAX];
    Ranking ranking = n <= RANKED_MAX ? sort_by_prefix(members, n, order) : UNDECIDED;

    if (ranking == UNDECIDED)
        return arrange_by_key(canonical, members, n);
    if (ranking == SORTED)
        move_members(canonical, order, n, members[0].begin, members[n - 1].end);
    return TRUE;
}
