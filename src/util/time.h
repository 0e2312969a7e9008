#ifndef AK_UTIL_TIME_H
#define AK_UTIL_TIME_H

#include "util/view.h"

/*
 * Times are microseconds since 1970-01-01T00:00:00Z (PostgreSQL's resolution), proleptic
 * Gregorian, without leap seconds. Days are whole UTC days since 1970-01-01.
 */
#define AK_USEC_PER_SEC G_GINT64_CONSTANT(1000000)
#define AK_USEC_PER_DAY (G_GINT64_CONSTANT(86400) * AK_USEC_PER_SEC)

enum { AK_TIME_MAX = 40 };

/*
 * RFC 3339, UTC, fraction without trailing zeros (Go's RFC3339Nano), into @out; returns the length.
 * Years are clamped to 0..9999, the range RFC 3339 can write.
 */
gsize ak_time_format(gint64 usec, char out[AK_TIME_MAX]);

/* The same, whole seconds: "2025-02-01T00:00:00Z". */
gsize ak_time_format_seconds(gint64 usec, char out[AK_TIME_MAX]);

/*
 * RFC 3339 and the forms databases print: 'T' or a blank, up to nine fraction digits (cut to
 * microseconds), 'Z', '±hh', '±hh:mm', '±hhmm' or nothing (UTC); a date alone is its midnight.
 * FALSE when @text is none of these.
 */
gboolean ak_time_parse(AkView text, gint64 *out_usec);

/* UTC day of @usec, floor. */
gint64 ak_time_day(gint64 usec);

/* Civil date of a day number. */
void ak_time_civil(gint64 day, int *out_year, int *out_month, int *out_day);

/* Day number of a civil date. */
gint64 ak_time_from_civil(int year, int month, int day);

/*
 * @usec moved by a period such as "7 years", "90 days", "1 month" (29 February becomes 1 March
 * where it has to). FALSE when @period is not of that form or not positive.
 */
gboolean ak_time_add_period(gint64 usec, const char *period, gint64 *out_usec);

#endif
