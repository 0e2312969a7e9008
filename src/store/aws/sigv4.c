#include "store/aws/sigv4.h"

#include "util/hex.h"
#include "util/time.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

enum { HASH_LEN = 32, DAY_LEN = 8 };

static const char algorithm[] = "AWS4-HMAC-SHA256";

void ak_sigv4_time(gint64 usec, char out[AK_SIGV4_TIME_LEN + 1])
{
    char rfc3339[AK_TIME_MAX];
    gsize len = ak_time_format_seconds(usec, rfc3339);
    gsize n = 0;

    for (gsize i = 0; i < len; i++) {
        if (rfc3339[i] != '-' && rfc3339[i] != ':')
            out[n++] = rfc3339[i];
    }
    out[n] = '\0';
}

char *ak_sigv4_encode(AkView text, gboolean keep_slash)
{
    static const char digits[] = "0123456789ABCDEF";
    GString *out = g_string_sized_new(text.len + 16);

    for (gsize i = 0; i < text.len; i++) {
        guchar c = (guchar)text.data[i];

        if (g_ascii_isalnum(c) || strchr("-._~", c) != NULL || (c == '/' && keep_slash)) {
            g_string_append_c(out, (char)c);
            continue;
        }
        g_string_append_c(out, '%');
        g_string_append_c(out, digits[c >> 4]);
        g_string_append_c(out, digits[c & 15]);
    }
    return g_string_free(out, FALSE);
}

/* By name, then value. Comparing "name=value" as one string would sort 'a-b' before 'a'. */
static int compare_pairs(const void *left, const void *right)
{
    const AkPair *a = left;
    const AkPair *b = right;
    int by_name = strcmp(a->name, b->name);

    return by_name != 0 ? by_name : strcmp(a->value, b->value);
}

char *ak_sigv4_query(const AkPairs *params)
{
    g_auto(AkPairs) encoded = {0};
    GString *out = g_string_new(NULL);

    for (gsize i = 0; i < params->len; i++) {
        g_autofree char *name = ak_sigv4_encode(ak_view_str(params->items[i].name), FALSE);
        g_autofree char *value = ak_sigv4_encode(ak_view_str(params->items[i].value), FALSE);

        ak_pairs_add(&encoded, name, value);
    }
    if (encoded.len > 0)
        qsort(encoded.items, encoded.len, sizeof *encoded.items, compare_pairs);
    for (gsize i = 0; i < encoded.len; i++) {
        g_string_append_printf(out, "%s%s=%s", i > 0 ? "&" : "", encoded.items[i].name,
                               encoded.items[i].value);
    }
    return g_string_free(out, FALSE);
}

/* RFC 3986 §5.2.4, and empty segments are dropped. */
static char *normalize_path(const char *path)
{
    g_auto(GStrv) segments = g_strsplit(path, "/", -1);
    g_autoptr(GPtrArray) kept = g_ptr_array_new();
    GString *out = g_string_new(NULL);
    gboolean is_open = FALSE;

    for (char **s = segments; *s != NULL; s++) {
        is_open = **s == '\0' || g_str_equal(*s, ".") || g_str_equal(*s, "..");
        if (!is_open)
            g_ptr_array_add(kept, *s);
        else if (g_str_equal(*s, "..") && kept->len > 0)
            g_ptr_array_set_size(kept, (int)kept->len - 1);
    }
    for (guint i = 0; i < kept->len; i++)
        g_string_append_printf(out, "/%s", (const char *)kept->pdata[i]);
    if (is_open || kept->len == 0)
        g_string_append_c(out, '/');
    return g_string_free(out, FALSE);
}

static char *canonical_path(const char *path, const AkSigv4Scope *scope)
{
    g_autofree char *normal = scope->normalize_path ? normalize_path(path) : g_strdup(path);

    return scope->encode_path ? ak_sigv4_encode(ak_view_str(normal), TRUE)
                              : g_steal_pointer(&normal);
}

/* Ends trimmed, inner runs of blanks made one. */
static char *canonical_value(const char *value)
{
    GString *out = g_string_new(NULL);

    for (const char *c = value; *c != '\0'; c++) {
        if (*c != ' ' && *c != '\t')
            g_string_append_c(out, *c);
        else if (out->len > 0 && out->str[out->len - 1] != ' ')
            g_string_append_c(out, ' ');
    }
    if (out->len > 0 && out->str[out->len - 1] == ' ')
        g_string_truncate(out, out->len - 1);
    return g_string_free(out, FALSE);
}

static int compare_names(const void *a, const void *b, gpointer data)
{
    return strcmp(a, b);
}

/* Lower-case name → canonical value, values of a repeated name joined in the order given. */
static GTree *canonical_headers(const AkPairs *headers)
{
    GTree *tree = g_tree_new_full(compare_names, NULL, g_free, g_free);

    for (gsize i = 0; i < headers->len; i++) {
        g_autofree char *name = g_ascii_strdown(headers->items[i].name, -1);
        g_autofree char *value = canonical_value(headers->items[i].value);
        const char *earlier = g_tree_lookup(tree, name);
        char *joined =
            earlier != NULL ? g_strdup_printf("%s,%s", earlier, value) : g_steal_pointer(&value);

        g_tree_insert(tree, g_steal_pointer(&name), joined);
    }
    return tree;
}

static gboolean append_header(gpointer name, gpointer value, gpointer out)
{
    g_string_append_printf(out, "%s:%s\n", (const char *)name, (const char *)value);
    return FALSE;
}

static gboolean append_name(gpointer name, gpointer value, gpointer data)
{
    GString *out = data;

    g_string_append_printf(out, "%s%s", out->len > 0 ? ";" : "", (const char *)name);
    return FALSE;
}

char *ak_sigv4_signed_headers(const AkPairs *headers)
{
    g_autoptr(GTree) tree = canonical_headers(headers);
    GString *out = g_string_new(NULL);

    g_tree_foreach(tree, append_name, out);
    return g_string_free(out, FALSE);
}

char *ak_sigv4_canonical_request(const AkSigv4Request *request, const AkSigv4Scope *scope)
{
    g_autoptr(GTree) tree = canonical_headers(request->headers);
    g_autofree char *path = canonical_path(request->path, scope);
    g_autofree char *names = ak_sigv4_signed_headers(request->headers);
    GString *out = g_string_new(NULL);

    g_string_append_printf(out, "%s\n%s\n%s\n", request->method, path, request->query);
    g_tree_foreach(tree, append_header, out);
    g_string_append_printf(out, "\n%s\n%s", names, request->payload_hash);
    return g_string_free(out, FALSE);
}

/* "20150830/us-east-1/s3/aws4_request" */
static char *credential_scope(const AkSigv4Scope *scope, const char *time)
{
    return g_strdup_printf("%.*s/%s/%s/aws4_request", DAY_LEN, time, scope->region, scope->service);
}

char *ak_sigv4_string_to_sign(const AkSigv4Scope *scope, const char *canonical_request)
{
    char time[AK_SIGV4_TIME_LEN + 1];
    guint8 hash[HASH_LEN];

    ak_sigv4_time(scope->time_usec, time);
    g_autofree char *credential = credential_scope(scope, time);
    if (EVP_Digest(canonical_request, strlen(canonical_request), hash, NULL, EVP_sha256(), NULL) !=
        1)
        g_error("SHA-256 is not available");
    g_autofree char *hex = ak_hex_string(hash, sizeof hash);
    return g_strdup_printf("%s\n%s\n%s\n%s", algorithm, time, credential, hex);
}

static void hmac(const void *key, gsize key_len, const char *text, gsize len, guint8 out[HASH_LEN])
{
    if (HMAC(EVP_sha256(), key, (int)key_len, (const guint8 *)text, len, out, NULL) == NULL)
        g_error("HMAC-SHA-256 is not available");
}

char *ak_sigv4_signature(const AkSigv4Scope *scope, const char *secret, const char *string_to_sign)
{
    char time[AK_SIGV4_TIME_LEN + 1];
    guint8 key[HASH_LEN], next[HASH_LEN];
    char *first = g_strconcat("AWS4", secret, NULL);

    ak_sigv4_time(scope->time_usec, time);
    hmac(first, strlen(first), time, DAY_LEN, key);
    OPENSSL_cleanse(first, strlen(first));
    g_free(first);
    hmac(key, sizeof key, scope->region, strlen(scope->region), next);
    hmac(next, sizeof next, scope->service, strlen(scope->service), key);
    hmac(key, sizeof key, "aws4_request", 12, next);
    hmac(next, sizeof next, string_to_sign, strlen(string_to_sign), key);
    OPENSSL_cleanse(next, sizeof next);
    return ak_hex_string(key, sizeof key);
}

static char *sign(const AkSigv4Request *request, const AkSigv4Scope *scope, const char *secret)
{
    g_autofree char *canonical = ak_sigv4_canonical_request(request, scope);
    g_autofree char *to_sign = ak_sigv4_string_to_sign(scope, canonical);

    return ak_sigv4_signature(scope, secret, to_sign);
}

char *ak_sigv4_authorization(const AkSigv4Request *request, const AkSigv4Scope *scope,
                             const AkAwsKeys *keys)
{
    char time[AK_SIGV4_TIME_LEN + 1];

    ak_sigv4_time(scope->time_usec, time);
    g_autofree char *credential = credential_scope(scope, time);
    g_autofree char *names = ak_sigv4_signed_headers(request->headers);
    g_autofree char *signature = sign(request, scope, keys->secret_access_key);
    return g_strdup_printf("%s Credential=%s/%s, SignedHeaders=%s, Signature=%s", algorithm,
                           keys->access_key_id, credential, names, signature);
}

char *ak_sigv4_presign(const AkSigv4Request *request, const AkPairs *params,
                       const AkSigv4Scope *scope, const AkAwsKeys *keys, guint expires_seconds)
{
    char time[AK_SIGV4_TIME_LEN + 1];
    g_auto(AkPairs) all = {0};

    ak_sigv4_time(scope->time_usec, time);
    g_autofree char *credential = credential_scope(scope, time);
    g_autofree char *who = g_strdup_printf("%s/%s", keys->access_key_id, credential);
    g_autofree char *expires = g_strdup_printf("%u", expires_seconds);
    g_autofree char *names = ak_sigv4_signed_headers(request->headers);

    ak_pairs_add_all(&all, params);
    ak_pairs_add(&all, "X-Amz-Algorithm", algorithm);
    ak_pairs_add(&all, "X-Amz-Credential", who);
    ak_pairs_add(&all, "X-Amz-Date", time);
    ak_pairs_add(&all, "X-Amz-Expires", expires);
    ak_pairs_add(&all, "X-Amz-SignedHeaders", names);
    if (keys->session_token != NULL)
        ak_pairs_add(&all, "X-Amz-Security-Token", keys->session_token);

    g_autofree char *query = ak_sigv4_query(&all);
    AkSigv4Request unsigned_request = *request;
    unsigned_request.query = query;
    g_autofree char *signature = sign(&unsigned_request, scope, keys->secret_access_key);
    return g_strdup_printf("%s&X-Amz-Signature=%s", query, signature);
}
