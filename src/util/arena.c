#include "util/arena.h"

enum { BLOCK_BYTES = 256 * 1024 };

struct AkArenaBlock {
    struct AkArenaBlock *next;
    gsize cap;
    gsize len;
    char data[];
};

static struct AkArenaBlock *add_block(AkArena *arena, gsize len)
{
    gsize cap = MAX(len, (gsize)BLOCK_BYTES);
    struct AkArenaBlock *block = g_malloc(sizeof *block + cap);

    block->cap = cap;
    block->len = 0;
    block->next = arena->blocks;
    arena->blocks = block;
    return block;
}

void *ak_arena_alloc(AkArena *arena, gsize len)
{
    struct AkArenaBlock *block = arena->blocks;
    gsize size = (MAX(len, 1) + 7) & ~(gsize)7;
    void *place;

    if (block == NULL || block->cap - block->len < size)
        block = add_block(arena, size);
    place = block->data + block->len;
    block->len += size;
    arena->used += size;
    return place;
}

AkView ak_arena_copy(AkArena *arena, AkView view)
{
    char *place;

    if (view.data == NULL)
        return view;
    place = ak_arena_alloc(arena, view.len);
    memcpy(place, view.data, view.len);
    return ak_view(place, view.len);
}

static void free_blocks(struct AkArenaBlock *block)
{
    while (block != NULL) {
        struct AkArenaBlock *next = block->next;

        g_free(block);
        block = next;
    }
}

void ak_arena_reset(AkArena *arena)
{
    if (arena->blocks != NULL) {
        free_blocks(arena->blocks->next);
        arena->blocks->next = NULL;
        arena->blocks->len = 0;
    }
    arena->used = 0;
}

void ak_arena_clear(AkArena *arena)
{
    free_blocks(arena->blocks);
    *arena = (AkArena){0};
}
