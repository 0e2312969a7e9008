#include "cli/value.h"

#include "tree/checkpoint.h"
#include "util/time.h"

enum { MAX_CHAIN = 63, MAX_ORIGIN = 255 };

typedef struct {
    const char *name;
    guint64 factor;
} Unit;

static const Unit size_units[] = {
    {"", 1}, {"B", 1}, {"KiB", 1u << 10}, {"MiB", 1u << 20}, {"GiB", 1u << 30}};
static const Unit duration_units[] = {
    {"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", 3600000}, {"d", 86400000}};

static gboolean wrong(const char *origin, const char *text, const char *rule, GError **error)
{
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG, "%s: '%s' is not %s", origin, text, rule);
    return FALSE;
}

/* Decimal digits only: neither sign nor blanks, which strtoull() would take. */
static gboolean take_number(const char **text, guint64 *out)
{
    const char *start = *text;
    guint64 value = 0;

    for (; g_ascii_isdigit(**text); (*text)++)
        if (!g_uint64_checked_mul(&value, value, 10) ||
            !g_uint64_checked_add(&value, value, (guint64)(**text - '0')))
            return FALSE;
    *out = value;
    return *text > start;
}

static gboolean take_unit(const char *name, const Unit *units, guint n_units, guint64 *value)
{
    while (*name == ' ')
        name++;
    for (guint i = 0; i < n_units; i++)
        if (g_ascii_strcasecmp(name, units[i].name) == 0)
            return g_uint64_checked_mul(value, *value, units[i].factor);
    return FALSE;
}

static gboolean parse_quantity(const AkOption *option, const char *text, const char *origin,
                               guint64 *out, GError **error)
{
    const char *rest = text;
    gboolean is_good = take_number(&rest, out);

    if (option->type == AK_TYPE_UINT) {
        if (!is_good || *rest != '\0')
            return wrong(origin, text, "a whole number", error);
    } else if (option->type == AK_TYPE_SIZE) {
        if (!is_good || !take_unit(rest, size_units, G_N_ELEMENTS(size_units), out))
            return wrong(origin, text, "a size; hint: write bytes, or '16MiB'", error);
    } else if (!is_good || !take_unit(rest, duration_units, G_N_ELEMENTS(duration_units), out)) {
        return wrong(origin, text, "a duration; hint: write '500ms', '30s', '5min', '1h' or '2d'",
                     error);
    }
    if (*out >= option->min && *out <= option->max)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                "%s: '%s' is out of range, %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT "%s",
                origin, text, option->min, option->max,
                option->type == AK_TYPE_SIZE       ? " bytes"
                : option->type == AK_TYPE_DURATION ? " ms"
                                                   : "");
    return FALSE;
}

static gboolean find_choice(const AkOption *option, char **choices, const char *text,
                            const char *origin, guint *out, GError **error)
{
    g_autofree char *rule = NULL;
    g_autofree char *hint = NULL;

    for (*out = 0; choices[*out] != NULL; (*out)++)
        if (strcmp(choices[*out], text) == 0)
            return TRUE;
    hint = ak_value_suggest(text, (const char *const *)choices, "");
    rule = g_strdup_printf("one of %s%s", option->choices, hint);
    return wrong(origin, text, rule, error);
}

static gboolean parse_choices(const AkOption *option, const char *text, const char *origin,
                              guint64 *out, GError **error)
{
    g_auto(GStrv) choices = g_strsplit(option->choices, "|", -1);
    g_auto(GStrv) parts = NULL;
    guint place;

    if (option->type == AK_TYPE_ENUM) {
        if (!find_choice(option, choices, text, origin, &place, error))
            return FALSE;
        *out = place;
        return TRUE;
    }
    parts = g_strsplit(text, ",", -1);
    *out = 0;
    for (char **part = parts; *part != NULL; part++) {
        if (!find_choice(option, choices, *part, origin, &place, error))
            return FALSE;
        *out |= G_GUINT64_CONSTANT(1) << place;
    }
    return TRUE;
}

static gboolean parse_bool(const char *text, const char *origin, guint64 *out, GError **error)
{
    static const char *const words[][2] = {
        {"false", "true"}, {"no", "yes"}, {"off", "on"}, {"0", "1"}};

    for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
        for (*out = 0; *out < 2; (*out)++)
            if (g_ascii_strcasecmp(text, words[i][*out]) == 0)
                return TRUE;
    }
    return wrong(origin, text, "'true' or 'false'", error);
}

static gboolean parse_time(const AkOption *option, const char *text, const char *origin,
                           guint64 *out, GError **error)
{
    gint64 usec = 0;

    if (option->type == AK_TYPE_TIME) {
        if (!ak_time_parse(ak_view_str(text), &usec))
            return wrong(origin, text, "a time; hint: write RFC 3339, '2025-02-01T00:00:00Z'",
                         error);
    } else if (!ak_time_add_period(0, text, &usec)) {
        return wrong(origin, text, "a period; hint: write '7 years', '18 months' or '90 days'",
                     error);
    }
    *out = (guint64)usec;
    return TRUE;
}

static gboolean check_chain(const char *text, const char *origin, GError **error)
{
    gsize len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-");

    if (len >= 1 && len <= MAX_CHAIN && text[len] == '\0')
        return TRUE;
    return wrong(origin, text, "a name of 1 to 63 characters of a-z, 0-9, '_' and '-'", error);
}

/* What the first checkpoint would refuse. */
static gboolean check_origin(const char *text, const char *origin, GError **error)
{
    if (ak_checkpoint_is_name(text) && strlen(text) <= MAX_ORIGIN)
        return TRUE;
    return wrong(origin, text,
                 "a name of 1 to 255 bytes without blanks and '+'; hint: name the archive, such as "
                 "'audit.example.org'",
                 error);
}

gboolean ak_value_parse(const AkOption *option, const char *text, const char *origin,
                        guint64 *out_number, GError **error)
{
    *out_number = 0;
    if (!g_utf8_validate(text, -1, NULL)) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG, "%s: the value is not UTF-8", origin);
        return FALSE;
    }
    switch (option->type) {
    case AK_TYPE_BOOL:
        return parse_bool(text, origin, out_number, error);
    case AK_TYPE_UINT:
    case AK_TYPE_SIZE:
    case AK_TYPE_DURATION:
        return parse_quantity(option, text, origin, out_number, error);
    case AK_TYPE_ENUM:
    case AK_TYPE_SET:
        return parse_choices(option, text, origin, out_number, error);
    case AK_TYPE_TIME:
    case AK_TYPE_PERIOD:
        return parse_time(option, text, origin, out_number, error);
    case AK_TYPE_CHAIN:
        return check_chain(text, origin, error);
    case AK_TYPE_ORIGIN:
        return check_origin(text, origin, error);
    case AK_TYPE_STRING:
    case AK_TYPE_PATH:
    case AK_TYPE_URL:
    default:
        return TRUE;
    }
}

/* Edits (insert, delete, replace, swap neighbours) from @a to @b; capped by the row's size. */
static guint distance(const char *a, const char *b)
{
    enum { MAX = 40 };
    guint rows[3][MAX + 1];
    gsize len_a = strlen(a), len_b = strlen(b);

    if (len_a > MAX || len_b > MAX)
        return G_MAXUINT;
    for (gsize i = 0; i <= len_a; i++) {
        guint *now = rows[i % 3], *before = rows[(i + 2) % 3], *earlier = rows[(i + 1) % 3];

        now[0] = (guint)i;
        for (gsize j = 1; j <= len_b; j++) {
            if (i == 0) {
                now[j] = (guint)j;
                continue;
            }
            now[j] = MIN(MIN(before[j], now[j - 1]) + 1, before[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = MIN(now[j], earlier[j - 2] + 1);
        }
    }
    return rows[len_a % 3][len_b];
}

char *ak_value_suggest(const char *wrong_name, const char *const *names, const char *prefix)
{
    const char *best = NULL;
    guint best_edits = (guint)MIN(strlen(wrong_name), 40) / 3 + 1;

    for (; *names != NULL; names++) {
        gboolean is_start = strlen(wrong_name) > 1 && g_str_has_prefix(*names, wrong_name);
        guint edits = is_start ? 1 : distance(wrong_name, *names);

        if (edits < best_edits || (edits == best_edits && best == NULL)) {
            best_edits = edits;
            best = *names;
        }
    }
    return best == NULL ? g_strdup("")
                        : g_strdup_printf("; hint: did you mean '%s%s'?", prefix, best);
}
