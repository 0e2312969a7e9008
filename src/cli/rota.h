#ifndef AK_CLI_ROTA_H
#define AK_CLI_ROTA_H

#include "cli/cli.h"
#include "export/export.h"

/*
 * Following many chains with few threads. One query per table tells which chains have events that
 * wait; each is visited once they have waited for the flush interval, or when a heartbeat or a seal
 * is due, the one that was visited longest ago first. A visit takes the lease, exports a bounded
 * number of events and gives the lease back, so that processes share the chains as they can.
 */
typedef struct {
    /* One visit, in any thread; @report is that visit's. */
    gboolean (*visit)(AkCli *cli, gpointer data, AkExportReport *report, GError **error);
    /* After the last visit: what a chain's visits did together. */
    gboolean (*finish)(AkCli *cli, const AkExportReport *report, GError **error);
    gpointer data;
    guint64 limit; /* events of a visit: one with that many may have left some */
} AkRota;

/* Until we are asked to stop. Then the worst of what chains still suffer from is the error. */
gboolean ak_rota_run(AkCli *cli, const AkRota *rota, GError **error) AK_MUST_CHECK;

#endif
