/* What the s3 driver does about refused keys, dead endpoints and throttling. */
#include "s3_fixture.h"

#include "util/time.h"

#define HEAD_K "HEAD /bucket/p/k HTTP"

static gboolean head(Fixture *f, GError **error)
{
    g_auto(AkObject) object = {0};

    return ak_store_head(f->store, "k", NULL, &object, error);
}

static void assert_head(Fixture *f)
{
    g_autoptr(GError) error = NULL;
    gboolean is_there = head(f, &error);

    g_assert_no_error(error);
    g_assert_true(is_there);
}

/* Keys of which a refresh gives others, or the same. */
typedef struct {
    AkCredentials base;
    guint version;
    guint refreshes;
    gboolean has_others;
} Rotating;

static gboolean rotating_fetch(AkCredentials *credentials, AkAwsKeys *out, GError **error)
{
    const Rotating *rotating = (Rotating *)credentials;

    *out = (AkAwsKeys){.access_key_id = g_strdup("AKTEST"),
                       .secret_access_key = g_strdup(SECRET),
                       .session_token = g_strdup_printf("session/token%u", rotating->version),
                       .source = g_strdup("a test")};
    return TRUE;
}

static gboolean rotating_refresh(AkCredentials *credentials, const AkAwsKeys *refused)
{
    Rotating *rotating = (Rotating *)credentials;

    rotating->refreshes++;
    rotating->version += rotating->has_others;
    return rotating->has_others;
}

static void rotating_free(AkCredentials *credentials)
{
}

static void use_rotating(Fixture *f, Rotating *rotating, gboolean has_others)
{
    AkS3 *s3 = (AkS3 *)f->store;

    *rotating =
        (Rotating){.base = {"rotating", rotating_fetch, rotating_free, rotating_refresh, NULL},
                   .version = 1,
                   .has_others = has_others};
    ak_credentials_free(s3->credentials);
    s3->credentials = &rotating->base;
}

static void list_nothing(Fixture *f, const char *code, const char *status, gboolean is_refreshed)
{
    g_autofree char *body =
        g_strdup_printf("<Error><Code>%s</Code><Message>m</Message></Error>", code);
    const ScriptedStep steps[] = {{.request = LIST,
                                   .header = "x-amz-security-token: session/token1",
                                   .reply = status,
                                   .body = body},
                                  {.request = LIST,
                                   .header = "x-amz-security-token: session/token2",
                                   .reply = "200 OK",
                                   .body = LISTING("")}};
    Rotating rotating;

    set_up(f, steps, is_refreshed ? 2 : 1);
    use_rotating(f, &rotating, TRUE);
    if (is_refreshed) {
        g_autofree char *keys = list_keys(f->store, "k");

        g_assert_cmpstr(keys, ==, "");
    } else {
        g_assert_false(ak_store_list(f->store, "k", NULL, NULL, NULL));
    }
    g_assert_cmpuint(rotating.refreshes, ==, is_refreshed);
    tear_down(f);
}

static void test_refused_keys_are_fetched_again(void)
{
    Fixture f;

    list_nothing(&f, "ExpiredToken", "400 Bad Request", TRUE);
    list_nothing(&f, "InvalidAccessKeyId", "403 Forbidden", TRUE);
    list_nothing(&f, "InvalidToken", "400 Bad Request", TRUE);
    list_nothing(&f, "SignatureDoesNotMatch", "403 Forbidden", TRUE);
    list_nothing(&f, "AccessDenied", "403 Forbidden", FALSE);
}

static void test_refused_keys_without_code(void)
{
    START(f, {.request = HEAD_K, .reply = "403 Forbidden"}, {.request = HEAD_K, .reply = LOCKED});
    Rotating rotating;

    use_rotating(&f, &rotating, TRUE);
    assert_head(&f);
    tear_down(&f);
}

static void test_refused_again(void)
{
    START(f, {.request = HEAD_K, .reply = "403 Forbidden"},
          {.request = HEAD_K, .reply = "403 Forbidden"});
    Rotating rotating;
    g_autoptr(GError) error = NULL;

    use_rotating(&f, &rotating, TRUE);
    g_assert_false(head(&f, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_DENIED);
    assert_message(error, "with the keys from a test; hint");
    g_assert_cmpuint(rotating.refreshes, ==, 1);
    tear_down(&f);
}

static void test_no_other_keys(void)
{
    START(f, {.request = HEAD_K, .reply = "403 Forbidden"});
    Rotating rotating;
    g_autoptr(GError) error = NULL;

    use_rotating(&f, &rotating, FALSE);
    g_assert_false(head(&f, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_DENIED);
    tear_down(&f);
}

static gint64 later_usec;

static gint64 moving_now(void)
{
    return ak_time_from_civil(2026, 1, 1) * AK_USEC_PER_DAY + later_usec;
}

/* @f's endpoint is the configured one, @regional's the way round it. */
static void add_regional(Fixture *f, Scripted *regional)
{
    g_autofree char *endpoint = g_strdup_printf("http://127.0.0.1:%u", scripted_port(regional));
    AkStoreConfig config = {.url = "s3://bucket/p", .endpoint = endpoint};
    AkS3 *s3 = (AkS3 *)f->store;
    g_autoptr(GError) error = NULL;

    later_usec = 0;
    s3->env.now_usec = moving_now;
    g_assert_true(ak_s3_route_add_regional(&s3->route, &config, &error));
}

#define CUT_OFF                                                                                    \
    {                                                                                              \
        .request = HEAD_K, .act = SCRIPTED_CLOSE                                                   \
    }
#define PROBE "HEAD /bucket HTTP"

/* The third failure in a row turns the request itself; a probe brings the way back. */
static void test_turns_and_returns(void)
{
    static const ScriptedStep regional_steps[] = {{.request = HEAD_K, .reply = LOCKED},
                                                  {.request = HEAD_K, .reply = LOCKED},
                                                  {.request = HEAD_K, .reply = LOCKED}};
    START(f, CUT_OFF, CUT_OFF, CUT_OFF, {.request = PROBE, .reply = "503 Not Yet"},
          {.request = PROBE, .reply = "200 OK"}, {.request = HEAD_K, .reply = LOCKED});
    Scripted *regional = scripted_start(regional_steps, 3, SECRET);

    add_regional(&f, regional);
    g_test_expect_message("auditkeep", G_LOG_LEVEL_WARNING, "*cannot be reached, going on with*");
    assert_head(&f);
    assert_head(&f); /* no probe yet */
    later_usec = 31 * G_USEC_PER_SEC;
    assert_head(&f); /* the probe fails */
    g_assert_cmpuint(scripted_taken(regional), ==, 3);
    later_usec = 62 * (gint64)G_USEC_PER_SEC;
    g_test_expect_message("auditkeep", G_LOG_LEVEL_MESSAGE, "*answers again");
    assert_head(&f);
    g_test_assert_expected_messages();
    scripted_finish(regional);
    tear_down(&f);
}

/* Two failures are not three, and an answer, even a bad one, is none. */
static void test_answers_count_as_reached(void)
{
    START(f, CUT_OFF, CUT_OFF, {.request = HEAD_K, .reply = LOCKED}, CUT_OFF,
          {.request = HEAD_K, .reply = "500 Oops"}, {.request = HEAD_K, .reply = LOCKED});
    Scripted *regional = scripted_start(NULL, 0, SECRET);

    add_regional(&f, regional);
    assert_head(&f);
    assert_head(&f);
    g_assert_false(((AkS3 *)f.store)->route.is_away);
    scripted_finish(regional);
    tear_down(&f);
}

static void test_no_way_round(void)
{
    START(f, CUT_OFF, CUT_OFF, CUT_OFF);
    g_autoptr(GError) error = NULL;

    g_assert_false(head(&f, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_NETWORK);
    tear_down(&f);
}

static AkStore *open_with(const char *endpoint, GError **error)
{
    AkAwsKeys none = {0};
    AkStoreConfig config = {.url = "s3://bucket/p",
                            .endpoint = endpoint,
                            .region = "eu-west-3",
                            .fallback_to_regional = TRUE};

    return ak_s3_open(&config, ak_credentials_from_keys(&none), NULL, error);
}

/* A bucket of the same name at AWS is somebody else's. */
static void test_way_round_a_foreign_store(void)
{
    static const char *const foreign[] = {"https://store.example", "https://evilamazonaws.com",
                                          "https://s3.amazonaws.com.evil.example",
                                          "http://127.0.0.1:9000"};

    for (gsize i = 0; i < G_N_ELEMENTS(foreign); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(open_with(foreign[i], &error));
        g_assert_error(error, AK_ERROR, AK_ERROR_CONFIG);
        g_assert_nonnull(strstr(error->message, "another bucket"));
    }
}

static void test_way_round_a_vpc_endpoint(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(AkStore) store =
        open_with("https://vpce-1-x.s3.eu-west-3.vpce.amazonaws.com:443", &error);

    g_assert_no_error(error);
    g_assert_cmpstr(((AkS3 *)store)->route.regional.origin, ==,
                    "https://bucket.s3.eu-west-3.amazonaws.com");
    g_autoptr(AkStore) plain = open_with(NULL, &error);
    g_assert_no_error(error);
    g_assert_false(((AkS3 *)plain)->route.has_regional);
}

static void test_adaptive_waits_after_throttling(void)
{
    START(f, {.request = LIST, .reply = "503 Slow Down", .body = ERROR_XML("SlowDown")}, LIST_NONE);
    AkS3 *s3 = (AkS3 *)f.store;
    gint64 start = g_get_monotonic_time();

    s3->is_adaptive = TRUE;
    g_autofree char *keys = list_keys(f.store, "k");
    g_assert_cmpstr(keys, ==, "");
    g_assert_true(s3->rate.is_limiting);
    /* The lowest rate there is: one in two seconds. */
    g_assert_cmpint(g_get_monotonic_time() - start, >, 1500 * 1000);
    tear_down(&f);
}

static void test_standard_does_not(void)
{
    START(f, {.request = LIST, .reply = "503 Slow Down", .body = ERROR_XML("SlowDown")}, LIST_NONE);

    g_autofree char *keys = list_keys(f.store, "k");
    g_assert_cmpstr(keys, ==, "");
    g_assert_false(((AkS3 *)f.store)->rate.is_limiting);
    tear_down(&f);
}

static void add_cases(void)
{
    CASE("send/refused-keys-are-fetched-again", test_refused_keys_are_fetched_again);
    CASE("send/refused-keys-without-code", test_refused_keys_without_code);
    CASE("send/refused-again", test_refused_again);
    CASE("send/no-other-keys", test_no_other_keys);
    CASE("send/turns-and-returns", test_turns_and_returns);
    CASE("send/answers-count-as-reached", test_answers_count_as_reached);
    CASE("send/no-way-round", test_no_way_round);
    CASE("send/way-round-a-foreign-store", test_way_round_a_foreign_store);
    CASE("send/way-round-a-vpc-endpoint", test_way_round_a_vpc_endpoint);
    CASE("send/adaptive-waits-after-throttling", test_adaptive_waits_after_throttling);
    CASE("send/standard-does-not", test_standard_does_not);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_cases();
    return g_test_run();
}
