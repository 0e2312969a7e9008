#include "store/aws/sigv4.h"

#include "util/hex.h"
#include "util/time.h"

#include <json-glib/json-glib.h>
#include <openssl/evp.h>

/* One directory of the published suite. */
typedef struct {
    char *dir;
    char *method;
    char *path;
    char *body;
    AkPairs query;
    AkPairs headers;
    AkAwsKeys keys;
    AkSigv4Scope scope;
    gboolean is_body_signed;
    guint expires_seconds;
    JsonParser *context;
} Vector;

static char *read_file(const Vector *vector, const char *name)
{
    g_autofree char *path = g_build_filename(vector->dir, name, NULL);
    g_autoptr(GError) error = NULL;
    char *text = NULL;

    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    return text;
}

static void read_query(Vector *vector, const char *query)
{
    g_auto(GStrv) params = g_strsplit(query, "&", -1);

    for (char **p = params; *p != NULL; p++) {
        g_auto(GStrv) pair = g_strsplit(*p, "=", 2);

        if (pair[0] != NULL)
            ak_pairs_add(&vector->query, pair[0], pair[1] != NULL ? pair[1] : "");
    }
}

/* "GET /a b/?x=y HTTP/1.1": the target may hold blanks. */
static void read_request(Vector *vector)
{
    g_autofree char *text = read_file(vector, "request.txt");
    char *body = strstr(text, "\n\n");
    vector->body = g_strdup(body != NULL ? body + 2 : "");
    if (body != NULL)
        *body = '\0';
    g_auto(GStrv) lines = g_strsplit(g_strchomp(text), "\n", -1);
    char *target = strchr(lines[0], ' ');
    char *version = strrchr(lines[0], ' ');

    *target++ = '\0';
    *version = '\0';
    vector->method = g_strdup(lines[0]);
    char *query = strchr(target, '?');
    if (query != NULL) {
        *query = '\0';
        read_query(vector, query + 1);
    }
    vector->path = g_strdup(target);
    for (char **line = lines + 1; *line != NULL; line++) {
        g_auto(GStrv) pair = g_strsplit(*line, ":", 2);

        ak_pairs_add(&vector->headers, pair[0], pair[1]);
    }
}

static void read_context(Vector *vector)
{
    g_autofree char *text = read_file(vector, "context.json");
    g_autoptr(GError) error = NULL;

    vector->context = json_parser_new();
    json_parser_load_from_data(vector->context, text, -1, &error);
    g_assert_no_error(error);
    JsonObject *root = json_node_get_object(json_parser_get_root(vector->context));
    JsonObject *keys = json_object_get_object_member(root, "credentials");
    const char *token = json_object_get_string_member_with_default(keys, "token", NULL);
    const char *time = json_object_get_string_member(root, "timestamp");
    gboolean normalize = json_object_get_boolean_member(root, "normalize");

    vector->keys.access_key_id = g_strdup(json_object_get_string_member(keys, "access_key_id"));
    vector->keys.secret_access_key =
        g_strdup(json_object_get_string_member(keys, "secret_access_key"));
    vector->keys.session_token = g_strdup(token);
    vector->scope =
        (AkSigv4Scope){json_object_get_string_member(root, "region"),
                       json_object_get_string_member(root, "service"), 0, normalize, TRUE};
    g_assert_true(ak_time_parse(ak_view_str(time), &vector->scope.time_usec));
    vector->is_body_signed = json_object_get_boolean_member(root, "sign_body");
    vector->expires_seconds = (guint)json_object_get_int_member(root, "expiration_in_seconds");
}

static Vector *vector_open(const char *dir)
{
    Vector *vector = g_new0(Vector, 1);

    vector->dir = g_strdup(dir);
    read_request(vector);
    read_context(vector);
    return vector;
}

static void vector_free(Vector *vector)
{
    g_free(vector->dir);
    g_free(vector->method);
    g_free(vector->path);
    g_free(vector->body);
    ak_pairs_clear(&vector->query);
    ak_pairs_clear(&vector->headers);
    ak_aws_keys_clear(&vector->keys);
    g_object_unref(vector->context);
    g_free(vector);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Vector, vector_free)

static char *body_hash(const Vector *vector)
{
    guint8 hash[32];
    gsize len = vector->is_body_signed ? strlen(vector->body) : 0;

    g_assert_cmpint(EVP_Digest(vector->body, len, hash, NULL, EVP_sha256(), NULL), ==, 1);
    return ak_hex_string(hash, sizeof hash);
}

static void assert_file(const Vector *vector, const char *name, const char *actual)
{
    g_autofree char *expected = read_file(vector, name);

    g_assert_cmpstr(actual, ==, expected);
}

static void test_header_vector(gconstpointer dir)
{
    g_autoptr(Vector) vector = vector_open(dir);
    char time[AK_SIGV4_TIME_LEN + 1];
    g_autofree char *hash = body_hash(vector);
    g_autofree char *query = ak_sigv4_query(&vector->query);
    AkSigv4Request request = {vector->method, vector->path, query, &vector->headers, hash};

    ak_sigv4_time(vector->scope.time_usec, time);
    ak_pairs_add(&vector->headers, "X-Amz-Date", time);
    if (vector->keys.session_token != NULL)
        ak_pairs_add(&vector->headers, "X-Amz-Security-Token", vector->keys.session_token);
    if (vector->is_body_signed)
        ak_pairs_add(&vector->headers, "x-amz-content-sha256", hash);

    g_autofree char *canonical = ak_sigv4_canonical_request(&request, &vector->scope);
    g_autofree char *to_sign = ak_sigv4_string_to_sign(&vector->scope, canonical);
    g_autofree char *signature =
        ak_sigv4_signature(&vector->scope, vector->keys.secret_access_key, to_sign);
    g_autofree char *header = ak_sigv4_authorization(&request, &vector->scope, &vector->keys);

    assert_file(vector, "header-canonical-request.txt", canonical);
    assert_file(vector, "header-string-to-sign.txt", to_sign);
    assert_file(vector, "header-signature.txt", signature);
    g_assert_true(g_str_has_suffix(header, signature));
    g_assert_true(g_str_has_prefix(header, "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/"));
}

static void test_query_vector(gconstpointer dir)
{
    g_autoptr(Vector) vector = vector_open(dir);
    g_autofree char *hash = body_hash(vector);
    AkSigv4Request request = {vector->method, vector->path, "", &vector->headers, hash};

    g_autofree char *query = ak_sigv4_presign(&request, &vector->query, &vector->scope,
                                              &vector->keys, vector->expires_seconds);
    assert_file(vector, "query-signature.txt",
                strstr(query, "&X-Amz-Signature=") + strlen("&X-Amz-Signature="));
}

static char *s3_canonical(const char *path)
{
    g_auto(AkPairs) headers = {0};
    AkSigv4Request request = {"GET", path, "", &headers, "UNSIGNED-PAYLOAD"};
    AkSigv4Scope scope = {"us-east-1", "s3", 0, FALSE, FALSE};

    ak_pairs_add(&headers, "Host", "h");
    return ak_sigv4_canonical_request(&request, &scope);
}

static void test_s3_path_is_signed_as_sent(void)
{
    g_autofree char *encoded = s3_canonical("/b/year%3D2026/x%20y");
    g_autofree char *dots = s3_canonical("/b//./a/../c");

    g_assert_cmpstr(encoded, ==, "GET\n/b/year%3D2026/x%20y\n\nhost:h\n\nhost\nUNSIGNED-PAYLOAD");
    g_assert_cmpstr(dots, ==, "GET\n/b//./a/../c\n\nhost:h\n\nhost\nUNSIGNED-PAYLOAD");
}

static void test_other_services_encode_again(void)
{
    g_auto(AkPairs) headers = {0};
    AkSigv4Request request = {"GET", "/a%20b/./", "", &headers, "UNSIGNED-PAYLOAD"};
    AkSigv4Scope scope = {"us-east-1", "sts", 0, TRUE, TRUE};

    ak_pairs_add(&headers, "Host", "h");
    g_autofree char *text = ak_sigv4_canonical_request(&request, &scope);
    g_assert_true(g_str_has_prefix(text, "GET\n/a%2520b/\n\n"));
}

/* The GET Object example of the S3 API reference. */
static void test_s3_documented_example(void)
{
    g_auto(AkPairs) headers = {0};
    g_auto(AkAwsKeys) keys = {
        .access_key_id = g_strdup("AKIAIOSFODNN7EXAMPLE"),
        .secret_access_key = g_strdup("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    };
    const char *empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    AkSigv4Request request = {"GET", "/test.txt", "", &headers, empty};
    AkSigv4Scope scope = {"us-east-1", "s3", 0, FALSE, FALSE};

    g_assert_true(ak_time_parse(AK_VIEW("2013-05-24T00:00:00Z"), &scope.time_usec));
    ak_pairs_add(&headers, "Host", "examplebucket.s3.amazonaws.com");
    ak_pairs_add(&headers, "Range", "bytes=0-9");
    ak_pairs_add(&headers, "x-amz-content-sha256", empty);
    ak_pairs_add(&headers, "x-amz-date", "20130524T000000Z");
    g_autofree char *header = ak_sigv4_authorization(&request, &scope, &keys);
    g_assert_cmpstr(
        header, ==,
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
        "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

static void test_query_is_sorted_by_encoded_name(void)
{
    g_auto(AkPairs) params = {0};

    ak_pairs_add(&params, "versions", "");
    ak_pairs_add(&params, "prefix", "a b/+~");
    ak_pairs_add(&params, "a-b", "2");
    ak_pairs_add(&params, "a", "2");
    ak_pairs_add(&params, "a", "1");
    g_autofree char *query = ak_sigv4_query(&params);
    g_assert_cmpstr(query, ==, "a=1&a=2&a-b=2&prefix=a%20b%2F%2B~&versions=");
}

static void test_headers_sort_by_whole_name(void)
{
    g_auto(AkPairs) headers = {0};

    ak_pairs_add(&headers, "x-amz-meta-a-b", "1");
    ak_pairs_add(&headers, "X-Amz-Meta-A", "2");
    ak_pairs_add(&headers, "host", "h");
    g_autofree char *names = ak_sigv4_signed_headers(&headers);
    g_assert_cmpstr(names, ==, "host;x-amz-meta-a;x-amz-meta-a-b");
}

static void add_vectors(void)
{
    g_autofree char *root = g_build_filename(g_getenv("AK_TEST_VECTORS"), "sigv4", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) dir = g_dir_open(root, 0, &error);
    const char *name;
    int n = 0;

    g_assert_no_error(error);
    while ((name = g_dir_read_name(dir)) != NULL) {
        char *path = g_build_filename(root, name, NULL);
        g_autofree char *by_header = g_strdup_printf("/store/sigv4/header/%s", name);
        g_autofree char *by_query = g_strdup_printf("/store/sigv4/query/%s", name);

        if (!g_file_test(path, G_FILE_TEST_IS_DIR)) {
            g_free(path);
            continue;
        }
        g_test_add_data_func_full(by_query, g_strdup(path), test_query_vector, g_free);
        g_test_add_data_func_full(by_header, path, test_header_vector, g_free);
        n++;
    }
    g_assert_cmpint(n, >=, 19);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_vectors();
    g_test_add_func("/store/sigv4/s3-path-is-signed-as-sent", test_s3_path_is_signed_as_sent);
    g_test_add_func("/store/sigv4/others-encode-again", test_other_services_encode_again);
    g_test_add_func("/store/sigv4/s3-documented-example", test_s3_documented_example);
    g_test_add_func("/store/sigv4/query-order", test_query_is_sorted_by_encoded_name);
    g_test_add_func("/store/sigv4/header-order", test_headers_sort_by_whole_name);
    return g_test_run();
}
