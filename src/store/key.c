#include "store/key.h"

#include <string.h>

enum { PART_MAX = 200 };

static const char *const alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

/* NULL when all is well, else what is wrong. */
static const char *fault_of(const char *key, gboolean may_break_off)
{
    const char *part = key;

    if (strlen(key) > AK_KEY_MAX)
        return "it is too long";
    for (;;) {
        gsize len = strspn(part, alphabet);
        char next = part[len];

        if (next != '/' && next != '\0')
            return "only letters, digits, '.', '_', '-' and '/' are allowed";
        if (part[0] == '.')
            return "a part starts with '.'";
        if (len > PART_MAX)
            return "a part is longer than 200 bytes";
        if (len == 0 && !(may_break_off && next == '\0'))
            return "a part is empty";
        if (next == '\0')
            return NULL;
        part += len + 1;
    }
}

static gboolean check(const char *key, const char *what, gboolean may_break_off, GError **error)
{
    const char *fault = fault_of(key, may_break_off);

    if (fault == NULL)
        return TRUE;
    /* The key itself may be anything: only a printable start of it goes into the message. */
    g_autofree char *shown = g_strndup(key, 80);
    g_autofree char *safe = g_strescape(shown, NULL);
    g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT, "bad %s '%s': %s", what, safe, fault);
    return FALSE;
}

gboolean ak_key_check(const char *key, GError **error)
{
    return check(key, "key", FALSE, error);
}

gboolean ak_key_check_prefix(const char *prefix, GError **error)
{
    return check(prefix, "key prefix", TRUE, error);
}
