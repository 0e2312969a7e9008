#include "store/aws/providers.h"
#include "util/time.h"

enum {
    MARGIN_SECONDS = 300, /* before expiry, and */
    JITTER_SECONDS = 60,  /* up to that much more */
    RETRY_SECONDS = 30,
    CLOCK_SECONDS = 60,  /* what is expired on arrival, by our clock, is good for that long */
    FORCED_SECONDS = 10, /* between two refreshes because of a refusal */
};

typedef struct {
    AkCredentials base;
    AkCredentials *source;
    const AkAwsContext *context;
    GMutex lock;
    GCond is_done;
    AkAwsKeys keys;
    gboolean has_keys;
    gint64 refresh_at_usec;
    gboolean is_fetching; /* one flight at a time */
    guint flights;        /* landed */
    GError *failure;      /* of the last flight, or NULL */
    gboolean has_forced;
    gint64 forced_at_usec;
    GThread *thread; /* of the last flight in the background */
} Cached;

static gboolean has_valid_keys(const Cached *cached)
{
    return cached->has_keys && (cached->keys.expires_usec == 0 ||
                                cached->context->now_usec() < cached->keys.expires_usec);
}

static void take_keys(Cached *cached, AkAwsKeys *keys)
{
    gint64 now = cached->context->now_usec();
    gint64 margin = MARGIN_SECONDS * AK_USEC_PER_SEC +
                    (gint64)(cached->context->random() * JITTER_SECONDS * AK_USEC_PER_SEC);

    ak_aws_keys_clear(&cached->keys);
    cached->keys = *keys;
    *keys = (AkAwsKeys){0};
    cached->has_keys = TRUE;
    cached->refresh_at_usec = G_MAXINT64;
    if (cached->keys.expires_usec == 0)
        return;
    cached->keys.expires_usec =
        MAX(cached->keys.expires_usec, now + CLOCK_SECONDS * AK_USEC_PER_SEC);
    /* Of those that live hardly longer than the margin: half their life. */
    gint64 life = cached->keys.expires_usec - now;
    cached->refresh_at_usec = now + MAX(life - margin, life / 2);
}

static void take_failure(Cached *cached, GError *failure)
{
    gint64 now = cached->context->now_usec();
    gint64 wait = RETRY_SECONDS * AK_USEC_PER_SEC;

    cached->failure = failure;
    if (!has_valid_keys(cached))
        return;
    if (cached->keys.expires_usec != 0)
        wait = CLAMP((cached->keys.expires_usec - now) / 4, AK_USEC_PER_SEC, wait);
    cached->refresh_at_usec = now + wait;
    g_warning("cannot renew the AWS keys from %s, going on with the old ones: %s",
              cached->keys.source, failure->message);
}

/* Asks the source; called and returns with the lock held and is_fetching set by the caller. */
static void fly(Cached *cached)
{
    g_auto(AkAwsKeys) keys = {0};
    GError *failure = NULL;

    g_mutex_unlock(&cached->lock);
    gboolean is_fetched = cached->source->fetch(cached->source, &keys, &failure);
    g_mutex_lock(&cached->lock);
    g_clear_error(&cached->failure);
    if (is_fetched)
        take_keys(cached, &keys);
    else
        take_failure(cached, failure);
    cached->is_fetching = FALSE;
    cached->flights++;
    g_cond_broadcast(&cached->is_done);
}

static gpointer fly_in_background(gpointer data)
{
    Cached *cached = data;
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&cached->lock);

    fly(cached);
    return NULL;
}

static void start_flight(Cached *cached)
{
    if (cached->thread != NULL)
        g_thread_join(cached->thread); /* it has landed */
    cached->is_fetching = TRUE;
    cached->thread = g_thread_new("aws-keys", fly_in_background, cached);
}

/* Waits for the flight under way, or makes one. */
static void fly_or_wait(Cached *cached)
{
    guint seen = cached->flights;

    if (!cached->is_fetching) {
        cached->is_fetching = TRUE;
        fly(cached);
        return;
    }
    while (cached->flights == seen)
        g_cond_wait(&cached->is_done, &cached->lock);
}

static gboolean is_due(const Cached *cached)
{
    return cached->context->now_usec() >= cached->refresh_at_usec ||
           (cached->source->is_changed != NULL && cached->source->is_changed(cached->source));
}

static gboolean cached_fetch(AkCredentials *credentials, AkAwsKeys *out, GError **error)
{
    Cached *cached = (Cached *)credentials;
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&cached->lock);

    if (!has_valid_keys(cached)) {
        fly_or_wait(cached);
        if (cached->failure != NULL) {
            g_propagate_error(error, g_error_copy(cached->failure));
            return FALSE;
        }
    } else if (!cached->is_fetching && is_due(cached)) {
        start_flight(cached);
    }
    *out = ak_aws_keys_copy(&cached->keys);
    return TRUE;
}

static gboolean cached_refresh(AkCredentials *credentials, const AkAwsKeys *refused)
{
    Cached *cached = (Cached *)credentials;
    gint64 now = g_get_monotonic_time();
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&cached->lock);

    if (cached->has_keys && !ak_aws_keys_equal(&cached->keys, refused))
        return TRUE;
    if (!cached->is_fetching && cached->has_forced &&
        now - cached->forced_at_usec < FORCED_SECONDS * AK_USEC_PER_SEC)
        return FALSE;
    cached->has_forced = TRUE;
    cached->forced_at_usec = now;
    fly_or_wait(cached);
    return cached->has_keys && !ak_aws_keys_equal(&cached->keys, refused);
}

static void cached_free(AkCredentials *credentials)
{
    Cached *cached = (Cached *)credentials;

    if (cached->thread != NULL)
        g_thread_join(cached->thread);
    ak_credentials_free(cached->source);
    ak_aws_keys_clear(&cached->keys);
    g_clear_error(&cached->failure);
    g_mutex_clear(&cached->lock);
    g_cond_clear(&cached->is_done);
    g_free(cached);
}

AkCredentials *ak_credentials_cached(AkCredentials *source, const AkAwsContext *context)
{
    Cached *cached = g_new0(Cached, 1);

    cached->base = (AkCredentials){.name = source->name,
                                   .fetch = cached_fetch,
                                   .free = cached_free,
                                   .refresh = cached_refresh};
    cached->source = source;
    cached->context = context;
    g_mutex_init(&cached->lock);
    g_cond_init(&cached->is_done);
    return &cached->base;
}
