#include "chain/check.h"

#include "util/hex.h"

/*
 * Hashes and signatures by a Python program of its own (hashlib, and RFC 8032 from its formulas):
 * the first event of a chain, {"a":1,"b":"x"}, and the second, {"n":2}. The Ed25519 key's seed is
 * the bytes 0 to 31.
 */
#define PAYLOAD "{\"b\": \"x\", \"a\": 1.0}"
#define CANONICAL "{\"a\":1,\"b\":\"x\"}"
#define HASH "ecf9e98ec0641e23113ff3ce8bdc78d0ddd249886517fd4a7f68cc83d4e65667"
#define HASH2 "81f0e17343730e7490e42554b5ed17320915886e3ee3a51f076f02a24a0cd24b"
#define SIGNATURE                                                                                  \
    "0XdEzNBonwlPclpQ1zAo91bkQjMjkQdSdIxzKh0D6f6OE4ULAJViYbz/BzUMW7DhQU2VyGjGfyCb3ix7tTx3Bg=="
#define SIGNATURE2                                                                                 \
    "9CwqPr3FYXHLxA2+7Q04B3U2C/DdeY3KGNAPP0diJsdOdWJiShBnFLxV7YKqsL0fNKJVclUfnc2urJ4F5SYLDA=="
#define HMAC "KSU38iCEH0zvr4acyZ1+qH1AQ1XEVGbHI6aIsmjjj5Y="
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static const char registry[] =
    "[{\"signerId\":\"s-1\",\"algorithm\":\"ed25519\","
    "\"publicKey\":\"A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=\","
    "\"validFrom\":\"2025-01-01T00:00:00Z\",\"validUntil\":\"2026-01-01T00:00:00Z\"}]";

static const gint64 in_2024 = G_GINT64_CONSTANT(1735689599999999); /* the last microsecond */
static const gint64 in_2025 = G_GINT64_CONSTANT(1735689600000000); /* the first */
static const gint64 in_2026 = G_GINT64_CONSTANT(1767225600000000); /* the first */

static AkEvent first(void)
{
    return (AkEvent){
        .ts_usec = in_2025,
        .id = AK_VIEW("6f1c2a4e-0c1d-4b7e-9a55-0d6a3c1f2b10"),
        .payload = AK_VIEW(PAYLOAD),
        .hash = AK_VIEW(HASH),
        .signature = AK_VIEW(SIGNATURE),
        .signer_id = AK_VIEW("s-1"),
    };
}

static AkEvent second(void)
{
    AkEvent event = first();

    event.index = 1;
    event.payload = AK_VIEW("{\"n\":2}");
    event.prev_hash = AK_VIEW(HASH);
    event.hash = AK_VIEW(HASH2);
    event.signature = AK_VIEW(SIGNATURE2);
    return event;
}

static AkSigners *load_signers(void)
{
    g_autoptr(GError) error = NULL;
    AkSigners *signers = ak_signers_parse(ak_view_str(registry), &error);

    g_assert_no_error(error);
    ak_signers_add_hmac(signers, "memory", AK_VIEW("secret"));
    return signers;
}

static AkFaultSet faults_of(const AkEvent *event, gboolean require_signature)
{
    g_autoptr(AkSigners) signers = load_signers();
    g_autoptr(AkChecker) checker = ak_checker_new(signers, require_signature);
    g_auto(AkBuf) canonical = {0};
    AkCheckResult result;

    ak_checker_check(checker, event, &canonical, &result);
    return result.faults;
}

static void check(const AkEvent *event, AkFaultSet expected)
{
    g_assert_cmphex(faults_of(event, TRUE), ==, expected);
}

static void check_hash(const char *canonical, AkView prev, const char *expected)
{
    g_autoptr(AkSha256) sha = ak_sha256_new();
    guint8 hash[AK_SHA256_LEN];
    g_autofree char *hex = NULL;

    g_assert_true(ak_chain_hash(sha, ak_view_str(canonical), prev, hash));
    hex = ak_hex_string(hash, sizeof hash);
    g_assert_cmpstr(hex, ==, expected);
}

static void test_hash_at_the_head(void)
{
    check_hash(CANONICAL, AK_VIEW_NULL, HASH);
    check_hash(CANONICAL, AK_VIEW(""), HASH);
    check_hash(CANONICAL, AK_VIEW(ZEROS),
               "4357f5606dc9daa05b55231442d1483c9f9e0a2b3df10268d5b64af388f94bc6");
}

static void test_hash_over_raw_bytes(void)
{
    check_hash("{\"n\":2}", AK_VIEW(HASH), HASH2);
    check_hash("{\"n\":2}",
               AK_VIEW("ECF9E98EC0641E23113FF3CE8BDC78D0DDD249886517FD4A7F68CC83D4E65667"), HASH2);
    check_hash("null", AK_VIEW(HASH),
               "5f28e836c7a3a4460a711f9ae09348feb8c1843098aeb18867476a8c313b5141");
}

static void test_hash_over_other_lengths(void)
{
    check_hash(CANONICAL, AK_VIEW("ab"),
               "0aa3d3b87762993212ccfc6c4ab4f701f79e4223e371f51cc4db1e9ac4a78811");
    check_hash(CANONICAL,
               AK_VIEW("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
                       "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"),
               "858fa5adf9cdbf44ff4dee9de0a786e78ebfab3dd44ac711ecb0d2f1545ec4b6");
}

static void test_hash_refuses(void)
{
    static const char *const refused[] = {"a",      "abc",    "zz",     " ab",         "ab ",
                                          "0x1234", HASH "0", HASH " ", HASH HASH "00"};
    g_autoptr(AkSha256) sha = ak_sha256_new();
    guint8 hash[AK_SHA256_LEN];

    for (guint i = 0; i < G_N_ELEMENTS(refused); i++)
        g_assert_false(ak_chain_hash(sha, AK_VIEW(CANONICAL), ak_view_str(refused[i]), hash));
}

static void test_good_events(void)
{
    AkEvent event = first();

    check(&event, 0);
    event = second();
    check(&event, 0);
}

static void test_result(void)
{
    g_autoptr(AkChecker) checker = ak_checker_new(NULL, FALSE);
    g_auto(AkBuf) canonical = {0};
    AkEvent event = first();
    AkCheckResult result;
    g_autofree char *hex = NULL;

    ak_buf_append_literal(&canonical, "before");
    ak_checker_check(checker, &event, &canonical, &result);
    hex = ak_hex_string(result.hash, sizeof result.hash);
    g_assert_cmpstr(hex, ==, HASH);
    g_assert_true(result.has_hash);
    g_assert_cmpmem(result.canonical.data, result.canonical.len, CANONICAL, strlen(CANONICAL));
    g_assert_cmpmem(canonical.data, canonical.len, "before" CANONICAL, strlen("before" CANONICAL));
    g_assert_true(result.info.is_reshaped);
    g_assert_false(result.info.is_lossy);
}

static void test_null_payload_hashes_as_null(void)
{
    AkEvent event = second();

    event.payload = AK_VIEW_NULL;
    event.signature = AK_VIEW_NULL;
    event.hash = AK_VIEW("5f28e836c7a3a4460a711f9ae09348feb8c1843098aeb18867476a8c313b5141");
    g_assert_cmphex(faults_of(&event, FALSE), ==, 0);
    event.payload = AK_VIEW("null");
    g_assert_cmphex(faults_of(&event, FALSE), ==, 0);
    event.payload = AK_VIEW("{}");
    g_assert_cmphex(faults_of(&event, FALSE), ==, AK_FAULT_BIT(AK_FAULT_HASH_MISMATCH));
}

/* The signature stands over the stored hash: the payload is accused, not the signer. */
static void test_tampered_payload(void)
{
    AkEvent event = second();

    event.payload = AK_VIEW("{\"n\":3}");
    check(&event, AK_FAULT_BIT(AK_FAULT_HASH_MISMATCH));
}

static void test_tampered_hash(void)
{
    AkEvent event = second();

    event.hash = AK_VIEW(HASH);
    check(&event, AK_FAULT_BIT(AK_FAULT_HASH_MISMATCH));
    event.hash = AK_VIEW("not hex");
    check(&event, AK_FAULT_BIT(AK_FAULT_HASH_MISMATCH));
    event.hash = AK_VIEW("");
    check(&event, AK_FAULT_BIT(AK_FAULT_HASH_MISMATCH));
    event.hash = AK_VIEW(HASH2 "00");
    check(&event, AK_FAULT_BIT(AK_FAULT_HASH_MISMATCH));
}

static void test_tampered_prev(void)
{
    static const char *const prevs[] = {HASH2, "", ZEROS, "ecf9", HASH "0", "zz"};
    AkEvent event = second();

    for (guint i = 0; i < G_N_ELEMENTS(prevs); i++) {
        event.prev_hash = ak_view_str(prevs[i]);
        check(&event, AK_FAULT_BIT(AK_FAULT_HASH_MISMATCH));
    }
    event.prev_hash = AK_VIEW_NULL;
    check(&event, AK_FAULT_BIT(AK_FAULT_HASH_MISMATCH));
}

/* Payload and hash both changed, as whoever can write to the table would: the signature tells. */
static void test_tampered_payload_with_its_hash(void)
{
    AkEvent event = second();

    event.payload = AK_VIEW_NULL;
    event.hash = AK_VIEW("5f28e836c7a3a4460a711f9ae09348feb8c1843098aeb18867476a8c313b5141");
    check(&event, AK_FAULT_BIT(AK_FAULT_SIGNATURE_INVALID));
}

static void test_upper_case_hash(void)
{
    AkEvent event = first();
    g_autofree char *upper = g_ascii_strup(HASH, -1);

    event.hash = ak_view_str(upper);
    check(&event, 0);
}

static void test_without_a_hash_column(void)
{
    AkEvent event = second();

    event.hash = AK_VIEW_NULL;
    check(&event, 0);
    event.payload = AK_VIEW("{\"n\":3}");
    check(&event, AK_FAULT_BIT(AK_FAULT_SIGNATURE_INVALID));
}

static void test_payload_without_canonical_form(void)
{
    g_autoptr(AkChecker) checker = ak_checker_new(NULL, FALSE);
    static const guint8 zeros[AK_SHA256_LEN] = {0};
    g_auto(AkBuf) canonical = {0};
    AkEvent event = first();
    AkCheckResult result;

    event.payload = AK_VIEW("{\"a\":1,\"a\":2}");
    ak_checker_check(checker, &event, &canonical, &result);
    g_assert_cmphex(result.faults, ==, AK_FAULT_BIT(AK_FAULT_PAYLOAD_NOT_CANONICALISABLE));
    g_assert_null(result.canonical.data);
    g_assert_false(result.has_hash);
    g_assert_cmpmem(result.hash, sizeof result.hash, zeros, sizeof zeros);
    g_assert_cmpuint(canonical.len, ==, 0);
    check(&event, AK_FAULT_BIT(AK_FAULT_PAYLOAD_NOT_CANONICALISABLE)); /* signed as it was */
    event.signature = AK_VIEW(SIGNATURE2);
    check(&event, AK_FAULT_BIT(AK_FAULT_PAYLOAD_NOT_CANONICALISABLE) |
                      AK_FAULT_BIT(AK_FAULT_SIGNATURE_INVALID));
}

static void test_lossy_number_is_a_notice(void)
{
    AkEvent event = first();

    event.hash = event.signature = AK_VIEW_NULL;
    event.payload = AK_VIEW("{\"n\":9007199254740993}");
    g_assert_cmphex(faults_of(&event, FALSE), ==, AK_FAULT_BIT(AK_FAULT_PAYLOAD_LOSSY_NUMBER));
    event.payload = AK_VIEW("{\"n\":9007199254740992}");
    g_assert_cmphex(faults_of(&event, FALSE), ==, 0);
}

static void test_signature_missing(void)
{
    AkEvent event = first();

    event.signature = AK_VIEW_NULL;
    check(&event, AK_FAULT_BIT(AK_FAULT_SIGNATURE_MISSING));
    g_assert_cmphex(faults_of(&event, FALSE), ==, 0);
    event.signature = AK_VIEW("");
    check(&event, AK_FAULT_BIT(AK_FAULT_SIGNATURE_MISSING));
}

static void test_signature_invalid(void)
{
    static const char *const signatures[] = {SIGNATURE2, HMAC, "AA==", "not base64"};
    AkEvent event = first();

    for (guint i = 0; i < G_N_ELEMENTS(signatures); i++) {
        event.signature = ak_view_str(signatures[i]);
        check(&event, AK_FAULT_BIT(AK_FAULT_SIGNATURE_INVALID));
        g_assert_cmphex(faults_of(&event, FALSE), ==, AK_FAULT_BIT(AK_FAULT_SIGNATURE_INVALID));
    }
}

static void test_signer_unknown(void)
{
    AkEvent event = first();

    event.signer_id = AK_VIEW("s-2");
    check(&event, AK_FAULT_BIT(AK_FAULT_SIGNER_UNKNOWN));
    event.signer_id = AK_VIEW("");
    check(&event, AK_FAULT_BIT(AK_FAULT_SIGNER_UNKNOWN));
    event.signer_id = AK_VIEW_NULL;
    check(&event, AK_FAULT_BIT(AK_FAULT_SIGNER_UNKNOWN));
}

static void test_signer_out_of_its_time(void)
{
    AkEvent event = first();

    event.ts_usec = in_2026 - 1;
    check(&event, 0);
    event.ts_usec = in_2026;
    check(&event, AK_FAULT_BIT(AK_FAULT_SIGNER_NOT_VALID_AT_TIME));
    event.ts_usec = in_2024;
    check(&event, AK_FAULT_BIT(AK_FAULT_SIGNER_NOT_VALID_AT_TIME));
    event.signature = AK_VIEW(SIGNATURE2);
    check(&event, AK_FAULT_BIT(AK_FAULT_SIGNATURE_INVALID));
}

static void test_hmac(void)
{
    AkEvent event = first();

    event.signer_id = AK_VIEW("memory");
    event.signature = AK_VIEW(HMAC);
    check(&event, 0);
    event.signature = AK_VIEW(SIGNATURE);
    check(&event, AK_FAULT_BIT(AK_FAULT_SIGNATURE_INVALID));
    event.signature = AK_VIEW(HMAC);
    event.payload = AK_VIEW("{}");
    check(&event, AK_FAULT_BIT(AK_FAULT_HASH_MISMATCH));
    event.hash = AK_VIEW_NULL;
    check(&event, AK_FAULT_BIT(AK_FAULT_SIGNATURE_INVALID));
}

static void test_without_signers_no_signature_is_looked_at(void)
{
    g_autoptr(AkChecker) checker = ak_checker_new(NULL, TRUE);
    g_auto(AkBuf) canonical = {0};
    AkEvent event = first();
    AkCheckResult result;

    event.signature = AK_VIEW("nonsense");
    ak_checker_check(checker, &event, &canonical, &result);
    g_assert_cmphex(result.faults, ==, 0);
    event.signature = AK_VIEW_NULL;
    ak_checker_check(checker, &event, &canonical, &result);
    g_assert_cmphex(result.faults, ==, 0);
}

/* Nothing of one event is left over for the next. */
static void test_one_checker_many_events(void)
{
    g_autoptr(AkSigners) signers = load_signers();
    g_autoptr(AkChecker) checker = ak_checker_new(signers, TRUE);
    g_auto(AkBuf) canonical = {0};
    AkEvent good = first(), bad = second(), broken = first();
    AkCheckResult result;

    bad.payload = AK_VIEW("[9007199254740993]");
    broken.payload = AK_VIEW("{");
    for (guint i = 0; i < 3; i++) {
        ak_checker_check(checker, &bad, &canonical, &result);
        g_assert_cmphex(result.faults, !=, 0);
        ak_checker_check(checker, &broken, &canonical, &result);
        g_assert_cmphex(result.faults, !=, 0);
        ak_checker_check(checker, &good, &canonical, &result);
        g_assert_cmphex(result.faults, ==, 0);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/chain/check/hash_at_the_head", test_hash_at_the_head);
    g_test_add_func("/chain/check/hash_over_raw_bytes", test_hash_over_raw_bytes);
    g_test_add_func("/chain/check/hash_over_other_lengths", test_hash_over_other_lengths);
    g_test_add_func("/chain/check/hash_refuses", test_hash_refuses);
    g_test_add_func("/chain/check/good_events", test_good_events);
    g_test_add_func("/chain/check/result", test_result);
    g_test_add_func("/chain/check/null_payload", test_null_payload_hashes_as_null);
    g_test_add_func("/chain/check/tampered_payload", test_tampered_payload);
    g_test_add_func("/chain/check/tampered_hash", test_tampered_hash);
    g_test_add_func("/chain/check/tampered_prev", test_tampered_prev);
    g_test_add_func("/chain/check/tampered_payload_and_hash", test_tampered_payload_with_its_hash);
    g_test_add_func("/chain/check/upper_case_hash", test_upper_case_hash);
    g_test_add_func("/chain/check/without_a_hash_column", test_without_a_hash_column);
    g_test_add_func("/chain/check/no_canonical_form", test_payload_without_canonical_form);
    g_test_add_func("/chain/check/lossy_number", test_lossy_number_is_a_notice);
    g_test_add_func("/chain/check/signature_missing", test_signature_missing);
    g_test_add_func("/chain/check/signature_invalid", test_signature_invalid);
    g_test_add_func("/chain/check/signer_unknown", test_signer_unknown);
    g_test_add_func("/chain/check/signer_out_of_its_time", test_signer_out_of_its_time);
    g_test_add_func("/chain/check/hmac", test_hmac);
    g_test_add_func("/chain/check/without_signers", test_without_signers_no_signature_is_looked_at);
    g_test_add_func("/chain/check/one_checker_many_events", test_one_checker_many_events);
    return g_test_run();
}
