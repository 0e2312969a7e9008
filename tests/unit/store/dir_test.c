#include "conformance.h"

#include "store/dir_driver.h"
#include "util/time.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static AkStore *open_at(const char *root)
{
    g_autofree char *url = g_strconcat("file:", root, NULL);
    AkStoreConfig config = {.url = url, .is_mutable = TRUE};
    g_autoptr(GError) error = NULL;
    AkStore *store = ak_store_open(&config, &error);

    g_assert_no_error(error);
    return store;
}

/* A new folder in the current one. */
static char *new_root(void)
{
    g_autofree char *name = g_strdup("store-XXXXXX");

    g_assert_nonnull(g_mkdtemp(name));
    return g_canonicalize_filename(name, NULL);
}

static AkStore *open_new(void)
{
    g_autofree char *root = new_root();

    return open_at(root);
}

static AkDir *as_dir(AkStore *store)
{
    return (AkDir *)store;
}

static mode_t mode_of(const char *path)
{
    struct stat info;

    g_assert_cmpint(lstat(path, &info), ==, 0);
    return info.st_mode & 07777;
}

static guint count_temp_files(AkStore *store)
{
    g_autofree char *path = ak_dir_path(as_dir(store), AK_DIR_TMP);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    guint n = 0;

    while (dir != NULL && g_dir_read_name(dir) != NULL)
        n++;
    return n;
}

static void test_files_are_read_only(void)
{
    g_autoptr(AkStore) store = open_new();

    assert_put(store, "a/b", "x");
    g_autofree char *path = ak_dir_path(as_dir(store), "a/b");
    g_autofree char *keep = ak_dir_keep_path(as_dir(store), "a/b");
    g_assert_cmpuint(mode_of(path), ==, 0444);
    g_assert_cmpuint(mode_of(keep), ==, 0444);
    g_assert_cmpuint(count_temp_files(store), ==, 0);
}

static void test_expired_object_can_be_removed(void)
{
    g_autoptr(AkStore) store = open_new();
    TestPut test;
    g_auto(AkObject) object = {0};
    g_autoptr(GError) error = NULL;

    test_put_init(&test, "a/b", "x");
    test.put.retain_until_usec -= 7200 * AK_USEC_PER_SEC;
    g_assert_true(ak_store_put(store, &test.put, &object, &error));
    gboolean is_removed = ak_store_remove(store, "a/b", NULL, &error);
    g_assert_no_error(error);
    g_assert_true(is_removed);
    assert_missing(store, "a/b");
    assert_put(store, "a/b", "again");
}

static void test_held_object_stays_beyond_its_date(void)
{
    g_autofree char *root = new_root();
    g_autofree char *url = g_strconcat("file:", root, NULL);
    AkStoreConfig config = {.url = url, .is_mutable = TRUE, .legal_hold = TRUE};
    g_autoptr(GError) error = NULL;
    g_autoptr(AkStore) store = ak_store_open(&config, &error);
    g_auto(AkObject) object = {0};
    TestPut test;

    test_put_init(&test, "k", "x");
    test.put.retain_until_usec -= 7200 * AK_USEC_PER_SEC;
    g_assert_true(ak_store_put(store, &test.put, &object, &error));
    g_assert_cmpint(object.legal_hold, ==, AK_HOLD_ON);
    g_assert_false(ak_store_remove(store, "k", NULL, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_DENIED);
    g_assert_nonnull(strstr(error->message, "on legal hold"));
}

/* Another process that stands still with the folder's lock: each has its own flock(). */
static int take_lock(AkStore *store)
{
    int fd;

    assert_put(store, "before", "x"); /* makes the lock file */
    fd = ak_dir_lock(as_dir(store), NULL);
    g_assert_cmpint(fd, >=, 0);
    return fd;
}

static void assert_put_fails(AkStore *store, AkErrorCode code, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_auto(AkObject) object = {0};
    TestPut test;

    test_put_init(&test, "k", "x");
    g_assert_false(ak_store_put(store, &test.put, &object, &error));
    g_assert_error(error, AK_ERROR, (int)code);
    g_assert_nonnull(strstr(error->message, text));
    assert_missing(store, "k");
    g_assert_cmpuint(count_temp_files(store), ==, 0);
}

static void test_held_lock_times_out(void)
{
    g_autoptr(AkStore) store = open_new();
    g_auto(AkFd) lock = take_lock(store);

    as_dir(store)->lock_timeout_ms = 50;
    assert_put_fails(store, AK_ERROR_TIMEOUT, AK_DIR_PRIVATE "/lock' tells which");
    ak_fd_close(&lock);
    assert_put(store, "k", "x");
}

static void test_stop_ends_waiting_for_the_lock(void)
{
    g_autoptr(AkStore) store = open_new();
    g_auto(AkFd) lock = take_lock(store);
    volatile gint stop = 1;

    as_dir(store)->lock_timeout_ms = 3600000;
    as_dir(store)->stop = &stop;
    assert_put_fails(store, AK_ERROR_CANCELLED, "stopped while another process held it");
    ak_fd_close(&lock);
    assert_put(store, "k", "x");
}

static void test_encryption_is_refused(void)
{
    AkStoreConfig config = {.url = "file:x", .sse = AK_SSE_S3};
    g_autoptr(GError) error = NULL;

    g_assert_null(ak_store_open(&config, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CONFIG);
}

static void test_object_without_record_is_unlocked(void)
{
    g_autoptr(AkStore) store = open_new();
    g_auto(AkObject) object = {0};
    g_autoptr(GError) error = NULL;

    assert_put(store, "k", "x");
    g_autofree char *keep = ak_dir_keep_path(as_dir(store), "k");
    g_assert_cmpint(unlink(keep), ==, 0);
    g_assert_true(ak_store_head(store, "k", NULL, &object, &error));
    g_assert_cmpint(object.lock_mode, ==, AK_LOCK_NONE);
    g_assert_false(object.has_sha256);
}

static void test_damaged_record_is_an_error(void)
{
    g_autoptr(AkStore) store = open_new();
    static const char *const texts[] = {"", "garbage", "[object]\nmode=COMPLIANCE\n",
                                        "[object]\nmode=NONE\nretain-until=2026-01-01T00:00:00Z\n"};

    assert_put(store, "k", "x");
    g_autofree char *keep = ak_dir_keep_path(as_dir(store), "k");
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_auto(AkObject) object = {0};
        g_autoptr(GError) error = NULL;

        g_assert_cmpint(unlink(keep), ==, 0);
        g_assert_true(g_file_set_contents(keep, texts[i], -1, NULL));
        g_assert_false(ak_store_head(store, "k", NULL, &object, &error));
        g_assert_error(error, AK_ERROR, AK_ERROR_BAD_INPUT);
        g_clear_error(&error);
        g_assert_false(ak_store_remove(store, "k", NULL, &error));
        g_assert_error(error, AK_ERROR, AK_ERROR_BAD_INPUT);
    }
}

static void test_stolen_object_is_noticed(void)
{
    g_autoptr(AkStore) store = open_new();
    TestPut test;
    g_auto(AkObject) object = {0};
    g_autoptr(GError) error = NULL;

    assert_put(store, "k", "x");
    g_autofree char *path = ak_dir_path(as_dir(store), "k");
    g_assert_cmpint(unlink(path), ==, 0);
    test_put_init(&test, "k", "forged");
    g_assert_false(ak_store_put(store, &test.put, &object, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CONFLICT);
    g_assert_nonnull(strstr(error->message, "taken away"));
}

static void test_symbolic_link_is_not_followed(void)
{
    g_autoptr(AkStore) store = open_new();
    g_auto(AkBuf) buf = {0};
    g_autoptr(GError) error = NULL;

    g_autofree char *path = ak_dir_path(as_dir(store), "k");
    g_assert_cmpint(symlink("/etc/passwd", path), ==, 0);
    g_assert_false(ak_store_get(store, "k", NULL, 0, 0, 100000, &buf, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_BAD_INPUT);
    assert_missing(store, "k");
}

static void test_key_below_an_object_is_conflict(void)
{
    g_autoptr(AkStore) store = open_new();
    TestPut test;
    g_auto(AkObject) object = {0};
    g_autoptr(GError) error = NULL;

    assert_put(store, "a", "x");
    test_put_init(&test, "a/b", "x");
    g_assert_false(ak_store_put(store, &test.put, &object, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CONFLICT);
}

static void test_check_names_a_missing_folder(void)
{
    g_autoptr(AkStore) store = open_at("/nonexistent/archive/");
    g_autoptr(GError) error = NULL;

    g_assert_false(ak_store_check(store, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_MISSING);
    g_assert_nonnull(strstr(error->message, "'/nonexistent/archive'"));
}

static void test_put_does_not_make_the_root(void)
{
    g_autoptr(AkStore) store = open_at("/nonexistent/archive");
    TestPut test;
    g_auto(AkObject) object = {0};
    g_autoptr(GError) error = NULL;

    test_put_init(&test, "a/b", "x");
    g_assert_false(ak_store_put(store, &test.put, &object, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_MISSING);
}

/* Forks a child that puts "d/k" and dies at @step; returns the folder. */
static int step_to_die_at;

static void die_at_step(int step)
{
    if (step == step_to_die_at)
        _exit(7);
}

static char *crash_at(AkDirStep step)
{
    char *root = new_root();
    int status = 0;
    pid_t pid = fork();

    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        AkStore *store = open_at(root);
        TestPut test;
        AkObject object = {0};
        g_autoptr(GError) error = NULL;

        step_to_die_at = (int)step;
        as_dir(store)->on_step = die_at_step;
        test_put_init(&test, "d/k", "first");
        _exit(ak_store_put(store, &test.put, &object, &error) ? 0 : 1);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 7);
    return root;
}

static void test_crash_before_the_object_shows(gconstpointer step)
{
    g_autofree char *root = crash_at((AkDirStep)GPOINTER_TO_INT(step));
    g_autoptr(AkStore) store = open_at(root);

    g_autofree char *before = list_keys(store, "");
    g_assert_cmpstr(before, ==, "");
    assert_missing(store, "d/k");
    assert_put(store, "d/k", "second");
    assert_content(store, "d/k", "second");
    g_assert_cmpuint(count_temp_files(store), ==, 0);
}

static void test_crash_after_the_object_shows(gconstpointer step)
{
    g_autofree char *root = crash_at((AkDirStep)GPOINTER_TO_INT(step));
    g_autoptr(AkStore) store = open_at(root);
    TestPut test;
    g_auto(AkObject) object = {0};
    g_autoptr(GError) error = NULL;

    test_put_init(&test, "d/k", "first");
    g_assert_false(ak_store_put(store, &test.put, &object, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CONFLICT);
    g_clear_error(&error);
    g_assert_true(ak_store_head(store, "d/k", NULL, &object, &error));
    g_assert_cmpint(object.lock_mode, ==, AK_LOCK_COMPLIANCE);
    g_assert_cmpmem(object.sha256, AK_SHA256_LEN, test.sha256, AK_SHA256_LEN);
    g_assert_true(ak_dir_keep_is_final(as_dir(store), "d/k"));
    g_assert_cmpuint(count_temp_files(store), ==, 0);
    assert_content(store, "d/k", "first");
}

/* A child so that the limit and the ignored signal stay its own. */
static int put_under_limit(const char *root, rlim_t limit)
{
    int status = 0;
    pid_t pid = fork();

    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        g_autofree char *text = g_strnfill(100000, 'x');
        AkStore *store = open_at(root);
        TestPut test;
        AkObject object = {0};
        g_autoptr(GError) error = NULL;
        struct rlimit limits = {limit, limit};

        signal(SIGXFSZ, SIG_IGN);
        test_put_init(&test, "big", text);
        if (setrlimit(RLIMIT_FSIZE, &limits) != 0)
            _exit(2);
        gboolean is_put = ak_store_put(store, &test.put, &object, &error);
        _exit(!is_put && g_error_matches(error, AK_ERROR, AK_ERROR_FULL) ? 0 : 1);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_full_disk_leaves_nothing(gconstpointer limit)
{
    g_autofree char *root = new_root();
    g_autoptr(AkStore) store = open_at(root);

    g_assert_cmpint(put_under_limit(root, GPOINTER_TO_UINT(limit)), ==, 0);
    g_autofree char *keys = list_keys(store, "");
    g_assert_cmpstr(keys, ==, "");
    g_assert_cmpuint(count_temp_files(store), ==, 0);
    assert_put(store, "big", "small");
}

static gboolean has_immutable_flag(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int flags = 0;
    gboolean is_set =
        fd >= 0 && ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0 && (flags & FS_IMMUTABLE_FL) != 0;

    close(fd);
    return is_set;
}

/* The flag is best effort: what must hold is that it never is in the way of what is allowed. */
static void test_immutable_flag_is_lifted_to_remove(void)
{
    g_autofree char *root = new_root();
    g_autoptr(AkStore) store = open_at(root);
    TestPut test;
    g_auto(AkObject) object = {0};
    g_autoptr(GError) error = NULL;

    as_dir(store)->is_immutable_wanted = TRUE;
    test_put_init(&test, "k", "x");
    test.put.retain_until_usec -= 7200 * AK_USEC_PER_SEC;
    g_assert_true(ak_store_put(store, &test.put, &object, &error));
    g_autofree char *path = ak_dir_path(as_dir(store), "k");
    if (has_immutable_flag(path))
        g_assert_cmpint(unlink(path), ==, -1);
    gboolean is_removed = ak_store_remove(store, "k", NULL, &error);
    g_assert_no_error(error);
    g_assert_true(is_removed);
    assert_missing(store, "k");
}

static void test_urls(void)
{
    static const char *const good[] = {"file:/srv/a", "file:///srv/a", "file:/srv/a//"};

    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        AkStoreConfig config = {.url = good[i]};
        g_autoptr(AkStore) store = ak_store_open(&config, NULL);

        g_assert_cmpstr(as_dir(store)->root, ==, "/srv/a");
    }
    static const char *const bad[] = {"file:",       "file://", "file://host/a",
                                      "gs://bucket", "/srv/a",  "file"};
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        AkStoreConfig config = {.url = bad[i]};
        g_autoptr(GError) error = NULL;

        g_assert_null(ak_store_open(&config, &error));
        g_assert_error(error, AK_ERROR, AK_ERROR_CONFIG);
    }
}

static void add_crashes(void)
{
    g_test_add_data_func("/store/dir/crash/data-written", GINT_TO_POINTER(AK_DIR_STEP_DATA_WRITTEN),
                         test_crash_before_the_object_shows);
    g_test_add_data_func("/store/dir/crash/keep-written", GINT_TO_POINTER(AK_DIR_STEP_KEEP_WRITTEN),
                         test_crash_before_the_object_shows);
    g_test_add_data_func("/store/dir/crash/keep-placed", GINT_TO_POINTER(AK_DIR_STEP_KEEP_PLACED),
                         test_crash_before_the_object_shows);
    g_test_add_data_func("/store/dir/crash/object-placed",
                         GINT_TO_POINTER(AK_DIR_STEP_OBJECT_PLACED),
                         test_crash_after_the_object_shows);
    g_test_add_data_func("/store/dir/crash/done", GINT_TO_POINTER(AK_DIR_STEP_DONE),
                         test_crash_after_the_object_shows);
}

/* All folders of this run are in one, which is removed at the end. */
static int run_in_scratch(void)
{
    g_autofree char *scratch = g_dir_make_tmp("ak-dir-test-XXXXXX", NULL);
    const char *const rm[] = {"rm", "-rf", scratch, NULL};
    g_autofree char *old = g_get_current_dir();

    g_assert_cmpint(chdir(scratch), ==, 0);
    int rc = g_test_run();
    g_assert_cmpint(chdir(old), ==, 0);
    g_spawn_sync(NULL, (char **)(guintptr)rm, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                 NULL, NULL);
    return rc;
}

int main(int argc, char **argv)
{
    static const StoreUnderTest dir = {"dir", open_new, TRUE};

    g_test_init(&argc, &argv, NULL);
    conformance_add(&dir);
    g_test_add_func("/store/dir/files-are-read-only", test_files_are_read_only);
    g_test_add_func("/store/dir/expired-object-can-be-removed", test_expired_object_can_be_removed);
    g_test_add_func("/store/dir/held-object-stays-beyond-its-date",
                    test_held_object_stays_beyond_its_date);
    g_test_add_func("/store/dir/encryption-is-refused", test_encryption_is_refused);
    g_test_add_func("/store/dir/held-lock-times-out", test_held_lock_times_out);
    g_test_add_func("/store/dir/stop-ends-waiting-for-the-lock",
                    test_stop_ends_waiting_for_the_lock);
    g_test_add_func("/store/dir/object-without-record-is-unlocked",
                    test_object_without_record_is_unlocked);
    g_test_add_func("/store/dir/damaged-record-is-an-error", test_damaged_record_is_an_error);
    g_test_add_func("/store/dir/stolen-object-is-noticed", test_stolen_object_is_noticed);
    g_test_add_func("/store/dir/symbolic-link-is-not-followed", test_symbolic_link_is_not_followed);
    g_test_add_func("/store/dir/key-below-an-object-is-conflict",
                    test_key_below_an_object_is_conflict);
    g_test_add_func("/store/dir/check-names-a-missing-folder", test_check_names_a_missing_folder);
    g_test_add_func("/store/dir/put-does-not-make-the-root", test_put_does_not_make_the_root);
    g_test_add_func("/store/dir/immutable-flag-is-lifted-to-remove",
                    test_immutable_flag_is_lifted_to_remove);
    g_test_add_func("/store/dir/urls", test_urls);
    g_test_add_data_func("/store/dir/full/object", GUINT_TO_POINTER(4096),
                         test_full_disk_leaves_nothing);
    g_test_add_data_func("/store/dir/full/nothing", GUINT_TO_POINTER(0),
                         test_full_disk_leaves_nothing);
    add_crashes();
    return run_in_scratch();
}
