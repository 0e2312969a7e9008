#include "chain/envelope.h"

#define ID "6f1c2a4e-0c1d-4b7e-9a55-0d6a3c1f2b10"
#define HASH "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c"
#define PREV "7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730"

/* Every member of a line with an empty payload but the last, to change one at a time. */
#define HEAD                                                                                       \
    "{\"chain\":\"orders\",\"eventType\":\"order.paid\",\"hash\":\"" HASH "\",\"id\":\"" ID        \
    "\",\"index\":7,"
#define TAIL                                                                                       \
    "\"prevHash\":\"" PREV "\",\"signature\":\"c2ln\",\"signerId\":\"s-1\","                       \
    "\"ts\":\"2025-02-01T03:04:05.6789Z\"}"
#define LINE(payload) HEAD "\"metadata\":null," payload "," TAIL

static AkEvent typical(void)
{
    return (AkEvent){
        .index = 7,
        .ts_usec = G_GINT64_CONSTANT(1738379045678900),
        .id = AK_VIEW(ID),
        .event_type = AK_VIEW("order.paid"),
        .payload = AK_VIEW("{}"),
        .prev_hash = AK_VIEW(PREV),
        .hash = AK_VIEW(HASH),
        .signature = AK_VIEW("c2ln"),
        .signer_id = AK_VIEW("s-1"),
    };
}

/* Canonicalises as the checker does, and writes. */
static void write_line(const AkEvent *event, AkView chain, AkFaultSet faults, AkBuf *out)
{
    g_autoptr(AkCanonical) scratch = ak_canonical_new();
    g_auto(AkBuf) payload = {0};
    AkCanonicalInfo info = {0};
    AkView canonical = AK_VIEW_NULL;

    if (ak_canonical_json(scratch, event->payload.data != NULL ? event->payload : AK_VIEW("null"),
                          &payload, &info, NULL))
        canonical = ak_buf_view(&payload);
    ak_envelope_write(scratch, event, chain, canonical, &info, faults, out);
}

static gboolean parse_exactly(AkView line, AkArena *arena, AkEnvelope *out, GError **error)
{
    char *exact = ak_arena_alloc(arena, line.len);

    memcpy(exact, line.data, line.len);
    return ak_envelope_parse(ak_view(exact, line.len), arena, out, error);
}

/* The line is @expected, canonical JSON, and is written the same when it was read. */
static void check_faulty(const AkEvent *event, AkFaultSet faults, const char *expected)
{
    g_autoptr(AkCanonical) scratch = ak_canonical_new();
    g_auto(AkBuf) line = {0}, canonical = {0}, again = {0};
    g_auto(AkArena) arena = {0};
    g_autoptr(GError) error = NULL;
    AkEnvelope envelope;

    write_line(event, AK_VIEW("orders"), faults, &line);
    g_assert_cmpmem(line.data, line.len, expected, strlen(expected));
    g_assert_true(ak_canonical_json(scratch, ak_buf_view(&line), &canonical, NULL, NULL));
    g_assert_cmpmem(canonical.data, canonical.len, line.data, line.len);
    g_assert_true(parse_exactly(ak_buf_view(&line), &arena, &envelope, &error));
    g_assert_no_error(error);
    write_line(&envelope.event, envelope.chain, envelope.faults, &again);
    g_assert_cmpmem(again.data, again.len, line.data, line.len);
}

static void check(const AkEvent *event, const char *expected)
{
    check_faulty(event, 0, expected);
}

static void check_payload(AkView payload, gboolean is_verbatim, const char *expected)
{
    AkEvent event = typical();

    event.payload = payload;
    event.is_verbatim = is_verbatim;
    check(&event, expected);
}

static void test_whole_event(void)
{
    AkEvent event = typical();

    event.payload = AK_VIEW("{\"b\": [1, true], \"a\": \"x\"}");
    event.metadata = AK_VIEW("{\"z\": 1, \"ip\": \"10.0.0.1\"}");
    event.extra = AK_VIEW("{\"actor_id\":\"u-9\"}");
    check(&event, "{\"chain\":\"orders\",\"eventType\":\"order.paid\","
                  "\"extra\":{\"actor_id\":\"u-9\"},\"hash\":\"" HASH "\",\"id\":\"" ID
                  "\",\"index\":7,\"metadata\":{\"ip\":\"10.0.0.1\",\"z\":1},"
                  "\"payload\":{\"a\":\"x\",\"b\":[1,true]}," TAIL);
}

static void test_nothing_but_nulls(void)
{
    AkEvent event = {0};

    check(&event, "{\"chain\":\"orders\",\"eventType\":null,\"hash\":null,\"id\":null,\"index\":0,"
                  "\"metadata\":null,\"payload\":null,\"prevHash\":null,\"signature\":null,"
                  "\"signerId\":null,\"ts\":\"1970-01-01T00:00:00Z\"}");
}

static void test_empty_is_not_null(void)
{
    AkEvent event = typical();

    event.prev_hash = event.event_type = event.signature = event.signer_id = AK_VIEW("");
    check(&event, "{\"chain\":\"orders\",\"eventType\":\"\",\"hash\":\"" HASH "\",\"id\":\"" ID
                  "\",\"index\":7,\"metadata\":null,\"payload\":{},\"prevHash\":\"\","
                  "\"signature\":\"\",\"signerId\":\"\",\"ts\":\"2025-02-01T03:04:05.6789Z\"}");
}

static void test_strings_are_escaped(void)
{
    AkEvent event = typical();

    event.event_type = AK_VIEW("é😀 \"\\\n\t\x01/\x7f");
    check(&event,
          "{\"chain\":\"orders\",\"eventType\":\"é😀 \\\"\\\\\\n\\t\\u0001/\x7f\",\"hash\":"
          "\"" HASH "\",\"id\":\"" ID "\",\"index\":7,\"metadata\":null,\"payload\":{}," TAIL);
}

/* What is no UTF-8 cannot stand in JSON: replaced, and the line stays readable. */
static void test_bytes_that_are_no_text(void)
{
    AkEvent event = typical();

    event.event_type = AK_VIEW("a\xff");
    check(&event, "{\"chain\":\"orders\",\"eventType\":\"a\ufffd\",\"hash\":\"" HASH
                  "\",\"id\":\"" ID "\",\"index\":7,\"metadata\":null,\"payload\":{}," TAIL);
}

static void test_payload_null(void)
{
    check_payload(AK_VIEW_NULL, FALSE, LINE("\"payload\":null"));
    check_payload(AK_VIEW("null"), FALSE, LINE("\"payload\":null,\"payloadText\":\"null\""));
    check_payload(AK_VIEW(" null"), TRUE, LINE("\"payload\":null,\"payloadText\":\" null\""));
}

static void test_payload_scalars(void)
{
    check_payload(AK_VIEW("\"null\""), FALSE, LINE("\"payload\":\"null\""));
    check_payload(AK_VIEW("false"), FALSE, LINE("\"payload\":false"));
    check_payload(AK_VIEW("0"), FALSE, LINE("\"payload\":0"));
    check_payload(AK_VIEW("[]"), FALSE, LINE("\"payload\":[]"));
}

static void test_numbers_that_lose_something(void)
{
    check_payload(AK_VIEW("{\"n\": 9007199254740993}"), FALSE,
                  LINE("\"payload\":{\"n\":9007199254740992},"
                       "\"payloadText\":\"{\\\"n\\\": 9007199254740993}\""));
    check_payload(AK_VIEW("[1.50]"), FALSE, LINE("\"payload\":[1.5],\"payloadText\":\"[1.50]\""));
    check_payload(AK_VIEW("[1.5]"), FALSE, LINE("\"payload\":[1.5]"));
}

static void test_verbatim_text(void)
{
    AkView text = AK_VIEW("{\"b\": 1, \"a\": \"\\u00e9\"}");

    check_payload(text, FALSE, LINE("\"payload\":{\"a\":\"é\",\"b\":1}"));
    check_payload(text, TRUE,
                  LINE("\"payload\":{\"a\":\"é\",\"b\":1},"
                       "\"payloadText\":\"{\\\"b\\\": 1, \\\"a\\\": \\\"\\\\u00e9\\\"}\""));
    check_payload(AK_VIEW("{\"a\":1}"), TRUE, LINE("\"payload\":{\"a\":1}"));
}

static void test_payload_without_canonical_form(void)
{
    AkEvent event = typical();

    event.payload = AK_VIEW("{\"a\": 1e999, \"b\": \"\ufffd\"}");
    check_faulty(&event, AK_FAULT_BIT(AK_FAULT_PAYLOAD_NOT_CANONICALISABLE),
                 "{\"chain\":\"orders\",\"eventType\":\"order.paid\","
                 "\"fault\":[\"payload_not_canonicalisable\"],\"hash\":\"" HASH "\",\"id\":\"" ID
                 "\",\"index\":7,\"metadata\":null,\"payload\":null,"
                 "\"payloadText\":\"{\\\"a\\\": 1e999, \\\"b\\\": \\\"\ufffd\\\"}\"," TAIL);
}

/* Evidence is not changed: its very bytes come back. */
static void check_comes_back(AkView payload, const char *member)
{
    g_autofree char *expected = g_strdup_printf(HEAD "\"metadata\":null,%s," TAIL, member);
    g_auto(AkArena) arena = {0};
    AkEnvelope envelope;

    check_payload(payload, TRUE, expected);
    g_assert_true(parse_exactly(ak_view_str(expected), &arena, &envelope, NULL));
    g_assert_cmpmem(envelope.event.payload.data, envelope.event.payload.len, payload.data,
                    payload.len);
}

static void test_payload_that_is_no_utf8(void)
{
    check_comes_back(AK_VIEW("\xff"), "\"payload\":null,\"payloadBase64\":\"/w==\"");
    check_comes_back(AK_VIEW("{\"a\":\"\xe9\"}"),
                     "\"payload\":null,\"payloadBase64\":\"eyJhIjoi6SJ9\"");
    check_comes_back(AK_VIEW("a\0\xc3"), "\"payload\":null,\"payloadBase64\":\"YQDD\"");
    /* a surrogate, an overlong NUL */
    check_comes_back(AK_VIEW("\xed\xa0\x80"), "\"payload\":null,\"payloadBase64\":\"7aCA\"");
    check_comes_back(AK_VIEW("\xc0\x80"), "\"payload\":null,\"payloadBase64\":\"wIA=\"");
}

static void test_payload_with_nul(void)
{
    check_comes_back(AK_VIEW("{}\0{}"), "\"payload\":null,\"payloadText\":\"{}\\u0000{}\"");
    check_comes_back(AK_VIEW("\0"), "\"payload\":null,\"payloadText\":\"\\u0000\"");
}

static void check_metadata(AkView metadata, gboolean is_verbatim, const char *expected)
{
    AkEvent event = typical();

    event.metadata = metadata;
    event.is_verbatim = is_verbatim;
    check(&event, expected);
}

static void test_metadata(void)
{
    AkView spaced = AK_VIEW("{\"b\": 1, \"a\": 2}");

    check_metadata(AK_VIEW_NULL, FALSE, HEAD "\"metadata\":null,\"payload\":{}," TAIL);
    check_metadata(AK_VIEW("null"), FALSE,
                   HEAD "\"metadata\":null,\"metadataText\":\"null\",\"payload\":{}," TAIL);
    check_metadata(spaced, FALSE, HEAD "\"metadata\":{\"a\":2,\"b\":1},\"payload\":{}," TAIL);
    check_metadata(spaced, TRUE,
                   HEAD "\"metadata\":{\"a\":2,\"b\":1},"
                        "\"metadataText\":\"{\\\"b\\\": 1, \\\"a\\\": 2}\",\"payload\":{}," TAIL);
    check_metadata(AK_VIEW("[1.0]"), FALSE,
                   HEAD "\"metadata\":[1],\"metadataText\":\"[1.0]\",\"payload\":{}," TAIL);
    check_metadata(AK_VIEW("not json"), TRUE,
                   HEAD "\"metadata\":null,\"metadataText\":\"not json\",\"payload\":{}," TAIL);
    check_metadata(AK_VIEW("\xff"), TRUE,
                   HEAD "\"metadata\":null,\"metadataBase64\":\"/w==\",\"payload\":{}," TAIL);
    check_metadata(AK_VIEW(""), TRUE,
                   HEAD "\"metadata\":null,\"metadataText\":\"\",\"payload\":{}," TAIL);
}

static void test_extra_with_a_long_number(void)
{
    AkEvent event = typical();

    event.extra = AK_VIEW("{\"n\":9007199254740993}");
    check(&event, "{\"chain\":\"orders\",\"eventType\":\"order.paid\","
                  "\"extra\":{\"n\":9007199254740992},"
                  "\"extraText\":\"{\\\"n\\\":9007199254740993}\",\"hash\":\"" HASH
                  "\",\"id\":\"" ID "\",\"index\":7,\"metadata\":null,\"payload\":{}," TAIL);
}

/* In the order of their codes; a number that loses digits is a notice and leaves no mark. */
static void test_faults(void)
{
    AkEvent event = typical();

    check_faulty(&event,
                 AK_FAULT_BIT(AK_FAULT_SIGNATURE_INVALID) | AK_FAULT_BIT(AK_FAULT_HASH_MISMATCH) |
                     AK_FAULT_BIT(AK_FAULT_PAYLOAD_LOSSY_NUMBER),
                 "{\"chain\":\"orders\",\"eventType\":\"order.paid\","
                 "\"fault\":[\"hash_mismatch\",\"signature_invalid\"],\"hash\":\"" HASH
                 "\",\"id\":\"" ID "\",\"index\":7,\"metadata\":null,\"payload\":{}," TAIL);
    check_faulty(&event, AK_FAULT_BIT(AK_FAULT_PAYLOAD_LOSSY_NUMBER), LINE("\"payload\":{}"));
}

static void test_every_fault_is_read(void)
{
    for (guint code = 0; code < AK_FAULT_N_CODES; code++) {
        AkFaultSet faults = AK_FAULT_BIT(code);
        AkEvent event = typical();
        g_auto(AkBuf) line = {0};
        g_auto(AkArena) arena = {0};
        AkEnvelope envelope;

        if (ak_fault_is_notice((AkFaultCode)code))
            faults = 0;
        write_line(&event, AK_VIEW("c"), faults, &line);
        g_assert_true(parse_exactly(ak_buf_view(&line), &arena, &envelope, NULL));
        g_assert_cmpuint(envelope.faults, ==, faults);
    }
}

static void test_appends(void)
{
    AkEvent event = typical();
    g_auto(AkBuf) out = {0};

    ak_buf_append_literal(&out, "before\n");
    write_line(&event, AK_VIEW("orders"), 0, &out);
    g_assert_cmpmem(out.data, out.len, "before\n" LINE("\"payload\":{}"),
                    strlen("before\n" LINE("\"payload\":{}")));
}

static void assert_view(AkView view, const char *expected)
{
    g_assert_nonnull(view.data);
    g_assert_cmpmem(view.data, view.len, expected, strlen(expected));
}

static void test_parse_gives_every_member(void)
{
    g_auto(AkArena) arena = {0};
    AkEnvelope e;

    g_assert_true(parse_exactly(
        AK_VIEW("{\"chain\":\"c\\u0031\",\"eventType\":\"t\",\"extra\":{\"x\":1},\"fault\":"
                "[\"hash_mismatch\"],\"hash\":\"h\",\"id\":\"i\",\"index\":123456789012345,"
                "\"metadata\":[2],\"payload\":{\"p\":3},\"payloadText\":\"{\\\"p\\\":3.0}\","
                "\"prevHash\":\"v\",\"signature\":\"s\",\"signerId\":null,"
                "\"ts\":\"2025-02-01T03:04:05.6789Z\"}"),
        &arena, &e, NULL));
    assert_view(e.chain, "c1");
    assert_view(e.event.event_type, "t");
    assert_view(e.event.extra, "{\"x\":1}");
    g_assert_cmpuint(e.faults, ==, AK_FAULT_BIT(AK_FAULT_HASH_MISMATCH));
    assert_view(e.event.hash, "h");
    assert_view(e.event.id, "i");
    g_assert_cmpuint(e.event.index, ==, G_GUINT64_CONSTANT(123456789012345));
    assert_view(e.event.metadata, "[2]");
    assert_view(e.event.payload, "{\"p\":3.0}");
    assert_view(e.canonical, "{\"p\":3}");
    assert_view(e.event.prev_hash, "v");
    assert_view(e.event.signature, "s");
    g_assert_null(e.event.signer_id.data);
    g_assert_cmpint(e.event.ts_usec, ==, G_GINT64_CONSTANT(1738379045678900));
}

static void check_refused(const char *line, const char *message)
{
    g_auto(AkArena) arena = {0};
    g_autoptr(GError) error = NULL;
    AkEnvelope envelope;

    g_test_message("%s", message);
    g_assert_false(parse_exactly(ak_view_str(line), &arena, &envelope, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_BAD_INPUT);
    g_assert_cmpstr(error->message, ==, message);
}

/* Each member of a line: its name, a right value, a wrong one. */
static const struct {
    const char *name, *value, *wrong;
    gboolean is_optional;
} members[] = {
    {"chain", "\"c\"", "1", FALSE},
    {"eventType", "\"t\"", "{}", FALSE},
    {"extra", "{}", NULL, TRUE},
    {"extraBase64", "\"/w==\"", "\"/w=\"", TRUE},
    {"extraText", "\"{}\"", "{}", TRUE},
    {"fault", "[\"hash_mismatch\"]", "\"hash_mismatch\"", TRUE},
    {"hash", "null", "true", FALSE},
    {"id", "\"i\"", "[\"i\"]", FALSE},
    {"index", "0", "\"0\"", FALSE},
    {"metadata", "null", NULL, FALSE},
    {"metadataBase64", "\"/w==\"", "\"/\"", TRUE},
    {"metadataText", "\"null\"", "1", TRUE},
    {"payload", "{}", NULL, FALSE},
    {"payloadBase64", "\"/w==\"", "null", TRUE},
    {"payloadText", "\"{}\"", "{}", TRUE},
    {"prevHash", "null", "0", FALSE},
    {"signature", "null", "nul", FALSE},
    {"signerId", "null", "\"\\ud800\"", FALSE},
    {"ts", "\"2025-01-01T00:00:00Z\"", "0", FALSE},
};

/* A line of all members, member @i as @value: NULL leaves it out. */
static char *line_with(guint i, const char *value)
{
    g_autoptr(GString) line = g_string_new("{");

    for (guint k = 0; k < G_N_ELEMENTS(members); k++) {
        const char *text = k == i ? value : members[k].value;

        if (text != NULL)
            g_string_append_printf(line, "%s\"%s\":%s", line->len > 1 ? "," : "", members[k].name,
                                   text);
    }
    g_string_append_c(line, '}');
    return g_string_free(g_steal_pointer(&line), FALSE);
}

static void test_member_missing(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(members); i++) {
        g_autofree char *line = line_with(i, NULL);
        g_autofree char *message =
            g_strdup_printf("archived line: missing member '%s'", members[i].name);
        g_auto(AkArena) arena = {0};
        AkEnvelope envelope;

        if (members[i].is_optional)
            g_assert_true(parse_exactly(ak_view_str(line), &arena, &envelope, NULL));
        else
            check_refused(line, message);
    }
}

static void test_member_twice(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(members); i++) {
        g_autofree char *twice =
            g_strdup_printf("%s,\"%s\":%s", members[i].value, members[i].name, members[i].value);
        g_autofree char *line = line_with(i, twice);
        g_autofree char *message =
            g_strdup_printf("archived line: member given twice '%s'", members[i].name);

        check_refused(line, message);
    }
}

static void test_member_of_wrong_type(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(members); i++) {
        g_autofree char *line = line_with(i, members[i].wrong);
        g_autofree char *message =
            g_strdup_printf("archived line: wrong value of member '%s'", members[i].name);

        if (members[i].wrong != NULL)
            check_refused(line, message);
    }
}

static void test_member_unknown(void)
{
    check_refused("{\"chain\":\"c\",\"colour\":1}", "archived line: unknown member 'colour'");
    check_refused("{\"Chain\":\"c\"}", "archived line: unknown member 'Chain'");
    check_refused("{\"chai\\u006e\":\"c\"}", "archived line: unknown member 'chai\\u006e'");
    check_refused("{\"\":\"c\"}", "archived line: unknown member ''");
    check_refused("{\"\xff\":\"c\"}", "archived line: unknown member '\ufffd'");
}

static void test_wrong_values(void)
{
    static const struct {
        guint member;
        const char *value;
    } cases[] = {
        {5, "[]"},
        {5, "[\"\"]"},
        {5, "[\"hash_mismatch\",]"},
        {5, "[,\"hash_mismatch\"]"},
        {5, "[hash_mismatch]"},
        {5, "[\"Hash_mismatch\"]"},
        {5, "[\"hash_mismatch\"}"},
        {8, "-1"},
        {8, "01"},
        {8, "1.0"},
        {8, "1e3"},
        {8, "1000000000000000"},
        {18, "\"2025-13-01T00:00:00Z\""},
        {18, "\"\""},
        {18, "null"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *line = line_with(cases[i].member, cases[i].value);
        g_autofree char *message = g_strdup_printf("archived line: wrong value of member '%s'",
                                                   members[cases[i].member].name);

        check_refused(line, message);
    }
}

static void test_no_object(void)
{
    check_refused("", "archived line: no JSON object after member ''");
    check_refused("[]", "archived line: no JSON object after member ''");
    check_refused("{\"chain\":\"c\"", "archived line: no JSON object after member 'chain'");
}

static void test_truncated(void)
{
    g_autofree char *line = line_with(G_MAXUINT, NULL);
    g_auto(AkArena) arena = {0};
    AkEnvelope envelope;

    g_assert_true(parse_exactly(ak_view_str(line), &arena, &envelope, NULL));
    for (gsize len = 0; len < strlen(line); len++)
        g_assert_false(parse_exactly(ak_view(line, len), &arena, &envelope, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/chain/envelope/whole_event", test_whole_event);
    g_test_add_func("/chain/envelope/nothing_but_nulls", test_nothing_but_nulls);
    g_test_add_func("/chain/envelope/empty_is_not_null", test_empty_is_not_null);
    g_test_add_func("/chain/envelope/strings_are_escaped", test_strings_are_escaped);
    g_test_add_func("/chain/envelope/bytes_that_are_no_text", test_bytes_that_are_no_text);
    g_test_add_func("/chain/envelope/payload_null", test_payload_null);
    g_test_add_func("/chain/envelope/payload_scalars", test_payload_scalars);
    g_test_add_func("/chain/envelope/numbers_that_lose", test_numbers_that_lose_something);
    g_test_add_func("/chain/envelope/verbatim_text", test_verbatim_text);
    g_test_add_func("/chain/envelope/no_canonical_form", test_payload_without_canonical_form);
    g_test_add_func("/chain/envelope/payload-that-is-no-utf8", test_payload_that_is_no_utf8);
    g_test_add_func("/chain/envelope/payload-with-nul", test_payload_with_nul);
    g_test_add_func("/chain/envelope/metadata", test_metadata);
    g_test_add_func("/chain/envelope/extra_with_a_long_number", test_extra_with_a_long_number);
    g_test_add_func("/chain/envelope/faults", test_faults);
    g_test_add_func("/chain/envelope/every_fault_is_read", test_every_fault_is_read);
    g_test_add_func("/chain/envelope/appends", test_appends);
    g_test_add_func("/chain/envelope/parse_gives_every_member", test_parse_gives_every_member);
    g_test_add_func("/chain/envelope/member_missing", test_member_missing);
    g_test_add_func("/chain/envelope/member_twice", test_member_twice);
    g_test_add_func("/chain/envelope/member_of_wrong_type", test_member_of_wrong_type);
    g_test_add_func("/chain/envelope/member_unknown", test_member_unknown);
    g_test_add_func("/chain/envelope/wrong_values", test_wrong_values);
    g_test_add_func("/chain/envelope/no_object", test_no_object);
    g_test_add_func("/chain/envelope/truncated", test_truncated);
    return g_test_run();
}
