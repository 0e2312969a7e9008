#ifndef AK_TEST_SOURCE_POSTGRES_ONLY_H
#define AK_TEST_SOURCE_POSTGRES_ONLY_H

#include "fixture.h"

/* Has the backend's own connection, which listens, been notified? Takes what has come. */
gboolean backend_has_notification(Backend *backend);

void add_postgres_wait_cases(void);
void add_postgres_hang_cases(void);

#endif
