#include "util/hex.h"

static const guint8 bytes[] = {0x00, 0x01, 0x9f, 0xa0, 0xff};

static void test_encode(void)
{
    g_autofree char *text = ak_hex_string(bytes, sizeof bytes);
    g_autofree char *none = ak_hex_string(bytes, 0);
    char out[11] = "..........";

    g_assert_cmpstr(text, ==, "00019fa0ff");
    g_assert_cmpstr(none, ==, "");
    ak_hex_encode(bytes, 2, out);
    g_assert_cmpstr(out, ==, "0001......");
}

static void test_decode(void)
{
    guint8 out[sizeof bytes];

    g_assert_true(ak_hex_decode(AK_VIEW("00019fa0ff"), out, sizeof out));
    g_assert_cmpmem(out, sizeof out, bytes, sizeof bytes);
    g_assert_true(ak_hex_decode(AK_VIEW("00019FA0fF"), out, sizeof out));
    g_assert_cmpmem(out, sizeof out, bytes, sizeof bytes);
    g_assert_true(ak_hex_decode(AK_VIEW(""), out, 0));
    g_assert_true(ak_hex_decode(AK_VIEW_NULL, out, 0));
}

static void test_decode_refuses(void)
{
    guint8 out[2];

    g_assert_false(ak_hex_decode(AK_VIEW("000"), out, 2));
    g_assert_false(ak_hex_decode(AK_VIEW("00"), out, 2));
    g_assert_false(ak_hex_decode(AK_VIEW("000000"), out, 2));
    g_assert_false(ak_hex_decode(AK_VIEW("00g0"), out, 2));
    g_assert_false(ak_hex_decode(AK_VIEW("00 0"), out, 2));
    g_assert_false(ak_hex_decode(AK_VIEW("0x00"), out, 2));
    g_assert_false(ak_hex_decode(AK_VIEW_NULL, out, 2));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/util/hex/encode", test_encode);
    g_test_add_func("/util/hex/decode", test_decode);
    g_test_add_func("/util/hex/decode-refuses", test_decode_refuses);
    return g_test_run();
}
