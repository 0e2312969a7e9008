#include "chain/signer.h"

#include "util/hex.h"
#include "util/time.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_MD_CTX, EVP_MD_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIGNUM, BN_free)

static const guint8 hash[AK_SHA256_LEN] = "the thirty-two bytes of a hash..";
static const guint8 other_hash[AK_SHA256_LEN] = "the thirty-two bytes of a hash.,";

typedef struct {
    EVP_PKEY *ed25519;
    EVP_PKEY *rsa;
    char *ed25519_pem, *ed25519_der, *ed25519_raw;
    char *rsa_pem, *rsa_der;
} Keys;

/* PEM with its line ends as JSON writes them. */
static char *pem_of(EVP_PKEY *key)
{
    g_autoptr(BIO) bio = BIO_new(BIO_s_mem());
    g_autofree char *pem = NULL;
    g_auto(GStrv) lines = NULL;
    char *data;
    long len;

    g_assert_cmpint(PEM_write_bio_PUBKEY(bio, key), ==, 1);
    len = BIO_get_mem_data(bio, &data);
    pem = g_strndup(data, (gsize)len);
    lines = g_strsplit(pem, "\n", -1);
    return g_strjoinv("\\n", lines);
}

static char *der_of(EVP_PKEY *key)
{
    guint8 *der = NULL;
    int len = i2d_PUBKEY(key, &der);
    char *text = g_base64_encode(der, (gsize)len);

    OPENSSL_free(der);
    return text;
}

static char *raw_of(EVP_PKEY *key)
{
    guint8 raw[32];
    gsize len = sizeof raw;

    g_assert_cmpint(EVP_PKEY_get_raw_public_key(key, raw, &len), ==, 1);
    return g_base64_encode(raw, len);
}

/* Made once: RSA keys take their time. */
static const Keys *keys(void)
{
    static Keys made;

    if (made.ed25519 == NULL) {
        made.ed25519 = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
        made.rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
        made.ed25519_pem = pem_of(made.ed25519);
        made.ed25519_der = der_of(made.ed25519);
        made.ed25519_raw = raw_of(made.ed25519);
        made.rsa_pem = pem_of(made.rsa);
        made.rsa_der = der_of(made.rsa);
    }
    return &made;
}

static gsize sign_ed25519(EVP_PKEY *key, guint8 *out)
{
    g_autoptr(EVP_MD_CTX) ctx = EVP_MD_CTX_new();
    gsize len = 64;

    g_assert_cmpint(EVP_DigestSignInit(ctx, NULL, NULL, NULL, key), ==, 1);
    g_assert_cmpint(EVP_DigestSign(ctx, out, &len, hash, sizeof hash), ==, 1);
    return len;
}

static gsize sign_rsa(EVP_PKEY *key, int padding, const EVP_MD *md, guint8 *out)
{
    g_autoptr(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    gsize len = 2048;

    g_assert_cmpint(EVP_PKEY_sign_init(ctx), ==, 1);
    g_assert_cmpint(EVP_PKEY_CTX_set_rsa_padding(ctx, padding), ==, 1);
    g_assert_cmpint(EVP_PKEY_CTX_set_signature_md(ctx, md), ==, 1);
    g_assert_cmpint(EVP_PKEY_sign(ctx, out, &len, hash, sizeof hash), ==, 1);
    return len;
}

static AkSigners *parse(const char *json)
{
    g_autoptr(GError) error = NULL;
    AkSigners *signers = ak_signers_parse(ak_view_str(json), &error);

    g_assert_no_error(error);
    g_assert_nonnull(signers);
    return signers;
}

static const AkSigner *find(const AkSigners *signers, const char *id)
{
    const AkSigner *signer = ak_signers_find(signers, ak_view_str(id));

    g_assert_nonnull(signer);
    g_assert_cmpstr(ak_signer_id(signer), ==, id);
    return signer;
}

/* @json, its %s the key, holds the one signer "kms-1", which verifies what its key signed. */
static void check_registry(const char *before, const char *key, const char *after,
                           AkAlgorithm algorithm)
{
    g_autofree char *json = g_strconcat(before, "\"", key, "\"", after, NULL);
    g_autoptr(AkSigners) signers = parse(json);
    const AkSigner *signer = find(signers, "kms-1");
    g_autofree char *text = NULL;
    guint8 signature[2048];
    gsize len;

    g_assert_cmpuint(ak_signers_count(signers), ==, 1);
    g_assert_cmpint(ak_signer_algorithm(signer), ==, algorithm);
    len = algorithm == AK_ALGORITHM_ED25519
              ? sign_ed25519(keys()->ed25519, signature)
              : sign_rsa(keys()->rsa, RSA_PKCS1_PADDING, EVP_sha256(), signature);
    text = g_base64_encode(signature, len);
    g_assert_true(ak_signer_verify(signer, hash, ak_view_str(text)));
    g_assert_false(ak_signer_verify(signer, other_hash, ak_view_str(text)));
}

static void check_bad(const char *json, const char *const expected[])
{
    g_autoptr(GError) error = NULL;

    g_assert_null(ak_signers_parse(ak_view_str(json), &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_BAD_INPUT);
    for (gsize i = 0; expected[i] != NULL; i++) {
        if (strstr(error->message, expected[i]) == NULL)
            g_error("'%s' is not in '%s'", expected[i], error->message);
    }
}

#define CHECK_BAD(json, ...) check_bad(json, (const char *const[]){__VA_ARGS__, NULL})

static void test_shapes(void)
{
    const char *key = keys()->ed25519_pem;

    check_registry("[{\"signerId\":\"kms-1\",\"publicKey\":", key, "}]", AK_ALGORITHM_ED25519);
    check_registry("{\"v\":1,\"signers\":[{\"signerId\":\"kms-1\",\"publicKey\":", key, "}]}",
                   AK_ALGORITHM_ED25519);
    check_registry("{\"kms-1\":", key, "}", AK_ALGORITHM_ED25519);
    check_registry("{\"kms-1\":{\"publicKey\":", key, "}}", AK_ALGORITHM_ED25519);
    check_registry("{\"kms-1\":{\"id\":\"17\",\"publicKey\":", key, "}}", AK_ALGORITHM_ED25519);
}

static void test_names(void)
{
    static const char *const ids[] = {"signerId", "signer_id", "signer_kid", "id"};
    static const char *const names[] = {"publicKey", "public_key", "public_key_pem", "key"};

    for (gsize i = 0; i < G_N_ELEMENTS(ids); i++) {
        for (gsize k = 0; k < G_N_ELEMENTS(names); k++) {
            g_autofree char *before =
                g_strdup_printf("[{\"%s\":\"kms-1\",\"%s\":", ids[i], names[k]);

            check_registry(before, keys()->ed25519_raw, "}]", AK_ALGORITHM_ED25519);
        }
    }
}

static void test_encodings(void)
{
    g_autofree char *url = g_strdup(keys()->ed25519_raw);
    const char *before = "{\"kms-1\":";

    check_registry(before, keys()->ed25519_pem, "}", AK_ALGORITHM_ED25519);
    check_registry(before, keys()->ed25519_der, "}", AK_ALGORITHM_ED25519);
    check_registry(before, keys()->ed25519_raw, "}", AK_ALGORITHM_ED25519);
    check_registry(before, keys()->rsa_pem, "}", AK_ALGORITHM_RSA_SHA256);
    check_registry(before, keys()->rsa_der, "}", AK_ALGORITHM_RSA_SHA256);
    g_strdelimit(g_strdelimit(url, "+", '-'), "/", '_');
    url[strlen(url) - 1] = '\0'; /* its one '=' */
    check_registry(before, url, "}", AK_ALGORITHM_ED25519);
}

static void test_algorithms(void)
{
    const char *before = "[{\"id\":\"kms-1\",\"key\":";
    const char *ed = keys()->ed25519_raw, *rsa = keys()->rsa_der;

    check_registry(before, ed, ",\"algorithm\":\"ed25519\"}]", AK_ALGORITHM_ED25519);
    check_registry(before, ed, ",\"alg\":\"Ed25519\"}]", AK_ALGORITHM_ED25519);
    check_registry(before, ed, ",\"alg\":\"pure-ED25519-v1\"}]", AK_ALGORITHM_ED25519);
    check_registry(before, rsa, ",\"algorithm\":\"RSA-SHA256\"}]", AK_ALGORITHM_RSA_SHA256);
    check_registry(before, rsa, ",\"alg\":\"rsa\"}]", AK_ALGORITHM_RSA_SHA256);
    check_registry(before, rsa, ",\"algorithm\":null}]", AK_ALGORITHM_RSA_SHA256);
    check_registry(before, rsa, ",\"deployedAt\":\"soon\",\"description\":[{}]}]",
                   AK_ALGORITHM_RSA_SHA256);
}

static void test_bad_algorithm(void)
{
    static const char *const cases[][2] = {{"rsa-sha256", "ed25519"},
                                           {"EdDSA", "unknown algorithm 'EdDSA'"},
                                           {"hmac-sha256", "secret"}};

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *json = g_strdup_printf("[{\"id\":\"a\",\"key\":\"%s\",\"alg\":\"%s\"}]",
                                                keys()->ed25519_raw, cases[i][0]);

        CHECK_BAD(json, "signer 'a'", "member 'alg'", cases[i][1]);
    }
}

static void test_bad_json(void)
{
    CHECK_BAD("", "signer registry");
    CHECK_BAD("{", "signer registry");
    CHECK_BAD("[] []", "signer registry");
    CHECK_BAD("/* no */ []", "signer registry");
    CHECK_BAD("\"text\"", "neither an array nor an object");
    CHECK_BAD("null", "neither an array nor an object");
    CHECK_BAD("[7]", "signer number 1", "not an object");
    CHECK_BAD("{\"version\":1}", "signer 'version'", "neither a key nor an object");
}

static void test_bad_member(void)
{
    CHECK_BAD("[{\"key\":\"AAAA\"}]", "signer number 1", "member 'signerId'", "missing");
    CHECK_BAD("[{\"id\":7,\"key\":\"AAAA\"}]", "signer number 1", "member 'id'", "not a text");
    CHECK_BAD("[{\"id\":\"\",\"key\":\"AAAA\"}]", "id is empty");
    CHECK_BAD("[{\"id\":\"a\"}]", "signer 'a'", "member 'publicKey'", "missing");
    CHECK_BAD("[{\"id\":\"a\",\"key\":null}]", "signer 'a'", "missing");
    CHECK_BAD("[{\"id\":\"a\",\"key\":[]}]", "signer 'a'", "member 'key'", "not a text");
    CHECK_BAD("{\"a\":{}}", "signer 'a'", "missing");
}

/* What is too long is not repeated in the error either. */
static void test_long_member(void)
{
    g_autofree char *text = g_strnfill(1025, 'x'), *key = g_strnfill(20000, 'A');
    g_autofree char *id = g_strdup_printf("[{\"id\":\"%s\",\"key\":\"AAAA\"}]", text);
    g_autofree char *map = g_strdup_printf("{\"%s\":\"AAAA\"}", text);
    g_autofree char *long_key = g_strdup_printf("[{\"id\":\"a\",\"key\":\"%s\"}]", key);
    g_autoptr(GError) error = NULL;

    CHECK_BAD(id, "signer number 1", "member 'id'", "too long");
    CHECK_BAD(map, "the id is empty or has more than 1024 bytes");
    CHECK_BAD(long_key, "signer 'a'", "member 'key'", "too long");
    g_assert_null(ak_signers_parse(ak_view_str(map), &error));
    g_assert_cmpuint(strlen(error->message), <, 200);
}

static void test_duplicate(void)
{
    const char *key = keys()->ed25519_raw;
    g_autofree char *array = g_strdup_printf(
        "[{\"id\":\"a\",\"key\":\"%s\"},{\"signer_kid\":\"a\",\"key\":\"%s\"}]", key, key);
    g_autofree char *map = g_strdup_printf("{\"a\":\"%s\",\"a\":\"%s\"}", key, key);

    CHECK_BAD(array, "signer 'a'", "twice");
    CHECK_BAD(map, "duplicate");
}

/* A registry with the one key text @key. */
static void check_bad_key(const char *key, const char *expected)
{
    g_autofree char *json = g_strdup_printf("[{\"id\":\"a\",\"public_key\":\"%s\"}]", key);

    CHECK_BAD(json, "signer 'a'", "member 'public_key'", expected);
}

static void test_bad_key(void)
{
    g_autofree char *twice = g_strconcat(keys()->ed25519_pem, keys()->rsa_pem, NULL);
    g_autofree char *cut = g_strndup(keys()->rsa_pem, strlen(keys()->rsa_pem) - 40);
    g_autofree char *cut_der = g_strndup(keys()->rsa_der, 200);

    check_bad_key("", "0 bytes");
    check_bad_key("not base64!", "neither PEM nor base64");
    check_bad_key("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==", "31 bytes");
    check_bad_key("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "33 bytes");
    check_bad_key(twice, "more than one");
    check_bad_key(cut, "broken PEM");
    check_bad_key(cut_der, "neither an Ed25519 key");
    check_bad_key("-----BEGIN PRIVATE KEY-----\\nAAAA\\n-----END PRIVATE KEY-----\\n",
                  "holds a 'PRIVATE KEY'");
    check_bad_key("-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END CERTIFICATE-----\\n",
                  "holds a 'CERTIFICATE'");
}

static void test_unknown_key_type(void)
{
    g_autoptr(EVP_PKEY) ec = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    g_autoptr(EVP_PKEY) ed448 = EVP_PKEY_Q_keygen(NULL, NULL, "ED448");
    g_autoptr(EVP_PKEY) x25519 = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    g_autofree char *ec_pem = pem_of(ec), *ed448_der = der_of(ed448), *x25519_pem = pem_of(x25519);

    check_bad_key(ec_pem, "unknown key type 'EC'");
    check_bad_key(ed448_der, "unknown key type 'ED448'");
    check_bad_key(x25519_pem, "unknown key type 'X25519'");
}

static void test_weak_key(void)
{
    g_autoptr(EVP_PKEY) small = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)768);
    g_autofree char *pem = pem_of(small);

    check_bad_key(pem, "768 bits");
    check_bad_key("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "small order");
    check_bad_key("AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "small order");
    check_bad_key("AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "not a point");
}

/* An RSA key of these numbers, in a registry. */
static void check_bad_rsa(const BIGNUM *n, unsigned long exponent)
{
    g_autoptr(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    g_autoptr(BIGNUM) e = BN_new();
    g_autoptr(EVP_PKEY) key = NULL;
    g_autofree char *pem = NULL;
    OSSL_PARAM *params;

    g_assert_cmpint(BN_set_word(e, exponent), ==, 1);
    g_assert_cmpint(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n), ==, 1);
    g_assert_cmpint(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e), ==, 1);
    params = OSSL_PARAM_BLD_to_param(build);
    g_assert_cmpint(EVP_PKEY_fromdata_init(ctx), ==, 1);
    g_assert_cmpint(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), ==, 1);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    pem = pem_of(key);
    check_bad_key(pem, "no RSA key");
}

static void test_unsound_rsa(void)
{
    g_autoptr(BIGNUM) n = NULL;

    g_assert_cmpint(EVP_PKEY_get_bn_param(keys()->rsa, OSSL_PKEY_PARAM_RSA_N, &n), ==, 1);
    check_bad_rsa(n, 1);
    check_bad_rsa(n, 65536);
    g_assert_cmpint(BN_sub_word(n, 1), ==, 1);
    check_bad_rsa(n, 65537);
}

static void check_window(const char *from, const char *until)
{
    g_autofree char *json = g_strdup_printf(
        "[{\"id\":\"a\",\"key\":\"%s\",\"%s\":\"2025-02-01T00:00:00Z\",\"%s\":\"2025-03-01\"}]",
        keys()->ed25519_raw, from, until);
    g_autoptr(AkSigners) signers = parse(json);
    const AkSigner *signer = find(signers, "a");
    gint64 start = ak_time_from_civil(2025, 2, 1) * AK_USEC_PER_DAY;
    gint64 end = ak_time_from_civil(2025, 3, 1) * AK_USEC_PER_DAY;

    g_assert_false(ak_signer_is_valid_at(signer, start - 1));
    g_assert_true(ak_signer_is_valid_at(signer, start));
    g_assert_true(ak_signer_is_valid_at(signer, end - 1));
    g_assert_false(ak_signer_is_valid_at(signer, end));
}

static void test_window(void)
{
    check_window("validFrom", "validUntil");
    check_window("valid_from", "valid_until");
    check_window("notBefore", "notAfter");
}

static void test_no_window(void)
{
    g_autofree char *json = g_strdup_printf("{\"a\":\"%s\"}", keys()->ed25519_raw);
    g_autoptr(AkSigners) signers = parse(json);

    g_assert_true(ak_signer_is_valid_at(find(signers, "a"), G_MININT64));
    g_assert_true(ak_signer_is_valid_at(find(signers, "a"), G_MAXINT64 - 1));
}

static void test_bad_window(void)
{
    g_autofree char *time = g_strdup_printf(
        "[{\"id\":\"a\",\"key\":\"%s\",\"validFrom\":\"yesterday\"}]", keys()->ed25519_raw);
    g_autofree char *number =
        g_strdup_printf("[{\"id\":\"a\",\"key\":\"%s\",\"notAfter\":17}]", keys()->ed25519_raw);
    g_autofree char *order = g_strdup_printf("[{\"id\":\"a\",\"key\":\"%s\",\"validFrom\":\"2025-"
                                             "01-02\",\"validUntil\":\"2025-01-02\"}]",
                                             keys()->ed25519_raw);

    CHECK_BAD(time, "signer 'a'", "member 'validFrom'", "'yesterday' is not a time");
    CHECK_BAD(number, "signer 'a'", "member 'notAfter'", "not a text");
    CHECK_BAD(order, "signer 'a'", "member 'validUntil'", "not later");
}

static void test_find_unknown(void)
{
    g_autofree char *json = g_strdup_printf("{\"a\":\"%s\"}", keys()->ed25519_raw);
    g_autoptr(AkSigners) signers = parse(json);

    g_assert_nonnull(ak_signers_find(signers, AK_VIEW("a")));
    g_assert_null(ak_signers_find(signers, AK_VIEW("b")));
    g_assert_null(ak_signers_find(signers, AK_VIEW("aa")));
    g_assert_null(ak_signers_find(signers, AK_VIEW("")));
    g_assert_null(ak_signers_find(signers, AK_VIEW_NULL));
}

static void test_signature_encodings(void)
{
    g_autofree char *json = g_strdup_printf("{\"a\":\"%s\"}", keys()->ed25519_raw);
    g_autoptr(AkSigners) signers = parse(json);
    const AkSigner *signer = find(signers, "a");
    guint8 raw[64];
    g_autofree char *text = NULL, *hex = NULL, *upper = NULL, *lines = NULL;

    (void)sign_ed25519(keys()->ed25519, raw);
    text = g_base64_encode(raw, sizeof raw);
    hex = ak_hex_string(raw, sizeof raw);
    upper = g_ascii_strup(hex, -1);
    lines = g_strdup_printf("%.76s\n%s", text, text + 76);
    g_assert_true(ak_signer_verify(signer, hash, ak_view_str(text)));
    g_assert_true(ak_signer_verify(signer, hash, ak_view(text, 86)));
    g_assert_true(ak_signer_verify(signer, hash, ak_view_str(lines)));
    g_assert_true(ak_signer_verify(signer, hash, ak_view_str(hex)));
    g_assert_true(ak_signer_verify(signer, hash, ak_view_str(upper)));
    g_strdelimit(g_strdelimit(text, "+", '-'), "/", '_');
    g_assert_true(ak_signer_verify(signer, hash, ak_view_str(text)));
}

static void test_bad_signature_encodings(void)
{
    g_autofree char *json = g_strdup_printf("{\"a\":\"%s\"}", keys()->ed25519_raw);
    g_autoptr(AkSigners) signers = parse(json);
    const AkSigner *signer = find(signers, "a");
    guint8 raw[64];
    g_autofree char *text = NULL, *hex = NULL;
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    (void)sign_ed25519(keys()->ed25519, raw);
    text = g_base64_encode(raw, sizeof raw);
    hex = ak_hex_string(raw, sizeof raw);
    g_assert_false(ak_signer_verify(signer, hash, AK_VIEW_NULL));
    g_assert_false(ak_signer_verify(signer, hash, AK_VIEW("")));
    g_assert_false(ak_signer_verify(signer, hash, ak_view(text, 85)));
    g_assert_false(ak_signer_verify(signer, hash, ak_view(text, 87))); /* half of the padding */
    g_assert_false(ak_signer_verify(signer, hash, ak_view(hex, 126)));
    g_assert_false(ak_signer_verify(signer, hash, ak_view(hex, 127)));
    text[85] = digits[strchr(digits, text[85]) - digits + 1]; /* bits that carry nothing */
    g_assert_false(ak_signer_verify(signer, hash, ak_view_str(text)));
    text[10] = '*';
    g_assert_false(ak_signer_verify(signer, hash, ak_view_str(text)));
}

/* The answer is the same before the table is built, while and after. */
static void test_many_uses(void)
{
    g_autofree char *json = g_strdup_printf("{\"a\":\"%s\"}", keys()->ed25519_raw);
    g_autoptr(AkSigners) signers = parse(json);
    const AkSigner *signer = find(signers, "a");
    g_autofree char *text = NULL;
    guint8 raw[64];

    (void)sign_ed25519(keys()->ed25519, raw);
    text = g_base64_encode(raw, sizeof raw);
    for (int i = 0; i < 100; i++) {
        g_assert_true(ak_signer_verify(signer, hash, ak_view_str(text)));
        g_assert_false(ak_signer_verify(signer, other_hash, ak_view_str(text)));
    }
}

/* More keys than there are tables: the rest verify all the same. */
static void test_many_signers(void)
{
    g_autoptr(GString) json = g_string_new("{");
    g_autoptr(AkSigners) signers = NULL;
    g_autoptr(GPtrArray) signatures = g_ptr_array_new_with_free_func(g_free);

    for (int i = 0; i < 70; i++) {
        g_autoptr(EVP_PKEY) key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
        g_autofree char *raw = raw_of(key);
        guint8 signature[64];

        g_string_append_printf(json, "%s\"s%d\":\"%s\"", i > 0 ? "," : "", i, raw);
        (void)sign_ed25519(key, signature);
        g_ptr_array_add(signatures, g_base64_encode(signature, sizeof signature));
    }
    g_string_append_c(json, '}');
    signers = parse(json->str);
    g_assert_cmpuint(ak_signers_count(signers), ==, 70);
    for (guint i = 0; i < 70; i++) {
        g_autofree char *id = g_strdup_printf("s%u", i);
        const AkSigner *signer = find(signers, id);
        const char *own = g_ptr_array_index(signatures, i);
        const char *next = g_ptr_array_index(signatures, (i + 1) % 70);

        for (int use = 0; use < 20; use++) {
            g_assert_true(ak_signer_verify(signer, hash, ak_view_str(own)));
            g_assert_false(ak_signer_verify(signer, hash, ak_view_str(next)));
        }
    }
}

static gpointer verify_many(gpointer data)
{
    const AkSigners *signers = data;
    static const char *const ids[] = {"ed", "rsa"};
    g_autofree char *ed = NULL, *rsa = NULL;
    guint8 bytes[2048];
    guint wrong = 0;

    ed = g_base64_encode(bytes, sign_ed25519(keys()->ed25519, bytes));
    rsa = g_base64_encode(bytes, sign_rsa(keys()->rsa, RSA_PKCS1_PADDING, EVP_sha256(), bytes));
    for (int i = 0; i < 200; i++) {
        const AkSigner *signer = ak_signers_find(signers, ak_view_str(ids[i % 2]));
        const char *own = i % 2 == 0 ? ed : rsa;

        wrong += !ak_signer_verify(signer, hash, ak_view_str(own));
        wrong += ak_signer_verify(signer, other_hash, ak_view_str(own)) != 0;
    }
    return GUINT_TO_POINTER(wrong);
}

static void test_threads(void)
{
    g_autofree char *json =
        g_strdup_printf("{\"ed\":\"%s\",\"rsa\":\"%s\"}", keys()->ed25519_raw, keys()->rsa_der);
    g_autoptr(AkSigners) signers = parse(json);
    GThread *threads[4];

    for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("verify", verify_many, signers);
    for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
        g_assert_cmpuint(GPOINTER_TO_UINT(g_thread_join(threads[i])), ==, 0);
}

static void check_rsa(EVP_PKEY *key)
{
    g_autofree char *der = der_of(key), *json = g_strdup_printf("{\"a\":\"%s\"}", der);
    g_autoptr(AkSigners) signers = parse(json);
    const AkSigner *signer = find(signers, "a");
    guint8 raw[2048];
    gsize len = sign_rsa(key, RSA_PKCS1_PADDING, EVP_sha256(), raw);
    g_autofree char *hex = ak_hex_string(raw, len);
    g_autofree char *pss = NULL, *longer = NULL;

    g_assert_true(ak_signer_verify(signer, hash, ak_view_str(hex)));
    g_assert_false(ak_signer_verify(signer, other_hash, ak_view_str(hex)));
    longer = g_strconcat("00", hex, NULL);
    g_assert_false(ak_signer_verify(signer, hash, ak_view_str(longer)));
    hex[100] = hex[100] == '0' ? '1' : '0';
    g_assert_false(ak_signer_verify(signer, hash, ak_view_str(hex)));
    len = sign_rsa(key, RSA_PKCS1_PSS_PADDING, EVP_sha256(), raw);
    pss = ak_hex_string(raw, len);
    g_assert_false(ak_signer_verify(signer, hash, ak_view_str(pss)));
}

static void test_rsa(void)
{
    g_autoptr(EVP_PKEY) large = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)3072);

    check_rsa(keys()->rsa);
    check_rsa(large);
}

/* The digest is the hash itself: a signature that hashed it once more is another one. */
static void test_rsa_hashed_again(void)
{
    g_autofree char *json = g_strdup_printf("{\"a\":\"%s\"}", keys()->rsa_der);
    g_autoptr(AkSigners) signers = parse(json);
    g_autoptr(EVP_MD_CTX) ctx = EVP_MD_CTX_new();
    g_autofree char *text = NULL;
    guint8 raw[256];
    gsize len = sizeof raw;

    g_assert_cmpint(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, keys()->rsa), ==, 1);
    g_assert_cmpint(EVP_DigestSign(ctx, raw, &len, hash, sizeof hash), ==, 1);
    text = g_base64_encode(raw, len);
    g_assert_false(ak_signer_verify(find(signers, "a"), hash, ak_view_str(text)));
}

static void test_hmac(void)
{
    g_autoptr(AkSigners) signers = parse("[]");
    /* the secret of RFC 4231 §4.3 */
    guint8 zero[AK_SHA256_LEN] = {0}, expected[AK_SHA256_LEN];
    g_autofree char *hex = NULL, *text = NULL;
    const AkSigner *signer;
    gsize len;

    ak_signers_add_hmac(signers, "memory", AK_VIEW("Jefe"));
    ak_signers_add_hmac(signers, "other", AK_VIEW("jefe"));
    signer = find(signers, "memory");
    g_assert_cmpint(ak_signer_algorithm(signer), ==, AK_ALGORITHM_HMAC_SHA256);
    g_assert_nonnull(EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, "Jefe", 4, zero, sizeof zero,
                               expected, sizeof expected, &len));
    hex = ak_hex_string(expected, len);
    text = g_base64_encode(expected, len);
    for (int i = 0; i < 3; i++) {
        g_assert_true(ak_signer_verify(signer, zero, ak_view_str(hex)));
        g_assert_true(ak_signer_verify(signer, zero, ak_view_str(text)));
        g_assert_false(ak_signer_verify(signer, hash, ak_view_str(hex)));
        g_assert_false(ak_signer_verify(find(signers, "other"), zero, ak_view_str(hex)));
    }
}

static void test_load_missing(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(ak_signers_load("/nonexistent/signers.json", &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CONFIG);
    g_assert_nonnull(strstr(error->message, "'/nonexistent/signers.json'"));
    g_clear_error(&error);
    g_assert_null(ak_signers_load(g_get_tmp_dir(), &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CONFIG);
}

static void test_algorithm_names(void)
{
    g_assert_cmpstr(ak_algorithm_name(AK_ALGORITHM_ED25519), ==, "ed25519");
    g_assert_cmpstr(ak_algorithm_name(AK_ALGORITHM_RSA_SHA256), ==, "rsa-sha256");
    g_assert_cmpstr(ak_algorithm_name(AK_ALGORITHM_HMAC_SHA256), ==, "hmac-sha256");
}

static void add_registry_tests(void)
{
    g_test_add_func("/chain/signer/shapes", test_shapes);
    g_test_add_func("/chain/signer/names", test_names);
    g_test_add_func("/chain/signer/encodings", test_encodings);
    g_test_add_func("/chain/signer/algorithms", test_algorithms);
    g_test_add_func("/chain/signer/algorithm-names", test_algorithm_names);
    g_test_add_func("/chain/signer/bad-algorithm", test_bad_algorithm);
    g_test_add_func("/chain/signer/bad-json", test_bad_json);
    g_test_add_func("/chain/signer/bad-member", test_bad_member);
    g_test_add_func("/chain/signer/long-member", test_long_member);
    g_test_add_func("/chain/signer/duplicate", test_duplicate);
    g_test_add_func("/chain/signer/bad-key", test_bad_key);
    g_test_add_func("/chain/signer/unknown-key-type", test_unknown_key_type);
    g_test_add_func("/chain/signer/weak-key", test_weak_key);
    g_test_add_func("/chain/signer/unsound-rsa", test_unsound_rsa);
    g_test_add_func("/chain/signer/window", test_window);
    g_test_add_func("/chain/signer/no-window", test_no_window);
    g_test_add_func("/chain/signer/bad-window", test_bad_window);
    g_test_add_func("/chain/signer/find-unknown", test_find_unknown);
    g_test_add_func("/chain/signer/load-missing", test_load_missing);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_registry_tests();
    g_test_add_func("/chain/signer/signature-encodings", test_signature_encodings);
    g_test_add_func("/chain/signer/bad-signature-encodings", test_bad_signature_encodings);
    g_test_add_func("/chain/signer/many-uses", test_many_uses);
    g_test_add_func("/chain/signer/many-signers", test_many_signers);
    g_test_add_func("/chain/signer/threads", test_threads);
    g_test_add_func("/chain/signer/rsa", test_rsa);
    g_test_add_func("/chain/signer/rsa-hashed-again", test_rsa_hashed_again);
    g_test_add_func("/chain/signer/hmac", test_hmac);
    return g_test_run();
}
