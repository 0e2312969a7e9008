#include "util/hex.h"
#include "util/sha256.h"

static void check(AkSha256 *sha, const char *text, const char *expected)
{
    guint8 digest[AK_SHA256_LEN];
    g_autofree char *hex = NULL;

    ak_sha256_of(sha, text, strlen(text), digest);
    hex = ak_hex_string(digest, sizeof digest);
    g_assert_cmpstr(hex, ==, expected);
}

/* FIPS 180-4, the examples of NIST's "SHA256.pdf", and the empty message. */
static void test_vectors(void)
{
    g_autoptr(AkSha256) sha = ak_sha256_new();

    check(sha, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check(sha, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check(sha, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void test_pieces_equal_whole(void)
{
    g_autoptr(AkSha256) sha = ak_sha256_new();
    guint8 whole[AK_SHA256_LEN], pieces[AK_SHA256_LEN];
    guint8 data[1000];

    for (gsize i = 0; i < sizeof data; i++)
        data[i] = (guint8)(i * 7);
    ak_sha256_of(sha, data, sizeof data, whole);
    for (gsize cut = 0; cut <= sizeof data; cut += 37) {
        ak_sha256_begin(sha);
        ak_sha256_add(sha, data, cut);
        ak_sha256_add(sha, data + cut, sizeof data - cut);
        ak_sha256_end(sha, pieces);
        g_assert_cmpmem(pieces, sizeof pieces, whole, sizeof whole);
    }
}

static void test_begin_forgets(void)
{
    g_autoptr(AkSha256) sha = ak_sha256_new();

    ak_sha256_begin(sha);
    ak_sha256_add(sha, "left over", 9);
    check(sha, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/util/sha256/vectors", test_vectors);
    g_test_add_func("/util/sha256/pieces-equal-whole", test_pieces_equal_whole);
    g_test_add_func("/util/sha256/begin-forgets", test_begin_forgets);
    return g_test_run();
}
