#include "tree/checkpoint.h"

#include "../fixed_key.h"

/*
 * A note over tree size 1234 and the root SHA-256("root"). Key id and signature were computed by a
 * Python program of its own (RFC 8032 from its formulas, C2SP signed-note), and again by openssl.
 */
#define ORIGIN "audit.example/orders"
#define ROOT64 "SBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I="
#define TEXT ORIGIN "\n1234\n" ROOT64 "\n"
#define SIGNATURE64                                                                                \
    "QjEsnUnqAOS6lx0iuls9AaJsKHVsSARKk7dtKyrczkGIkhXgeJzdh57uayR8hq9EkzwazacrbqZ3vLkz0RmVCiBOzQQ="
#define LINE "— " ORIGIN " " SIGNATURE64 "\n"
#define NOTE TEXT "\n" LINE
#define KEY_TEXT "audit.example/orders+42312c9d+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"

/* A line of another key of the same name, and one of another algorithm and length. */
#define OTHER_KEY_LINE                                                                             \
    "— " ORIGIN " AAAAAUnqAOS6lx0iuls9AaJsKHVsSARKk7dtKyrczkGIkhXgeJzdh57uayR8hq9EkzwazacrbqZ3v"   \
    "Lkz0RmVCiBOzQQ=\n"
#define WITNESS_LINE "— witness.example/w1 AAAAAAECAwQFBgc=\n"

static void fill_root(guint8 root[AK_SHA256_LEN])
{
    gsize len;
    g_autofree guint8 *bytes = g_base64_decode(ROOT64, &len);

    g_assert_cmpuint(len, ==, AK_SHA256_LEN);
    memcpy(root, bytes, len);
}

static AkNoteKey *fixed_note_key(const char *origin)
{
    g_autoptr(AkSigningKey) key = fixed_key_new();
    guint8 public_key[32];

    g_assert_true(ak_signing_key_public_raw(key, public_key));
    return ak_note_key_new(origin, public_key);
}

static void show(AkView note)
{
    g_autofree char *text = g_strndup(note.data != NULL ? note.data : "", MIN(note.len, 300));
    g_autofree char *escaped = g_strescape(text, NULL);

    g_test_message("%s", escaped);
}

static void check_verified(AkView note)
{
    g_autoptr(AkNoteKey) key = fixed_note_key(ORIGIN);
    g_autoptr(GError) error = NULL;

    g_assert_true(ak_checkpoint_verify(note, key, &error));
    g_assert_no_error(error);
}

static void check_not_verified(AkView note, int code)
{
    g_autoptr(AkNoteKey) key = fixed_note_key(ORIGIN);
    g_autoptr(GError) error = NULL;

    show(note);
    g_assert_false(ak_checkpoint_verify(note, key, &error));
    g_assert_error(error, AK_ERROR, code);
    g_assert_true(g_utf8_validate(error->message, -1, NULL));
}

static void test_independent_vector(void)
{
    g_autoptr(AkSigningKey) key = fixed_key_new();
    g_autoptr(AkNoteKey) note_key = fixed_note_key(ORIGIN);
    g_autofree char *text = ak_note_key_text(note_key);
    g_autoptr(GError) error = NULL;
    guint8 root[AK_SHA256_LEN];
    g_auto(AkBuf) note = {0};

    fill_root(root);
    g_assert_true(ak_checkpoint_sign(key, ORIGIN, 1234, root, &note, &error));
    g_assert_no_error(error);
    g_assert_cmpmem(note.data, note.len, NOTE, sizeof NOTE - 1);
    g_assert_cmpstr(text, ==, KEY_TEXT);
    check_verified(AK_VIEW(NOTE));
}

static void test_round_trip(void)
{
    static const guint64 sizes[] = {0, 1, 9, 10, G_GUINT64_CONSTANT(1) << 40, G_MAXINT64};
    g_autoptr(AkSigningKey) key = fixed_key_new();
    guint8 root[AK_SHA256_LEN];

    fill_root(root);
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_auto(AkBuf) note = {0};
        AkCheckpoint checkpoint;

        root[0] = (guint8)i;
        g_assert_true(ak_checkpoint_sign(key, ORIGIN, sizes[i], root, &note, NULL));
        g_assert_true(ak_checkpoint_parse(ak_buf_view(&note), &checkpoint, NULL));
        g_assert_cmpuint(checkpoint.size, ==, sizes[i]);
        g_assert_cmpmem(checkpoint.root, AK_SHA256_LEN, root, sizeof root);
        g_assert_cmpmem(checkpoint.origin.data, checkpoint.origin.len, ORIGIN, strlen(ORIGIN));
        check_verified(ak_buf_view(&note));
    }
}

static void test_sign_appends(void)
{
    g_autoptr(AkSigningKey) key = fixed_key_new();
    guint8 root[AK_SHA256_LEN];
    g_auto(AkBuf) note = {0};

    fill_root(root);
    ak_buf_append_literal(&note, "before");
    g_assert_true(ak_checkpoint_sign(key, ORIGIN, 1234, root, &note, NULL));
    g_assert_cmpmem(note.data, note.len, "before" NOTE, sizeof "before" NOTE - 1);
}

/* C2SP signed-note: a key name has no white space and no plus, and is not empty. */
static void test_sign_refuses_names(void)
{
    static const char *const names[] = {"", "a b", "a+b", "a\nb", "a\tb", "a\u00a0b", "a\xff"};
    g_autoptr(AkSigningKey) key = fixed_key_new();
    guint8 root[AK_SHA256_LEN] = {0};

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) error = NULL;
        g_auto(AkBuf) note = {0};

        g_assert_false(ak_checkpoint_sign(key, names[i], 1, root, &note, &error));
        g_assert_error(error, AK_ERROR, AK_ERROR_CONFIG);
        g_assert_cmpuint(note.len, ==, 0);
    }
}

static void test_other_origin(void)
{
    g_autoptr(AkNoteKey) key = fixed_note_key("audit.example/order");
    g_autoptr(GError) error = NULL;

    g_assert_false(ak_checkpoint_verify(AK_VIEW(NOTE), key, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_BAD_SIGNATURE);
}

/* A note whose text names another origin than the line's key: signed, and still not ours. */
static void test_line_of_another_origin(void)
{
    g_autoptr(AkSigningKey) key = fixed_key_new();
    guint8 root[AK_SHA256_LEN];
    g_auto(AkBuf) note = {0};
    g_autoptr(GString) text = NULL;

    fill_root(root);
    g_assert_true(ak_checkpoint_sign(key, "audit.example/other", 1234, root, &note, NULL));
    text = g_string_new_len(note.data, (gssize)note.len);
    check_not_verified(ak_view(text->str, text->len), AK_ERROR_BAD_SIGNATURE);
    g_string_append(text, LINE);
    check_not_verified(ak_view(text->str, text->len), AK_ERROR_BAD_SIGNATURE);
}

static void test_other_key(void)
{
    guint8 base_point[32];
    g_autoptr(AkNoteKey) key = NULL;
    g_autoptr(GError) error = NULL;

    memset(base_point, 0x66, sizeof base_point);
    base_point[0] = 0x58;
    key = ak_note_key_new(ORIGIN, base_point);
    g_assert_nonnull(key);
    g_assert_false(ak_checkpoint_verify(AK_VIEW(NOTE), key, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_BAD_SIGNATURE);
}

static void test_key_is_no_point(void)
{
    static const guint8 bytes[32] = {2};

    g_assert_null(ak_note_key_new(ORIGIN, bytes));
}

static void test_any_flipped_bit(void)
{
    g_autoptr(AkNoteKey) key = fixed_note_key(ORIGIN);

    for (gsize bit = 0; bit < 8 * (sizeof NOTE - 1); bit++) {
        char note[] = NOTE;
        g_autoptr(GError) error = NULL;

        note[bit / 8] = (char)(note[bit / 8] ^ (1 << bit % 8));
        g_assert_false(ak_checkpoint_verify(ak_view(note, sizeof note - 1), key, &error));
        g_assert_nonnull(error);
        g_assert_true(g_utf8_validate(error->message, -1, NULL));
    }
}

static void test_truncated(void)
{
    g_autoptr(AkNoteKey) key = fixed_note_key(ORIGIN);

    for (gsize len = 0; len < sizeof NOTE - 1; len++) {
        g_autofree char *exact = g_memdup2(NOTE, MAX(len, 1));

        g_assert_false(ak_checkpoint_verify(ak_view(exact, len), key, NULL));
    }
}

static void test_unknown_signatures_are_ignored(void)
{
    check_verified(AK_VIEW(TEXT "\n" WITNESS_LINE LINE));
    check_verified(AK_VIEW(TEXT "\n" LINE WITNESS_LINE));
    check_verified(AK_VIEW(TEXT "\n" OTHER_KEY_LINE LINE WITNESS_LINE));
    check_not_verified(AK_VIEW(TEXT "\n" WITNESS_LINE), AK_ERROR_BAD_SIGNATURE);
    check_not_verified(AK_VIEW(TEXT "\n" OTHER_KEY_LINE), AK_ERROR_BAD_SIGNATURE);
    check_not_verified(AK_VIEW(TEXT "\n"), AK_ERROR_BAD_SIGNATURE);
}

static void test_form_of_signature_lines(void)
{
    check_not_verified(AK_VIEW(TEXT "\n- " ORIGIN " " SIGNATURE64 "\n"), AK_ERROR_BAD_SIGNATURE);
    check_not_verified(AK_VIEW(TEXT "\n" ORIGIN " " SIGNATURE64 "\n"), AK_ERROR_BAD_SIGNATURE);
    check_not_verified(AK_VIEW(TEXT "\n— " ORIGIN "  " SIGNATURE64 "\n"), AK_ERROR_BAD_SIGNATURE);
    check_not_verified(AK_VIEW(TEXT "\n— " ORIGIN " " SIGNATURE64 " \n"), AK_ERROR_BAD_SIGNATURE);
    check_not_verified(AK_VIEW(TEXT "\n— " ORIGIN " " SIGNATURE64), AK_ERROR_BAD_SIGNATURE);
    check_not_verified(AK_VIEW(TEXT "\n— " ORIGIN "\n"), AK_ERROR_BAD_SIGNATURE);
    check_not_verified(AK_VIEW(TEXT "\n— " ORIGIN " \n"), AK_ERROR_BAD_SIGNATURE);
}

static void test_missing_blank_line(void)
{
    check_not_verified(AK_VIEW(TEXT LINE), AK_ERROR_BAD_SIGNATURE);
    check_not_verified(AK_VIEW(TEXT), AK_ERROR_BAD_SIGNATURE);
}

/* What is signed goes to the last blank line (C2SP signed-note): nothing can be slipped in. */
static void test_text_slipped_in(void)
{
    check_not_verified(AK_VIEW(TEXT "\nmore\n\n" LINE), AK_ERROR_BAD_SIGNATURE);
    check_not_verified(AK_VIEW(TEXT "more\n\n" LINE), AK_ERROR_BAD_SIGNATURE);
    check_not_verified(AK_VIEW(TEXT "\n\n" LINE), AK_ERROR_BAD_SIGNATURE);
    check_not_verified(AK_VIEW("\n" NOTE), AK_ERROR_BAD_INPUT);
    check_not_verified(AK_VIEW(NOTE "\n"), AK_ERROR_BAD_SIGNATURE);
}

/* tlog-checkpoint: lines behind the root are extensions, covered by the signature. */
static void test_extension_lines_are_read_over(void)
{
    AkCheckpoint checkpoint;

    g_assert_true(ak_checkpoint_parse(AK_VIEW(TEXT "extension\n\n" LINE), &checkpoint, NULL));
    g_assert_cmpuint(checkpoint.size, ==, 1234);
}

static void check_malformed(AkView note)
{
    AkCheckpoint checkpoint;
    g_autoptr(GError) error = NULL;

    show(note);
    g_assert_false(ak_checkpoint_parse(note, &checkpoint, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_BAD_INPUT);
}

static void test_malformed_sizes(void)
{
    static const char *const sizes[] = {"01",
                                        "00",
                                        "",
                                        "-1",
                                        "+1",
                                        " 1",
                                        "1 ",
                                        "0x1",
                                        "1.0",
                                        "1e3",
                                        "1234\r",
                                        "9223372036854775808",
                                        "18446744073709551616"};

    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autofree char *note = g_strdup_printf(ORIGIN "\n%s\n" ROOT64 "\n\n" LINE, sizes[i]);

        check_malformed(ak_view_str(note));
    }
    check_malformed(AK_VIEW(ORIGIN "\n1\0002\n" ROOT64 "\n\n" LINE));
}

static void test_malformed_roots(void)
{
    static const char *const roots[] = {
        "",
        "SBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I",   /* no padding */
        "SBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7J=",  /* stray bits at the end */
        "SBNJTRN-FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=",  /* the other alphabet */
        " SBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=", /* a blank */
        "SBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2dw==",  /* 31 bytes */
        "SBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7IA",  /* 33 bytes */
        "SBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=\r",
        "!!!!",
    };

    for (guint i = 0; i < G_N_ELEMENTS(roots); i++) {
        g_autofree char *note = g_strdup_printf(ORIGIN "\n1234\n%s\n\n" LINE, roots[i]);

        check_malformed(ak_view_str(note));
    }
    check_malformed(AK_VIEW(ORIGIN "\n1234\n" ROOT64 "\0=\n\n" LINE));
}

static void test_malformed_lines(void)
{
    check_malformed(AK_VIEW_NULL);
    check_malformed(AK_VIEW(""));
    check_malformed(AK_VIEW("\n1234\n" ROOT64 "\n"));
    check_malformed(AK_VIEW(ORIGIN));
    check_malformed(AK_VIEW(ORIGIN "\n1234\n"));
    check_malformed(AK_VIEW(ORIGIN "\n1234\n" ROOT64));
    check_malformed(AK_VIEW(ORIGIN "\n" ROOT64 "\n1234\n"));
    check_malformed(AK_VIEW(ORIGIN "\xff\n1234\n" ROOT64 "\n"));
    check_malformed(AK_VIEW(ORIGIN "\x1b[31m\n1234\n" ROOT64 "\n"));
    check_malformed(AK_VIEW(ORIGIN "\r\n1234\n" ROOT64 "\n"));
}

static void test_too_large(void)
{
    g_autoptr(GString) note = g_string_new(TEXT "\n" LINE);

    while (note->len + strlen(WITNESS_LINE) <= AK_CHECKPOINT_MAX_BYTES)
        g_string_append(note, WITNESS_LINE);
    check_verified(ak_view(note->str, note->len));
    g_string_append(note, WITNESS_LINE);
    check_not_verified(ak_view(note->str, note->len), AK_ERROR_BAD_INPUT);
}

/* A name that no line of ours would cut in the middle of a character. */
static void test_long_origin_in_the_error(void)
{
    g_autoptr(GString) note = g_string_new("a");

    for (guint i = 0; i < 300; i++)
        g_string_append(note, "é");
    g_string_append(note, "\n1234\n" ROOT64 "\n\n" LINE);
    check_not_verified(ak_view(note->str, note->len), AK_ERROR_BAD_SIGNATURE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tree/checkpoint/independent_vector", test_independent_vector);
    g_test_add_func("/tree/checkpoint/round_trip", test_round_trip);
    g_test_add_func("/tree/checkpoint/sign_appends", test_sign_appends);
    g_test_add_func("/tree/checkpoint/sign_refuses_names", test_sign_refuses_names);
    g_test_add_func("/tree/checkpoint/other_origin", test_other_origin);
    g_test_add_func("/tree/checkpoint/line_of_another_origin", test_line_of_another_origin);
    g_test_add_func("/tree/checkpoint/other_key", test_other_key);
    g_test_add_func("/tree/checkpoint/key_is_no_point", test_key_is_no_point);
    g_test_add_func("/tree/checkpoint/any_flipped_bit", test_any_flipped_bit);
    g_test_add_func("/tree/checkpoint/truncated", test_truncated);
    g_test_add_func("/tree/checkpoint/unknown_signatures", test_unknown_signatures_are_ignored);
    g_test_add_func("/tree/checkpoint/form_of_signature_lines", test_form_of_signature_lines);
    g_test_add_func("/tree/checkpoint/missing_blank_line", test_missing_blank_line);
    g_test_add_func("/tree/checkpoint/text_slipped_in", test_text_slipped_in);
    g_test_add_func("/tree/checkpoint/extension_lines", test_extension_lines_are_read_over);
    g_test_add_func("/tree/checkpoint/malformed_sizes", test_malformed_sizes);
    g_test_add_func("/tree/checkpoint/malformed_roots", test_malformed_roots);
    g_test_add_func("/tree/checkpoint/malformed_lines", test_malformed_lines);
    g_test_add_func("/tree/checkpoint/too_large", test_too_large);
    g_test_add_func("/tree/checkpoint/long_origin_in_the_error", test_long_origin_in_the_error);
    return g_test_run();
}
