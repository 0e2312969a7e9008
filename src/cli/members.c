#include "cli/members.h"

typedef struct {
    const char *start;
    const char *at;
    const char *end;
} Text;

static gboolean fail(const Text *text, const char *what, GError **error)
{
    g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT, "%s at byte %td", what,
                text->at - text->start);
    return FALSE;
}

static void skip_space(Text *text)
{
    while (text->at < text->end && strchr(" \t\r\n", *text->at) != NULL && *text->at != '\0')
        text->at++;
}

static gboolean take(Text *text, char wanted)
{
    skip_space(text);
    if (text->at == text->end || *text->at != wanted)
        return FALSE;
    text->at++;
    return TRUE;
}

/* From behind the opening quote to behind the closing one. */
static gboolean skip_string(Text *text, GError **error)
{
    for (; text->at < text->end; text->at++) {
        if (*text->at == '"') {
            text->at++;
            return TRUE;
        }
        if (*text->at == '\\' && text->at + 1 < text->end)
            text->at++;
    }
    return fail(text, "a string does not end", error);
}

/* To the ',' or '}' that ends the value. */
static gboolean skip_value(Text *text, GError **error)
{
    gsize depth = 0;

    while (text->at < text->end) {
        char c = *text->at;

        if (depth == 0 && (c == ',' || c == '}'))
            return TRUE;
        text->at++;
        if (c == '"') {
            if (!skip_string(text, error))
                return FALSE;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            if (depth == 0)
                return fail(text, "a bracket was never opened", error);
            depth--;
        }
    }
    return fail(text, "the object does not end", error);
}

static gboolean take_member(Text *text, AkMember *out, GError **error)
{
    const char *start, *end;

    if (!take(text, '"'))
        return fail(text, "a member's name is missing", error);
    start = text->at;
    if (!skip_string(text, error))
        return FALSE;
    out->name = ak_view(start, (gsize)(text->at - start) - 1);
    if (!take(text, ':'))
        return fail(text, "':' is missing", error);
    skip_space(text);
    start = text->at;
    if (!skip_value(text, error))
        return FALSE;
    end = text->at;
    while (end > start && strchr(" \t\r\n", end[-1]) != NULL && end[-1] != '\0')
        end--;
    out->value = ak_view(start, (gsize)(end - start));
    return TRUE;
}

gboolean ak_members_split(AkView view, AkMember *members, gsize max, gsize *out_n, GError **error)
{
    Text text = {view.data, view.data, view.data + view.len};

    *out_n = 0;
    if (!take(&text, '{'))
        return fail(&text, "this is no JSON object", error);
    if (!take(&text, '}')) {
        do {
            if (*out_n == max)
                return fail(&text, "there are too many members", error);
            if (!take_member(&text, &members[(*out_n)++], error))
                return FALSE;
        } while (take(&text, ','));
        if (!take(&text, '}'))
            return fail(&text, "'}' is missing", error);
    }
    skip_space(&text);
    return text.at == text.end || fail(&text, "something follows the object", error);
}

/* RFC 8785 §3.2.2.2: \b \t \n \f \r, two hex digits that count for other controls, '"' and '\'. */
static char unescape(const char **at)
{
    static const char letters[] = "btnfr";
    static const char bytes[] = "\b\t\n\f\r";
    const char *letter = strchr(letters, **at);

    if (letter != NULL && **at != '\0')
        return bytes[letter - letters];
    if (**at != 'u')
        return **at;
    *at += 4;
    return (char)(g_ascii_xdigit_value((*at)[-1]) * 16 + g_ascii_xdigit_value((*at)[0]));
}

void ak_members_unquote(AkView string, AkBuf *out)
{
    const char *end = string.data + string.len - 1;

    for (const char *at = string.data + 1; at < end; at++) {
        if (*at == '\\') {
            at++;
            ak_buf_append_byte(out, unescape(&at));
        } else {
            ak_buf_append_byte(out, *at);
        }
    }
}
