#ifndef AK_FUZZ_H
#define AK_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* What libFuzzer and replay.c call. Aborts when a property does not hold; returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
