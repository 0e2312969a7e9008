#include "verify/event_object.h"

#include "chain/envelope.h"
#include "segment/event_key.h"
#include "util/arena.h"

void ak_event_object_check(AkSegmentCheck *segment, AkView line, AkView id)
{
    g_autofree char *text = g_strndup(id.data, id.len);
    g_autofree char *key = ak_event_key(segment->entry->day, text);
    AkCatalogEntry *entry = g_hash_table_lookup(segment->context->events, key);
    g_autoptr(AkSha256) sha = ak_sha256_new();
    g_auto(AkBuf) bytes = {0};
    AkCatalogEntry expected;
    AkSegmentCheck *check;

    if (entry == NULL) {
        ak_found_object(&segment->found, AK_FAULT_OBJECT_MISSING, key,
                        "the object of an event of '%s' is not there", segment->entry->key);
        return;
    }
    g_atomic_int_set(&entry->is_claimed, TRUE);
    expected = *entry;
    expected.is_recorded = segment->entry->is_recorded;
    expected.retain_until_usec = segment->entry->retain_until_usec;
    ak_sha256_of(sha, line.data, line.len, expected.object_sha256);
    check = ak_segment_check_new(segment->context, &expected, TRUE);
    check->found = segment->found; /* its findings are the segment's, in order */
    if (ak_segment_check_object(check, &bytes) && !expected.is_recorded &&
        !ak_view_equal(ak_buf_view(&bytes), line))
        ak_found_object(&check->found, AK_FAULT_OBJECT_CORRUPT, key,
                        "its bytes are not the event's line in '%s'", segment->entry->key);
    segment->found = check->found;
    check->found = (AkFoundList){0};
    if (check->error != NULL && segment->error == NULL)
        segment->error = g_steal_pointer(&check->error);
    ak_segment_check_free(check);
}

/* Whose is it? Another chain's objects are that chain's to judge. */
static gboolean is_ours(const char *chain, const AkBuf *bytes)
{
    g_auto(AkArena) arena = {0};
    AkEnvelope envelope;

    return !ak_envelope_parse(ak_buf_view(bytes), &arena, &envelope, NULL) ||
           ak_view_equal(envelope.chain, ak_view_str(chain));
}

gboolean ak_event_objects_left(const AkSegmentContext *context, const GPtrArray *objects,
                               AkFoundList *found, GError **error)
{
    for (guint i = 0; i < objects->len; i++) {
        AkCatalogEntry *entry = g_ptr_array_index(objects, i);
        g_auto(AkBuf) bytes = {0};

        if (g_atomic_int_get(&entry->is_claimed))
            continue;
        ak_pace_wait(context->pace);
        if (!ak_store_get(context->config->store, entry->key, entry->version, 0, 0, entry->size,
                          &bytes, error))
            return FALSE;
        if (is_ours(context->config->chain, &bytes))
            ak_found_object(found, AK_FAULT_OBJECT_EXTRA, entry->key,
                            "no archived event has this object");
    }
    return TRUE;
}
