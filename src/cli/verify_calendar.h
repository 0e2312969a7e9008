#ifndef AK_CLI_VERIFY_CALENDAR_H
#define AK_CLI_VERIFY_CALENDAR_H

#include "verify/verify.h"

/* The days of an archive, as a calendar in HTML. */
typedef struct AkVerifyCalendar AkVerifyCalendar;

AkVerifyCalendar *ak_verify_calendar_new(void);
void ak_verify_calendar_free(AkVerifyCalendar *calendar);

void ak_verify_calendar_add(AkVerifyCalendar *calendar, const AkVerifiedObject *object);

/* Appends the days from report->first_day on; nothing when there are none. */
void ak_verify_calendar_write(const AkVerifyCalendar *calendar, const AkVerifyReport *report,
                              GString *out);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkVerifyCalendar, ak_verify_calendar_free)

#endif
