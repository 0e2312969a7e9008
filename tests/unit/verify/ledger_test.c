#include "verify/ledger.h"

#include "../fixed_key.h"
#include "chain/base64.h"

#define ORIGIN "audit.example/main"

typedef struct {
    AkSigningKey *key;
    guint8 public_key[32];
    AkLedger *ledger;
    AkBuf text;
} Fixture;

static void setup(Fixture *f, gconstpointer unused)
{
    g_autoptr(AkSha256) sha = ak_sha256_new();
    guint8 leaves[5 * AK_SHA256_LEN] = {1};
    AkLedgerObject object = {.key = (char *)(guintptr) "audit/2025/02/01/main-a",
                             .version = (char *)(guintptr) "v1",
                             .size = 77,
                             .modified_usec = -5,
                             .read_usec = 12,
                             .sha256 = {9},
                             .n_faults = 2};

    f->key = fixed_key_new();
    g_assert_true(ak_signing_key_public_raw(f->key, f->public_key));
    f->ledger = ak_ledger_new(ORIGIN);
    f->ledger->made_usec = 1700000000000000;
    ak_tree_append(&f->ledger->tree, sha, leaves, 5);
    f->ledger->head = (AkCursor){4, "id-4", "hash-4"};
    f->ledger->seals = (AkSealPosition){20000, TRUE, "hash-3", 4, {7}};
    f->ledger->source = (AkCursor){8, "id-8", "hash-8"};
    f->ledger->source_ts_usec = 33;
    ak_ledger_set(f->ledger, &object);
    object.key = (char *)(guintptr) "audit/2025/02/01/main-b";
    object.version = NULL;
    ak_ledger_set(f->ledger, &object);
    g_assert_true(ak_ledger_write(f->ledger, f->key, &f->text, NULL));
}

static void teardown(Fixture *f, gconstpointer unused)
{
    ak_signing_key_free(f->key);
    ak_ledger_free(f->ledger);
    ak_buf_clear(&f->text);
}

static void assert_refused(const Fixture *f, AkView text, gint code)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(AkLedger) read = ak_ledger_read(text, f->public_key, ORIGIN, &error);

    g_assert_null(read);
    g_assert_error(error, AK_ERROR, code);
}

static void test_comes_back(Fixture *f, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(AkLedger) read = ak_ledger_read(ak_buf_view(&f->text), f->public_key, ORIGIN, &error);
    g_auto(AkBuf) again = {0};
    const AkLedgerObject *object;

    g_assert_no_error(error);
    g_assert_cmpuint(read->tree.size, ==, 5);
    g_assert_cmpstr(read->head.id, ==, "id-4");
    g_assert_cmpint(read->seals.next_day, ==, 20000);
    g_assert_cmpint(read->source_ts_usec, ==, 33);
    object = ak_ledger_find(read, "audit/2025/02/01/main-b");
    g_assert_null(object->version);
    g_assert_cmpuint(object->n_faults, ==, 2);
    g_assert_null(ak_ledger_find(read, "audit/2025/02/01/main-c"));
    g_assert_true(ak_ledger_write(read, f->key, &again, NULL));
    g_assert_cmpmem(again.data, again.len, f->text.data, f->text.len);
}

static void test_every_bit_counts(Fixture *f, gconstpointer unused)
{
    for (gsize i = 0; i < f->text.len - 1; i++) {
        f->text.data[i] ^= 1;
        assert_refused(f, ak_buf_view(&f->text), AK_ERROR_BAD_SIGNATURE);
        f->text.data[i] ^= 1;
    }
    for (gsize len = 0; len < f->text.len; len++)
        assert_refused(f, ak_view(f->text.data, len), AK_ERROR_BAD_SIGNATURE);
}

/* What the key's holder signed may be no ledger all the same. */
static void sign(const Fixture *f, const char *text, AkBuf *out)
{
    guint8 signature[64];

    ak_buf_append_view(out, ak_view_str(text));
    g_assert_true(
        ak_signing_key_sign_raw(f->key, (const guint8 *)text, strlen(text), signature, NULL));
    ak_buf_append_literal(out, "signature\t");
    ak_base64_append(out, signature, sizeof signature);
    ak_buf_append_byte(out, '\n');
}

static void test_lines_that_are_none(Fixture *f, gconstpointer unused)
{
    const char *end = g_strrstr_len(f->text.data, (gssize)f->text.len, "signature\t");
    g_autofree char *body = g_strndup(f->text.data, (gsize)(end - f->text.data));
    g_auto(GStrv) lines = g_strsplit(body, "\n", -1);

    for (guint i = 0; i + 1 < g_strv_length(lines); i++) {
        g_autofree char *kept = lines[i];
        g_auto(AkBuf) text = {0};
        g_autofree char *changed = NULL;

        lines[i] = g_strconcat(kept, "\tmore", NULL);
        changed = g_strjoinv("\n", lines);
        sign(f, changed, &text);
        assert_refused(f, ak_buf_view(&text), AK_ERROR_BAD_INPUT);
        g_free(lines[i]);
        lines[i] = g_steal_pointer(&kept);
    }
}

static void test_of_another_chain(Fixture *f, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(AkLedger) read =
        ak_ledger_read(ak_buf_view(&f->text), f->public_key, "audit.example/other", &error);

    g_assert_null(read);
    g_assert_error(error, AK_ERROR, AK_ERROR_BAD_INPUT);
}

static void test_cover(Fixture *f, gconstpointer unused)
{
    AkLedgerObject object = {.key = (char *)(guintptr) "audit/2025/02/01/main-c", .size = 100};
    guint64 covered, total;

    ak_ledger_set(f->ledger, &object);
    ak_ledger_cover(f->ledger, 12, &covered, &total);
    g_assert_cmpuint(covered, ==, 2 * 77);
    g_assert_cmpuint(total, ==, 2 * 77 + 100);
    ak_ledger_cover(f->ledger, 13, &covered, &total);
    g_assert_cmpuint(covered, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define CASE(name, func) g_test_add("/verify/ledger/" name, Fixture, NULL, setup, func, teardown)
    CASE("comes-back", test_comes_back);
    CASE("every-bit-counts", test_every_bit_counts);
    CASE("lines-that-are-none", test_lines_that_are_none);
    CASE("of-another-chain", test_of_another_chain);
    CASE("cover", test_cover);
    return g_test_run();
}
