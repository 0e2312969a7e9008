#ifndef AK_STORE_STORE_H
#define AK_STORE_STORE_H

#include "util/buf.h"
#include "util/error.h"
#include "util/sha256.h"

/*
 * A write-once object store. One handle may be used by many threads at once. Keys are relative to
 * the archive's URL, '/'-separated parts of [A-Za-z0-9._-], none empty or starting with '.'
 * (store/key.h); other keys are BAD_INPUT.
 */
typedef struct AkStore AkStore;

typedef enum {
    AK_LOCK_NONE,       /* the store says: not locked */
    AK_LOCK_UNKNOWN,    /* the store does not let us see (s3:GetObjectRetention) */
    AK_LOCK_GOVERNANCE, /* can be lifted by a privileged user */
    AK_LOCK_COMPLIANCE  /* nobody can lift or shorten it */
} AkLockMode;

typedef enum {
    AK_REPLICATION_NONE,
    AK_REPLICATION_PENDING,
    AK_REPLICATION_COMPLETED,
    AK_REPLICATION_FAILED,
    AK_REPLICATION_REPLICA
} AkReplication;

typedef enum {
    AK_HOLD_OFF,
    AK_HOLD_UNKNOWN, /* the store does not let us see (s3:GetObjectLegalHold) */
    AK_HOLD_ON       /* locked without end, until somebody privileged lifts it */
} AkLegalHold;

/* Encryption at rest, by the store. */
typedef enum {
    AK_SSE_NONE, /* nothing said: as the bucket is set up */
    AK_SSE_S3,   /* AES-256 with the store's own keys */
    AK_SSE_KMS,
    AK_SSE_KMS_DSSE /* two layers */
} AkSse;

/* Where the bucket's name goes. In the path it does always for a dotted bucket and an address. */
typedef enum {
    AK_PATH_STYLE_AUTO, /* into the path when the endpoint is not AWS's own for the region */
    AK_PATH_STYLE_ALWAYS,
    AK_PATH_STYLE_NEVER
} AkPathStyle;

/* User metadata: lower-case names of [a-z0-9-], printable ASCII values of at most 256 bytes without
 * blanks at their ends; 2 KB in all. */
typedef struct {
    const char *name;
    const char *value;
} AkMeta;

typedef struct {
    const char *key;
    const void *data;
    gsize len;
    const guint8 *sha256; /* of data, 32 bytes: the store refuses the upload when it is wrong */
    const char *content_type;
    const AkMeta *meta;
    gsize n_meta;
    AkLockMode lock_mode;     /* COMPLIANCE or GOVERNANCE */
    gint64 retain_until_usec; /* a whole second */
    gboolean legal_hold;
} AkPut;

typedef struct {
    char *key;
    char *version; /* NULL where the store has none */
    gsize size;
    gint64 modified_usec;
    gboolean is_latest;
    gboolean is_delete_marker;
    /* filled by head() and put() only: */
    AkLockMode lock_mode;
    gint64 retain_until_usec;
    AkLegalHold legal_hold; /* s3: OFF may mean that it may not be seen, but after a put with one */
    AkSse sse;
    AkReplication replication;
    gboolean has_sha256; /* the store itself vouches for this digest of the stored bytes */
    guint8 sha256[AK_SHA256_LEN];
    GHashTable *meta; /* char * → char *, or NULL */
} AkObject;

void ak_object_clear(AkObject *object);

/* Value of user metadata @name or NULL. */
const char *ak_object_meta(const AkObject *object, const char *name);

/* Where the handle points and how it behaves; filled in by cli/, strings borrowed. */
typedef struct {
    const char *url;           /* "file:DIR" or "s3://BUCKET[/PREFIX]" */
    gboolean legal_hold;       /* on every object put */
    gboolean is_mutable;       /* file: no immutable flag on objects: for folders to throw away */
    const volatile gint *stop; /* non-zero: give up waiting, CANCELLED (a request under way gets
                                * five more seconds); may be NULL */

    /* s3 only. What is NULL, 0 or FALSE is as the AWS tools' variables and shared files say
     * (docs/aws.md), else as noted here. */
    const char *profile;           /* "default"; one that is given gives the keys, too */
    const char *credential_source; /* environment, web-identity, profile, container, instance;
                                    * the first of these that is there */
    const char *endpoint;          /* "http[s]://host[:port]"; AWS's own for the region */
    const char *region;            /* us-east-1 */
    const char *ca_bundle;         /* PEM file; the system's */
    const char *retry_mode;        /* "standard" or "adaptive"; standard */
    guint max_attempts;            /* tries per request, the first included; 3 */
    gboolean use_fips;
    gboolean use_dualstack;
    gboolean fallback_to_regional; /* while the endpoint, one of AWS, cannot be reached */
    AkPathStyle path_style;
    AkSse sse;
    const char *sse_kms_key_id; /* id, ARN or alias; NULL: AWS's own key for S3 */
    gboolean sse_bucket_key;    /* fewer calls to KMS */
    guint connect_timeout_ms;   /* 0: 5000 */
    guint stall_timeout_ms;     /* no byte moved for that long; 0: 15000 */
    guint request_timeout_ms;   /* one try as a whole; 0: 300000 */
} AkStoreConfig;

/* Called per object in key order (all versions of a key: newest first); FALSE stops the listing
 * with *error set by the callback, or without error to end early. @object is borrowed. */
typedef gboolean (*AkObjectFunc)(const AkObject *object, gpointer data, GError **error);

typedef struct AkStoreDriver {
    const char *scheme;

    /* Reads no data; CONFIG for a malformed URL. */
    AkStore *(*open)(const AkStoreConfig *config, GError **error);
    void (*close)(AkStore *store);

    /*
     * Is the place there, ours to use, and does it keep what it is given? MISSING, DENIED,
     * LOCK_OFF (no lock on the bucket) or an error of transport.
     */
    gboolean (*check)(AkStore *store, GError **error);

    /*
     * Writes the object, locked from its first moment, durable on return; never replaces one.
     * Retries by itself. CONFLICT when @put->key is there already: it is left alone, and the
     * caller decides by head() and get() whether it is the same. A store that ignores conditional
     * writes is found out; there of two racing writers one at most succeeds, but the other's
     * version may lie on top: read by @out->version. After the write the object is
     * read back (head); LOCK_OFF when mode or date are less than asked for, or a legal hold that
     * was asked for is not on; CONFIG when the encryption asked for is not;
     * INTERNAL when size or checksum differ. A lock that we may not see is DENIED.
     * @out describes what was written.
     */
    gboolean (*put)(AkStore *store, const AkPut *put, AkObject *out, GError **error);

    /* @version NULL: the current one. MISSING when there is no such object. */
    gboolean (*head)(AkStore *store, const char *key, const char *version, AkObject *out,
                     GError **error);

    /*
     * Appends @len bytes from @offset to @out; @len 0: to the end. At most @max_bytes, else
     * BAD_INPUT. A range that reaches past the end gives what there is.
     */
    gboolean (*get)(AkStore *store, const char *key, const char *version, guint64 offset,
                    guint64 len, gsize max_bytes, AkBuf *out, GError **error);

    /* Every version and delete marker whose key starts with @prefix. */
    gboolean (*list)(AkStore *store, const char *prefix, AkObjectFunc func, gpointer data,
                     GError **error);

    /* Deletes one version; DENIED while it is locked. @version NULL: S3 adds a delete marker;
     * a folder deletes the file. Used by probes and tests, never by the exporter. */
    gboolean (*remove)(AkStore *store, const char *key, const char *version, GError **error);
} AkStoreDriver;

/* First member of every driver's handle. */
struct AkStore {
    const AkStoreDriver *driver;
    gboolean legal_hold; /* on every object put */
};

extern const AkStoreDriver ak_store_dir;
extern const AkStoreDriver ak_store_s3;

/* Opens by the URL's scheme; CONFIG when there is no such driver. */
AkStore *ak_store_open(const AkStoreConfig *config, GError **error) AK_MUST_CHECK;
void ak_store_close(AkStore *store);

gboolean ak_store_check(AkStore *store, GError **error) AK_MUST_CHECK;
gboolean ak_store_put(AkStore *store, const AkPut *put, AkObject *out,
                      GError **error) AK_MUST_CHECK;
gboolean ak_store_head(AkStore *store, const char *key, const char *version, AkObject *out,
                       GError **error) AK_MUST_CHECK;
gboolean ak_store_get(AkStore *store, const char *key, const char *version, guint64 offset,
                      guint64 len, gsize max_bytes, AkBuf *out, GError **error) AK_MUST_CHECK;
gboolean ak_store_list(AkStore *store, const char *prefix, AkObjectFunc func, gpointer data,
                       GError **error) AK_MUST_CHECK;
gboolean ak_store_remove(AkStore *store, const char *key, const char *version,
                         GError **error) AK_MUST_CHECK;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkStore, ak_store_close)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkObject, ak_object_clear)

#endif
