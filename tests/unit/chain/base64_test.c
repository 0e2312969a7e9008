#include "chain/base64.h"

/* RFC 4648 §10, and bytes that need the last two characters of either alphabet */
static const struct {
    const char *bytes, *padded, *bare, *url;
} vectors[] = {
    {"", "", "", ""},
    {"f", "Zg==", "Zg", "Zg"},
    {"fo", "Zm8=", "Zm8", "Zm8="},
    {"foo", "Zm9v", "Zm9v", "Zm9v"},
    {"foobar", "Zm9vYmFy", "Zm9vYmFy", "Zm9vYmFy"},
    {"\xfb\xff\xfe", "+//+", "+//+", "-__-"},
    {"\xfb\xff", "+/8=", "+/8", "-_8"},
};

static gboolean decodes_to(const char *text, const char *bytes)
{
    guint8 out[8];
    gsize len;

    return ak_base64_decode(ak_view_str(text), out, sizeof out, &len) && len == strlen(bytes) &&
           (len == 0 || memcmp(out, bytes, len) == 0);
}

static void test_vectors(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(vectors); i++) {
        g_assert_true(decodes_to(vectors[i].padded, vectors[i].bytes));
        g_assert_true(decodes_to(vectors[i].bare, vectors[i].bytes));
        g_assert_true(decodes_to(vectors[i].url, vectors[i].bytes));
    }
}

static void test_white_space(void)
{
    g_assert_true(decodes_to(" Zm9v\r\nYmFy\n", "foobar"));
    g_assert_true(decodes_to("Z g =\n=\n", "f"));
    g_assert_true(decodes_to("\n", ""));
}

static void test_refuses(void)
{
    static const char *const bad[] = {"Z",    "Zm9vY",    "Zg=",    "Zg===",   "Zm8==", "Zm9v=",
                                      "Zh==", "Zm9=",     "=",      "Zg=Z",    "Zm9v*", "Zm.v",
                                      "=Zg=", "\xc3\xa9", "Zm9v==", "Zg==Zg=="};
    guint8 out[8];
    gsize len;

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(ak_base64_decode(ak_view_str(bad[i]), out, sizeof out, &len));
}

static void test_size(void)
{
    guint8 out[3];
    gsize len;

    g_assert_true(ak_base64_decode(AK_VIEW("Zm9v"), out, 3, &len));
    g_assert_cmpuint(len, ==, 3);
    g_assert_false(ak_base64_decode(AK_VIEW("Zm9v"), out, 2, &len));
    g_assert_false(ak_base64_decode(AK_VIEW("Zm9vYg"), out, 3, &len));
}

static void test_append(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(vectors); i++) {
        g_auto(AkBuf) out = {0};
        AkView bytes = ak_view_str(vectors[i].bytes);

        ak_buf_append_literal(&out, "x");
        ak_base64_append(&out, (const guint8 *)bytes.data, bytes.len);
        g_assert_cmpmem(out.data + 1, out.len - 1, vectors[i].padded, strlen(vectors[i].padded));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/chain/base64/vectors", test_vectors);
    g_test_add_func("/chain/base64/white-space", test_white_space);
    g_test_add_func("/chain/base64/refuses", test_refuses);
    g_test_add_func("/chain/base64/size", test_size);
    g_test_add_func("/chain/base64/append", test_append);
    return g_test_run();
}
