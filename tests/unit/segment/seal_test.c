#include "segment/seal.h"

#include "segment/key.h"
#include "util/time.h"

enum { DAY = 20120 }; /* 2025-02-01 */

static void add(AkSeal *seal, gint64 day, guint64 first, guint64 last)
{
    g_autofree char *key = ak_segment_key("orders", day, first, last);
    AkSealSegment segment = {.first_index = first, .last_index = last};

    (void)g_strlcpy(segment.key, key, sizeof segment.key);
    memset(segment.content_sha256, 1, AK_SHA256_LEN);
    memset(segment.object_sha256, 2, AK_SHA256_LEN);
    ak_seal_add(seal, &segment);
}

static void fill(AkSeal *seal, gboolean is_quiet)
{
    ak_seal_init(seal);
    seal->chain = g_strdup("orders");
    seal->checkpoint = g_strdup("note\n");
    seal->exporter = g_strdup("auditkeep test");
    seal->first_day = DAY;
    seal->day = is_quiet ? DAY + 30 : DAY;
    (void)g_strlcpy(seal->prev_hash, "aa", sizeof seal->prev_hash);
    (void)g_strlcpy(seal->last_hash, is_quiet ? "aa" : "bb", sizeof seal->last_hash);
    if (is_quiet)
        return;
    add(seal, DAY, 5, 7);
    add(seal, DAY, 8, 8);
}

#define ONES "0101010101010101010101010101010101010101010101010101010101010101"
#define TWOS "0202020202020202020202020202020202020202020202020202020202020202"
#define BUSY                                                                                       \
    "{\"chain\":\"orders\",\"checkpoint\":\"note\\n\",\"count\":4,\"day\":\"2025-02-01\","         \
    "\"exporter\":\"auditkeep test\",\"firstDay\":\"2025-02-01\",\"firstIndex\":5,\"format\":1,"   \
    "\"lastHash\":\"bb\",\"lastIndex\":8,\"prevHash\":\"aa\",\"segments\":["                       \
    "{\"contentSha256\":\"" ONES "\",\"count\":3,\"firstIndex\":5,"                                \
    "\"key\":\"audit/2025/02/01/orders-000000000005-000000000007.ndjson.zst\",\"lastIndex\":7,"    \
    "\"objectSha256\":\"" TWOS "\"},"                                                              \
    "{\"contentSha256\":\"" ONES "\",\"count\":1,\"firstIndex\":8,"                                \
    "\"key\":\"audit/2025/02/01/orders-000000000008-000000000008.ndjson.zst\",\"lastIndex\":8,"    \
    "\"objectSha256\":\"" TWOS "\"}]}"
#define QUIET                                                                                      \
    "{\"chain\":\"orders\",\"checkpoint\":\"note\\n\",\"count\":0,\"day\":\"2025-03-03\","         \
    "\"exporter\":\"auditkeep test\",\"firstDay\":\"2025-02-01\",\"firstIndex\":null,"             \
    "\"format\":1,\"lastHash\":\"aa\",\"lastIndex\":null,\"prevHash\":\"aa\",\"segments\":[]}"

static void test_write(void)
{
    g_auto(AkSeal) busy = {0}, quiet = {0};
    g_auto(AkBuf) out = {0};

    fill(&busy, FALSE);
    ak_seal_write(&busy, &out);
    g_assert_cmpmem(out.data, out.len, BUSY, strlen(BUSY));
    ak_buf_truncate(&out, 0);
    fill(&quiet, TRUE);
    ak_seal_write(&quiet, &out);
    g_assert_cmpmem(out.data, out.len, QUIET, strlen(QUIET));
}

static void test_parse(gconstpointer text)
{
    g_auto(AkSeal) seal = {0};
    g_auto(AkBuf) again = {0};
    GError *error = NULL;

    g_assert_true(ak_seal_parse(ak_view_str(text), &seal, &error));
    g_assert_no_error(error);
    g_assert_cmpint(seal.first_day, ==, DAY);
    g_assert_cmpuint(seal.segments->len, ==, strcmp(text, BUSY) == 0 ? 2 : 0);
    ak_seal_write(&seal, &again);
    g_assert_cmpmem(again.data, again.len, text, strlen(text));
}

/* Readers pass over what a later version adds. */
static void test_unknown_member(void)
{
    g_autoptr(GString) text = g_string_new(QUIET);
    g_auto(AkSeal) seal = {0};

    (void)g_string_replace(text, "{\"chain\"", "{\"added\":{\"x\":[1]},\"chain\"", 1);
    g_assert_true(ak_seal_parse(ak_view_str(text->str), &seal, NULL));
}

static void test_refuses(void)
{
    static const char *const changes[][2] = {
        {"\"chain\":\"orders\",", ""},
        {"\"chain\":\"orders\"", "\"chain\":\"other\""},
        {"\"chain\":\"orders\"", "\"chain\":null"},
        {"\"note\\n\"", "7"},
        {"\"count\":4", "\"count\":5"},
        {"\"count\":3", "\"count\":2"},
        {"\"count\":4", "\"count\":-4"},
        {"\"day\":\"2025-02-01\"", "\"day\":\"2025-01-31\""},
        {"\"day\":\"2025-02-01\"", "\"day\":\"2025-02\""},
        {"\"firstDay\":\"2025-02-01\"", "\"firstDay\":\"2025-02-02\""},
        {"\"firstIndex\":5,\"format\"", "\"firstIndex\":4,\"format\""},
        {"\"firstIndex\":5,\"format\"", "\"firstIndex\":null,\"format\""},
        {"\"format\":1", "\"format\":2"},
        {"\"lastIndex\":8,\"prevHash\"", "\"lastIndex\":9,\"prevHash\""},
        {"\"lastIndex\":8,\"obj", "\"lastIndex\":7,\"obj"},
        {"\"lastHash\":\"bb\"", "\"lastHash\":\"" ONES "b\""},
        {"-000000000007.ndj", "-000000000009.ndj"},
        {"2025/02/01/orders-000000000008", "2025/02/02/orders-000000000008"},
        {"\"objectSha256\":\"02", "\"objectSha256\":\"2"},
        {"\"segments\":[", "\"segments\":[7,"},
        {"\"segments\":[", "\"segments\":null,\"x\":["},
        {"]}", "]"},
        {"]}", "]}{}"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(changes); i++) {
        g_autoptr(GString) text = g_string_new(BUSY);
        g_auto(AkSeal) seal = {0};
        g_autoptr(GError) error = NULL;

        g_assert_cmpuint(g_string_replace(text, changes[i][0], changes[i][1], 1), ==, 1);
        g_assert_false(ak_seal_parse(ak_view_str(text->str), &seal, &error));
        g_assert_error(error, AK_ERROR, AK_ERROR_BAD_INPUT);
    }
}

/* A day without events cannot have moved the head. */
static void test_quiet_head(void)
{
    g_autoptr(GString) text = g_string_new(QUIET);
    g_auto(AkSeal) seal = {0};
    g_autoptr(GError) error = NULL;

    (void)g_string_replace(text, "\"lastHash\":\"aa\"", "\"lastHash\":\"bb\"", 1);
    g_assert_false(ak_seal_parse(ak_view_str(text->str), &seal, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_BAD_INPUT);
    g_assert_nonnull(strstr(error->message, "'lastHash'"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/segment/seal/write", test_write);
    g_test_add_data_func("/segment/seal/parse-busy", BUSY, test_parse);
    g_test_add_data_func("/segment/seal/parse-quiet", QUIET, test_parse);
    g_test_add_func("/segment/seal/unknown-member", test_unknown_member);
    g_test_add_func("/segment/seal/refuses", test_refuses);
    g_test_add_func("/segment/seal/quiet-head", test_quiet_head);
    return g_test_run();
}
