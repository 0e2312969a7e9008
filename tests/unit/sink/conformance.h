#ifndef AK_TEST_SINK_CONFORMANCE_H
#define AK_TEST_SINK_CONFORMANCE_H

#include "sink/sink.h"

/* One suite for every driver; each brings its remote. */
typedef struct {
    const AkSinkDriver *(*set_up)(AkSinkConfig *out); /* an empty place; out->chain is set */
    void (*tear_down)(void);
} SinkBackend;

void sink_conformance_add(const SinkBackend *backend);

#endif
