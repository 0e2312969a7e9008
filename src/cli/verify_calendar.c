#include "cli/verify_calendar.h"

#include "cli/text.h"
#include "util/time.h"

/* More than a person's lifetime: a seal that claims more is a forged one. */
enum { MAX_DAYS = 36600 };

typedef struct {
    guint64 events;
    guint objects;
    guint faults;
    gboolean is_sealed;
} Day;

struct AkVerifyCalendar {
    GHashTable *days; /* gint64 * → Day */
    gint64 last;
};

/* How a day looks; the sign says it without the colour. */
typedef struct {
    const char *name, *sign, *text;
} Look;

static const Look fault = {"fault", "&#10007;", "fault"};
static const Look sealed = {"sealed", "&#10003;", "sealed"};
static const Look quiet = {"quiet", "&#8211;", "sealed, a day without events"};
static const Look open_day = {"open", "&#8230;", "not sealed yet"};
static const Look unsealed = {"fault", "!", "not sealed, and should be"};

AkVerifyCalendar *ak_verify_calendar_new(void)
{
    AkVerifyCalendar *calendar = g_new0(AkVerifyCalendar, 1);

    calendar->days = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    calendar->last = G_MININT64;
    return calendar;
}

void ak_verify_calendar_free(AkVerifyCalendar *calendar)
{
    if (calendar == NULL)
        return;
    g_hash_table_unref(calendar->days);
    g_free(calendar);
}

static Day *get_day(AkVerifyCalendar *calendar, gint64 number)
{
    Day *day = g_hash_table_lookup(calendar->days, &number);

    if (day == NULL) {
        day = g_new0(Day, 1);
        (void)g_hash_table_insert(calendar->days, g_memdup2(&number, sizeof number), day);
        calendar->last = MAX(calendar->last, number);
    }
    return day;
}

void ak_verify_calendar_add(AkVerifyCalendar *calendar, const AkVerifiedObject *object)
{
    Day *day = get_day(calendar, object->day);

    day->faults += object->n_faults;
    if (!object->is_seal) {
        day->objects++;
        day->events += object->last_index - object->first_index + 1;
        return;
    }
    for (gint64 n = MAX(object->first_day, object->day - MAX_DAYS); n <= object->day; n++)
        get_day(calendar, n)->is_sealed = TRUE;
}

static const Look *look_of(const Day *day, gboolean is_due)
{
    if (day->faults > 0)
        return &fault;
    if (day->is_sealed)
        return day->events > 0 ? &sealed : &quiet;
    return is_due ? &unsealed : &open_day;
}

static void write_day(const AkVerifyCalendar *calendar, const AkVerifyReport *report, gint64 number,
                      GString *out)
{
    static const Day nothing = {0};
    const Day *day = g_hash_table_lookup(calendar->days, &number);
    const Look *look;
    char date[AK_TIME_MAX];

    if (day == NULL)
        day = &nothing;
    look = look_of(day, number <= report->due_day);
    (void)ak_time_format(number * AK_USEC_PER_DAY, date);
    date[10] = '\0';
    g_string_append_printf(out, "<td class=\"%s\" title=\"%s: %s, %" G_GUINT64_FORMAT " event%s",
                           look->name, date, look->text, day->events, ak_text_plural(day->events));
    if (day->faults > 0)
        g_string_append_printf(out, ", %u fault%s", day->faults, ak_text_plural(day->faults));
    g_string_append_printf(out, "\"><b>%s</b><i aria-label=\"%s\">%s</i></td>", date + 8,
                           look->text, look->sign);
}

/* Monday is 0: 1970-01-01 was a Thursday. */
static guint weekday(gint64 number)
{
    return (guint)((number % 7 + 7 + 3) % 7);
}

static gint64 month_of(gint64 number)
{
    int y, m, d;

    ak_time_civil(number, &y, &m, &d);
    return y * 12LL + m - 1;
}

/* The month that @from is in, up to @to; returns the first day behind it. */
static gint64 write_month(const AkVerifyCalendar *calendar, const AkVerifyReport *report,
                          gint64 from, gint64 to, GString *out)
{
    gint64 month = month_of(from), number = from;

    g_string_append_printf(out,
                           "<table class=\"month\"><caption>%04d-%02d</caption><thead><tr>"
                           "<th>Mo<th>Tu<th>We<th>Th<th>Fr<th>Sa<th>Su</tr></thead><tbody><tr>",
                           (int)(month / 12), (int)(month % 12) + 1);
    for (guint i = 0; i < weekday(from); i++)
        g_string_append(out, "<td>");
    for (; number <= to && month_of(number) == month; number++) {
        if (number > from && weekday(number) == 0)
            g_string_append(out, "</tr><tr>");
        write_day(calendar, report, number, out);
    }
    g_string_append(out, "</tr></tbody></table>\n");
    return number;
}

void ak_verify_calendar_write(const AkVerifyCalendar *calendar, const AkVerifyReport *report,
                              GString *out)
{
    gint64 to = MAX(calendar->last, report->due_day);
    gint64 day = report->first_day;

    if (!report->has_days)
        return;
    to = MIN(to, day + MAX_DAYS);
    g_string_append(out, "<div class=\"calendar\">\n");
    while (day <= to)
        day = write_month(calendar, report, day, to, out);
    g_string_append(out,
                    "</div>\n<p class=\"key\">&#10003; sealed &#183; &#8211; sealed, no events "
                    "&#183; &#8230; not sealed yet &#183; ! not sealed, and should be "
                    "&#183; &#10007; fault</p>\n");
}
