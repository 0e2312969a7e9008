#include "cli/line.h"

typedef struct {
    AkLineReader *reader;
    AkArena arena;
    AkLine line;
    GError *error;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    f->reader = ak_line_reader_new();
}

static void tear_down(Fixture *f, gconstpointer data)
{
    ak_line_reader_free(f->reader);
    ak_arena_clear(&f->arena);
    g_clear_error(&f->error);
}

static gboolean read_line(Fixture *f, const char *text)
{
    g_clear_error(&f->error);
    return ak_line_read(f->reader, ak_view_str(text), &f->arena, &f->line, &f->error);
}

static void assert_view(AkView view, const char *wanted)
{
    g_assert_cmpmem(view.data, view.len, wanted, strlen(wanted));
}

static void test_all_members(Fixture *f, gconstpointer data)
{
    g_assert_true(read_line(f,
                            "{\"metadata\":{\"b\":1,\"a\":2},\"payload\":{\"z\":[1, 2],\"y\":"
                            "\"\\u00e9\"},\"eventType\":\"a\\tb\",\"ts\":\"1970-01-01T00:00:02Z\","
                            "\"id\":\"6F1C0D2E-4B57-4E0B-9D0F-1A5F5F1F8A11\"}"));
    assert_view(f->line.metadata, "{\"a\":2,\"b\":1}");
    assert_view(f->line.payload, "{\"y\":\"é\",\"z\":[1,2]}");
    assert_view(f->line.canonical, "{\"y\":\"é\",\"z\":[1,2]}");
    assert_view(f->line.event_type, "a\tb");
    assert_view(f->line.id, "6f1c0d2e-4b57-4e0b-9d0f-1a5f5f1f8a11");
    g_assert_true(f->line.has_ts);
    g_assert_cmpint(f->line.ts_usec, ==, 2000000);
}

static void test_least_members(Fixture *f, gconstpointer data)
{
    g_autofree char *id = NULL;

    g_assert_true(read_line(f, "{\"eventType\":\"a\",\"payload\":null}"));
    assert_view(f->line.canonical, "null");
    g_assert_null(f->line.metadata.data);
    g_assert_false(f->line.has_ts);
    id = g_strndup(f->line.id.data, f->line.id.len);
    g_assert_true(g_uuid_string_is_valid(id));
}

/* What the hash cannot see, or jsonb would print in another way, is kept as it was given. */
static void test_digits_are_kept(Fixture *f, gconstpointer data)
{
    g_assert_true(
        read_line(f, "{\"eventType\":\"a\",\"payload\": {\"a\": 12345678901234567890} }"));
    assert_view(f->line.payload, "{\"a\": 12345678901234567890}");
    assert_view(f->line.canonical, "{\"a\":12345678901234567000}");
    g_assert_true(read_line(f, "{\"eventType\":\"a\",\"payload\":1.50}"));
    assert_view(f->line.payload, "1.50");
    assert_view(f->line.canonical, "1.5");
}

static void test_escaped_name(Fixture *f, gconstpointer data)
{
    g_assert_true(read_line(f, "{\"event\\u0054ype\":\"a\",\"payload\":1}"));
    g_assert_false(read_line(f, "{\"event\\u0054ype\":\"a\",\"eventType\":\"a\",\"payload\":1}"));
    g_assert_nonnull(strstr(f->error->message, "'eventType' is there twice"));
}

static void test_refused(Fixture *f, gconstpointer data)
{
    static const char *const cases[][2] = {
        {"{", "name"},
        {"[]", "object"},
        {"{\"payload\":1}", "'eventType' is missing"},
        {"{\"eventType\":\"a\"}", "'payload' is missing"},
        {"{\"eventType\":7,\"payload\":1}", "'eventType' is not a string"},
        {"{\"eventType\":\"\",\"payload\":1}", "'eventType' is empty"},
        {"{\"eventType\":\"a\\u0000\",\"payload\":1}", "NUL"},
        {"{\"eventType\":\"a\",\"payload\":}", "member 'payload'"},
        {"{\"eventType\":\"a\",\"payload\":01}", "member 'payload'"},
        {"{\"eventType\":\"a\",\"payload\":1 2}", "member 'payload'"},
        {"{\"eventType\":\"a\",\"payload\":{\"a\":1,\"a\":1}}", "member 'payload'"},
        {"{\"eventType\":\"a\",\"payload\":\"\xff\"}", "member 'payload'"},
        {"{\"eventType\":\"a\",\"payload\":1,\"id\":\"7\"}", "'id' is not a UUID"},
        {"{\"eventType\":\"a\",\"payload\":1,\"id\":null}", "'id' is not a string"},
        {"{\"eventType\":\"a\",\"payload\":1,\"ts\":\"soon\"}", "'ts' is not"},
        {"{\"eventType\":\"a\",\"payload\":1,\"hash\":\"00\"}", "'hash' is unknown"},
        {"{\"eventType\":\"a\",\"payload\":1,\"metadata\":tru}", "member 'metadata'"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_assert_false(read_line(f, cases[i][0]));
        g_assert_error(f->error, AK_ERROR, AK_ERROR_BAD_INPUT);
        g_assert_nonnull(strstr(f->error->message, cases[i][1]));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/cli/line/all-members", Fixture, NULL, set_up, test_all_members, tear_down);
    g_test_add("/cli/line/least-members", Fixture, NULL, set_up, test_least_members, tear_down);
    g_test_add("/cli/line/digits-are-kept", Fixture, NULL, set_up, test_digits_are_kept, tear_down);
    g_test_add("/cli/line/escaped-name", Fixture, NULL, set_up, test_escaped_name, tear_down);
    g_test_add("/cli/line/refused", Fixture, NULL, set_up, test_refused, tear_down);
    return g_test_run();
}
