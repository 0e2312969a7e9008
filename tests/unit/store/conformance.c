#include "conformance.h"

#include "util/time.h"

#include <openssl/evp.h>

enum { N_THREADS = 4 };

void test_put_init(TestPut *test, const char *key, const char *text)
{
    gint64 now = g_get_real_time();

    *test = (TestPut){.meta = {{"first-index", "0"}, {"root", "a b=c;d"}}};
    g_assert_cmpint(EVP_Digest(text, strlen(text), test->sha256, NULL, EVP_sha256(), NULL), ==, 1);
    test->put = (AkPut){
        .key = key,
        .data = text,
        .len = strlen(text),
        .sha256 = test->sha256,
        .content_type = "application/zstd",
        .meta = test->meta,
        .n_meta = G_N_ELEMENTS(test->meta),
        .lock_mode = AK_LOCK_COMPLIANCE,
        .retain_until_usec = now - now % AK_USEC_PER_SEC + 3600 * AK_USEC_PER_SEC,
    };
}

void assert_put(AkStore *store, const char *key, const char *text)
{
    TestPut test;
    g_auto(AkObject) object = {0};
    g_autoptr(GError) error = NULL;

    test_put_init(&test, key, text);
    gboolean is_put = ak_store_put(store, &test.put, &object, &error);
    g_assert_no_error(error);
    g_assert_true(is_put);
    g_assert_cmpstr(object.key, ==, key);
}

void assert_content(AkStore *store, const char *key, const char *text)
{
    g_auto(AkBuf) buf = {0};
    g_autoptr(GError) error = NULL;
    gboolean is_read = ak_store_get(store, key, NULL, 0, 0, 1000000, &buf, &error);

    g_assert_no_error(error);
    g_assert_true(is_read);
    g_assert_cmpmem(ak_buf_view(&buf).data, buf.len, text, strlen(text));
}

void assert_missing(AkStore *store, const char *key)
{
    g_auto(AkObject) object = {0};
    g_autoptr(GError) error = NULL;

    g_assert_false(ak_store_head(store, key, NULL, &object, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_MISSING);
}

static gboolean append_key(const AkObject *object, gpointer data, GError **error)
{
    GString *out = data;

    g_string_append_printf(out, "%s%s%s", out->len > 0 ? " " : "",
                           object->is_delete_marker ? "!" : "", object->key);
    return TRUE;
}

char *list_keys(AkStore *store, const char *prefix)
{
    GString *out = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    gboolean is_listed = ak_store_list(store, prefix, append_key, out, &error);

    g_assert_no_error(error);
    g_assert_true(is_listed);
    return g_string_free(out, FALSE);
}

static AkStore *open_store(gconstpointer under_test)
{
    return ((const StoreUnderTest *)under_test)->open();
}

static void test_check(gconstpointer under_test)
{
    g_autoptr(AkStore) store = open_store(under_test);
    g_autoptr(GError) error = NULL;
    gboolean is_good = ak_store_check(store, &error);

    g_assert_no_error(error);
    g_assert_true(is_good);
}

static void test_put_says_what_was_written(gconstpointer under_test)
{
    g_autoptr(AkStore) store = open_store(under_test);
    TestPut test;
    g_auto(AkObject) object = {0};
    g_autoptr(GError) error = NULL;

    test_put_init(&test, "audit/2026/01/02/main-000.ndjson.zst", "hello");
    gboolean is_put = ak_store_put(store, &test.put, &object, &error);
    g_assert_no_error(error);
    g_assert_true(is_put);
    g_assert_cmpstr(object.key, ==, test.put.key);
    g_assert_cmpuint(object.size, ==, 5);
    g_assert_cmpint(object.lock_mode, ==, AK_LOCK_COMPLIANCE);
    g_assert_cmpint(object.retain_until_usec, ==, test.put.retain_until_usec);
}

static void test_head_tells_all(gconstpointer under_test)
{
    g_autoptr(AkStore) store = open_store(under_test);
    TestPut test;
    g_auto(AkObject) put = {0};
    g_auto(AkObject) object = {0};
    g_autoptr(GError) error = NULL;

    test_put_init(&test, "a/b", "hello");
    test.put.lock_mode = AK_LOCK_GOVERNANCE;
    gboolean is_there = ak_store_put(store, &test.put, &put, &error) &&
                        ak_store_head(store, "a/b", put.version, &object, &error);
    g_assert_no_error(error);
    g_assert_true(is_there);
    g_assert_cmpuint(object.size, ==, 5);
    g_assert_cmpint(object.lock_mode, ==, AK_LOCK_GOVERNANCE);
    g_assert_cmpint(object.retain_until_usec, ==, test.put.retain_until_usec);
    g_assert_cmpint(object.replication, ==, AK_REPLICATION_NONE);
    g_assert_cmpstr(ak_object_meta(&object, "root"), ==, "a b=c;d");
    g_assert_cmpstr(ak_object_meta(&object, "first-index"), ==, "0");
    g_assert_null(ak_object_meta(&object, "other"));
    g_assert_cmpint(ABS(object.modified_usec - g_get_real_time()), <, 600 * AK_USEC_PER_SEC);
    if (object.has_sha256)
        g_assert_cmpmem(object.sha256, AK_SHA256_LEN, test.sha256, AK_SHA256_LEN);
}

static void test_legal_hold(gconstpointer under_test)
{
    g_autoptr(AkStore) store = open_store(under_test);
    g_autoptr(GError) error = NULL;

    for (gboolean is_held = FALSE; is_held <= TRUE; is_held++) {
        const char *key = is_held ? "held" : "free";
        TestPut test;
        g_auto(AkObject) put = {0};
        g_auto(AkObject) object = {0};

        test_put_init(&test, key, "x");
        test.put.legal_hold = is_held;
        gboolean is_put = ak_store_put(store, &test.put, &put, &error) &&
                          ak_store_head(store, key, put.version, &object, &error);
        g_assert_no_error(error);
        g_assert_true(is_put);
        g_assert_cmpint(put.legal_hold, ==, is_held ? AK_HOLD_ON : AK_HOLD_OFF);
        g_assert_cmpint(object.legal_hold, ==, put.legal_hold);
    }
}

static void test_second_put_is_conflict(gconstpointer under_test)
{
    g_autoptr(AkStore) store = open_store(under_test);

    assert_put(store, "k", "first");
    for (int i = 0; i < 2; i++) { /* the same bytes, and others */
        TestPut test;
        g_auto(AkObject) object = {0};
        g_autoptr(GError) error = NULL;

        test_put_init(&test, "k", i == 0 ? "first" : "other");
        g_assert_false(ak_store_put(store, &test.put, &object, &error));
        g_assert_error(error, AK_ERROR, AK_ERROR_CONFLICT);
        g_assert_null(object.key);
    }
    assert_content(store, "k", "first");
    g_autofree char *keys = list_keys(store, "");
    g_assert_cmpstr(keys, ==, "k");
}

typedef struct {
    AkStore *store;
    char key[32];
    char text[32];
    gboolean is_put;
    AkObject object;
    GError *error;
} Writer;

static gpointer write_one(gpointer data)
{
    Writer *writer = data;
    TestPut test;

    test_put_init(&test, writer->key, writer->text);
    writer->is_put = ak_store_put(writer->store, &test.put, &writer->object, &writer->error);
    return NULL;
}

static void run_writers(Writer *writers, AkStore *store)
{
    GThread *threads[N_THREADS];

    for (int i = 0; i < N_THREADS; i++) {
        writers[i].store = store;
        threads[i] = g_thread_new("writer", write_one, &writers[i]);
    }
    for (int i = 0; i < N_THREADS; i++)
        g_thread_join(threads[i]);
}

/* By version: without conditional writes a loser's version may lie on top of the winner's. */
static void assert_written(Writer *writer)
{
    g_auto(AkBuf) buf = {0};
    g_autoptr(GError) error = NULL;
    gboolean is_read =
        ak_store_get(writer->store, writer->key, writer->object.version, 0, 0, 100, &buf, &error);

    g_assert_no_error(error);
    g_assert_true(is_read);
    g_assert_cmpmem(buf.data, buf.len, writer->text, strlen(writer->text));
    ak_object_clear(&writer->object);
}

static void test_threads_write_different_keys(gconstpointer under_test)
{
    g_autoptr(AkStore) store = open_store(under_test);
    Writer writers[N_THREADS] = {0};

    for (int i = 0; i < N_THREADS; i++) {
        g_snprintf(writers[i].key, sizeof writers[i].key, "d/%d", i);
        g_snprintf(writers[i].text, sizeof writers[i].text, "text %d", i);
    }
    run_writers(writers, store);
    for (int i = 0; i < N_THREADS; i++) {
        g_assert_no_error(writers[i].error);
        g_assert_true(writers[i].is_put);
        assert_written(&writers[i]);
    }
}

static void test_threads_write_one_key(gconstpointer under_test)
{
    g_autoptr(AkStore) store = open_store(under_test);
    Writer writers[N_THREADS] = {0};
    int winners = 0;

    for (int i = 0; i < N_THREADS; i++) {
        g_snprintf(writers[i].key, sizeof writers[i].key, "same");
        g_snprintf(writers[i].text, sizeof writers[i].text, "text %d", i);
    }
    run_writers(writers, store);
    for (int i = 0; i < N_THREADS; i++) {
        winners += writers[i].is_put;
        if (!writers[i].is_put)
            g_assert_error(writers[i].error, AK_ERROR, AK_ERROR_CONFLICT);
        else
            assert_written(&writers[i]);
        g_clear_error(&writers[i].error);
    }
    g_assert_cmpint(winners, <=, 1);
    if (((const StoreUnderTest *)under_test)->has_one_winner)
        g_assert_cmpint(winners, ==, 1);
}

static void assert_range(AkStore *store, guint64 offset, guint64 len, const char *expected)
{
    g_auto(AkBuf) buf = {0};
    g_autoptr(GError) error = NULL;

    ak_buf_append_literal(&buf, ">");
    gboolean is_read = ak_store_get(store, "range", NULL, offset, len, 10, &buf, &error);
    g_assert_no_error(error);
    g_assert_true(is_read);
    g_assert_cmpmem(buf.data + 1, buf.len - 1, expected, strlen(expected));
}

static void test_ranges(gconstpointer under_test)
{
    g_autoptr(AkStore) store = open_store(under_test);

    assert_put(store, "range", "0123456789");
    assert_range(store, 0, 0, "0123456789");
    assert_range(store, 0, 1, "0");
    assert_range(store, 3, 4, "3456");
    assert_range(store, 9, 1, "9");
    assert_range(store, 7, 0, "789");
    assert_range(store, 7, 100, "789");
    assert_range(store, 10, 0, "");
    assert_range(store, 1000, 5, "");
}

static void test_get_is_capped(gconstpointer under_test)
{
    g_autoptr(AkStore) store = open_store(under_test);
    g_auto(AkBuf) buf = {0};
    g_autoptr(GError) error = NULL;

    assert_put(store, "big", "0123456789");
    g_assert_false(ak_store_get(store, "big", NULL, 0, 0, 9, &buf, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_BAD_INPUT);
    g_assert_cmpuint(buf.len, ==, 0);
}

static void test_empty_object(gconstpointer under_test)
{
    g_autoptr(AkStore) store = open_store(under_test);

    assert_put(store, "empty", "");
    assert_content(store, "empty", "");
}

static void test_missing(gconstpointer under_test)
{
    g_autoptr(AkStore) store = open_store(under_test);
    g_auto(AkBuf) buf = {0};
    g_autoptr(GError) error = NULL;

    assert_missing(store, "no/such/key");
    g_assert_false(ak_store_get(store, "no/such/key", NULL, 0, 0, 10, &buf, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_MISSING);
}

static void test_locked_object_cannot_be_removed(gconstpointer under_test)
{
    g_autoptr(AkStore) store = open_store(under_test);
    TestPut test;
    g_auto(AkObject) object = {0};
    g_autoptr(GError) error = NULL;

    test_put_init(&test, "locked", "keep me");
    g_assert_true(ak_store_put(store, &test.put, &object, &error));
    g_assert_false(ak_store_remove(store, "locked", object.version, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_DENIED);
    assert_content(store, "locked", "keep me");
}

static void test_wrong_digest_stores_nothing(gconstpointer under_test)
{
    g_autoptr(AkStore) store = open_store(under_test);
    TestPut test;
    g_auto(AkObject) object = {0};
    g_autoptr(GError) error = NULL;

    test_put_init(&test, "k", "hello");
    test.sha256[0] ^= 1;
    g_assert_false(ak_store_put(store, &test.put, &object, &error));
    g_assert_nonnull(error);
    assert_missing(store, "k");
}

static void test_list_is_in_key_order(gconstpointer under_test)
{
    g_autoptr(AkStore) store = open_store(under_test);
    static const char *const keys[] = {"b/x", "a/2/y", "a/10", "a.b", "a/2-z", "c"};

    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
        assert_put(store, keys[i], keys[i]);
    g_autofree char *all = list_keys(store, "");
    g_autofree char *below = list_keys(store, "a/");
    g_autofree char *broken_off = list_keys(store, "a/2");
    g_autofree char *none = list_keys(store, "zz/");
    g_assert_cmpstr(all, ==, "a.b a/10 a/2-z a/2/y b/x c");
    g_assert_cmpstr(below, ==, "a/10 a/2-z a/2/y");
    g_assert_cmpstr(broken_off, ==, "a/2-z a/2/y");
    g_assert_cmpstr(none, ==, "");
}

static gboolean stop_at_once(const AkObject *object, gpointer data, GError **error)
{
    int *calls = data;

    (*calls)++;
    return FALSE;
}

static gboolean fail_at_once(const AkObject *object, gpointer data, GError **error)
{
    g_set_error(error, AK_ERROR, AK_ERROR_GAP, "enough");
    return FALSE;
}

static void test_list_may_be_ended(gconstpointer under_test)
{
    g_autoptr(AkStore) store = open_store(under_test);
    g_autoptr(GError) error = NULL;
    int calls = 0;

    assert_put(store, "a/1", "x");
    assert_put(store, "b/2", "x");
    g_assert_true(ak_store_list(store, "", stop_at_once, &calls, &error));
    g_assert_no_error(error);
    g_assert_cmpint(calls, ==, 1);
    g_assert_false(ak_store_list(store, "", fail_at_once, NULL, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_GAP);
}

static void test_bad_keys_are_refused(gconstpointer under_test)
{
    g_autoptr(AkStore) store = open_store(under_test);
    static const char *const keys[] = {"",     "/etc/x", "../x",     "a/../b", "a//b",
                                       "a/",   ".",      "a/.",      ".x",     "a b",
                                       "a\nb", "a%b",    "\303\244", "a\\b",   ".auditkeep/keep/x"};

    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        TestPut test;
        g_auto(AkObject) object = {0};
        g_autoptr(GError) error = NULL;

        test_put_init(&test, keys[i], "x");
        g_assert_false(ak_store_put(store, &test.put, &object, &error));
        g_assert_error(error, AK_ERROR, AK_ERROR_BAD_INPUT);
        g_clear_error(&error);
        g_assert_false(ak_store_head(store, keys[i], NULL, &object, &error));
        g_assert_error(error, AK_ERROR, AK_ERROR_BAD_INPUT);
        g_clear_error(&error);
        g_assert_false(ak_store_remove(store, keys[i], NULL, &error));
        g_assert_error(error, AK_ERROR, AK_ERROR_BAD_INPUT);
    }
}

static void assert_refused(AkStore *store, const AkPut *put)
{
    g_auto(AkObject) object = {0};
    g_autoptr(GError) error = NULL;

    g_assert_false(ak_store_put(store, put, &object, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_BAD_INPUT);
}

static void test_bad_puts_are_refused(gconstpointer under_test)
{
    g_autoptr(AkStore) store = open_store(under_test);
    g_autofree char *overlong = g_strnfill(257, 'x');
    TestPut test;

    test_put_init(&test, "k", "x");
    test.put.lock_mode = AK_LOCK_NONE;
    assert_refused(store, &test.put);
    test_put_init(&test, "k", "x");
    test.put.retain_until_usec++;
    assert_refused(store, &test.put);
    const AkMeta bad[] = {{"a", "b\r\nx-evil: 1"}, {"A", "b"}, {"a", " b"}, {"a", overlong}};
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        test_put_init(&test, "k", "x");
        test.meta[0] = bad[i];
        assert_refused(store, &test.put);
    }
    assert_missing(store, "k");
}

void conformance_add(const StoreUnderTest *store)
{
    static const struct {
        const char *name;
        GTestDataFunc test;
    } cases[] = {
        {"check", test_check},
        {"put-says-what-was-written", test_put_says_what_was_written},
        {"head-tells-all", test_head_tells_all},
        {"legal-hold", test_legal_hold},
        {"second-put-is-conflict", test_second_put_is_conflict},
        {"threads-write-different-keys", test_threads_write_different_keys},
        {"threads-write-one-key", test_threads_write_one_key},
        {"ranges", test_ranges},
        {"get-is-capped", test_get_is_capped},
        {"empty-object", test_empty_object},
        {"missing", test_missing},
        {"locked-object-cannot-be-removed", test_locked_object_cannot_be_removed},
        {"wrong-digest-stores-nothing", test_wrong_digest_stores_nothing},
        {"list-is-in-key-order", test_list_is_in_key_order},
        {"list-may-be-ended", test_list_may_be_ended},
        {"bad-keys-are-refused", test_bad_keys_are_refused},
        {"bad-puts-are-refused", test_bad_puts_are_refused},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/store/%s/%s", store->name, cases[i].name);

        g_test_add_data_func(path, store, cases[i].test);
    }
}
