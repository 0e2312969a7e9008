#include "tree/checkpoint.h"

#include "../fixed_key.h"

/*
 * A checkpoint with a cosignature/v1 line: key ids and signatures were made by a Python program of
 * its own (C2SP tlog-cosignature, Ed25519 of OpenSSL), key seed 32 bytes of 7.
 */
#define TEXT "audit.example/orders\n1234\nSBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=\n"
#define WITNESS_ID "aa4a09d1"
#define WITNESS64 "BOpKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs"
#define WITNESS "witness.example/w1+" WITNESS_ID "+" WITNESS64
#define LINE64                                                                                     \
    "qkoJ0QAAAABlU/EALa9TTn1NugXGCqcsN3zAjMKPxzLjpHRYFfjvXSIe9n/8BuGik9o78zW6QimtDF7D"             \
    "9iJ5oYlTPYId6CbMLn7mAQ=="
#define NOTE TEXT "\n— witness.example/w1 " LINE64 "\n"
#define PLAIN "witness.example/w1+68cca5d4+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs"
#define PLAIN_LINE                                                                                 \
    "— witness.example/w1 aMyl1GWDlEsWdihUv3gg"                                                  \
    "nWLH5LzktVCr29HMpOrIkqcUBJxLuym1wcMPNXU4gXw6eFhuDSNptfLawPr3S3slBpywQAU=\n"

static AkNoteKey *witness(void)
{
    g_autoptr(GError) error = NULL;
    AkNoteKey *key = ak_note_key_parse(WITNESS, &error);

    g_assert_no_error(error);
    return key;
}

static void test_key_round_trip(void)
{
    g_autoptr(AkNoteKey) key = witness();
    g_autofree char *text = ak_note_key_text(key);

    g_assert_cmpstr(text, ==, WITNESS);
    g_assert_cmpstr(ak_note_key_name(key), ==, "witness.example/w1");
}

static void test_key_refused(void)
{
    static const char *const wrong[] = {
        "",
        "x",
        "a+b",
        "a+00000000+",
        "witness.example/w1+00000000+" WITNESS64, /* another id */
        "other.example/w1+" WITNESS_ID "+" WITNESS64,
        "witness.example/w1+" WITNESS_ID "+" WITNESS64 "=",
        "witness.example/w1+" WITNESS_ID "+ " WITNESS64,
        " witness.example/w1+" WITNESS_ID "+" WITNESS64,
        "+" WITNESS_ID "+" WITNESS64,
    };

    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;

        g_test_message("%s", wrong[i]);
        g_assert_null(ak_note_key_parse(wrong[i], &error));
        g_assert_error(error, AK_ERROR, AK_ERROR_BAD_INPUT);
    }
}

static void test_cosigned(void)
{
    g_autoptr(AkNoteKey) key = witness();
    g_autoptr(GError) error = NULL;
    guint64 seconds = 0;

    g_assert_true(ak_checkpoint_verify_cosignature(AK_VIEW(NOTE), key, &seconds, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(seconds, ==, 1700000000);
}

static void refuse(AkView note)
{
    g_autoptr(AkNoteKey) key = witness();
    g_autoptr(GError) error = NULL;
    guint64 seconds;

    g_assert_false(ak_checkpoint_verify_cosignature(note, key, &seconds, &error));
    g_assert_nonnull(error);
}

/* Every character counts: those of the text, of the time, of the signature. */
static void test_changed(void)
{
    char note[] = NOTE;

    for (gsize i = 0; i < sizeof note - 1; i++) {
        note[i] ^= 1;
        refuse(ak_view(note, sizeof note - 1));
        note[i] ^= 1;
    }
    for (gsize len = 0; len < sizeof note - 1; len++)
        refuse(ak_view(note, len));
}

/* The same key's signature over the text alone is no cosignature, nor the other way round. */
static void test_other_kind(void)
{
    g_autoptr(AkNoteKey) key = witness(), other = ak_note_key_parse(PLAIN, NULL);
    guint64 seconds;

    g_assert_nonnull(other);
    g_assert_false(ak_checkpoint_verify_cosignature(AK_VIEW(NOTE), other, &seconds, NULL));
    g_assert_false(ak_checkpoint_verify(AK_VIEW(NOTE), other, NULL));
    g_assert_false(ak_checkpoint_verify(AK_VIEW(NOTE), key, NULL));
    refuse(AK_VIEW(TEXT "\n" PLAIN_LINE));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tree/note/key_round_trip", test_key_round_trip);
    g_test_add_func("/tree/note/key_refused", test_key_refused);
    g_test_add_func("/tree/note/cosigned", test_cosigned);
    g_test_add_func("/tree/note/changed", test_changed);
    g_test_add_func("/tree/note/other_kind", test_other_kind);
    return g_test_run();
}
