#ifndef AK_CLI_STOP_H
#define AK_CLI_STOP_H

#include <glib.h>

/*
 * From now on SIGTERM and SIGINT set the flag instead of ending the program. The second one says
 * that we are still stopping, and that a third one ends it at once.
 */
void ak_stop_install(void);

/* Non-zero when we were asked to stop; passed down in the configs of what runs long. */
const volatile gint *ak_stop_flag(void);

#endif
