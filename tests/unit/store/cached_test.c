/* Keys that are kept and renewed. */
#include "aws_fixture.h"

enum { THREADS = 8 };

static const gint64 minute_usec = 60 * G_USEC_PER_SEC;

/* A source whose answers tests decide, and that may be held up. */
typedef struct {
    AkCredentials base;
    GMutex lock;
    GCond changed;
    gboolean is_held;
    guint waiting;
    guint fetches;
    guint version; /* of the keys that come next; 0: it fails */
    gint64 expires_usec;
    gboolean is_file_changed;
} Source;

static gboolean source_fetch(AkCredentials *credentials, AkAwsKeys *out, GError **error)
{
    Source *source = (Source *)credentials;
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&source->lock);

    source->waiting++;
    g_cond_broadcast(&source->changed);
    while (source->is_held)
        g_cond_wait(&source->changed, &source->lock);
    source->waiting--;
    source->fetches++;
    source->is_file_changed = FALSE;
    g_cond_broadcast(&source->changed);
    if (source->version == 0) {
        g_set_error(error, AK_ERROR, AK_ERROR_NETWORK, "nobody there");
        return FALSE;
    }
    *out = (AkAwsKeys){.access_key_id = g_strdup_printf("AK%u", source->version),
                       .secret_access_key = g_strdup(AWS_SECRET),
                       .expires_usec = source->expires_usec,
                       .source = g_strdup("a test")};
    return TRUE;
}

static gboolean source_is_changed(AkCredentials *credentials)
{
    Source *source = (Source *)credentials;
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&source->lock);

    return source->is_file_changed;
}

static void source_free(AkCredentials *credentials)
{
}

typedef struct {
    Aws aws;
    Source source;
    AkCredentials *cached;
} Fixture;

/* Keys "AK1" that live for @minutes; 0: for ever. */
static void set_up(Fixture *f, gint64 minutes)
{
    aws_set_up(&f->aws, NULL, 0, NULL);
    f->source = (Source){.base = {.name = "test",
                                  .fetch = source_fetch,
                                  .free = source_free,
                                  .is_changed = source_is_changed},
                         .version = 1,
                         .expires_usec = minutes > 0 ? aws_now_usec + minutes * minute_usec : 0};
    g_mutex_init(&f->source.lock);
    g_cond_init(&f->source.changed);
    f->cached = ak_credentials_cached(&f->source.base, &f->aws.context);
}

static void tear_down(Fixture *f)
{
    ak_credentials_free(f->cached);
    g_mutex_clear(&f->source.lock);
    g_cond_clear(&f->source.changed);
    aws_tear_down(&f->aws);
}

static char *fetch(Fixture *f, GError **error)
{
    g_auto(AkAwsKeys) keys = {0};

    return ak_credentials_fetch(f->cached, &keys, error) ? g_steal_pointer(&keys.access_key_id)
                                                         : NULL;
}

static void assert_fetch(Fixture *f, const char *id)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *actual = fetch(f, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(actual, ==, id);
}

/* Until keys that were fetched in the background are handed out. */
static void wait_for_keys(Fixture *f, const char *id)
{
    g_autofree char *actual = NULL;

    do {
        g_free(actual);
        actual = fetch(f, NULL);
        g_thread_yield();
    } while (!g_str_equal(actual, id));
}

static void next(Fixture *f, guint version, gint64 expires_usec)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&f->source.lock);

    f->source.version = version;
    f->source.expires_usec = expires_usec;
}

static void hold(Fixture *f, gboolean is_held)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&f->source.lock);

    f->source.is_held = is_held;
    g_cond_broadcast(&f->source.changed);
}

static void test_kept(void)
{
    Fixture f;

    set_up(&f, 60);
    assert_fetch(&f, "AK1");
    aws_now_usec += 54 * minute_usec;
    next(&f, 2, aws_now_usec + 60 * minute_usec);
    assert_fetch(&f, "AK1");
    g_assert_cmpuint(f.source.fetches, ==, 1);
    tear_down(&f);
}

/* Five minutes before expiry a flight starts; requests go on with the old keys meanwhile. */
static void test_renewed_ahead(void)
{
    Fixture f;

    set_up(&f, 60);
    assert_fetch(&f, "AK1");
    aws_now_usec += 56 * minute_usec;
    next(&f, 2, aws_now_usec + 60 * minute_usec);
    hold(&f, TRUE);
    for (guint i = 0; i < 10; i++)
        assert_fetch(&f, "AK1");
    hold(&f, FALSE);
    wait_for_keys(&f, "AK2");
    g_assert_cmpuint(f.source.fetches, ==, 2);
    tear_down(&f);
}

static void count_warning(const char *domain, GLogLevelFlags level, const char *message,
                          gpointer warnings)
{
    g_assert_nonnull(strstr(message, "cannot renew the AWS keys from a test"));
    g_assert_nonnull(strstr(message, "nobody there"));
    g_atomic_int_inc((gint *)warnings);
}

static void test_failure_keeps_valid_keys(void)
{
    gint warnings = 0;
    guint handler = g_log_set_handler("auditkeep", G_LOG_LEVEL_WARNING, count_warning, &warnings);
    GLogLevelFlags fatal = g_log_set_always_fatal(G_LOG_FATAL_MASK);
    Fixture f;

    set_up(&f, 60);
    assert_fetch(&f, "AK1");
    aws_now_usec += 56 * minute_usec;
    next(&f, 0, 0);
    assert_fetch(&f, "AK1");
    while (g_atomic_int_get(&warnings) == 0)
        g_thread_yield();
    assert_fetch(&f, "AK1"); /* not again at once */
    aws_now_usec += minute_usec;
    next(&f, 2, aws_now_usec + 60 * minute_usec);
    wait_for_keys(&f, "AK2");
    g_assert_cmpuint(f.source.fetches, ==, 3);
    g_assert_cmpint(warnings, ==, 1);
    tear_down(&f);
    g_log_remove_handler("auditkeep", handler);
    g_log_set_always_fatal(fatal);
}

static void test_expired_and_gone(void)
{
    Fixture f;
    g_autoptr(GError) error = NULL;

    set_up(&f, 60);
    assert_fetch(&f, "AK1");
    aws_now_usec += 61 * minute_usec;
    next(&f, 0, 0);
    g_assert_null(fetch(&f, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_NETWORK);
    next(&f, 2, aws_now_usec + 60 * minute_usec);
    assert_fetch(&f, "AK2");
    tear_down(&f);
}

static void test_changed_file(void)
{
    Fixture f;

    set_up(&f, 0);
    assert_fetch(&f, "AK1");
    next(&f, 2, 0);
    assert_fetch(&f, "AK1");
    g_mutex_lock(&f.source.lock);
    f.source.is_file_changed = TRUE;
    g_mutex_unlock(&f.source.lock);
    wait_for_keys(&f, "AK2");
    g_assert_cmpuint(f.source.fetches, ==, 2);
    tear_down(&f);
}

/* By a clock that is ahead of theirs all keys come expired. */
static void test_clock_ahead(void)
{
    Fixture f;

    set_up(&f, 60);
    f.source.expires_usec = aws_now_usec - 10 * minute_usec;
    assert_fetch(&f, "AK1");
    assert_fetch(&f, "AK1");
    g_assert_cmpuint(f.source.fetches, ==, 1);
    tear_down(&f);
}

static gpointer fetch_in_thread(gpointer data)
{
    return fetch(data, NULL);
}

static gpointer fetch_error_in_thread(gpointer data)
{
    GError *error = NULL;

    g_assert_null(fetch(data, &error));
    return error;
}

/* Starts them all while the source holds the first one up. */
static void start_threads(Fixture *f, GThreadFunc func, GThread *threads[THREADS])
{
    hold(f, TRUE);
    for (guint i = 0; i < THREADS; i++)
        threads[i] = g_thread_new("fetch", func, f);
    g_mutex_lock(&f->source.lock);
    while (f->source.waiting == 0)
        g_cond_wait(&f->source.changed, &f->source.lock);
    g_mutex_unlock(&f->source.lock);
    hold(f, FALSE);
}

static void test_single_flight(void)
{
    Fixture f;
    GThread *threads[THREADS];

    set_up(&f, 60);
    start_threads(&f, fetch_in_thread, threads);
    for (guint i = 0; i < THREADS; i++) {
        g_autofree char *id = g_thread_join(threads[i]);

        g_assert_cmpstr(id, ==, "AK1");
    }
    g_assert_cmpuint(f.source.fetches, ==, 1);
    tear_down(&f);
}

static void test_failure_reaches_all(void)
{
    Fixture f;
    GThread *threads[THREADS];

    set_up(&f, 60);
    next(&f, 0, 0);
    start_threads(&f, fetch_error_in_thread, threads);
    for (guint i = 0; i < THREADS; i++) {
        g_autoptr(GError) error = g_thread_join(threads[i]);

        g_assert_error(error, AK_ERROR, AK_ERROR_NETWORK);
    }
    tear_down(&f);
}

static void test_refused_keys(void)
{
    Fixture f;
    g_auto(AkAwsKeys) refused = {0};
    g_auto(AkAwsKeys) current = {0};

    set_up(&f, 60);
    g_assert_true(ak_credentials_fetch(f.cached, &refused, NULL));
    next(&f, 2, aws_now_usec + 60 * minute_usec);
    g_assert_true(ak_credentials_refresh(f.cached, &refused));
    g_assert_true(ak_credentials_refresh(f.cached, &refused)); /* somebody else did */
    g_assert_cmpuint(f.source.fetches, ==, 2);
    g_assert_true(ak_credentials_fetch(f.cached, &current, NULL));
    g_assert_false(ak_credentials_refresh(f.cached, &current)); /* not twice in a row */
    g_assert_cmpuint(f.source.fetches, ==, 2);
    tear_down(&f);
}

static void test_refused_and_the_same_again(void)
{
    Fixture f;
    g_auto(AkAwsKeys) refused = {0};

    set_up(&f, 0);
    g_assert_true(ak_credentials_fetch(f.cached, &refused, NULL));
    g_assert_false(ak_credentials_refresh(f.cached, &refused));
    g_assert_cmpuint(f.source.fetches, ==, 2);
    tear_down(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/cached/kept", test_kept);
    g_test_add_func("/store/cached/renewed-ahead", test_renewed_ahead);
    g_test_add_func("/store/cached/failure-keeps-valid-keys", test_failure_keeps_valid_keys);
    g_test_add_func("/store/cached/expired-and-gone", test_expired_and_gone);
    g_test_add_func("/store/cached/changed-file", test_changed_file);
    g_test_add_func("/store/cached/clock-ahead", test_clock_ahead);
    g_test_add_func("/store/cached/single-flight", test_single_flight);
    g_test_add_func("/store/cached/failure-reaches-all", test_failure_reaches_all);
    g_test_add_func("/store/cached/refused-keys", test_refused_keys);
    g_test_add_func("/store/cached/refused-and-the-same-again", test_refused_and_the_same_again);
    return g_test_run();
}
