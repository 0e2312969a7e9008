#include "aws_fixture.h"

#include "util/time.h"

#include <glib/gstdio.h>

gint64 aws_now_usec;

static gint64 fake_now(void)
{
    return aws_now_usec;
}

static double no_jitter(void)
{
    return 0;
}

static char *expanded(const Aws *f, const char *text)
{
    g_autoptr(GString) out = g_string_new(text);
    g_autofree char *host = g_strdup_printf("http://127.0.0.1:%u",
                                            f->scripted != NULL ? scripted_port(f->scripted) : 1);

    g_string_replace(out, "%H", host, 0);
    g_string_replace(out, "%D", f->folder, 0);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

void aws_setenv(Aws *f, const char *name, const char *value)
{
    g_autofree char *full = expanded(f, value);

    f->environ = g_environ_setenv(f->environ, name, full, TRUE);
    f->context.environ = f->environ;
}

void aws_write(Aws *f, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(f->folder, name, NULL);
    g_autofree char *full = expanded(f, text);

    g_assert_true(g_file_set_contents(path, full, -1, NULL));
}

void aws_read_settings(Aws *f)
{
    AkAwsGiven given = {0};
    g_autoptr(GError) error = NULL;

    ak_aws_settings_clear(&f->settings);
    gboolean is_read = ak_aws_settings_init(&f->settings, f->environ, &given, &error);
    g_assert_no_error(error);
    g_assert_true(is_read);
}

void aws_set_up(Aws *f, const ScriptedStep *steps, gsize n_steps, const char *secret)
{
    AkHttpConfig http = {.is_direct = TRUE,
                         .connect_timeout_ms = 1000,
                         .stall_timeout_ms = 1000,
                         .request_timeout_ms = 2000};

    *f = (Aws){0};
    aws_now_usec = ak_time_from_civil(2026, 1, 1) * AK_USEC_PER_DAY;
    if (steps != NULL)
        f->scripted = scripted_start(steps, n_steps, secret);
    f->folder = g_dir_make_tmp("ak-aws-XXXXXX", NULL);
    f->context = (AkAwsContext){
        .settings = &f->settings,
        .http = ak_http_new(&http),
        .local = ak_http_new(&http),
        .now_usec = fake_now,
        .random = no_jitter,
        .process_timeout_ms = 10000,
        .stop = &f->stop,
    };
    aws_setenv(f, "PATH", g_getenv("PATH"));
    aws_setenv(f, "HOME", "%D");
    aws_setenv(f, "AWS_CONFIG_FILE", "%D/config");
    aws_setenv(f, "AWS_SHARED_CREDENTIALS_FILE", "%D/credentials");
    aws_setenv(f, "AWS_EC2_METADATA_SERVICE_ENDPOINT", "%H/");
    aws_setenv(f, "AWS_ENDPOINT_URL_STS", "%H");
    aws_read_settings(f);
}

static void remove_folder(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name = NULL;

    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, NULL);

        g_assert_cmpint(g_unlink(path), ==, 0);
    }
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

void aws_tear_down(Aws *f)
{
    if (f->scripted != NULL)
        scripted_finish(f->scripted);
    remove_folder(f->folder);
    ak_http_free(f->context.http);
    ak_http_free(f->context.local);
    ak_aws_settings_clear(&f->settings);
    g_strfreev(f->environ);
    g_free(f->folder);
}

void assert_keys(AkCredentials *credentials, const char *id, const char *token, const char *source)
{
    g_autoptr(AkCredentials) owned = credentials;
    g_auto(AkAwsKeys) keys = {0};
    g_autoptr(GError) error = NULL;
    gboolean is_fetched = ak_credentials_fetch(owned, &keys, &error);

    g_assert_no_error(error);
    g_assert_true(is_fetched);
    g_assert_cmpstr(keys.access_key_id, ==, id);
    g_assert_cmpstr(keys.secret_access_key, ==, AWS_SECRET);
    g_assert_cmpstr(keys.session_token, ==, token);
    g_assert_cmpstr(keys.source, ==, source);
}

void assert_no_keys(AkCredentials *credentials, AkErrorCode class, const char *text)
{
    g_autoptr(AkCredentials) owned = credentials;
    g_auto(AkAwsKeys) keys = {0};
    g_autoptr(GError) error = NULL;

    g_assert_false(ak_credentials_fetch(owned, &keys, &error));
    g_assert_error(error, AK_ERROR, (int)class);
    g_assert_null(strstr(error->message, AWS_SECRET));
    g_assert_null(strchr(error->message, '\n'));
    if (strstr(error->message, text) == NULL)
        g_error("no '%s' in: %s", text, error->message);
}
