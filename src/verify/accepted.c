#include "verify/accepted.h"

#include "segment/acceptance_key.h"
#include "segment/key.h"
#include "util/time.h"

/* An object, and once it was read and is signed, what it says. */
typedef struct {
    char *key;
    char *version;
    gboolean is_signed;
    AkAcceptance acceptance;
} Entry;

struct AkAcceptedList {
    GPtrArray *entries;
};

static void free_entry(gpointer data)
{
    Entry *entry = data;

    g_free(entry->key);
    g_free(entry->version);
    ak_acceptance_clear(&entry->acceptance);
    g_free(entry);
}

AkAcceptedList *ak_accepted_list_new(void)
{
    AkAcceptedList *list = g_new0(AkAcceptedList, 1);

    list->entries = g_ptr_array_new_with_free_func(free_entry);
    return list;
}

void ak_accepted_list_free(AkAcceptedList *list)
{
    if (list != NULL)
        g_ptr_array_unref(list->entries);
    g_free(list);
}

gboolean ak_accepted_list_add(AkAcceptedList *list, const char *chain, const AkObject *object,
                              AkFoundList *found)
{
    char name[64];
    guint64 index;
    Entry *entry;

    if (!ak_acceptance_key_parse(object->key, name, &index))
        return FALSE;
    if (list == NULL || strcmp(name, chain) != 0)
        return TRUE;
    if (object->is_delete_marker) {
        ak_found_object(found, AK_FAULT_OBJECT_EXTRA, object->key,
                        "a delete marker hides it from plain readers");
        return TRUE;
    }
    entry = g_new0(Entry, 1);
    entry->key = g_strdup(object->key);
    entry->version = g_strdup(object->version);
    g_ptr_array_add(list->entries, entry);
    return TRUE;
}

static void report(AkFoundList *found, const char *where, const char *key,
                   const AkAcceptance *acceptance)
{
    const AkEvent event = {.index = acceptance->index, .id = ak_view_str(acceptance->event_id)};
    char at[AK_TIME_MAX];

    (void)ak_time_format_seconds(acceptance->accepted_usec, at);
    ak_found_event(found, AK_FAULT_BREAK_ACCEPTED, where, &event, key,
                   "'%s' accepted the %s before it at %s: %s", acceptance->accepted_by,
                   ak_break_name(acceptance->kind), at, acceptance->reason);
}

static void check_lock(const Entry *entry, const AkObject *object, AkFoundList *found)
{
    if (object->lock_mode == AK_LOCK_NONE || object->lock_mode == AK_LOCK_UNKNOWN)
        ak_found_object(found, AK_FAULT_OBJECT_UNLOCKED, entry->key,
                        "it has no lock, or none that can be seen");
    else if (object->lock_mode == AK_LOCK_GOVERNANCE)
        ak_found_object(found, AK_FAULT_RETENTION_MODE_WRONG, entry->key,
                        "it is locked in governance mode, which a privileged user can lift");
}

static void read_statement(Entry *entry, AkView statement, const AkVerifyConfig *config,
                           AkFoundList *found)
{
    g_autofree char *origin = ak_segment_origin(config->origin, config->chain);
    g_autofree char *key = NULL;
    g_autoptr(GError) error = NULL;
    AkAcceptance *acceptance = &entry->acceptance;

    if (!ak_acceptance_parse(statement, acceptance, &error)) {
        ak_found_object(found, AK_FAULT_OBJECT_CORRUPT, entry->key, "%s", error->message);
        return;
    }
    key = ak_acceptance_key(acceptance->chain, ak_time_day(acceptance->accepted_usec),
                            acceptance->index, statement);
    if (strcmp(key, entry->key) != 0) {
        ak_found_object(found, AK_FAULT_OBJECT_CORRUPT, entry->key, "it does not fit its key");
    } else if (config->checkpoint_key != NULL &&
               !ak_acceptance_verify(acceptance, statement, origin, config->checkpoint_key,
                                     &error)) {
        ak_found_object(found, AK_FAULT_SIGNATURE_INVALID, entry->key, "%s", error->message);
    } else {
        entry->is_signed = TRUE;
        report(found, "archive", entry->key, acceptance);
    }
}

gboolean ak_accepted_list_read(AkAcceptedList *list, const AkVerifyConfig *config,
                               AkFoundList *found, GError **error)
{
    for (guint i = 0; i < list->entries->len; i++) {
        Entry *entry = g_ptr_array_index(list->entries, i);
        g_auto(AkObject) object = {0};
        g_auto(AkBuf) bytes = {0};

        if (!ak_store_head(config->store, entry->key, entry->version, &object, error))
            return FALSE;
        check_lock(entry, &object, found);
        if (object.size > AK_ACCEPTANCE_MAX_BYTES) {
            ak_found_object(found, AK_FAULT_OBJECT_CORRUPT, entry->key, "it is too large");
            continue;
        }
        if (!ak_store_get(config->store, entry->key, entry->version, 0, 0, AK_ACCEPTANCE_MAX_BYTES,
                          &bytes, error))
            return FALSE;
        read_statement(entry, ak_buf_view(&bytes), config, found);
    }
    return TRUE;
}

gboolean ak_accepted_list_has(const AkAcceptedList *list, const AkManifest *manifest,
                              const char *head_hash)
{
    for (guint i = 0; i < list->entries->len; i++) {
        const Entry *entry = g_ptr_array_index(list->entries, i);
        const AkAcceptance *acceptance = &entry->acceptance;

        if (entry->is_signed && acceptance->kind == AK_BREAK_GAP &&
            acceptance->index == manifest->first_index &&
            strcmp(acceptance->head_hash, head_hash) == 0 &&
            strcmp(acceptance->event_id, manifest->first_id) == 0 &&
            strcmp(acceptance->event_prev, manifest->prev_hash) == 0)
            return TRUE;
    }
    return FALSE;
}

gboolean ak_accepted_cross(AkSource *source, AkWalk *walk, AkWalkStep step,
                           const AkVerifyConfig *config, AkFoundList *found, gboolean *out_accepted,
                           GError **error)
{
    g_autofree char *origin = ak_segment_origin(config->origin, config->chain);
    const AkAcceptor acceptor = {origin, config->checkpoint_key};
    g_auto(AkAcceptance) acceptance = {0};
    g_auto(AkBuf) statement = {0};

    if (!ak_acceptance_find(source, &acceptor, step, ak_walk_fault(walk), &acceptance, &statement,
                            out_accepted, error))
        return FALSE;
    if (!*out_accepted)
        return TRUE;
    report(found, "source", NULL, &acceptance);
    return ak_walk_accept(walk, acceptance.rejected_id, error);
}
