#ifndef AK_SIM_SOURCE_H
#define AK_SIM_SOURCE_H

#include "sim/world.h"

/* AkExportConfig.open_source: @config is a SimProcess's. */
AkSource *sim_source_open(const AkSourceConfig *config, GError **error);

#endif
