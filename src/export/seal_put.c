#include "export/seal_put.h"

#include "segment/key.h"
#include "tree/checkpoint.h"
#include "util/hex.h"
#include "util/time.h"

#include <openssl/crypto.h>

/* Days that are looked at one by one; a longer stretch is looked at by months. */
enum { MAX_DAYS = 31 };

void ak_seal_digest(const AkBuf *bytes, guint8 out[AK_SHA256_LEN])
{
    g_autoptr(AkSha256) sha = ak_sha256_new();

    ak_sha256_of(sha, bytes->data, bytes->len, out);
}

gboolean ak_seal_put(const AkExportConfig *config, const AkBuf *bytes, AkSealRow *row,
                     gboolean *out_put, GError **error)
{
    g_autofree char *digest = ak_hex_string(row->sha256, AK_SHA256_LEN);
    const AkMeta meta[] = {{"object-sha256", digest}};
    g_auto(AkObject) object = {0};
    g_autoptr(GError) local = NULL;
    AkPut put = {
        .key = row->key,
        .data = bytes->data,
        .len = bytes->len,
        .sha256 = row->sha256,
        .content_type = "application/json",
        .meta = meta,
        .n_meta = G_N_ELEMENTS(meta),
        .lock_mode = config->lock_mode,
        .retain_until_usec = row->retain_until_usec,
    };

    *out_put = ak_store_put(config->store, &put, &object, &local);
    if (!*out_put && !g_error_matches(local, AK_ERROR, AK_ERROR_CONFLICT)) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    if (*out_put)
        row->version = g_steal_pointer(&object.version);
    return TRUE;
}

/* A look for seals that are there. */
typedef struct {
    const AkExportConfig *config;
    const AkSeal *seal;
    AkSealRow *row;
    gboolean is_planned; /* the row's lock stands */
    AkNoteKey *note_key; /* made for the first seal that is found */
    gboolean is_found;
    char *other; /* key of one that does not count */
} Search;

static AkNoteKey *our_note_key(const AkExportConfig *config)
{
    g_autofree char *origin = ak_segment_origin(config->origin, config->source->chain);
    guint8 public_key[32];

    return ak_signing_key_public_raw(config->key, public_key) ? ak_note_key_new(origin, public_key)
                                                              : NULL;
}

static gboolean has_our_checkpoint(Search *search, const AkSeal *there)
{
    AkView note = ak_view_str(there->checkpoint);
    AkCheckpoint ours, theirs;

    if (search->note_key == NULL)
        search->note_key = our_note_key(search->config);
    return search->note_key != NULL && ak_checkpoint_verify(note, search->note_key, NULL) &&
           ak_checkpoint_parse(note, &theirs, NULL) &&
           ak_checkpoint_parse(ak_view_str(search->seal->checkpoint), &ours, NULL) &&
           ours.size == theirs.size && CRYPTO_memcmp(ours.root, theirs.root, AK_SHA256_LEN) == 0;
}

/* Quiet days may have been sealed in shorter stretches. */
static gboolean says_the_same(Search *search, AkView bytes)
{
    AkSeal ours = *search->seal; /* borrows its strings, and some of the other's */
    g_auto(AkSeal) there = {0};
    g_auto(AkBuf) text = {0};

    if (!ak_seal_parse(bytes, &there, NULL) || !has_our_checkpoint(search, &there) ||
        (there.day != ours.day && (search->is_planned || ours.segments->len > 0)))
        return FALSE;
    ours.day = there.day;
    ours.exporter = there.exporter;
    ours.checkpoint = there.checkpoint;
    ak_seal_write(&ours, &text);
    return ak_view_equal(bytes, ak_buf_view(&text));
}

static gboolean is_locked_enough(const Search *search, const AkObject *object)
{
    return object->lock_mode >= search->config->lock_mode &&
           (!search->is_planned || object->retain_until_usec >= search->row->retain_until_usec);
}

static void take(Search *search, const AkObject *object, gint64 day, const AkBuf *bytes)
{
    AkSealRow *row = search->row;

    g_free(row->key);
    g_free(row->version);
    row->key = g_strdup(object->key);
    row->version = g_strdup(object->version);
    row->day = day;
    if (!search->is_planned)
        row->retain_until_usec = object->retain_until_usec;
    ak_seal_digest(bytes, row->sha256);
    search->is_found = TRUE;
}

static gboolean look_at(const AkObject *listed, gpointer data, GError **error)
{
    Search *search = data;
    AkStore *store = search->config->store;
    g_auto(AkObject) object = {0};
    g_auto(AkBuf) bytes = {0};
    char chain[64];
    gint64 day;

    if (listed->is_delete_marker || !ak_seal_key_parse(listed->key, chain, &day) ||
        strcmp(chain, search->seal->chain) != 0 || day < search->seal->first_day ||
        day > search->seal->day)
        return TRUE;
    if (!ak_store_head(store, listed->key, listed->version, &object, error) ||
        !ak_store_get(store, listed->key, listed->version, 0, 0, AK_SEAL_MAX_BYTES, &bytes, error))
        return FALSE;
    if (is_locked_enough(search, &object) && says_the_same(search, ak_buf_view(&bytes))) {
        take(search, &object, day, &bytes);
        return FALSE;
    }
    if (search->other == NULL)
        search->other = g_strdup(listed->key);
    return TRUE;
}

static gboolean look_below(Search *search, const char *prefix, GError **error)
{
    GError *local = NULL;

    if (!ak_store_list(search->config->store, prefix, look_at, search, &local) && local != NULL) {
        g_propagate_prefixed_error(error, local, "looking for seals under '%s': ", prefix);
        return FALSE;
    }
    return TRUE;
}

static gboolean is_over(const Search *search)
{
    return search->is_found || search->other != NULL;
}

static gboolean look_at_months(Search *search, GError **error)
{
    int y, m, d, last_y, last_m;

    ak_time_civil(search->seal->first_day, &y, &m, &d);
    ak_time_civil(search->seal->day, &last_y, &last_m, &d);
    for (int month = y * 12 + m - 1; month <= last_y * 12 + last_m - 1 && !is_over(search);
         month++) {
        g_autofree char *prefix = g_strdup_printf("audit/%04d/%02d/", month / 12, month % 12 + 1);

        if (!look_below(search, prefix, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean look_at_days(Search *search, GError **error)
{
    for (gint64 day = search->seal->first_day; day <= search->seal->day && !is_over(search);
         day++) {
        g_autofree char *key = ak_seal_key(search->seal->chain, day);

        if (!look_below(search, key, error))
            return FALSE;
    }
    return TRUE;
}

gboolean ak_seal_find(const AkExportConfig *config, const AkSeal *seal, gboolean is_planned,
                      AkSealRow *row, gboolean *out_found, GError **error)
{
    Search search = {.config = config, .seal = seal, .row = row, .is_planned = is_planned};
    g_autofree char *other = NULL;
    gboolean is_done;

    is_done = seal->day - seal->first_day <= MAX_DAYS ? look_at_days(&search, error)
                                                      : look_at_months(&search, error);
    ak_note_key_free(search.note_key);
    other = search.other;
    *out_found = search.is_found;
    if (!is_done)
        return FALSE;
    if (search.is_found || other == NULL)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT,
                "seal '%s' is already there with other content or a weaker lock; hint: keep it as "
                "evidence and run 'auditkeep verify --what archive'",
                other);
    return FALSE;
}
