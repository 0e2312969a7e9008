/* Certificates: the s3 driver against 'openssl s_server', which answers any GET with a page. */
#include "store/s3_driver.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
    char *folder;
    char *cert;
    char *key;
    GPid pid;
    FILE *output;
    char *endpoint;
} Fixture;

static char *first_line_with(FILE *file, const char *word)
{
    char line[512];

    while (fgets(line, sizeof line, file) != NULL) {
        if (strstr(line, word) != NULL)
            return g_strdup(g_strstrip(line));
    }
    return NULL;
}

static void make_certificate(Fixture *f)
{
    g_autofree char *line =
        g_strdup_printf("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test "
                        "-addext subjectAltName=IP:127.0.0.1 -keyout '%s' -out '%s'",
                        f->key, f->cert);
    g_auto(GStrv) argv = NULL;
    g_autoptr(GError) error = NULL;
    int status = 0;

    g_assert_true(g_shell_parse_argv(line, NULL, &argv, NULL));
    g_spawn_sync(NULL, argv, NULL,
                 G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
                 NULL, NULL, NULL, NULL, &status, &error);
    g_assert_no_error(error);
    g_assert_cmpint(status, ==, 0);
}

static void set_up(Fixture *f, gconstpointer data)
{
    f->folder = g_dir_make_tmp("ak-tls-XXXXXX", NULL);
    f->cert = g_build_filename(f->folder, "cert.pem", NULL);
    f->key = g_build_filename(f->folder, "key.pem", NULL);
    make_certificate(f);
    g_autofree char *line = g_strdup_printf("openssl s_server -accept 127.0.0.1:0 -www -cert '%s' "
                                            "-key '%s'",
                                            f->cert, f->key);
    g_auto(GStrv) argv = NULL;
    g_autoptr(GError) error = NULL;
    int out = -1;

    g_assert_true(g_shell_parse_argv(line, NULL, &argv, NULL));
    g_spawn_async_with_pipes(NULL, argv, NULL,
                             G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD |
                                 G_SPAWN_STDERR_TO_DEV_NULL,
                             NULL, NULL, &f->pid, NULL, &out, NULL, &error);
    g_assert_no_error(error);
    f->output = fdopen(out, "r");
    g_autofree char *ready = first_line_with(f->output, "ACCEPT");
    g_assert_nonnull(ready);
    f->endpoint = g_strdup_printf("https://%s", strrchr(ready, ' ') + 1);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    kill(f->pid, SIGKILL);
    waitpid(f->pid, NULL, 0);
    fclose(f->output);
    unlink(f->cert);
    unlink(f->key);
    rmdir(f->folder);
    g_free(f->folder);
    g_free(f->cert);
    g_free(f->key);
    g_free(f->endpoint);
}

static GError *check(const Fixture *f, const char *ca_bundle)
{
    AkStoreConfig config = {
        .url = "s3://bucket", .endpoint = f->endpoint, .ca_bundle = ca_bundle, .max_attempts = 1};
    g_auto(AkAwsKeys) keys = {.access_key_id = g_strdup("a"), .secret_access_key = g_strdup("b")};
    GError *error = NULL;
    g_autoptr(AkStore) store = ak_s3_open(&config, ak_credentials_from_keys(&keys), NULL, &error);

    g_assert_no_error(error);
    g_assert_false(ak_store_check(store, &error));
    return error;
}

static void test_unknown_certificate_is_refused(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = check(f, NULL);

    g_assert_error(error, AK_ERROR, AK_ERROR_NETWORK);
    g_assert_nonnull(strstr(error->message, "hint: AWS_CA_BUNDLE"));
}

/* Past TLS: what fails is that the page is no answer of S3. */
static void test_bundle_is_trusted(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = check(f, f->cert);

    g_assert_error(error, AK_ERROR, AK_ERROR_CONFIG);
    g_assert_nonnull(strstr(error->message, "does not answer as S3 does"));
}

static void test_missing_bundle_is_named(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = check(f, "/nonexistent.pem");

    g_assert_error(error, AK_ERROR, AK_ERROR_CONFIG);
    g_assert_nonnull(strstr(error->message, "AWS_CA_BUNDLE must name"));
}

static void add(const char *path, void (*test)(Fixture *, gconstpointer))
{
    g_test_add(path, Fixture, NULL, set_up, test, tear_down);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/store/s3-tls/unknown-certificate-is-refused", test_unknown_certificate_is_refused);
    add("/store/s3-tls/bundle-is-trusted", test_bundle_is_trusted);
    add("/store/s3-tls/missing-bundle-is-named", test_missing_bundle_is_named);
    return g_test_run();
}
