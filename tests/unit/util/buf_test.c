#include "util/buf.h"

static void test_starts_empty(void)
{
    g_auto(AkBuf) buf = {0};
    AkView view = ak_buf_view(&buf);

    g_assert_cmpuint(view.len, ==, 0);
    g_assert_nonnull(view.data);
    ak_buf_append(&buf, NULL, 0);
    g_assert_null(buf.data);
}

static void test_append(void)
{
    g_auto(AkBuf) buf = {0};

    ak_buf_append(&buf, "ab", 2);
    ak_buf_append_byte(&buf, '\0');
    ak_buf_append_literal(&buf, "cd");
    ak_buf_append_view(&buf, AK_VIEW("e"));
    ak_buf_append_view(&buf, AK_VIEW_NULL);
    g_assert_cmpmem(buf.data, buf.len, "ab\0cde", 6);
}

static void test_grows(void)
{
    g_auto(AkBuf) buf = {0};

    for (guint i = 0; i < 100000; i++)
        ak_buf_append_byte(&buf, (char)(i % 251));
    g_assert_cmpuint(buf.len, ==, 100000);
    g_assert_cmpuint(buf.cap, >=, buf.len);
    g_assert_cmpuint(buf.cap, <, 2 * buf.len);
    for (guint i = 0; i < 100000; i++)
        g_assert_cmpint(buf.data[i], ==, (char)(i % 251));
}

static void test_reserve_keeps_len(void)
{
    g_auto(AkBuf) buf = {0};
    char *place = ak_buf_reserve(&buf, 1000);

    g_assert_cmpuint(buf.len, ==, 0);
    memset(place, 'x', 1000);
    buf.len += 1000;
    g_assert_cmpint(buf.data[999], ==, 'x');
}

static void test_truncate_keeps_storage(void)
{
    g_auto(AkBuf) buf = {0};
    gsize cap;

    ak_buf_append_literal(&buf, "hello");
    cap = buf.cap;
    ak_buf_truncate(&buf, 2);
    g_assert_cmpmem(buf.data, buf.len, "he", 2);
    ak_buf_truncate(&buf, 0);
    g_assert_cmpuint(buf.cap, ==, cap);
}

static void test_printf(void)
{
    g_auto(AkBuf) buf = {0};

    ak_buf_append_literal(&buf, "<");
    ak_buf_append_printf(&buf, "%0*d|%s", 400, 7, "end");
    g_assert_cmpuint(buf.len, ==, 405);
    g_assert_cmpmem(buf.data + 399, 6, "07|end", 6);
}

static void test_uint(void)
{
    g_auto(AkBuf) buf = {0};

    ak_buf_append_uint(&buf, 0);
    ak_buf_append_byte(&buf, ' ');
    ak_buf_append_uint(&buf, G_MAXUINT64);
    g_assert_cmpmem(buf.data, buf.len, "0 18446744073709551615", 22);
}

static void test_clear(void)
{
    AkBuf buf = {0};

    ak_buf_append_literal(&buf, "x");
    ak_buf_clear(&buf);
    g_assert_null(buf.data);
    g_assert_cmpuint(buf.len + buf.cap, ==, 0);
    ak_buf_clear(&buf);
}

static void test_too_large(void)
{
    if (g_test_subprocess()) {
        g_auto(AkBuf) buf = {0};

        ak_buf_append_byte(&buf, 'x');
        (void)ak_buf_reserve(&buf, G_MAXSIZE);
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_failed();
    g_test_trap_assert_stderr("*buffer of 1 + *");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/util/buf/starts-empty", test_starts_empty);
    g_test_add_func("/util/buf/append", test_append);
    g_test_add_func("/util/buf/grows", test_grows);
    g_test_add_func("/util/buf/reserve-keeps-len", test_reserve_keeps_len);
    g_test_add_func("/util/buf/truncate-keeps-storage", test_truncate_keeps_storage);
    g_test_add_func("/util/buf/printf", test_printf);
    g_test_add_func("/util/buf/uint", test_uint);
    g_test_add_func("/util/buf/clear", test_clear);
    g_test_add_func("/util/buf/too-large", test_too_large);
    return g_test_run();
}
