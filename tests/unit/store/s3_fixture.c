#include "s3_fixture.h"

#include "util/time.h"

static gint64 fixed_now(void)
{
    return ak_time_from_civil(2026, 1, 1) * AK_USEC_PER_DAY;
}

static double no_jitter(void)
{
    return 0;
}

void set_up(Fixture *f, const ScriptedStep *steps, gsize n_steps)
{
    AkS3Env env = {fixed_now, no_jitter};
    g_auto(AkAwsKeys) keys = {.access_key_id = g_strdup("AKTEST"),
                              .secret_access_key = g_strdup(SECRET),
                              .session_token = g_strdup("session/token")};
    g_autoptr(GError) error = NULL;

    f->stop = 0;
    f->scripted = scripted_start(steps, n_steps, SECRET);
    g_autofree char *endpoint = g_strdup_printf("http://127.0.0.1:%u", scripted_port(f->scripted));
    AkStoreConfig config = {.url = "s3://bucket/p",
                            .endpoint = endpoint,
                            .stall_timeout_ms = 1000,
                            .request_timeout_ms = 20000,
                            .stop = &f->stop};
    f->store = ak_s3_open(&config, ak_credentials_from_keys(&keys), &env, &error);
    g_assert_no_error(error);
}

void tear_down(Fixture *f)
{
    ak_store_close(f->store);
    scripted_finish(f->scripted);
}

void set_conditional(Fixture *f, AkS3Conditional conditional)
{
    ((AkS3 *)f->store)->conditional = (gint)conditional;
}

void assert_message(const GError *error, const char *text)
{
    g_assert_nonnull(strstr(error->message, "s3://bucket"));
    g_assert_null(strstr(error->message, SECRET));
    g_assert_null(strstr(error->message, "session/token"));
    g_assert_null(strchr(error->message, '\n'));
    if (strstr(error->message, text) == NULL)
        g_error("no '%s' in: %s", text, error->message);
}
