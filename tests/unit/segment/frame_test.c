#include "segment/frame.h"

#include <zstd.h>

/*
 * Numbers from the format itself: zstd_seekable_compression_format.md (skippable magic, entries of
 * two numbers, footer of number of frames, descriptor and magic), RFC 8878 §3.1.2.
 */
static const guint8 table_bytes[] = {
    0x5e, 0x2a, 0x4d, 0x18, 0x19, 0,    0,    0,    /* skippable frame of 25 bytes */
    0x07, 0,    0,    0,    0x64, 0,    0,    0,    /* 7 bytes, 100 decompressed */
    0x01, 0x02, 0,    0,    0,    0,    0,    0,    /* 513 bytes, skippable */
    0x02, 0,    0,    0,    0,    0xb1, 0xea, 0x92, /* 2 frames, no checksums, magic */
    0x8f};

static const AkFrame two_frames[] = {{0, 7, 100}, {7, 513, 0}};

enum { DATA_BYTES = 7 + 513 };

static AkView table_view(void)
{
    return ak_view((const char *)table_bytes, sizeof table_bytes);
}

static void test_numbers(void)
{
    g_auto(AkBuf) out = {0};

    ak_frame_put_u32(&out, 0x12345678);
    ak_frame_put_u32(&out, G_MAXUINT32);
    g_assert_cmpmem(out.data, out.len, "\x78\x56\x34\x12\xff\xff\xff\xff", 8);
    g_assert_cmphex(ak_frame_get_u32(out.data), ==, 0x12345678);
    g_assert_cmphex(ak_frame_get_u32(out.data + 3), ==, 0xffffff12);
}

static void test_skippable(void)
{
    g_auto(AkBuf) out = {0};
    AkView content;

    ak_frame_put_skippable(&out, AK_SKIPPABLE_TAGS, AK_VIEW("abc"));
    g_assert_cmpmem(out.data, out.len, "\x51\x2a\x4d\x18\3\0\0\0abc", 11);
    g_assert_true(ak_frame_read_skippable(ak_buf_view(&out), AK_SKIPPABLE_TAGS, &content, NULL));
    g_assert_cmpmem(content.data, content.len, "abc", 3);
}

static void check_skippable_refused(AkView frame, guint32 magic)
{
    g_autofree char *exact = g_memdup2(frame.data, MAX(frame.len, 1));
    g_autoptr(GError) error = NULL;
    AkView content;

    g_assert_false(ak_frame_read_skippable(ak_view(exact, frame.len), magic, &content, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_BAD_INPUT);
}

static void test_skippable_refused(void)
{
    AkView frame = AK_VIEW("\x51\x2a\x4d\x18\3\0\0\0abc");

    check_skippable_refused(frame, AK_SKIPPABLE_LEAVES);
    for (gsize len = 0; len < frame.len; len++)
        check_skippable_refused(ak_view(frame.data, len), AK_SKIPPABLE_TAGS);
    check_skippable_refused(AK_VIEW("\x51\x2a\x4d\x18\3\0\0\0abcd"), AK_SKIPPABLE_TAGS);
    check_skippable_refused(AK_VIEW("\x51\x2a\x4d\x18\xff\xff\xff\xff"), AK_SKIPPABLE_TAGS);
}

static void test_seek_table_is_written(void)
{
    g_auto(AkBuf) out = {0};

    ak_frame_put_seek_table(&out, two_frames, G_N_ELEMENTS(two_frames));
    g_assert_cmpmem(out.data, out.len, table_bytes, sizeof table_bytes);
}

static void test_seek_table_is_read(void)
{
    g_autoptr(GArray) frames = NULL;
    g_autoptr(GError) error = NULL;
    gsize need;

    frames = ak_frame_read_seek_table(table_view(), DATA_BYTES + sizeof table_bytes, &need, &error);
    g_assert_no_error(error);
    g_assert_nonnull(frames);
    g_assert_cmpuint(need, ==, 0);
    g_assert_cmpuint(frames->len, ==, 2);
    for (guint i = 0; i < frames->len; i++) {
        const AkFrame *frame = &g_array_index(frames, AkFrame, i);

        g_assert_cmpuint(frame->offset, ==, two_frames[i].offset);
        g_assert_cmpuint(frame->compressed, ==, two_frames[i].compressed);
        g_assert_cmpuint(frame->content, ==, two_frames[i].content);
    }
}

/* A tail that holds the footer of the table only says how much it takes. */
static void test_seek_table_needs_more(void)
{
    for (gsize len = AK_SEEK_FOOTER; len < sizeof table_bytes; len++) {
        g_autofree char *tail = g_memdup2(table_bytes + sizeof table_bytes - len, len);
        g_autoptr(GArray) frames = NULL;
        g_autoptr(GError) error = NULL;
        gsize need;

        frames = ak_frame_read_seek_table(ak_view(tail, len), DATA_BYTES + sizeof table_bytes,
                                          &need, &error);
        g_assert_null(frames);
        g_assert_no_error(error);
        g_assert_cmpuint(need, ==, sizeof table_bytes);
    }
}

static void check_table_refused(AkView tail, guint64 object_bytes)
{
    g_autofree char *exact = g_memdup2(tail.data, MAX(tail.len, 1));
    g_autoptr(GArray) frames = NULL;
    g_autoptr(GError) error = NULL;
    gsize need = 1;

    frames = ak_frame_read_seek_table(ak_view(exact, tail.len), object_bytes, &need, &error);
    g_assert_null(frames);
    g_assert_error(error, AK_ERROR, AK_ERROR_BAD_INPUT);
    g_assert_cmpuint(need, ==, 0);
}

static void test_no_seek_table(void)
{
    for (gsize len = 1; len < AK_SEEK_FOOTER; len++)
        check_table_refused(ak_view((const char *)table_bytes + sizeof table_bytes - len, len),
                            1000);
    check_table_refused(AK_VIEW(""), 1000);
    check_table_refused(AK_VIEW("nothing of the kind"), 1000);
}

/* Every byte of the table counts, with a tail of all lengths. */
static void test_seek_table_flipped(void)
{
    for (gsize i = 0; i < sizeof table_bytes; i++) {
        for (guint bit = 0; bit < 8; bit++) {
            g_autofree char *table = g_memdup2(table_bytes, sizeof table_bytes);
            g_autoptr(GArray) frames = NULL;
            gsize need;

            /* what a frame decompresses to is checked when it is opened */
            if ((i >= 12 && i < 16) || (i >= 20 && i < 24))
                continue;
            table[i] = (char)(table[i] ^ (1 << bit));
            frames = ak_frame_read_seek_table(ak_view(table, sizeof table_bytes),
                                              DATA_BYTES + sizeof table_bytes, &need, NULL);
            g_assert_null(frames);
        }
    }
}

static void test_seek_table_of_another_object(void)
{
    check_table_refused(table_view(), DATA_BYTES + sizeof table_bytes + 1);
    check_table_refused(table_view(), DATA_BYTES + sizeof table_bytes - 1);
    check_table_refused(table_view(), sizeof table_bytes);
    check_table_refused(table_view(), sizeof table_bytes - 1);
}

static void test_seek_table_with_an_empty_frame(void)
{
    static const AkFrame frames[] = {{0, 0, 0}, {0, 9, 1}};
    g_auto(AkBuf) out = {0};

    ak_frame_put_seek_table(&out, frames, G_N_ELEMENTS(frames));
    check_table_refused(ak_buf_view(&out), 9 + out.len);
}

static void compress(AkView content, AkBuf *out)
{
    gsize bound = ZSTD_compressBound(content.len);

    out->len += ZSTD_compress(ak_buf_reserve(out, bound), bound, content.data, content.len, 1);
}

static void test_decompress(void)
{
    g_auto(AkBuf) frame = {0}, out = {0};

    compress(AK_VIEW("content content content"), &frame);
    ak_buf_append_literal(&out, "before ");
    g_assert_true(ak_frame_decompress(ak_buf_view(&frame), 23, &out, NULL));
    g_assert_cmpmem(out.data, out.len, "before content content content", 30);
}

static void check_decompress_refused(AkView frame, gsize content)
{
    g_auto(AkBuf) out = {0};
    g_autoptr(GError) error = NULL;

    g_assert_false(ak_frame_decompress(frame, content, &out, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_BAD_INPUT);
    g_assert_cmpuint(out.len, ==, 0);
}

static void test_decompress_refused(void)
{
    g_auto(AkBuf) frame = {0};

    compress(AK_VIEW("content content content"), &frame);
    check_decompress_refused(ak_buf_view(&frame), 22);
    check_decompress_refused(ak_buf_view(&frame), 24);
    check_decompress_refused(ak_buf_view(&frame), 0);
    check_decompress_refused(ak_buf_view(&frame), (gsize)AK_FRAME_MAX_BYTES + 1);
    check_decompress_refused(AK_VIEW("no zstd frame"), 23);
    check_decompress_refused(AK_VIEW(""), 23);
    for (gsize len = 1; len < frame.len; len++)
        check_decompress_refused(ak_view(frame.data, len), 23);
    ak_buf_append_byte(&frame, 0);
    check_decompress_refused(ak_buf_view(&frame), 23);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/segment/frame/numbers", test_numbers);
    g_test_add_func("/segment/frame/skippable", test_skippable);
    g_test_add_func("/segment/frame/skippable_refused", test_skippable_refused);
    g_test_add_func("/segment/frame/seek_table_is_written", test_seek_table_is_written);
    g_test_add_func("/segment/frame/seek_table_is_read", test_seek_table_is_read);
    g_test_add_func("/segment/frame/seek_table_needs_more", test_seek_table_needs_more);
    g_test_add_func("/segment/frame/no_seek_table", test_no_seek_table);
    g_test_add_func("/segment/frame/seek_table_flipped", test_seek_table_flipped);
    g_test_add_func("/segment/frame/seek_table_of_another", test_seek_table_of_another_object);
    g_test_add_func("/segment/frame/seek_table_empty_frame", test_seek_table_with_an_empty_frame);
    g_test_add_func("/segment/frame/decompress", test_decompress);
    g_test_add_func("/segment/frame/decompress_refused", test_decompress_refused);
    return g_test_run();
}
