#include "store/s3_driver.h"

#include "store/s3_xml.h"
#include "util/time.h"

static const char meta_prefix[] = "x-amz-meta-";

static AkLockMode parse_mode(const char *text)
{
    if (g_strcmp0(text, "COMPLIANCE") == 0)
        return AK_LOCK_COMPLIANCE;
    if (g_strcmp0(text, "GOVERNANCE") == 0)
        return AK_LOCK_GOVERNANCE;
    return AK_LOCK_NONE;
}

static AkReplication parse_replication(const char *text)
{
    static const struct {
        const char *name;
        AkReplication state;
    } states[] = {
        {"PENDING", AK_REPLICATION_PENDING},    {"COMPLETED", AK_REPLICATION_COMPLETED},
        {"COMPLETE", AK_REPLICATION_COMPLETED}, {"FAILED", AK_REPLICATION_FAILED},
        {"REPLICA", AK_REPLICATION_REPLICA},
    };

    for (gsize i = 0; text != NULL && i < G_N_ELEMENTS(states); i++) {
        if (g_str_equal(states[i].name, text))
            return states[i].state;
    }
    return AK_REPLICATION_NONE;
}

/* A composite checksum ("…-3") is no digest of the bytes and does not decode to 32 bytes. */
static void read_checksum(const AkS3Reply *reply, AkObject *out)
{
    const char *text = ak_s3_reply_header(reply, "x-amz-checksum-sha256");
    gsize len = 0;

    if (text == NULL || strlen(text) != 44)
        return;
    g_autofree guchar *digest = g_base64_decode(text, &len);
    if (len == AK_SHA256_LEN) {
        memcpy(out->sha256, digest, AK_SHA256_LEN);
        out->has_sha256 = TRUE;
    }
}

static void read_meta(const AkS3Reply *reply, AkObject *out)
{
    out->meta = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (gsize i = 0; i < reply->http.headers.len; i++) {
        const AkPair *pair = &reply->http.headers.items[i];

        if (g_str_has_prefix(pair->name, meta_prefix))
            g_hash_table_insert(out->meta, g_strdup(pair->name + strlen(meta_prefix)),
                                g_strdup(pair->value));
    }
}

gboolean ak_s3_read_object(const AkS3Reply *reply, AkObject *out)
{
    const char *length = ak_s3_reply_header(reply, "content-length");
    const char *modified = ak_s3_reply_header(reply, "last-modified");
    const char *version = ak_s3_reply_header(reply, "x-amz-version-id");
    const char *until = ak_s3_reply_header(reply, "x-amz-object-lock-retain-until-date");
    guint64 size = 0;

    if (length == NULL || !g_ascii_string_to_unsigned(length, 10, 0, G_MAXINT64, &size, NULL))
        return FALSE;
    out->size = size;
    if (modified != NULL && !ak_s3_http_date(modified, &out->modified_usec))
        return FALSE;
    out->version = g_strdup(version);
    out->lock_mode = parse_mode(ak_s3_reply_header(reply, "x-amz-object-lock-mode"));
    if (until != NULL && !ak_time_parse(ak_view_str(until), &out->retain_until_usec))
        return FALSE;
    if (g_strcmp0(ak_s3_reply_header(reply, "x-amz-object-lock-legal-hold"), "ON") == 0)
        out->legal_hold = AK_HOLD_ON;
    out->sse = ak_s3_sse(ak_s3_reply_header(reply, "x-amz-server-side-encryption"));
    out->replication = parse_replication(ak_s3_reply_header(reply, "x-amz-replication-status"));
    read_checksum(reply, out);
    read_meta(reply, out);
    return TRUE;
}

/* A bucket without lock: AWS says 400 InvalidRequest, others 404 ObjectLockConfiguration…; a store
 * without the whole function cannot lock either. */
static gboolean is_lock_unknown_to(const AkS3Reply *reply)
{
    long status = reply->http.status;

    return status == 400 || status == 404 || status == 405 || status == 501;
}

/*
 * No lock headers in HEAD means "not locked" or "you may not see it" (s3:GetObjectRetention). Only
 * GET ?retention tells which: it answers 403 in the second case.
 */
static gboolean ask_retention(AkS3 *s3, const char *key, const char *version, AkObject *out,
                              GError **error)
{
    g_auto(AkS3Call) call = {.verb = "read the retention of", .method = "GET", .key = key};
    g_auto(AkS3Reply) reply = {0};

    ak_pairs_add(&call.query, "retention", "");
    if (version != NULL)
        ak_pairs_add(&call.query, "versionId", version);
    if (!ak_s3_send(s3, &call, &reply, error))
        return FALSE;
    if (ak_s3_reply_is_ok(&reply)) {
        AkView body = ak_buf_view(&reply.http.body);
        g_autofree char *mode = ak_xml_text(body, "Retention/Mode");
        g_autofree char *until = ak_xml_text(body, "Retention/RetainUntilDate");

        if (until == NULL || ak_time_parse(ak_view_str(until), &out->retain_until_usec))
            out->lock_mode = parse_mode(mode);
        return TRUE;
    }
    if (is_lock_unknown_to(&reply)) {
        out->lock_mode = AK_LOCK_NONE;
        return TRUE;
    }
    if (reply.http.status == 403) {
        out->lock_mode = AK_LOCK_UNKNOWN;
        return TRUE;
    }
    ak_s3_set_error(s3, &call, &reply, error);
    return FALSE;
}

gboolean ak_s3_ask_legal_hold(AkS3 *s3, AkObject *object, GError **error)
{
    g_auto(AkS3Call) call = {.verb = "read the legal hold of", .method = "GET", .key = object->key};
    g_auto(AkS3Reply) reply = {0};

    if (object->legal_hold == AK_HOLD_ON)
        return TRUE;
    ak_pairs_add(&call.query, "legal-hold", "");
    if (object->version != NULL)
        ak_pairs_add(&call.query, "versionId", object->version);
    if (!ak_s3_send(s3, &call, &reply, error))
        return FALSE;
    if (ak_s3_reply_is_ok(&reply)) {
        g_autofree char *status = ak_xml_text(ak_buf_view(&reply.http.body), "LegalHold/Status");

        object->legal_hold = g_strcmp0(status, "ON") == 0 ? AK_HOLD_ON : AK_HOLD_OFF;
        return TRUE;
    }
    if (!is_lock_unknown_to(&reply) && reply.http.status != 403) {
        ak_s3_set_error(s3, &call, &reply, error);
        return FALSE;
    }
    object->legal_hold = reply.http.status == 403 ? AK_HOLD_UNKNOWN : AK_HOLD_OFF;
    return TRUE;
}

gboolean ak_s3_head(AkStore *store, const char *key, const char *version, AkObject *out,
                    GError **error)
{
    AkS3 *s3 = (AkS3 *)store;
    g_auto(AkS3Call) call = {.verb = "head", .method = "HEAD", .key = key};
    g_auto(AkS3Reply) reply = {0};
    g_auto(AkObject) object = {.is_latest = version == NULL};

    if (version != NULL)
        ak_pairs_add(&call.query, "versionId", version);
    ak_pairs_add(&call.headers, "x-amz-checksum-mode", "ENABLED");
    if (!ak_s3_send_ok(s3, &call, &reply, error))
        return FALSE;
    object.key = g_strdup(key);
    if (!ak_s3_read_object(&reply, &object)) {
        g_autofree char *name = ak_s3_location_name(s3->location, key);

        g_set_error(error, AK_ERROR, AK_ERROR_INTERNAL,
                    "cannot head '%s': the answer lacks a size or has a bad date", name);
        return FALSE;
    }
    if (object.version == NULL)
        object.version = g_strdup(version);
    if (object.lock_mode == AK_LOCK_NONE && !ask_retention(s3, key, object.version, &object, error))
        return FALSE;
    *out = object;
    object = (AkObject){0};
    return TRUE;
}
