#include "segment/proof.h"

#define HASH "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define HEAD "{\"checkpoint\":\"o/c\\n3\\n\\n— x\\n\",\"checkpointKey\":\"o/c+00000000+AQ\","
#define BODY HEAD "\"event\":\"{\\\"a\\\":1}\",\"format\":\"auditkeep-proof/1\",\"index\":2,"
#define WHOLE BODY "\"proof\":[\"" HASH "\",\"" HASH "\"],\"signer\":{\"signerId\":\"x\"}}"

static void test_round_trip(void)
{
    g_auto(AkProof) proof = {0};
    g_auto(AkBuf) again = {0};
    g_autoptr(GError) error = NULL;

    g_assert_true(ak_proof_parse(AK_VIEW(WHOLE), &proof, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(proof.checkpoint, ==, "o/c\n3\n\n— x\n");
    g_assert_cmpstr(proof.checkpoint_key, ==, "o/c+00000000+AQ");
    g_assert_cmpstr(proof.event, ==, "{\"a\":1}");
    g_assert_cmpuint(proof.index, ==, 2);
    g_assert_cmpuint(proof.proof.len, ==, 64);
    g_assert_cmpint(proof.proof.data[33], ==, 1);
    g_assert_cmpstr(proof.signer, ==, "{\"signerId\":\"x\"}");
    ak_proof_write(&proof, &again);
    g_assert_cmpmem(again.data, again.len, WHOLE, strlen(WHOLE));
}

static void test_empty_path(void)
{
    g_auto(AkProof) proof = {0};
    g_auto(AkBuf) again = {0};
    AkView text = AK_VIEW(BODY "\"proof\":[],\"signer\":null}");

    g_assert_true(ak_proof_parse(text, &proof, NULL));
    g_assert_cmpuint(proof.proof.len, ==, 0);
    g_assert_null(proof.signer);
    ak_proof_write(&proof, &again);
    g_assert_true(ak_view_equal(ak_buf_view(&again), text));
}

/* Laid out by hand, and with a member that a later version may add. */
static void test_other_layout(void)
{
    static const char text[] = "{ \"later\": [1],\n \"signer\": null, \"index\": 2,\n"
                               "\"proof\": [ \"" HASH "\" , \"" HASH "\" ], \"event\": \"e\","
                               "\"format\": \"auditkeep-proof/1\", \"checkpoint\": \"c\","
                               "\"checkpointKey\": \"k\" }\n";
    g_auto(AkProof) proof = {0};

    g_assert_true(ak_proof_parse(ak_view_str(text), &proof, NULL));
    g_assert_cmpuint(proof.proof.len, ==, 64);
    g_assert_cmpstr(proof.event, ==, "e");
}

static void test_refused(void)
{
    static const struct {
        const char *text, *why;
    } wrong[] = {
        {"", "no JSON object"},
        {"[]", "'{'"},
        {"{}", "'checkpoint'"},
        {WHOLE "x", "no JSON object"},
        {BODY "\"proof\":[]}", "'signer'"},
        {BODY "\"proof\":{},\"signer\":null}", "'proof'"},
        {BODY "\"proof\":[1],\"signer\":null}", "'proof'"},
        {BODY "\"proof\":[\"AAEC\"],\"signer\":null}", "'proof'"},
        {BODY "\"proof\":[\"" HASH HASH "\"],\"signer\":null}", "'proof'"},
        {BODY "\"proof\":[],\"signer\":7}", "'signer'"},
        {HEAD "\"event\":1,\"format\":\"auditkeep-proof/1\",\"index\":2,\"proof\":[],"
              "\"signer\":null}",
         "'event'"},
        {HEAD "\"event\":\"\\u0000\",\"format\":\"auditkeep-proof/1\",\"index\":2,\"proof\":[],"
              "\"signer\":null}",
         "'event'"},
        {HEAD "\"event\":\"\",\"format\":\"auditkeep-proof/2\",\"index\":2,\"proof\":[],"
              "\"signer\":null}",
         "'format'"},
        {HEAD "\"event\":\"\",\"format\":\"auditkeep-proof/1\",\"index\":-2,\"proof\":[],"
              "\"signer\":null}",
         "'index'"},
        {HEAD "\"event\":\"\",\"format\":\"auditkeep-proof/1\",\"index\":1.5,\"proof\":[],"
              "\"signer\":null}",
         "'index'"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_auto(AkProof) proof = {0};
        g_autoptr(GError) error = NULL;

        g_test_message("%s", wrong[i].text);
        g_assert_false(ak_proof_parse(ak_view_str(wrong[i].text), &proof, &error));
        g_assert_error(error, AK_ERROR, AK_ERROR_BAD_INPUT);
        g_assert_nonnull(strstr(error->message, wrong[i].why));
        g_assert_null(proof.checkpoint);
    }
}

/* No tree is that deep. */
static void test_long_path(void)
{
    for (guint n = AK_PROOF_MAX_HASHES; n <= AK_PROOF_MAX_HASHES + 1; n++) {
        g_autoptr(GString) text = g_string_new(BODY "\"proof\":[");
        g_auto(AkProof) proof = {0};

        for (guint i = 0; i < n; i++)
            g_string_append_printf(text, "%s\"" HASH "\"", i > 0 ? "," : "");
        g_string_append(text, "],\"signer\":null}");
        g_assert_cmpint(ak_proof_parse(ak_view(text->str, text->len), &proof, NULL), ==,
                        n == AK_PROOF_MAX_HASHES);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/segment/proof/round_trip", test_round_trip);
    g_test_add_func("/segment/proof/empty_path", test_empty_path);
    g_test_add_func("/segment/proof/other_layout", test_other_layout);
    g_test_add_func("/segment/proof/refused", test_refused);
    g_test_add_func("/segment/proof/long_path", test_long_path);
    return g_test_run();
}
