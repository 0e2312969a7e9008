#include "chain/ed25519.h"

#include "chain/ed25519_point.h"
#include "chain/ed25519_scalar.h"
#include "util/hex.h"

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <string.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_MD_CTX, EVP_MD_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIGNUM, BN_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BN_CTX, BN_CTX_free)

/* Encodings of the eight points of small order, and of some of them a second time, not canonical.
 */
static const char *const small_order[] = {
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
};

enum { CANONICAL_SMALL = 8 };

static const char order_hex[] = "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed";

static void from_hex(const char *hex, guint8 *out, gsize len)
{
    g_assert_true(ak_hex_decode(ak_view_str(hex), out, len));
}

static void random_bytes(guint8 *out, gsize len)
{
    for (gsize i = 0; i < len; i++)
        out[i] = (guint8)g_test_rand_int_range(0, 256);
}

static gboolean openssl_verify(const guint8 public_key[32], const guint8 *message, gsize len,
                               const guint8 signature[64])
{
    g_autoptr(EVP_PKEY) key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, 32);
    g_autoptr(EVP_MD_CTX) ctx = EVP_MD_CTX_new();

    return key != NULL && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
           EVP_DigestVerify(ctx, signature, 64, message, len) == 1;
}

static gboolean own_verify(const guint8 public_key[32], const guint8 *message, gsize len,
                           const guint8 signature[64])
{
    g_autoptr(AkEd25519Key) key = ak_ed25519_key_new(public_key);

    return key != NULL && ak_ed25519_verify(key, message, len, signature);
}

/* Both verifiers' answer, which has to be one. @key: ours of @public_key, NULL when refused. */
static gboolean verdict_of(const AkEd25519Key *key, const guint8 public_key[32],
                           const guint8 message[32], const guint8 signature[64])
{
    gboolean theirs = openssl_verify(public_key, message, 32, signature);
    gboolean ours = key != NULL && ak_ed25519_verify(key, message, 32, signature);

    g_assert_cmpint(ours, ==, theirs);
    return theirs;
}

static gboolean verdict(const guint8 public_key[32], const guint8 message[32],
                        const guint8 signature[64])
{
    g_autoptr(AkEd25519Key) key = ak_ed25519_key_new(public_key);

    return verdict_of(key, public_key, message, signature);
}

static EVP_PKEY *new_key(guint8 public_key[32])
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    gsize len = 32;

    g_assert_cmpint(EVP_PKEY_get_raw_public_key(key, public_key, &len), ==, 1);
    return key;
}

static void sign(EVP_PKEY *key, const guint8 *message, gsize message_len, guint8 signature[64])
{
    g_autoptr(EVP_MD_CTX) ctx = EVP_MD_CTX_new();
    gsize len = 64;

    g_assert_cmpint(EVP_DigestSignInit(ctx, NULL, NULL, NULL, key), ==, 1);
    g_assert_cmpint(EVP_DigestSign(ctx, signature, &len, message, message_len), ==, 1);
}

static void check_vector(const char *key_hex, const char *message_hex, const char *signature_hex)
{
    guint8 key[32], message[65], signature[64];
    gsize len = strlen(message_hex) / 2;

    from_hex(key_hex, key, sizeof key);
    from_hex(message_hex, message, len);
    from_hex(signature_hex, signature, sizeof signature);
    g_assert_true(own_verify(key, message, len, signature));
    message[len] = 0;
    g_assert_false(own_verify(key, message, len + 1, signature));
    for (gsize bit = 0; bit < 512; bit += 37) {
        signature[bit / 8] ^= (guint8)(1 << bit % 8);
        g_assert_false(own_verify(key, message, len, signature));
        signature[bit / 8] ^= (guint8)(1 << bit % 8);
    }
}

/* RFC 8032 §7.1, TEST 1 to 3 and TEST SHA(abc) */
static void test_rfc8032(void)
{
    check_vector("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
                 "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bac"
                 "c61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");
    check_vector("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
                 "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e"
                 "458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
    check_vector("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
                 "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290"
                 "ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a");
    check_vector("ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
                 "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a8"
                 "36ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
                 "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ec"
                 "fdfbc7c66431e0303dca179c138ac17ad9bef1177331a704");
}

static void test_random(void)
{
    guint8 public_key[32], message[200], signature[64];

    for (int round = 0; round < 4; round++) {
        g_autoptr(EVP_PKEY) secret = new_key(public_key);
        g_autoptr(AkEd25519Key) key = ak_ed25519_key_new(public_key);

        g_assert_nonnull(key);
        random_bytes(message, sizeof message);
        for (gsize len = 0; len <= sizeof message; len++) {
            sign(secret, message, len, signature);
            g_assert_true(ak_ed25519_verify(key, message, len, signature));
            signature[g_test_rand_int_range(0, 64)] ^= (guint8)(1 << g_test_rand_int_range(0, 8));
            g_assert_false(ak_ed25519_verify(key, message, len, signature));
        }
    }
}

/* Keys and signatures that are hardly ever valid: the two agree about which decode. */
static void test_random_keys(void)
{
    guint8 key[32], message[32] = {0}, signature[64];
    int decoded = 0;

    for (int i = 0; i < 200; i++) {
        g_autoptr(AkEd25519Key) own = NULL;

        random_bytes(key, sizeof key);
        random_bytes(signature, sizeof signature);
        signature[63] &= 15;
        own = ak_ed25519_key_new(key);
        (void)verdict_of(own, key, message, signature);
        decoded += own != NULL;
    }
    g_assert_cmpint(decoded, >, 50);
    g_assert_cmpint(decoded, <, 150);
}

/* S = 0, A and R of small order: OpenSSL accepts R + h A = 0 and so do we, in canonical R only. */
static void test_small_order(void)
{
    guint8 key[32], message[32] = {0}, signature[64] = {0};

    for (gsize a = 0; a < G_N_ELEMENTS(small_order); a++) {
        g_autoptr(AkEd25519Key) own = NULL;

        from_hex(small_order[a], key, sizeof key);
        own = ak_ed25519_key_new(key);
        g_assert_nonnull(own);
        for (gsize r = 0; r < G_N_ELEMENTS(small_order); r++) {
            int accepted = 0;

            from_hex(small_order[r], signature, 32);
            for (guint8 i = 0; i < 64; i++) {
                message[0] = i;
                accepted += verdict_of(own, key, message, signature);
            }
            if (r >= CANONICAL_SMALL)
                g_assert_cmpint(accepted, ==, 0);
            else if (r == 0)
                g_assert_cmpint(accepted, >, 0);
        }
    }
}

/* Every y from p - 20 to 2^255 - 1 as A and as R, with both signs. */
static void test_field_edge(void)
{
    guint8 key[32], message[32] = {7}, signature[64] = {0};

    for (int low = 0xed - 20; low <= 0xff; low++) {
        for (int sign_bit = 0; sign_bit < 2; sign_bit++) {
            memset(key, 0xff, sizeof key);
            key[0] = (guint8)low;
            key[31] = sign_bit ? 0xff : 0x7f;
            memcpy(signature, key, sizeof key);
            (void)verdict(key, message, signature);
            from_hex(small_order[0], signature, 32);
            (void)verdict(key, message, signature);
        }
    }
}

static void le_bytes(const BIGNUM *number, guint8 out[32])
{
    g_assert_cmpint(BN_bn2lebinpad(number, out, 32), ==, 32);
}

static BIGNUM *group_order(void)
{
    BIGNUM *order = NULL;

    g_assert_cmpint(BN_hex2bn(&order, order_hex), >, 0);
    return order;
}

/* S and S + L, S + 2L ... satisfy the same equation; only S < L may pass. */
static void test_large_s(void)
{
    g_autoptr(BIGNUM) order = group_order(), s = NULL;
    guint8 public_key[32], message[32] = {1}, signature[64];
    g_autoptr(EVP_PKEY) secret = new_key(public_key);

    sign(secret, message, sizeof message, signature);
    g_assert_true(verdict(public_key, message, signature));
    s = BN_lebin2bn(signature + 32, 32, NULL);
    for (int i = 0; i < 14; i++) {
        g_assert_cmpint(BN_add(s, s, order), ==, 1);
        le_bytes(s, signature + 32);
        g_assert_false(verdict(public_key, message, signature));
    }
}

static void test_s_at_order(void)
{
    guint8 key[32], message[32] = {0}, signature[64] = {0};

    /* A and R neutral: S = 0 is valid, and so would be S = L if it were not refused */
    from_hex(small_order[0], key, sizeof key);
    memcpy(signature, key, sizeof key);
    g_assert_true(verdict(key, message, signature));
    for (int delta = -2; delta <= 2; delta++) {
        g_autoptr(BIGNUM) s = group_order();

        g_assert_cmpint(BN_add_word(s, 2), ==, 1);
        g_assert_cmpint(BN_sub_word(s, (BN_ULONG)(2 - delta)), ==, 1); /* L + delta */
        le_bytes(s, signature + 32);
        g_assert_false(verdict(key, message, signature));
    }
}

/* A signature with secret scalar 1 for the key B + T, T of small order: valid where h T = 0. */
static gboolean verdict_with_torsion(const char *torsion_hex, guint8 salt)
{
    static const char base_hex[] =
        "5866666666666666666666666666666666666666666666666666666666666666";
    guint8 torsion[32], base[32], key[32], message[32] = {salt}, signature[64], input[96],
                                           digest[64];
    AkPoint a, t;
    AkScalar h;

    from_hex(torsion_hex, torsion, sizeof torsion);
    from_hex(base_hex, base, sizeof base);
    g_assert_true(ak_point_decode(&a, base) && ak_point_decode(&t, torsion));
    ak_point_add(&a, &t);
    ak_point_encode(key, &a);

    memcpy(signature, base, sizeof base); /* R = B: S = 1 + h */
    memcpy(input, signature, 32);
    memcpy(input + 32, key, 32);
    memcpy(input + 64, message, 32);
    g_assert_true(EVP_Q_digest(NULL, "SHA512", NULL, input, sizeof input, digest, NULL));
    ak_scalar_reduce(&h, digest);
    h.word[0]++;
    memcpy(signature + 32, h.word, 32);
    return verdict(key, message, signature);
}

static void test_torsion(void)
{
    for (gsize i = 0; i < CANONICAL_SMALL; i++) {
        int accepted = 0;

        for (guint8 salt = 0; salt < 32; salt++)
            accepted += verdict_with_torsion(small_order[i], salt);
        g_assert_cmpint(accepted, >, 0);
        if (i == 0)
            g_assert_cmpint(accepted, ==, 32);
        else
            g_assert_cmpint(accepted, <, 32);
    }
}

static void check_invert(const guint8 bytes[32])
{
    guint8 product[32], expected[32] = {0};
    AkFe fe, inverse;

    ak_fe_decode(&fe, bytes);
    ak_fe_invert(&inverse, &fe);
    expected[0] = ak_fe_is_zero(&fe) ? 0 : 1;
    ak_fe_mul(&fe, &fe, &inverse);
    ak_fe_encode(product, &fe);
    g_assert_cmpmem(product, sizeof product, expected, sizeof expected);
    for (int i = 0; i < 5; i++)
        g_assert_cmpuint(inverse.limb[i], <, ((guint64)1 << 51) + (1 << 14));
}

/* 0 has no inverse and gives 0; p, 2^255 - 1 and their neighbours come in too. */
static void test_invert(void)
{
    guint8 bytes[32];

    for (int i = 0; i < 256; i++) {
        memset(bytes, i < 128 ? 0 : 0xff, sizeof bytes);
        bytes[0] = (guint8)i;
        check_invert(bytes);
        memset(bytes, 0, sizeof bytes);
        bytes[i / 8] = (guint8)(1 << i % 8);
        check_invert(bytes);
    }
    for (int i = 0; i < 2000; i++) {
        random_bytes(bytes, sizeof bytes);
        check_invert(bytes);
    }
}

static void check_reduce(const guint8 bytes[64])
{
    g_autoptr(BIGNUM) order = group_order(), value = BN_lebin2bn(bytes, 64, NULL);
    g_autoptr(BN_CTX) ctx = BN_CTX_new();
    guint8 expected[32];
    AkScalar got;

    g_assert_cmpint(BN_nnmod(value, value, order, ctx), ==, 1);
    le_bytes(value, expected);
    ak_scalar_reduce(&got, bytes);
    g_assert_cmpmem(got.word, sizeof got.word, expected, sizeof expected);
}

static void test_scalar_reduce(void)
{
    guint8 bytes[64];

    for (int i = 0; i < 2000; i++) {
        random_bytes(bytes, sizeof bytes);
        if (i % 3 == 1)
            memset(bytes + g_test_rand_int_range(0, 60), 0xff, 4);
        else if (i % 3 == 2)
            memset(bytes + 32 - i % 32, i % 2 ? 0 : 0xff, 32);
        check_reduce(bytes);
    }
    memset(bytes, 0xff, sizeof bytes);
    check_reduce(bytes);
    memset(bytes, 0, sizeof bytes);
    check_reduce(bytes);
}

/* k L - 1, k L, k L + 1 for the largest and smallest k */
static void test_scalar_reduce_multiples(void)
{
    for (int shift = 0; shift < 259; shift++) {
        for (int delta = 0; delta < 3; delta++) {
            g_autoptr(BIGNUM) value = group_order();
            guint8 bytes[64];

            g_assert_cmpint(BN_lshift(value, value, shift), ==, 1);
            g_assert_cmpint(BN_sub_word(value, 1), ==, 1);
            g_assert_cmpint(BN_add_word(value, (BN_ULONG)delta), ==, 1);
            g_assert_cmpint(BN_bn2lebinpad(value, bytes, 64), ==, 64);
            check_reduce(bytes);
        }
    }
}

static void check_digits(const AkScalar *scalar)
{
    g_autoptr(BIGNUM) sum = BN_new();
    gint16 digits[AK_SCALAR_DIGITS];
    guint8 back[32];

    ak_scalar_digits(digits, scalar);
    for (int i = AK_SCALAR_DIGITS; i-- > 0;) {
        g_assert_cmpint(BN_lshift(sum, sum, AK_SCALAR_DIGIT_BITS), ==, 1);
        g_assert_cmpint(digits[i], <=, i == AK_SCALAR_DIGITS - 1 ? 512 : 256);
        g_assert_cmpint(digits[i], >=, i == AK_SCALAR_DIGITS - 1 ? 0 : -255);
        if (digits[i] < 0)
            g_assert_cmpint(BN_sub_word(sum, (BN_ULONG)-digits[i]), ==, 1);
        else
            g_assert_cmpint(BN_add_word(sum, (BN_ULONG)digits[i]), ==, 1);
    }
    le_bytes(sum, back);
    g_assert_cmpmem(back, sizeof back, scalar->word, sizeof scalar->word);
}

static void test_scalar_digits(void)
{
    AkScalar largest = {{0x5812631a5cf5d3ec, 0x14def9dea2f79cd6, 0, 0x1000000000000000}};
    AkScalar ones = {{~(guint64)0, ~(guint64)0, ~(guint64)0, 0x0fffffffffffffff}};
    AkScalar zero = {{0}};
    guint8 bytes[64];

    check_digits(&largest);
    check_digits(&ones);
    check_digits(&zero);
    for (int i = 0; i < 500; i++) {
        AkScalar scalar;

        random_bytes(bytes, sizeof bytes);
        ak_scalar_reduce(&scalar, bytes);
        check_digits(&scalar);
    }
}

typedef struct {
    const AkEd25519Key *key;
    guint8 message[32], signature[64];
} Shared;

static gpointer verify_many(gpointer data)
{
    const Shared *shared = data;
    guint valid = 0;

    for (int i = 0; i < 500; i++)
        valid += ak_ed25519_verify(shared->key, shared->message, 32, shared->signature) ? 1 : 0;
    return GUINT_TO_POINTER(valid);
}

static void test_threads(void)
{
    guint8 public_key[32];
    g_autoptr(EVP_PKEY) secret = new_key(public_key);
    g_autoptr(AkEd25519Key) key = ak_ed25519_key_new(public_key);
    Shared shared = {.key = key, .message = {3}};
    GThread *threads[4];

    sign(secret, shared.message, sizeof shared.message, shared.signature);
    for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("verify", verify_many, &shared);
    for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
        g_assert_cmpuint(GPOINTER_TO_UINT(g_thread_join(threads[i])), ==, 500);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/chain/ed25519/rfc8032", test_rfc8032);
    g_test_add_func("/chain/ed25519/random", test_random);
    g_test_add_func("/chain/ed25519/random-keys", test_random_keys);
    g_test_add_func("/chain/ed25519/small-order", test_small_order);
    g_test_add_func("/chain/ed25519/field-edge", test_field_edge);
    g_test_add_func("/chain/ed25519/large-s", test_large_s);
    g_test_add_func("/chain/ed25519/s-at-order", test_s_at_order);
    g_test_add_func("/chain/ed25519/torsion", test_torsion);
    g_test_add_func("/chain/ed25519/invert", test_invert);
    g_test_add_func("/chain/ed25519/scalar-reduce", test_scalar_reduce);
    g_test_add_func("/chain/ed25519/scalar-reduce-multiples", test_scalar_reduce_multiples);
    g_test_add_func("/chain/ed25519/scalar-digits", test_scalar_digits);
    g_test_add_func("/chain/ed25519/threads", test_threads);
    return g_test_run();
}
