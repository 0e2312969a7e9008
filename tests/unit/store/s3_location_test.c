#include "store/s3_location.h"

typedef struct {
    AkStoreConfig config;
    const char *origin;
    const char *path; /* of key "a/b=c" */
} Good;

static void test_good(void)
{
    static const Good cases[] = {
        {{.url = "s3://bucket"}, "https://bucket.s3.us-east-1.amazonaws.com", "/a/b%3Dc"},
        {{.url = "s3://bucket/"}, "https://bucket.s3.us-east-1.amazonaws.com", "/a/b%3Dc"},
        {{.url = "s3://bucket/x/y", .region = "eu-west-3"},
         "https://bucket.s3.eu-west-3.amazonaws.com",
         "/x/y/a/b%3Dc"},
        {{.url = "s3://bucket", .region = "cn-north-1"},
         "https://bucket.s3.cn-north-1.amazonaws.com.cn",
         "/a/b%3Dc"},
        {{.url = "s3://dotted.bucket"},
         "https://s3.us-east-1.amazonaws.com",
         "/dotted.bucket/a/b%3Dc"},
        {{.url = "s3://bucket", .path_style = AK_PATH_STYLE_ALWAYS},
         "https://s3.us-east-1.amazonaws.com",
         "/bucket/a/b%3Dc"},
        {{.url = "s3://bucket/x", .endpoint = "https://minio.example:9000/"},
         "https://minio.example:9000",
         "/bucket/x/a/b%3Dc"},
        {{.url = "s3://bucket/x",
          .endpoint = "https://minio.example:9000/",
          .path_style = AK_PATH_STYLE_NEVER},
         "https://bucket.minio.example:9000",
         "/x/a/b%3Dc"},
        {{.url = "s3://bucket",
          .endpoint = "https://STORE.example:443",
          .path_style = AK_PATH_STYLE_NEVER},
         "https://bucket.store.example",
         "/a/b%3Dc"},
        {{.url = "s3://bucket", .region = "eu-west-3", .use_fips = TRUE},
         "https://bucket.s3-fips.eu-west-3.amazonaws.com",
         "/a/b%3Dc"},
        {{.url = "s3://bucket", .region = "cn-north-1", .use_dualstack = TRUE},
         "https://bucket.s3.dualstack.cn-north-1.amazonaws.com.cn",
         "/a/b%3Dc"},
        {{.url = "s3://bucket", .use_fips = TRUE, .use_dualstack = TRUE},
         "https://bucket.s3-fips.dualstack.us-east-1.amazonaws.com",
         "/a/b%3Dc"},
        {{.url = "s3://bucket", .endpoint = "http://127.0.0.1:80"},
         "http://127.0.0.1",
         "/bucket/a/b%3Dc"},
        {{.url = "s3://bucket", .endpoint = "http://[::1]:8000"},
         "http://[::1]:8000",
         "/bucket/a/b%3Dc"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(AkS3Location) location = {0};
        g_autoptr(GError) error = NULL;
        gboolean is_good = ak_s3_location_init(&location, &cases[i].config, &error);

        g_assert_no_error(error);
        g_assert_true(is_good);
        g_autofree char *path = ak_s3_location_path(&location, "a/b=c");
        g_assert_cmpstr(location.origin, ==, cases[i].origin);
        g_assert_cmpstr(path, ==, cases[i].path);
        g_assert_true(g_str_has_suffix(location.origin, location.host));
    }
}

static void test_bad(void)
{
    static const AkStoreConfig cases[] = {
        {.url = "s3://"},
        {.url = "s3://ab"},
        {.url = "s3:///prefix"},
        {.url = "s3://Bucket"},
        {.url = "s3://-bucket"},
        {.url = "s3://buc..ket"},
        {.url = "s3://user@bucket"},
        {.url = "s3://bucket/../x"},
        {.url = "s3://bucket//x"},
        {.url = "s3://bucket/a b"},
        {.url = "s3://bucket", .region = ""},
        {.url = "s3://bucket", .region = "us.evil.example/"},
        {.url = "s3://bucket", .endpoint = "store.example"},
        {.url = "s3://bucket", .endpoint = "ftp://store.example"},
        {.url = "s3://bucket", .endpoint = "https://user:secret@store.example"},
        {.url = "s3://bucket", .endpoint = "https://store.example/path"},
        {.url = "s3://bucket", .endpoint = "https://store.example?x=y"},
        {.url = "s3://bucket", .endpoint = "https://"},
        {.url = "s3://bucket", .endpoint = "https://store.example:99999"},
        {.url = "s3://bucket", .endpoint = ""},
        {.url = "s3://bucket", .endpoint = "https://store.example", .use_fips = TRUE},
        {.url = "s3://bucket", .endpoint = "https://store.example", .use_dualstack = TRUE},
        {.url = "s3://bucket", .region = "cn-north-1", .use_fips = TRUE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(AkS3Location) location = {0};
        g_autoptr(GError) error = NULL;

        g_assert_false(ak_s3_location_init(&location, &cases[i], &error));
        g_assert_error(error, AK_ERROR, AK_ERROR_CONFIG);
        g_assert_null(strstr(error->message, "secret"));
    }
}

static void test_names(void)
{
    AkStoreConfig config = {.url = "s3://bucket/x/"};
    g_auto(AkS3Location) location = {0};
    g_autoptr(GError) error = NULL;

    g_assert_true(ak_s3_location_init(&location, &config, &error));
    g_autofree char *object = ak_s3_location_name(&location, "k");
    g_autofree char *bucket = ak_s3_location_name(&location, NULL);
    g_autofree char *path = ak_s3_location_path(&location, NULL);
    g_assert_cmpstr(object, ==, "s3://bucket/x/k");
    g_assert_cmpstr(bucket, ==, "s3://bucket");
    g_assert_cmpstr(path, ==, "/");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/s3-location/good", test_good);
    g_test_add_func("/store/s3-location/bad", test_bad);
    g_test_add_func("/store/s3-location/names", test_names);
    return g_test_run();
}
