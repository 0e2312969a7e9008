#ifndef AK_UTIL_ARENA_H
#define AK_UTIL_ARENA_H

#include "util/view.h"

/*
 * Bytes of one unit of work, freed together. What it hands out stays where it is until
 * ak_arena_reset() or ak_arena_clear(), unlike the contents of an AkBuf. Zero-initialise to start.
 */
typedef struct {
    struct AkArenaBlock *blocks; /* newest first */
    gsize used;                  /* bytes handed out since the last reset */
} AkArena;

/* @len bytes, aligned to 8, uninitialised. Never NULL. */
void *ak_arena_alloc(AkArena *arena, gsize len);

/* A copy of @view that lives as long as the arena's contents; NULL stays NULL. */
AkView ak_arena_copy(AkArena *arena, AkView view);

/* Forget everything, keep the largest block for the next unit of work. */
void ak_arena_reset(AkArena *arena);

void ak_arena_clear(AkArena *arena);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkArena, ak_arena_clear)

#endif
