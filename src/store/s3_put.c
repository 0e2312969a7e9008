#include "store/s3_driver.h"

#include <openssl/crypto.h>

/* What ListObjectVersions shows for one key. */
typedef struct {
    const char *key;
    const char *ours; /* version that we wrote, or NULL */
    char *other;      /* another version that holds data */
} KeyVersions;

static gboolean see_version(const AkObject *object, gpointer data, GError **error)
{
    KeyVersions *seen = data;

    if (!g_str_equal(object->key, seen->key))
        return FALSE; /* the key sorts before all longer ones */
    if (object->is_delete_marker || g_strcmp0(object->version, seen->ours) == 0)
        return TRUE;
    seen->other = g_strdup(object->version);
    return FALSE;
}

/*
 * A version of @key other than @ours (NULL: any) into @out_other, NULL when there is none. Without
 * s3:ListBucketVersions there is nothing to see, and HEAD has to do.
 */
static gboolean find_other_version(AkS3 *s3, const char *key, const char *ours, char **out_other,
                                   GError **error)
{
    KeyVersions seen = {.key = key, .ours = ours};
    g_autoptr(GError) local = NULL;

    *out_other = NULL;
    if (!ak_s3_list(&s3->base, key, see_version, &seen, &local) &&
        !g_error_matches(local, AK_ERROR, AK_ERROR_DENIED)) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    *out_other = seen.other;
    return TRUE;
}

typedef struct {
    AkS3 *s3;
    const AkPut *put;
} Pending;

static gboolean set_exists(const Pending *pending, const char *version, const char *how,
                           GError **error)
{
    g_autofree char *name = ak_s3_location_name(pending->s3->location, pending->put->key);

    g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT,
                "cannot put '%s': it exists already%s, version '%s'", name, how,
                version != NULL ? version : "null");
    return FALSE;
}

/*
 * In front of every attempt on a store that is not known to honour If-None-Match: also a lost
 * answer may have stored the object. A delete marker hides a version from HEAD, not from the list.
 */
static gboolean require_absent(gpointer data, GError **error)
{
    Pending *pending = data;
    g_auto(AkS3Call) call = {.verb = "head", .method = "HEAD", .key = pending->put->key};
    g_auto(AkS3Reply) reply = {0};
    g_autofree char *other = NULL;

    if (!ak_s3_send(pending->s3, &call, &reply, error))
        return FALSE;
    if (ak_s3_reply_is_ok(&reply))
        return set_exists(pending, ak_s3_reply_header(&reply, "x-amz-version-id"), "", error);
    if (reply.http.status != 404) {
        ak_s3_set_error(pending->s3, &call, &reply, error);
        if (reply.http.status == 403)
            g_prefix_error(error, "without s3:ListBucket and s3:GetObject an absent object cannot "
                                  "be told from a hidden one: ");
        return FALSE;
    }
    if (!find_other_version(pending->s3, pending->put->key, NULL, &other, error))
        return FALSE;
    return other == NULL || set_exists(pending, other, " behind a delete marker", error);
}

/* A bucket without lock refuses lock headers with a bare 400 InvalidRequest. */
static gboolean is_lock_off(AkS3 *s3, const AkS3Reply *reply, GError **error)
{
    g_autoptr(GError) cause = NULL;

    if (reply->http.status != 400 || g_strcmp0(reply->code, "InvalidRequest") != 0 ||
        ak_s3_check(&s3->base, &cause) || !g_error_matches(cause, AK_ERROR, AK_ERROR_LOCK_OFF))
        return FALSE;
    g_propagate_error(error, g_steal_pointer(&cause));
    return TRUE;
}

static gboolean send_put(AkS3 *s3, const AkPut *put, gboolean is_proven, AkS3Digest digest,
                         AkS3Reply *reply, GError **error)
{
    Pending pending = {s3, put};
    g_auto(AkS3Call) call = {.verb = "put", .method = "PUT", .key = put->key};

    ak_s3_put_fill(s3, &call, put, digest);
    if (!is_proven) {
        call.is_once_only = TRUE;
        call.before_attempt = require_absent;
        call.before_data = &pending;
    }
    if (!ak_s3_send(s3, &call, reply, error))
        return FALSE;
    if (ak_s3_reply_is_ok(reply))
        return TRUE;
    if (!is_lock_off(s3, reply, error))
        ak_s3_set_error(s3, &call, reply, error);
    return FALSE;
}

/* With the digests that the store is known to take; else with both, and where it refuses them,
 * with one. What it says to both is reported when it takes neither. */
static gboolean upload(AkS3 *s3, const AkPut *put, gboolean is_proven, char **out_version,
                       GError **error)
{
    static const AkS3Digest trials[] = {AK_S3_DIGEST_BOTH, AK_S3_DIGEST_MD5, AK_S3_DIGEST_SHA256};
    AkS3Digest known = (AkS3Digest)g_atomic_int_get(&s3->digest);
    gsize n_trials = known == AK_S3_DIGEST_UNKNOWN ? G_N_ELEMENTS(trials) : 1;
    g_autoptr(GError) first = NULL;

    for (gsize i = 0; i < n_trials; i++) {
        AkS3Digest digest = n_trials == 1 ? known : trials[i];
        g_auto(AkS3Reply) reply = {0};
        g_autoptr(GError) failure = NULL;

        if (send_put(s3, put, is_proven, digest, &reply, &failure)) {
            g_atomic_int_set(&s3->digest, (gint)digest);
            *out_version = g_strdup(ak_s3_reply_header(&reply, "x-amz-version-id"));
            return TRUE;
        }
        if (!ak_s3_is_digest_refused(&reply) ||
            g_error_matches(failure, AK_ERROR, AK_ERROR_LOCK_OFF)) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return FALSE;
        }
        if (first == NULL)
            first = g_steal_pointer(&failure);
    }
    g_propagate_error(error, g_steal_pointer(&first));
    return FALSE;
}

/* Another writer may have come between the look and the write. */
static gboolean require_alone(AkS3 *s3, const char *key, const char *version, GError **error)
{
    g_autofree char *name = ak_s3_location_name(s3->location, key);
    g_autofree char *other = NULL;

    if (!find_other_version(s3, key, version, &other, error))
        return FALSE;
    if (other == NULL)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT,
                "put '%s' as version '%s', but version '%s' is there too; hint: two writers, or "
                "a store without conditional writes",
                name, version, other);
    return FALSE;
}

/*
 * Would the store have refused to write over the object that is there now? The probe's digest is
 * wrong on purpose, so that a store that ignores the condition stores nothing.
 */
static void probe_condition(AkS3 *s3, const char *key)
{
    g_auto(AkS3Call)
        call = {.verb = "probe", .method = "PUT", .key = key, .body = "probe", .body_len = 5};
    g_auto(AkS3Reply) reply = {0};

    ak_pairs_add(&call.headers, "if-none-match", "*");
    ak_pairs_add(&call.headers, "content-type", "application/octet-stream");
    ak_s3_add_wrong_digest(&call, (AkS3Digest)g_atomic_int_get(&s3->digest));
    if (!ak_s3_send(s3, &call, &reply, NULL) || reply.http.status >= 500)
        return; /* no answer: the next put asks again */
    g_atomic_int_set(&s3->conditional, reply.http.status == 412 ? AK_S3_CONDITIONAL_PROVEN
                                                                : AK_S3_CONDITIONAL_IGNORED);
    if (ak_s3_reply_is_ok(&reply)) {
        const char *version = ak_s3_reply_header(&reply, "x-amz-version-id");
        g_autoptr(GError) ignored = NULL;

        if (version != NULL && !ak_s3_remove(&s3->base, key, version, &ignored))
            g_warning("the store checks neither conditions nor digests, and keeps our probe: %s",
                      ignored->message);
    }
}

static gboolean set_not_kept(AkErrorCode class, const char *name, const char *what, GError **error)
{
    g_set_error(error, AK_ERROR, (int)class, "put '%s': stored, but %s", name, what);
    return FALSE;
}

static gboolean check_kept(const AkS3 *s3, const AkPut *put, const AkObject *object,
                           const char *name, GError **error)
{
    if (object->lock_mode == AK_LOCK_UNKNOWN)
        return set_not_kept(AK_ERROR_DENIED, name,
                            "its lock may not be seen; hint: allow s3:GetObjectRetention", error);
    if (object->lock_mode < put->lock_mode || object->retain_until_usec < put->retain_until_usec)
        return set_not_kept(AK_ERROR_LOCK_OFF, name,
                            "not locked as asked for; hint: 'auditkeep doctor' checks the "
                            "bucket's Object Lock",
                            error);
    if (put->legal_hold && object->legal_hold == AK_HOLD_UNKNOWN)
        return set_not_kept(AK_ERROR_DENIED, name,
                            "its legal hold may not be seen; hint: allow s3:GetObjectLegalHold",
                            error);
    if (put->legal_hold && object->legal_hold != AK_HOLD_ON)
        return set_not_kept(AK_ERROR_LOCK_OFF, name,
                            "not put on legal hold as asked for; hint: allow s3:PutObjectLegalHold",
                            error);
    if (s3->sse != AK_SSE_NONE && object->sse != s3->sse)
        return set_not_kept(AK_ERROR_CONFIG, name,
                            "not encrypted as asked for; hint: does this store encrypt?", error);
    return TRUE;
}

static gboolean check_written(AkS3 *s3, const AkPut *put, const AkObject *object, GError **error)
{
    g_autofree char *name = ak_s3_location_name(s3->location, put->key);

    if (object->size != put->len) {
        g_set_error(error, AK_ERROR, AK_ERROR_INTERNAL,
                    "put '%s': %" G_GSIZE_FORMAT " bytes sent, %" G_GSIZE_FORMAT " stored", name,
                    put->len, object->size);
        return FALSE;
    }
    if (object->has_sha256 && CRYPTO_memcmp(object->sha256, put->sha256, AK_SHA256_LEN) != 0) {
        g_set_error(error, AK_ERROR, AK_ERROR_INTERNAL,
                    "put '%s': the store's SHA-256 is not that of the bytes sent", name);
        return FALSE;
    }
    return check_kept(s3, put, object, name, error);
}

gboolean ak_s3_put(AkStore *store, const AkPut *put, AkObject *out, GError **error)
{
    AkS3 *s3 = (AkS3 *)store;
    g_auto(AkObject) written = {0};
    g_autofree char *version = NULL;
    gint conditional = g_atomic_int_get(&s3->conditional);
    gboolean is_proven = conditional == AK_S3_CONDITIONAL_PROVEN;

    if (!upload(s3, put, is_proven, &version, error))
        return FALSE;
    if (!ak_s3_head(store, put->key, version, &written, error) ||
        (put->legal_hold && !ak_s3_ask_legal_hold(s3, &written, error)) ||
        !check_written(s3, put, &written, error))
        return FALSE;
    if (!is_proven &&
        !require_alone(s3, put->key, written.version != NULL ? written.version : "null", error))
        return FALSE;
    if (conditional == AK_S3_CONDITIONAL_UNKNOWN)
        probe_condition(s3, put->key);
    *out = written;
    written = (AkObject){0};
    return TRUE;
}
