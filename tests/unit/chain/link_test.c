#include "chain/link.h"

#define HASH "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c"
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static void check_link(AkView hash, const char *expected)
{
    char link[AK_LINK_SIZE];

    memset(link, 'x', sizeof link);
    ak_link_copy(hash, link);
    g_assert_cmpstr(link, ==, expected);
}

static void test_link(void)
{
    g_autofree char *upper = g_ascii_strup(HASH, -1);

    check_link(AK_VIEW(HASH), HASH);
    check_link(ak_view_str(upper), HASH);
    check_link(AK_VIEW("AB"), "ab");
    check_link(AK_VIEW(HASH "00"), HASH);
}

/* Whatever stands for the event before the first one. */
static void test_link_to_nothing(void)
{
    check_link(AK_VIEW_NULL, "");
    check_link(AK_VIEW(""), "");
    check_link(AK_VIEW(ZEROS), "");
}

static void test_link_of_few_zeros_is_one(void)
{
    check_link(AK_VIEW("0"), "0");
    check_link(ak_view(ZEROS, 63), &ZEROS[1]);
}

static void test_id(void)
{
    char id[37];

    ak_id_copy(AK_VIEW("6f1c2a4e-0c1d-4b7e-9a55-0d6a3c1f2b10"), id);
    g_assert_cmpstr(id, ==, "6f1c2a4e-0c1d-4b7e-9a55-0d6a3c1f2b10");
    ak_id_copy(AK_VIEW("6f1c2a4e-0c1d-4b7e-9a55-0d6a3c1f2b10-and-more"), id);
    g_assert_cmpstr(id, ==, "6f1c2a4e-0c1d-4b7e-9a55-0d6a3c1f2b10");
    ak_id_copy(AK_VIEW_NULL, id);
    g_assert_cmpstr(id, ==, "");
}

static void test_cursor(void)
{
    AkEvent event = {.index = 7, .id = AK_VIEW("an-id"), .hash = AK_VIEW(HASH)};
    AkCursor cursor = AK_CURSOR_START;

    ak_cursor_move(&cursor, &event);
    g_assert_cmpint(cursor.index, ==, 7);
    g_assert_cmpstr(cursor.id, ==, "an-id");
    g_assert_cmpstr(cursor.hash, ==, HASH);
    event.hash = AK_VIEW_NULL;
    ak_cursor_move(&cursor, &event);
    g_assert_cmpstr(cursor.hash, ==, "");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/chain/link/link", test_link);
    g_test_add_func("/chain/link/link_to_nothing", test_link_to_nothing);
    g_test_add_func("/chain/link/link_of_few_zeros", test_link_of_few_zeros_is_one);
    g_test_add_func("/chain/link/id", test_id);
    g_test_add_func("/chain/link/cursor", test_cursor);
    return g_test_run();
}
