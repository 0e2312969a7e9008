#include "chain/canonical_internal.h"

enum { PREFIX = 8, SHORT_RUN = 12, CHUNK = 16, LONG_COPY = 256 };

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
static guint64 prefix_of(const char *key, gsize len, gboolean is_plain)
{
    guint64 prefix;

    memcpy(&prefix, key, sizeof prefix);
    prefix = GUINT64_FROM_BE(prefix);
    if (len < PREFIX)
        prefix &= ~(G_MAXUINT64 >> (8 * len));
    if (!is_plain) {
        for (guint shift = 0; shift < 64; shift += 8) {
            guint64 byte = prefix >> shift & 0xff;

            prefix += (guint64)(rank((guchar)byte) - byte) << shift;
        }
    }
    return prefix;
}

static int compare(const AkCanonical *canonical, const AkMember *a, const AkMember *b)
{
    const guchar *key_a, *key_b;
    gsize shorter = MIN(a->key_len, b->key_len);

    if (a->prefix != b->prefix)
        return a->prefix < b->prefix ? -1 : 1;
    key_a = key_of(canonical, a);
    key_b = key_of(canonical, b);
    for (gsize i = PREFIX; i < shorter; i++) {
        if (key_a[i] != key_b[i])
            return rank(key_a[i]) < rank(key_b[i]) ? -1 : 1;
    }
    return (a->key_len > b->key_len) - (a->key_len < b->key_len);
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

static void reserve_members(AkCanonical *canonical, gsize extra)
{
    gsize need = canonical->n_members + extra;

    if (need > canonical->members_cap) {
        canonical->members_cap = MAX(need, canonical->members_cap * 2);
        canonical->members = g_renew(AkMember, canonical->members, canonical->members_cap);
    }
}

void ak_members_add(AkCanonical *canonical, const char *quote, const char *dst)
{
    const char *base = ak_canonical_base(canonical);
    const char *key = quote + 1;
    gsize len = (gsize)(dst - 1 - key);
    AkMember member = {.begin = (guint32)(quote - base), .key_at = (guint32)(key - base)};

    if (!canonical->is_plain && memchr(key, '\\', len) != NULL) {
        gsize at = canonical->keys.len;

        unescape_key(canonical, key, key + len);
        key = canonical->keys.data + at;
        len = canonical->keys.len - at;
        member.key_at = (guint32)at;
        member.is_unescaped = TRUE;
    }
    member.key_len = (guint32)len & G_MAXINT32;
    member.prefix = prefix_of(key, len, canonical->is_plain);
    reserve_members(canonical, 1);
    canonical->members[canonical->n_members++] = member;
}

gboolean ak_members_last_is_misplaced(const AkCanonical *canonical, gsize first)
{
    const AkMember *last = &canonical->members[canonical->n_members - 1];

    return last > canonical->members + first && compare(canonical, last - 1, last) >= 0;
}

static void insertion_sort(const AkCanonical *canonical, AkMember *members, gsize n)
{
    for (gsize i = 1; i < n; i++) {
        AkMember member = members[i];
        gsize at = i;

        for (; at > 0 && compare(canonical, &member, &members[at - 1]) < 0; at--)
            members[at] = members[at - 1];
        members[at] = member;
    }
}

/* @spare has room for half of them. */
static void sort(const AkCanonical *canonical, AkMember *members, gsize n, AkMember *spare)
{
    gsize half = n / 2, left = 0, right = half;

    if (n <= SHORT_RUN) {
        insertion_sort(canonical, members, n);
        return;
    }
    sort(canonical, members, half, spare);
    sort(canonical, members + half, n - half, spare);
    memcpy(spare, members, half * sizeof *members);
    for (gsize at = 0; left < half; at++) {
        if (right < n && compare(canonical, &members[right], &spare[left]) < 0)
            members[at] = members[right++];
        else
            members[at] = spare[left++];
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

/* Rewrites the members in their new order, from the first that is not where it has to be. */
static void move_members(AkCanonical *canonical, const AkMember *members, gsize n, gsize begin)
{
    char *base = ak_canonical_base(canonical);
    gsize i = 0, size = 0;
    char *moved, *at;

    for (; i < n && members[i].begin == begin; i++)
        begin = members[i].end + 1;
    for (gsize j = i; j < n; j++)
        size += members[j].end - members[j].begin + 1;
    if (size == 0)
        return;
    ak_buf_truncate(&canonical->moved, 0);
    at = moved = ak_buf_reserve(&canonical->moved, size + CHUNK);
    for (; i < n; i++) {
        gsize len = members[i].end - members[i].begin;

        copy_roughly(at, base + members[i].begin, len);
        at[len] = ',';
        at += len + 1;
    }
    memcpy(base + begin, moved, size - 1);
}

gboolean ak_members_arrange(AkCanonical *canonical, gsize first)
{
    gsize n = canonical->n_members - first;
    guint32 begin = canonical->members[first].begin;
    AkMember *members;

    reserve_members(canonical, n / 2);
    members = canonical->members + first;
    sort(canonical, members, n, members + n);
    for (gsize i = 1; i < n; i++) {
        if (compare(canonical, &members[i - 1], &members[i]) == 0)
            return FALSE;
    }
    move_members(canonical, members, n, begin);
    return TRUE;
}
