#include "store/s3_driver.h"

#include "store/aws/open.h"
#include "store/s3_xml.h"

/* The configuration over what the AWS tools' variables and files say. */
static AkStore *s3_open(const AkStoreConfig *config, GError **error)
{
    g_auto(GStrv) environ = g_get_environ();
    const AkAwsSettings *settings = NULL;
    AkAwsGiven given = {
        .profile = config->profile,
        .region = config->region,
        .endpoint = config->endpoint,
        .ca_bundle = config->ca_bundle,
        .retry_mode = config->retry_mode,
        .max_attempts = config->max_attempts,
        .use_fips = config->use_fips,
        .use_dualstack = config->use_dualstack,
    };
    AkCredentials *credentials =
        ak_aws_open(&given, environ, config->credential_source, config->stop, &settings, error);

    if (credentials == NULL)
        return NULL;
    AkStoreConfig resolved = *config;
    resolved.region = settings->region;
    resolved.endpoint = settings->endpoint;
    resolved.ca_bundle = settings->ca_bundle;
    resolved.max_attempts = settings->max_attempts;
    resolved.retry_mode = settings->retry_mode == AK_RETRY_MODE_ADAPTIVE ? "adaptive" : "standard";
    resolved.use_fips = settings->use_fips;
    resolved.use_dualstack = settings->use_dualstack;
    return ak_s3_open(&resolved, credentials, NULL, error);
}

static void add_version(AkS3Call *call, const char *version)
{
    if (version != NULL)
        ak_pairs_add(&call->query, "versionId", version);
}

/* Is there such a bucket, in our region, and may we use it? */
static gboolean check_bucket(AkS3 *s3, GError **error)
{
    g_auto(AkS3Call) call = {.verb = "list", .method = "GET"};
    g_auto(AkS3Reply) reply = {0};

    ak_pairs_add(&call.query, "list-type", "2");
    ak_pairs_add(&call.query, "max-keys", "0");
    if (!ak_s3_send_ok(s3, &call, &reply, error))
        return FALSE;
    g_autofree char *listing = ak_xml_text(ak_buf_view(&reply.http.body), "ListBucketResult");
    if (listing != NULL)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                "cannot list 's3://%s': '%s' does not answer as S3 does; hint: check "
                "AWS_ENDPOINT_URL_S3",
                s3->location->bucket, s3->location->origin);
    return FALSE;
}

static gboolean check_lock(AkS3 *s3, GError **error)
{
    g_auto(AkS3Call) call = {.verb = "read the Object Lock configuration of", .method = "GET"};
    g_auto(AkS3Reply) reply = {0};

    ak_pairs_add(&call.query, "object-lock", "");
    if (!ak_s3_send_ok(s3, &call, &reply, error))
        return FALSE;
    g_autofree char *state =
        ak_xml_text(ak_buf_view(&reply.http.body), "ObjectLockConfiguration/ObjectLockEnabled");
    if (g_strcmp0(state, "Enabled") == 0)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_LOCK_OFF,
                "Object Lock is off on bucket '%s'; hint: create a bucket with Object Lock",
                s3->location->bucket);
    return FALSE;
}

/* A lock needs versions; who may not see this setting relies on check_lock() alone. */
static gboolean check_versioning(AkS3 *s3, GError **error)
{
    g_auto(AkS3Call) call = {.verb = "read the versioning of", .method = "GET"};
    g_auto(AkS3Reply) reply = {0};

    ak_pairs_add(&call.query, "versioning", "");
    if (!ak_s3_send(s3, &call, &reply, error))
        return FALSE;
    if (reply.http.status == 403)
        return TRUE;
    if (!ak_s3_reply_is_ok(&reply)) {
        ak_s3_set_error(s3, &call, &reply, error);
        return FALSE;
    }
    g_autofree char *state =
        ak_xml_text(ak_buf_view(&reply.http.body), "VersioningConfiguration/Status");
    if (g_strcmp0(state, "Enabled") == 0)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_LOCK_OFF,
                "versioning is off on bucket '%s'; hint: 'aws s3api put-bucket-versioning'",
                s3->location->bucket);
    return FALSE;
}

gboolean ak_s3_check(AkStore *store, GError **error)
{
    AkS3 *s3 = (AkS3 *)store;

    return check_bucket(s3, error) && check_lock(s3, error) && check_versioning(s3, error);
}

/* "bytes 5-9/100": where the piece starts and what the whole is. */
static gboolean parse_content_range(const char *text, guint64 *out_first, guint64 *out_total)
{
    g_auto(GStrv) parts = NULL;

    if (text == NULL || !g_str_has_prefix(text, "bytes "))
        return FALSE;
    parts = g_strsplit_set(text + strlen("bytes "), "-/", 3);
    return g_strv_length(parts) == 3 &&
           g_ascii_string_to_unsigned(parts[0], 10, 0, G_MAXINT64, out_first, NULL) &&
           g_ascii_string_to_unsigned(parts[2], 10, 0, G_MAXINT64, out_total, NULL);
}

gboolean ak_s3_pick_range(const AkS3Reply *reply, guint64 offset, guint64 len, AkView *out)
{
    AkView body = ak_buf_view(&reply->http.body);
    guint64 first = 0;
    guint64 total = 0;

    if (reply->http.status == 200) {
        gsize start = MIN(offset, body.len);
        gsize rest = body.len - start;

        *out = ak_view(body.data + start, len == 0 ? rest : MIN(len, rest));
        return TRUE;
    }
    *out = body;
    if (!parse_content_range(ak_s3_reply_header(reply, "content-range"), &first, &total) ||
        first != offset || total <= offset)
        return FALSE;
    return body.len == (len == 0 ? total - offset : MIN(len, total - offset));
}

static void add_range(AkS3Call *call, guint64 offset, guint64 len)
{
    g_autofree char *range = len == 0
                                 ? g_strdup_printf("bytes=%" G_GUINT64_FORMAT "-", offset)
                                 : g_strdup_printf("bytes=%" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT,
                                                   offset, offset + len - 1);

    if (offset > 0 || len > 0)
        ak_pairs_add(&call->headers, "range", range);
}

gboolean ak_s3_get(AkStore *store, const char *key, const char *version, guint64 offset,
                   guint64 len, gsize max_bytes, AkBuf *out, GError **error)
{
    AkS3 *s3 = (AkS3 *)store;
    g_auto(AkS3Call) call = {.verb = "get", .method = "GET", .key = key, .max_bytes = max_bytes};
    g_auto(AkS3Reply) reply = {0};
    AkView piece = AK_VIEW_NULL;

    add_version(&call, version);
    add_range(&call, offset, len);
    if (!ak_s3_send(s3, &call, &reply, error))
        return FALSE;
    if (reply.http.status == 416)
        return TRUE; /* starts past the end: there is nothing */
    if (!ak_s3_reply_is_ok(&reply)) {
        ak_s3_set_error(s3, &call, &reply, error);
        return FALSE;
    }
    g_autofree char *name = ak_s3_location_name(s3->location, key);
    if (!ak_s3_pick_range(&reply, offset, len, &piece)) {
        g_set_error(error, AK_ERROR, AK_ERROR_INTERNAL,
                    "cannot get '%s': the store sent another range than asked for", name);
        return FALSE;
    }
    if (piece.len > max_bytes) {
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                    "cannot get '%s': it is larger than the %" G_GSIZE_FORMAT " bytes allowed",
                    name, max_bytes);
        return FALSE;
    }
    ak_buf_append_view(out, piece);
    return TRUE;
}

/* One page of the listing from the place where @page left off; @page is replaced. */
static gboolean next_page(AkS3 *s3, const char *full_prefix, AkS3Page *page, GError **error)
{
    g_auto(AkS3Call)
        call = {.verb = "list versions in", .method = "GET", .max_bytes = 16 * 1024 * 1024};
    g_auto(AkS3Reply) reply = {0};

    ak_pairs_add(&call.query, "versions", "");
    ak_pairs_add(&call.query, "prefix", full_prefix);
    ak_pairs_add(&call.query, "encoding-type", "url");
    if (page->next_key != NULL)
        ak_pairs_add(&call.query, "key-marker", page->next_key);
    if (page->next_version != NULL && page->next_version[0] != '\0')
        ak_pairs_add(&call.query, "version-id-marker", page->next_version);
    if (!ak_s3_send_ok(s3, &call, &reply, error))
        return FALSE;

    g_auto(AkS3Page) next = {0};
    if (!ak_s3_xml_versions(ak_buf_view(&reply.http.body), &next, error)) {
        g_prefix_error(error, "cannot list versions in 's3://%s': ", s3->location->bucket);
        return FALSE;
    }
    if (next.is_truncated &&
        (next.next_key == NULL || (g_strcmp0(next.next_key, page->next_key) == 0 &&
                                   g_strcmp0(next.next_version, page->next_version) == 0))) {
        g_set_error(error, AK_ERROR, AK_ERROR_INTERNAL,
                    "cannot list versions in 's3://%s': the listing does not move on",
                    s3->location->bucket);
        return FALSE;
    }
    ak_s3_page_clear(page);
    *page = next;
    next = (AkS3Page){0};
    return TRUE;
}

/* Hands out the page's objects, keys relative to the archive; FALSE ends the listing. */
static gboolean report_page(const AkS3 *s3, const AkS3Page *page, AkObjectFunc func, gpointer data,
                            GError **error)
{
    gsize skip = strlen(s3->location->prefix);

    for (guint i = 0; i < page->objects->len; i++) {
        AkObject object = g_array_index(page->objects, AkObject, i);

        if (strncmp(object.key, s3->location->prefix, skip) != 0)
            continue;
        object.key += skip;
        if (!func(&object, data, error))
            return FALSE;
    }
    return TRUE;
}

gboolean ak_s3_list(AkStore *store, const char *prefix, AkObjectFunc func, gpointer data,
                    GError **error)
{
    AkS3 *s3 = (AkS3 *)store;
    g_autofree char *full_prefix = g_strconcat(s3->location->prefix, prefix, NULL);
    g_auto(AkS3Page) page = {0};
    GError *from_func = NULL;

    do {
        if (!next_page(s3, full_prefix, &page, error))
            return FALSE;
        if (!report_page(s3, &page, func, data, &from_func)) {
            if (from_func == NULL)
                return TRUE;
            g_propagate_error(error, from_func);
            return FALSE;
        }
    } while (page.is_truncated);
    return TRUE;
}

gboolean ak_s3_remove(AkStore *store, const char *key, const char *version, GError **error)
{
    g_auto(AkS3Call) call = {.verb = "delete", .method = "DELETE", .key = key};
    g_auto(AkS3Reply) reply = {0};

    add_version(&call, version);
    return ak_s3_send_ok((AkS3 *)store, &call, &reply, error);
}

const AkStoreDriver ak_store_s3 = {
    .scheme = "s3",
    .open = s3_open,
    .close = ak_s3_close,
    .check = ak_s3_check,
    .put = ak_s3_put,
    .head = ak_s3_head,
    .get = ak_s3_get,
    .list = ak_s3_list,
    .remove = ak_s3_remove,
};
