#include "util/time.h"

#include <stdio.h>

/* Days before 1970-01-01 of 0000-03-01, the start of the 400-year eras counted below. */
enum { ERA_DAYS = 146097, EPOCH_SHIFT = 719468 };

static gint64 floor_div(gint64 a, gint64 b)
{
    return a / b - (a % b < 0);
}

gint64 ak_time_day(gint64 usec)
{
    return floor_div(usec, AK_USEC_PER_DAY);
}

void ak_time_civil(gint64 day, int *out_year, int *out_month, int *out_day)
{
    gint64 shifted = day + EPOCH_SHIFT;
    gint64 era = floor_div(shifted, ERA_DAYS);
    int doe = (int)(shifted - era * ERA_DAYS);
    int yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int mp = (5 * doy + 2) / 153;

    *out_day = doy - (153 * mp + 2) / 5 + 1;
    *out_month = mp < 10 ? mp + 3 : mp - 9;
    *out_year = (int)(era * 400) + yoe + (*out_month <= 2);
}

gint64 ak_time_from_civil(int year, int month, int day)
{
    gint64 y = (gint64)year - (month <= 2);
    gint64 era = floor_div(y, 400);
    int yoe = (int)(y - era * 400);
    int doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

    return era * ERA_DAYS + doe - EPOCH_SHIFT;
}

static void put_digits(char *out, int value, int width)
{
    for (int i = width - 1; i >= 0; i--) {
        out[i] = (char)('0' + value % 10);
        value /= 10;
    }
}

/* "YYYY-MM-DDThh:mm:ss", 19 characters; returns the microseconds left over. */
static int format_prefix(gint64 usec, char *out)
{
    gint64 day = ak_time_day(usec);
    gint64 rest = usec - day * AK_USEC_PER_DAY;
    int seconds = (int)(rest / AK_USEC_PER_SEC);
    int y, m, d;

    ak_time_civil(day, &y, &m, &d);
    memcpy(out, "0000-00-00T00:00:00", 19);
    put_digits(out, CLAMP(y, 0, 9999), 4);
    put_digits(out + 5, m, 2);
    put_digits(out + 8, d, 2);
    put_digits(out + 11, seconds / 3600, 2);
    put_digits(out + 14, seconds / 60 % 60, 2);
    put_digits(out + 17, seconds % 60, 2);
    return (int)(rest % AK_USEC_PER_SEC);
}

gsize ak_time_format(gint64 usec, char out[AK_TIME_MAX])
{
    int fraction = format_prefix(usec, out);
    gsize len = 19;

    if (fraction > 0) {
        out[len] = '.';
        put_digits(out + len + 1, fraction, 6);
        len += 7;
        while (out[len - 1] == '0')
            len--;
    }
    out[len++] = 'Z';
    out[len] = '\0';
    return len;
}

gsize ak_time_format_seconds(gint64 usec, char out[AK_TIME_MAX])
{
    (void)format_prefix(usec, out);
    out[19] = 'Z';
    out[20] = '\0';
    return 20;
}

typedef struct {
    const char *at;
    const char *end;
} Cursor;

static gboolean take_digits(Cursor *c, int count, int *out)
{
    int value = 0;

    if (c->end - c->at < count)
        return FALSE;
    for (int i = 0; i < count; i++) {
        if (!g_ascii_isdigit(c->at[i]))
            return FALSE;
        value = value * 10 + (c->at[i] - '0');
    }
    c->at += count;
    *out = value;
    return TRUE;
}

static gboolean take_char(Cursor *c, char wanted)
{
    if (c->at == c->end || *c->at != wanted)
        return FALSE;
    c->at++;
    return TRUE;
}

static gboolean take_date(Cursor *c, gint64 *out_day)
{
    static const int month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int y, m, d, back_y, back_m, back_d;

    if (!take_digits(c, 4, &y) || !take_char(c, '-') || !take_digits(c, 2, &m) ||
        !take_char(c, '-') || !take_digits(c, 2, &d))
        return FALSE;
    if (m < 1 || m > 12 || d < 1 || d > month_days[m - 1])
        return FALSE;
    *out_day = ak_time_from_civil(y, m, d);
    ak_time_civil(*out_day, &back_y, &back_m, &back_d);
    return back_d == d; /* 29 February of a common year comes back as 1 March */
}

static gboolean take_fraction(Cursor *c, gint64 *out_usec)
{
    gint64 usec = 0;
    int digits = 0;

    if (!take_char(c, '.'))
        return TRUE;
    for (; c->at < c->end && g_ascii_isdigit(*c->at) && digits < 9; c->at++, digits++)
        if (digits < 6)
            usec = usec * 10 + (*c->at - '0');
    for (int i = digits; i < 6; i++)
        usec *= 10;
    *out_usec += usec;
    return digits > 0;
}

static gboolean take_zone(Cursor *c, gint64 *usec)
{
    int hours, minutes = 0;
    char sign;

    if (c->at == c->end)
        return TRUE;
    sign = *c->at++;
    if (sign == 'Z' || sign == 'z')
        return TRUE;
    if ((sign != '+' && sign != '-') || !take_digits(c, 2, &hours))
        return FALSE;
    if (c->at < c->end) {
        (void)take_char(c, ':');
        if (!take_digits(c, 2, &minutes))
            return FALSE;
    }
    if (hours > 23 || minutes > 59)
        return FALSE;
    *usec -= (sign == '-' ? -1 : 1) * (gint64)(hours * 60 + minutes) * 60 * AK_USEC_PER_SEC;
    return TRUE;
}

gboolean ak_time_parse(AkView text, gint64 *out_usec)
{
    Cursor c = {text.data, text.data + text.len};
    gint64 day, usec;
    int h, m, s;

    if (text.data == NULL || !take_date(&c, &day))
        return FALSE;
    usec = day * AK_USEC_PER_DAY;
    if (c.at < c.end) {
        char separator = *c.at++;

        if (separator != 'T' && separator != 't' && separator != ' ')
            return FALSE;
        if (!take_digits(&c, 2, &h) || !take_char(&c, ':') || !take_digits(&c, 2, &m) ||
            !take_char(&c, ':') || !take_digits(&c, 2, &s) || h > 23 || m > 59 || s > 60)
            return FALSE;
        usec += (gint64)(h * 3600 + m * 60 + s) * AK_USEC_PER_SEC;
        if (!take_fraction(&c, &usec) || !take_zone(&c, &usec) || c.at != c.end)
            return FALSE;
    }
    *out_usec = usec;
    return TRUE;
}

gboolean ak_time_add_period(gint64 usec, const char *period, gint64 *out_usec)
{
    char unit[16];
    int count, y, m, d, used = 0;
    gint64 day = ak_time_day(usec);

    if (sscanf(period, "%5d %15[a-z]%n", &count, unit, &used) != 2 || period[used] != '\0' ||
        count <= 0)
        return FALSE;
    if (unit[strlen(unit) - 1] == 's')
        unit[strlen(unit) - 1] = '\0';
    ak_time_civil(day, &y, &m, &d);
    if (strcmp(unit, "day") == 0) {
        *out_usec = usec + count * AK_USEC_PER_DAY;
        return TRUE;
    }
    if (strcmp(unit, "year") == 0)
        y += count;
    else if (strcmp(unit, "month") == 0)
        y += (m - 1 + count) / 12, m = (m - 1 + count) % 12 + 1;
    else
        return FALSE;
    *out_usec = ak_time_from_civil(y, m, d) * AK_USEC_PER_DAY + (usec - day * AK_USEC_PER_DAY);
    return TRUE;
}
