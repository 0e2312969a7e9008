#include "chain/scan.h"

static void skip_space(AkScan *scan)
{
    while (scan->at < scan->end &&
           (*scan->at == ' ' || *scan->at == '\t' || *scan->at == '\n' || *scan->at == '\r'))
        scan->at++;
}

static gboolean take(AkScan *scan, char wanted)
{
    skip_space(scan);
    if (scan->at == scan->end || *scan->at != wanted)
        return FALSE;
    scan->at++;
    return TRUE;
}

/* Leaves the scan behind the closing quote. */
static gboolean skip_string(AkScan *scan)
{
    if (!take(scan, '"'))
        return FALSE;
    while (scan->at < scan->end) {
        const char *quote = memchr(scan->at, '"', (gsize)(scan->end - scan->at));
        const char *back = quote;

        if (quote == NULL)
            return FALSE;
        scan->at = quote + 1;
        while (back[-1] == '\\') /* stops at the opening quote at the latest */
            back--;
        if ((quote - back) % 2 == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean skip_nested(AkScan *scan)
{
    gsize depth = 0;

    while (scan->at < scan->end) {
        char c = *scan->at;

        if (c == '"') {
            if (!skip_string(scan))
                return FALSE;
            continue;
        }
        scan->at++;
        if (c == '{' || c == '[')
            depth++;
        else if ((c == '}' || c == ']') && --depth == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean skip_scalar(AkScan *scan)
{
    const char *start = scan->at;

    while (scan->at < scan->end && memchr(",}] \t\r\n", *scan->at, 7) == NULL)
        scan->at++;
    return scan->at > start;
}

static gboolean skip_value(AkScan *scan)
{
    if (scan->at == scan->end)
        return FALSE;
    if (*scan->at == '"')
        return skip_string(scan);
    if (*scan->at == '{' || *scan->at == '[')
        return skip_nested(scan);
    return skip_scalar(scan);
}

gboolean ak_scan_begin(AkScan *scan, AkView object)
{
    if (object.data == NULL)
        return FALSE;
    *scan = (AkScan){object.data, object.data + object.len, TRUE};
    return take(scan, '{');
}

static AkScanStep finish(AkScan *scan)
{
    skip_space(scan);
    return scan->at == scan->end ? AK_SCAN_DONE : AK_SCAN_BAD;
}

AkScanStep ak_scan_next(AkScan *scan, AkView *key, AkView *value)
{
    const char *start;

    if (take(scan, '}'))
        return finish(scan);
    if (!scan->is_first && !take(scan, ','))
        return AK_SCAN_BAD;
    scan->is_first = FALSE;
    skip_space(scan);
    start = scan->at;
    if (!skip_string(scan))
        return AK_SCAN_BAD;
    *key = ak_view(start + 1, (gsize)(scan->at - start) - 2);
    if (!take(scan, ':'))
        return AK_SCAN_BAD;
    skip_space(scan);
    start = scan->at;
    if (!skip_value(scan))
        return AK_SCAN_BAD;
    *value = ak_view(start, (gsize)(scan->at - start));
    return AK_SCAN_MEMBER;
}

static gboolean read_hex4(const char *at, const char *end, gunichar *out)
{
    gunichar value = 0;

    if (end - at < 4)
        return FALSE;
    for (int i = 0; i < 4; i++) {
        int digit = g_ascii_xdigit_value(at[i]);

        if (digit < 0)
            return FALSE;
        value = value << 4 | (gunichar)digit;
    }
    *out = value;
    return TRUE;
}

/* @at is behind "\u"; returns the place behind the escape, or NULL. */
static const char *unescape_unicode(const char *at, const char *end, char **out)
{
    gunichar code, low;

    if (!read_hex4(at, end, &code))
        return NULL;
    at += 4;
    if (code >= 0xDC00 && code <= 0xDFFF)
        return NULL;
    if (code >= 0xD800 && code <= 0xDBFF) {
        if (end - at < 6 || at[0] != '\\' || at[1] != 'u' || !read_hex4(at + 2, end, &low) ||
            low < 0xDC00 || low > 0xDFFF)
            return NULL;
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        at += 6;
    }
    *out += g_unichar_to_utf8(code, *out);
    return at;
}

static const char *unescape_one(const char *at, const char *end, char **out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *found;

    if (at == end)
        return NULL;
    if (*at == 'u')
        return unescape_unicode(at + 1, end, out);
    found = *at != '\0' ? strchr(from, *at) : NULL;
    if (found == NULL)
        return NULL;
    *(*out)++ = to[found - from];
    return at + 1;
}

gboolean ak_scan_string(AkView raw, AkArena *arena, AkView *out)
{
    const char *at, *end;
    char *text, *to;

    if (raw.len < 2 || raw.data[0] != '"' || raw.data[raw.len - 1] != '"')
        return FALSE;
    *out = ak_view(raw.data + 1, raw.len - 2);
    if (out->len == 0 || memchr(out->data, '\\', out->len) == NULL)
        return TRUE;
    at = out->data;
    end = at + out->len;
    text = to = ak_arena_alloc(arena, out->len); /* an escape is never shorter than its text */
    while (at != NULL && at < end) {
        if (*at == '\\')
            at = unescape_one(at + 1, end, &to);
        else
            *to++ = *at++;
    }
    *out = ak_view(text, (gsize)(to - text));
    return at != NULL;
}
