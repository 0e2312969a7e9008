#include "segment/manifest.h"

#include "util/time.h"

#define ID1 "00000000-0000-4000-8000-000000000256"
#define ID2 "00000000-0000-4000-8000-000000000265"
#define HASH1 "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c"
#define HASH2 "7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730"
#define SHA "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define ROOT "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0efeeedecebeae9e8e7e6e5e4e3e2e1e0"

/* Members in their order, as JSON. */
static const struct {
    const char *name, *value;
} members[] = {
    {"chain", "\"orders\""},
    {"checkpoint", "\"audit.example/orders\\n266\\n—\\n\""},
    {"contentBytes", "12345"},
    {"contentSha256", "\"" SHA "\""},
    {"count", "10"},
    {"day", "\"2025-02-01\""},
    {"exporter", "\"auditkeep 0.1.0\""},
    {"firstId", "\"" ID1 "\""},
    {"firstIndex", "256"},
    {"firstTs", "\"2025-02-01T00:00:00Z\""},
    {"format", "1"},
    {"lastHash", "\"" HASH2 "\""},
    {"lastId", "\"" ID2 "\""},
    {"lastIndex", "265"},
    {"lastTs", "\"2025-02-01T23:59:59.999999Z\""},
    {"prevHash", "\"" HASH1 "\""},
    {"root", "\"" ROOT "\""},
    {"treeSize", "266"},
};

/* The manifest with @name as @value; NULL leaves it out. */
static char *json_with(const char *name, const char *value)
{
    g_autoptr(GString) json = g_string_new("{");

    for (guint i = 0; i < G_N_ELEMENTS(members); i++) {
        const char *text = g_strcmp0(members[i].name, name) == 0 ? value : members[i].value;

        if (text != NULL)
            g_string_append_printf(json, "%s\"%s\":%s", json->len > 1 ? "," : "", members[i].name,
                                   text);
    }
    g_string_append_c(json, '}');
    return g_string_free(g_steal_pointer(&json), FALSE);
}

static void fill(AkManifest *manifest)
{
    *manifest = (AkManifest){
        .chain = g_strdup("orders"),
        .checkpoint = g_strdup("audit.example/orders\n266\n—\n"),
        .exporter = g_strdup("auditkeep 0.1.0"),
        .content_bytes = 12345,
        .count = 10,
        .day = 20120,
        .first_id = ID1,
        .last_id = ID2,
        .first_index = 256,
        .last_index = 265,
        .first_ts_usec = 20120 * AK_USEC_PER_DAY,
        .last_ts_usec = 20121 * AK_USEC_PER_DAY - 1,
        .prev_hash = HASH1,
        .last_hash = HASH2,
        .tree_size = 266,
    };
    for (guint i = 0; i < AK_SHA256_LEN; i++) {
        manifest->content_sha256[i] = (guint8)i;
        manifest->root[i] = (guint8)(255 - i);
    }
}

static void test_write(void)
{
    g_autofree char *expected = json_with(NULL, NULL);
    g_auto(AkManifest) manifest = {0};
    g_auto(AkBuf) json = {0};

    fill(&manifest);
    ak_manifest_write(&manifest, &json);
    g_assert_cmpmem(json.data, json.len, expected, strlen(expected));
}

static void test_parse(void)
{
    g_autofree char *json = json_with(NULL, NULL);
    g_auto(AkManifest) manifest = {0}, expected = {0};
    g_autoptr(GError) error = NULL;

    fill(&expected);
    g_assert_true(ak_manifest_parse(ak_view_str(json), &manifest, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(manifest.chain, ==, expected.chain);
    g_assert_cmpstr(manifest.checkpoint, ==, expected.checkpoint);
    g_assert_cmpstr(manifest.exporter, ==, expected.exporter);
    g_assert_cmpuint(manifest.content_bytes, ==, expected.content_bytes);
    g_assert_cmpmem(manifest.content_sha256, 32, expected.content_sha256, 32);
    g_assert_cmpuint(manifest.count, ==, expected.count);
    g_assert_cmpint(manifest.day, ==, expected.day);
    g_assert_cmpstr(manifest.first_id, ==, expected.first_id);
    g_assert_cmpstr(manifest.last_id, ==, expected.last_id);
    g_assert_cmpuint(manifest.first_index, ==, expected.first_index);
    g_assert_cmpuint(manifest.last_index, ==, expected.last_index);
    g_assert_cmpint(manifest.first_ts_usec, ==, expected.first_ts_usec);
    g_assert_cmpint(manifest.last_ts_usec, ==, expected.last_ts_usec);
    g_assert_cmpstr(manifest.prev_hash, ==, expected.prev_hash);
    g_assert_cmpstr(manifest.last_hash, ==, expected.last_hash);
    g_assert_cmpmem(manifest.root, 32, expected.root, 32);
    g_assert_cmpuint(manifest.tree_size, ==, expected.tree_size);
}

static void check_written_again(const char *json)
{
    g_auto(AkManifest) manifest = {0};
    g_auto(AkBuf) again = {0};
    g_autoptr(GError) error = NULL;

    g_assert_true(ak_manifest_parse(ak_view_str(json), &manifest, &error));
    g_assert_no_error(error);
    ak_manifest_write(&manifest, &again);
    g_assert_cmpmem(again.data, again.len, json, strlen(json));
}

static void test_round_trip(void)
{
    static const char *const values[][2] = {
        {NULL, NULL},
        {"day", "\"0001-01-01\""},
        {"day", "\"9999-12-31\""},
        {"day", "\"1969-12-31\""},
        {"prevHash", "\"\""},
        {"contentBytes", "9223372036854775807"},
        {"chain", "\"é\\\"\\\\\\u0001\""},
    };

    for (guint i = 0; i < G_N_ELEMENTS(values); i++) {
        g_autofree char *json = json_with(values[i][0], values[i][1]);

        check_written_again(json);
    }
}

static void check_refused(AkView json, const char *message)
{
    g_auto(AkManifest) manifest = {0};
    g_autoptr(GError) error = NULL;

    g_test_message("%s", message);
    g_assert_false(ak_manifest_parse(json, &manifest, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_BAD_INPUT);
    g_assert_cmpstr(error->message, ==, message);
    g_assert_null(manifest.chain);
}

static void check_member_refused(const char *name, const char *value)
{
    g_autofree char *json = json_with(name, value);
    g_autofree char *message = g_strdup_printf("manifest member '%s' is missing or wrong", name);

    check_refused(ak_view_str(json), message);
}

static void test_member_missing(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(members); i++)
        check_member_refused(members[i].name, NULL);
}

static void test_member_of_wrong_type(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(members); i++) {
        check_member_refused(members[i].name, "null");
        check_member_refused(members[i].name, "true");
        check_member_refused(members[i].name, "[]");
        check_member_refused(members[i].name, "{}");
        check_member_refused(members[i].name, members[i].value[0] == '"' ? "1" : "\"1\"");
    }
}

static void test_wrong_values(void)
{
    check_member_refused("count", "-1");
    check_member_refused("count", "1.5");
    check_member_refused("count", "10.0");
    check_member_refused("contentBytes", "9223372036854775808");
    check_member_refused("contentBytes", "18446744073709551615");
    check_member_refused("contentBytes", "1e300");
    check_member_refused("format", "0");
    check_member_refused("format", "2");
    check_member_refused("day", "\"2025-02-30\"");
    check_member_refused("day", "\"2025-02-01T00:00:00Z\"");
    check_member_refused("day", "\"\"");
    check_member_refused("firstTs", "\"yesterday\"");
    check_member_refused("root", "\"ff\"");
    check_member_refused("root", "\"" ROOT "00\"");
    check_member_refused("contentSha256", "\"" HASH1 "\\n\"");
    check_member_refused("firstId", "\"" ID1 "x\"");
    check_member_refused("lastHash", "\"" HASH1 "x\"");
}

static void test_contradictions(void)
{
    static const char *const values[][2] = {
        {"count", "0"},       {"count", "9"},       {"count", "11"},
        {"lastIndex", "264"}, {"lastIndex", "255"}, {"firstIndex", "255"},
        {"treeSize", "265"},  {"treeSize", "267"},  {"treeSize", "0"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(values); i++) {
        g_autofree char *json = json_with(values[i][0], values[i][1]);

        check_refused(ak_view_str(json),
                      "manifest contradicts itself: count, indexes and tree size do not fit");
    }
}

static void test_unknown_members_are_passed_over(void)
{
    g_autofree char *json = json_with("count", "10,\"colour\":{\"a\":[1]}");
    g_auto(AkManifest) manifest = {0};

    g_assert_true(ak_manifest_parse(ak_view_str(json), &manifest, NULL));
}

/* Where it is false it is absent, so that other segments stay as they were. */
static void test_event_objects(void)
{
    g_autofree char *json = json_with("day", "\"2025-02-01\",\"eventObjects\":true");
    g_autofree char *wrong = json_with("day", "\"2025-02-01\",\"eventObjects\":1");
    g_auto(AkManifest) manifest = {0};
    g_auto(AkBuf) again = {0};

    g_assert_true(ak_manifest_parse(ak_view_str(json), &manifest, NULL));
    g_assert_true(manifest.has_event_objects);
    ak_manifest_write(&manifest, &again);
    g_assert_true(ak_view_equal(ak_buf_view(&again), ak_view_str(json)));
    check_refused(ak_view_str(wrong), "manifest member 'eventObjects' is missing or wrong");
}

static void test_no_object(void)
{
    static const char *const texts[] = {"", "null", "[]", "1", "\"{}\"", "{", "nonsense"};

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        check_refused(ak_view_str(texts[i]), "manifest is no JSON object");
    check_refused(AK_VIEW_NULL, "manifest is no JSON object");
}

/* What JSON-GLib would read, and RFC 8259 does not know. */
static void test_no_strict_json(void)
{
    static const char *const values[] = {
        "10 /* ten */", "10 // ten\n", "10,\"count\":10", "0x0a", "012", "10,",
    };

    for (guint i = 0; i < G_N_ELEMENTS(values); i++) {
        g_autofree char *json = json_with("count", values[i]);

        check_refused(ak_view_str(json), "manifest is no JSON object");
    }
}

static void test_truncated(void)
{
    g_autofree char *json = json_with(NULL, NULL);

    for (gsize len = 1; len < strlen(json); len++) {
        g_autofree char *exact = g_memdup2(json, len);
        g_auto(AkManifest) manifest = {0};

        g_assert_false(ak_manifest_parse(ak_view(exact, len), &manifest, NULL));
    }
}

/* Deeper than any stack. */
static void test_deep_nesting(void)
{
    g_autofree char *open = g_strnfill(AK_MANIFEST_MAX_BYTES - 1, '[');
    g_autofree char *json = g_strconcat("{\"a\":", open + 5, NULL);

    check_refused(ak_view_str(json), "manifest is no JSON object");
}

static void test_too_large(void)
{
    g_autofree char *blanks = g_strnfill(AK_MANIFEST_MAX_BYTES, ' ');
    g_autofree char *json = json_with(NULL, NULL);
    g_autofree char *padded = g_strconcat(json, blanks + strlen(json), NULL);
    g_autofree char *longer = g_strconcat(padded, " ", NULL);
    g_auto(AkManifest) manifest = {0};

    g_assert_true(ak_manifest_parse(ak_view_str(padded), &manifest, NULL));
    check_refused(ak_view_str(longer), "manifest is no JSON object");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/segment/manifest/write", test_write);
    g_test_add_func("/segment/manifest/parse", test_parse);
    g_test_add_func("/segment/manifest/round_trip", test_round_trip);
    g_test_add_func("/segment/manifest/member_missing", test_member_missing);
    g_test_add_func("/segment/manifest/member_of_wrong_type", test_member_of_wrong_type);
    g_test_add_func("/segment/manifest/wrong_values", test_wrong_values);
    g_test_add_func("/segment/manifest/contradictions", test_contradictions);
    g_test_add_func("/segment/manifest/unknown_members", test_unknown_members_are_passed_over);
    g_test_add_func("/segment/manifest/event_objects", test_event_objects);
    g_test_add_func("/segment/manifest/no_object", test_no_object);
    g_test_add_func("/segment/manifest/no_strict_json", test_no_strict_json);
    g_test_add_func("/segment/manifest/truncated", test_truncated);
    g_test_add_func("/segment/manifest/deep_nesting", test_deep_nesting);
    g_test_add_func("/segment/manifest/too_large", test_too_large);
    return g_test_run();
}
