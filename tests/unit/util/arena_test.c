#include "util/arena.h"

static void test_alloc_is_aligned(void)
{
    g_auto(AkArena) arena = {0};

    for (gsize len = 0; len < 100; len++) {
        guint8 *place = ak_arena_alloc(&arena, len);

        g_assert_nonnull(place);
        g_assert_cmpuint((guintptr)place % 8, ==, 0);
        memset(place, 0xa5, len);
    }
}

static void test_copies_stay(void)
{
    g_auto(AkArena) arena = {0};
    AkView first = ak_arena_copy(&arena, AK_VIEW("first"));

    for (guint i = 0; i < 1000; i++)
        memset(ak_arena_alloc(&arena, 10000), 'x', 10000);
    g_assert_cmpmem(first.data, first.len, "first", 5);
    g_assert_cmpuint(arena.used, >=, 10000000);
}

static void test_copy_of_null(void)
{
    g_auto(AkArena) arena = {0};

    g_assert_null(ak_arena_copy(&arena, AK_VIEW_NULL).data);
    g_assert_cmpuint(arena.used, ==, 0);
    g_assert_nonnull(ak_arena_copy(&arena, AK_VIEW("")).data);
}

static void test_larger_than_a_block(void)
{
    g_auto(AkArena) arena = {0};
    char *place = ak_arena_alloc(&arena, 3 * 1024 * 1024);
    char *next = ak_arena_alloc(&arena, 8);

    memset(place, 'a', 3 * 1024 * 1024);
    memset(next, 'b', 8);
    g_assert_cmpint(place[3 * 1024 * 1024 - 1], ==, 'a');
}

static void test_reset_reuses(void)
{
    g_auto(AkArena) arena = {0};
    void *first = ak_arena_alloc(&arena, 64);

    ak_arena_reset(&arena);
    g_assert_cmpuint(arena.used, ==, 0);
    g_assert_true(ak_arena_alloc(&arena, 64) == first);
}

static void test_reset_keeps_one_block(void)
{
    g_auto(AkArena) arena = {0};

    ak_arena_reset(&arena);
    for (guint i = 0; i < 100; i++)
        (void)ak_arena_alloc(&arena, 200000);
    ak_arena_reset(&arena);
    g_assert_nonnull(arena.blocks);
    ak_arena_clear(&arena);
    g_assert_null(arena.blocks);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/util/arena/alloc-is-aligned", test_alloc_is_aligned);
    g_test_add_func("/util/arena/copies-stay", test_copies_stay);
    g_test_add_func("/util/arena/copy-of-null", test_copy_of_null);
    g_test_add_func("/util/arena/larger-than-a-block", test_larger_than_a_block);
    g_test_add_func("/util/arena/reset-reuses", test_reset_reuses);
    g_test_add_func("/util/arena/reset-keeps-one-block", test_reset_keeps_one_block);
    return g_test_run();
}
