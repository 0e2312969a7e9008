/* The portable code runs only where there is no SSE2: test it here. */
#define AK_TEXT_BLOCK_PORTABLE
#include "chain/text_block.h"

static void test_every_byte_at_every_place(void)
{
    for (guint place = 0; place < AK_TEXT_BLOCK; place++) {
        for (guint byte = 0; byte < 256; byte++) {
            gboolean is_plain = byte >= ' ' && byte < 0x80 && byte != '"' && byte != '\\';
            char src[AK_TEXT_BLOCK], dst[AK_TEXT_BLOCK] = {0};

            memset(src, byte % 2 == 0 ? 'a' : '!', sizeof src);
            src[place] = (char)byte;
            g_assert_cmpuint(ak_text_copy_block(src, dst), ==, is_plain ? AK_TEXT_BLOCK : place);
            g_assert_cmpmem(src, sizeof src, dst, sizeof dst);
        }
    }
}

static void test_first_of_two(void)
{
    static const char stops[] = {'"', '\\', '\0', '\x1f', '\x7f', '\x80', '#', '!', ']', '['};

    for (guint i = 0; i < G_N_ELEMENTS(stops); i++) {
        for (guint j = 0; j < G_N_ELEMENTS(stops); j++) {
            char src[AK_TEXT_BLOCK] = {'a', 'a', stops[i], stops[j], 'a', 'a', '"', 'a'};
            guint expected = i < 4 || i == 5 ? 2 : j < 4 || j == 5 ? 3 : 6;
            char dst[AK_TEXT_BLOCK];

            g_assert_cmpuint(ak_text_copy_block(src, dst), ==, expected);
        }
    }
}

/* Every sequence of up to three bytes that starts like UTF-8, against GLib's validator. */
static void test_utf8_length(void)
{
    for (guint32 bits = 0x800000; bits <= 0xffffff; bits++) {
        const char src[4] = {(char)(bits >> 16), (char)(bits >> 8 & 0xff), (char)(bits & 0xff),
                             (char)0x80};
        gsize len = ak_text_utf8_length(src, sizeof src);
        gunichar c = g_utf8_get_char_validated(src, sizeof src);
        gboolean is_valid = c < 0x110000;

        if (is_valid != (len != 0) || (is_valid && len != (gsize)g_unichar_to_utf8(c, NULL)))
            g_error("%06x: %" G_GSIZE_FORMAT " bytes, U+%04X", bits, len, c);
    }
}

static void test_utf8_length_truncated(void)
{
    g_assert_cmpuint(ak_text_utf8_length("\xf0\x9f\x98\x80", 4), ==, 4);
    for (gsize size = 1; size < 4; size++)
        g_assert_cmpuint(ak_text_utf8_length("\xf0\x9f\x98\x80", size), ==, 0);
    g_assert_cmpuint(ak_text_utf8_length("\xf0\x9f\x98", 4), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/chain/text-block/every-byte", test_every_byte_at_every_place);
    g_test_add_func("/chain/text-block/first-of-two", test_first_of_two);
    g_test_add_func("/chain/text-block/utf8-length", test_utf8_length);
    g_test_add_func("/chain/text-block/utf8-length-truncated", test_utf8_length_truncated);
    return g_test_run();
}
