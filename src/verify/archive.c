#include "verify/event_object.h"
#include "verify/pass.h"
#include "verify/remember.h"
#include "verify/seal.h"

#include "segment/key.h"
#include "tree/merkle.h"
#include "util/ordered.h"
#include "util/time.h"

#include <openssl/crypto.h>

typedef struct {
    const AkVerifyConfig *config;
    AkVerifyReport *report;
    AkSegmentContext context;
    AkAcceptedList *accepted;
    GPtrArray *entries;   /* AkCatalogEntry */
    GPtrArray *seals;     /* the same */
    GPtrArray *events;    /* the same */
    AkSegmentFact *facts; /* per entry */
    AkChoice choice;
    AkMemory memory;
    guint next;
    AkSha256 *sha;
    AkTree tree;
    gboolean is_tree_known; /* no segment is missing so far */
    char last_hash[65];
    guint64 expected; /* index */
} Pass;

static gpointer next_check(gpointer data, GError **error)
{
    Pass *pass = data;
    const AkVerifyConfig *config = pass->config;
    AkSegmentCheck *check;

    while (pass->next < pass->entries->len && pass->choice.segments[pass->next] == AK_READING_NONE)
        pass->next++;
    if (pass->next >= pass->entries->len ||
        (config->limit != 0 && pass->report->archive_events >= config->limit))
        return NULL;
    check = ak_segment_check_new(&pass->context, g_ptr_array_index(pass->entries, pass->next),
                                 pass->choice.segments[pass->next] == AK_READING_FULL);
    check->number = pass->next++;
    return check;
}

static void run_check(gpointer data)
{
    ak_segment_check_run(data);
}

static void free_check(gpointer data)
{
    ak_segment_check_free(data);
}

static void report_tree(Pass *pass)
{
    ak_tree_root(&pass->tree, pass->sha, pass->report->root);
    pass->report->tree_size = pass->tree.size;
    pass->report->has_root = TRUE;
}

static void check_tree(Pass *pass, AkSegmentCheck *check)
{
    const AkManifest *manifest = &check->footer.manifest;

    if (!pass->is_tree_known || pass->tree.size != manifest->first_index)
        return;
    ak_tree_append(&pass->tree, pass->sha, (const guint8 *)check->leaves.data, manifest->count);
    report_tree(pass);
    if (CRYPTO_memcmp(pass->report->root, manifest->root, AK_SHA256_LEN) != 0) {
        ak_found_object(
            &check->found, AK_FAULT_TREE_INCONSISTENT, check->entry->key,
            "its root does not follow from the leaf hashes up to index %" G_GUINT64_FORMAT,
            manifest->last_index);
        pass->is_tree_known = FALSE;
    }
    ak_memory_check_root(&pass->memory, &pass->tree, pass->report->root, check);
}

static void check_order(Pass *pass, AkSegmentCheck *check)
{
    const AkManifest *manifest = &check->footer.manifest;

    if (manifest->first_index == pass->expected &&
        strcmp(manifest->prev_hash, pass->last_hash) != 0 &&
        !ak_accepted_list_has(pass->accepted, manifest, pass->last_hash))
        ak_found_object(&check->found, AK_FAULT_PREV_HASH_GAP, check->entry->key,
                        "it follows '%s', the segment before it ends with '%s'",
                        manifest->prev_hash, pass->last_hash);
    check_tree(pass, check);
    pass->expected = manifest->last_index + 1;
    (void)g_strlcpy(pass->last_hash, manifest->last_hash, sizeof pass->last_hash);
    pass->report->archive_head.index = (gint64)manifest->last_index;
    (void)g_strlcpy(pass->report->archive_head.id, manifest->last_id,
                    sizeof pass->report->archive_head.id);
    (void)g_strlcpy(pass->report->archive_head.hash, manifest->last_hash,
                    sizeof pass->report->archive_head.hash);
}

/* What the ledger does not know yet is looked at in its order, too. */
static void check_new(Pass *pass, AkSegmentCheck *check)
{
    guint faults = ak_found_count_faults(&check->found);
    gboolean is_well;

    if (check->has_footer && (pass->config->what & AK_VERIFY_ARCHIVE) != 0)
        check_order(pass, check);
    else if (!check->has_footer)
        pass->is_tree_known = FALSE;
    is_well = pass->is_tree_known && ak_found_count_faults(&check->found) == faults;
    ak_memory_move(&pass->memory, is_well ? &pass->tree : NULL, &pass->report->archive_head);
}

/* What the seals are held against later. */
static void remember(Pass *pass, const AkSegmentCheck *check)
{
    AkSegmentFact *fact = &pass->facts[check->number];
    const AkManifest *manifest = &check->footer.manifest;

    fact->has_object = check->has_object;
    memcpy(fact->object_sha256, check->object_sha256, AK_SHA256_LEN);
    fact->has_footer = check->has_footer;
    if (!check->has_footer)
        return;
    memcpy(fact->content_sha256, manifest->content_sha256, AK_SHA256_LEN);
    memcpy(fact->last_hash, manifest->last_hash, sizeof fact->last_hash);
    fact->has_root = pass->is_tree_known && pass->tree.size == manifest->last_index + 1;
    memcpy(fact->root, pass->report->root, AK_SHA256_LEN);
}

static gboolean take_check(gpointer data, gpointer user_data, GError **error)
{
    AkSegmentCheck *check = data;
    Pass *pass = user_data;
    AkVerifyReport *report = pass->report;

    if (check->error != NULL) {
        g_propagate_error(error, g_steal_pointer(&check->error));
        return FALSE;
    }
    if (check->number >= pass->choice.n_known)
        check_new(pass, check);
    remember(pass, check);
    ak_memory_add(&pass->memory, check);
    report->segments++;
    report->archive_events += check->archive_events;
    report->cross_events += check->cross_events;
    report->signatures += check->signatures;
    ak_segment_check_show(check, check->entry->day);
    ak_found_report(&check->found, pass->config, report);
    if (pass->config->on_progress != NULL)
        pass->config->on_progress("archive", check->number + 1, pass->entries->len,
                                  pass->config->data);
    return TRUE;
}

static void free_checker(gpointer checker)
{
    ak_checker_free(checker);
}

static void free_source(gpointer source)
{
    ak_source_close(source);
}

/* A bucket without a lock is a finding; a bucket that cannot be asked is an error. */
static gboolean check_store(const AkVerifyConfig *config, AkFoundList *found, GError **error)
{
    g_autoptr(GError) local = NULL;

    if (ak_store_check(config->store, &local))
        return TRUE;
    if (!g_error_matches(local, AK_ERROR, AK_ERROR_LOCK_OFF)) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    ak_found_object(found, AK_FAULT_BUCKET_LOCK_OFF, NULL, "%s", local->message);
    return TRUE;
}

/* What the ledger knows stands for what is not read again. */
static void resume(Pass *pass)
{
    const AkLedger *ledger = pass->config->ledger;

    pass->tree = ledger->tree;
    pass->expected = ledger->tree.size;
    (void)g_strlcpy(pass->last_hash, ledger->head.hash, sizeof pass->last_hash);
    pass->report->archive_head = ledger->head;
    ak_memory_resume(&pass->memory);
    report_tree(pass);
    for (guint i = 0; i < pass->choice.n_known; i++) {
        const AkLedgerObject *known =
            ak_choice_known(pass->config, g_ptr_array_index(pass->entries, i));

        pass->facts[i].has_object = known->read_usec > 0;
        memcpy(pass->facts[i].object_sha256, known->sha256, AK_SHA256_LEN);
        pass->report->known_objects += pass->choice.segments[i] == AK_READING_NONE;
    }
}

/* Where every event was read, an object that no event has is one too many. */
static gboolean check_left(Pass *pass, AkFoundList *found, GError **error)
{
    guint64 events = 0;

    for (guint i = 0; i < pass->entries->len; i++) {
        const AkCatalogEntry *entry = g_ptr_array_index(pass->entries, i);

        events += entry->last_index - entry->first_index + 1;
    }
    if ((pass->config->what & AK_VERIFY_ARCHIVE) == 0 || pass->report->archive_events != events)
        return TRUE;
    return ak_event_objects_left(&pass->context, pass->events, found, error);
}

static void index_events(Pass *pass)
{
    if ((pass->config->what & AK_VERIFY_ARCHIVE) == 0)
        return;
    pass->context.events = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < pass->events->len; i++) {
        AkCatalogEntry *entry = g_ptr_array_index(pass->events, i);

        (void)g_hash_table_insert(pass->context.events, entry->key, entry);
    }
}

static gboolean run_pass(Pass *pass, GError **error)
{
    const AkVerifyConfig *config = pass->config;
    AkOrdered ordered = {config->threads, pass, next_check, run_check, take_check, free_check};
    g_autoptr(AkSource) source = NULL;
    g_auto(AkFoundList) found = {0};

    if (config->source != NULL) {
        source = ak_source_open(config->source, error);
        if (source == NULL)
            return FALSE;
    }
    if (!check_store(config, &found, error))
        return FALSE;
    pass->entries =
        ak_catalog_read(config, source, pass->accepted, &pass->seals, &pass->events, &found, error);
    if (pass->entries == NULL || ((config->what & AK_VERIFY_ARCHIVE) != 0 &&
                                  !ak_accepted_list_read(pass->accepted, config, &found, error)))
        return FALSE;
    ak_memory_begin(&pass->memory, config, pass->entries, pass->seals, &found);
    ak_found_report(&found, config, pass->report);
    ak_choice_make(config, pass->entries, pass->seals, &pass->choice);
    pass->facts = g_new0(AkSegmentFact, pass->entries->len);
    if (pass->choice.is_resumed)
        resume(pass);
    index_events(pass);
    if (!ak_ordered_run(&ordered, error) || !check_left(pass, &found, error))
        return FALSE;
    ak_memory_end(&pass->memory, pass->is_tree_known ? &pass->tree : NULL, &found);
    ak_found_report(&found, config, pass->report);
    return (config->what & AK_VERIFY_ARCHIVE) == 0 ||
           ak_seals_check(&pass->context, pass->seals, pass->entries, pass->facts, &pass->choice,
                          pass->report, error);
}

gboolean ak_verify_archive(const AkVerifyConfig *config, AkVerifyReport *report, GError **error)
{
    Pass pass = {.config = config, .report = report, .is_tree_known = TRUE};
    g_autofree char *origin = ak_segment_origin(config->origin, config->chain);
    gboolean is_done;

    pass.sha = ak_sha256_new();
    pass.accepted = ak_accepted_list_new();
    pass.context.config = config;
    pass.context.pace = ak_pace_new(config->request_rate, config->stop);
    pass.context.checkers = g_async_queue_new_full(free_checker);
    pass.context.sources = g_async_queue_new_full(free_source);
    if (config->checkpoint_key != NULL)
        pass.context.note_key = ak_note_key_new(origin, config->checkpoint_key);
    is_done = run_pass(&pass, error);
    ak_sha256_free(pass.sha);
    ak_accepted_list_free(pass.accepted);
    ak_note_key_free(pass.context.note_key);
    g_async_queue_unref(pass.context.checkers);
    g_async_queue_unref(pass.context.sources);
    g_clear_pointer(&pass.entries, g_ptr_array_unref);
    g_clear_pointer(&pass.seals, g_ptr_array_unref);
    g_clear_pointer(&pass.context.events, g_hash_table_unref);
    g_clear_pointer(&pass.events, g_ptr_array_unref);
    g_free(pass.facts);
    ak_choice_clear(&pass.choice);
    ak_pace_free(pass.context.pace);
    return is_done;
}
