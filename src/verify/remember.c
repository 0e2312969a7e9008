#include "verify/remember.h"

#include "util/time.h"

#include <openssl/crypto.h>

static void add_keys(GHashTable *keys, const GPtrArray *entries)
{
    for (guint i = 0; i < entries->len; i++)
        (void)g_hash_table_add(keys, ((AkCatalogEntry *)g_ptr_array_index(entries, i))->key);
}

static void format_made(const AkMemory *memory, char out[AK_TIME_MAX])
{
    (void)ak_time_format_seconds(memory->old_made_usec, out);
}

static void check_listed(const AkMemory *memory, GHashTable *listed, AkFoundList *found)
{
    g_autoptr(GList) keys =
        g_list_sort(g_hash_table_get_keys(memory->ledger->objects), (GCompareFunc)strcmp);
    char made[AK_TIME_MAX];

    format_made(memory, made);
    for (GList *l = keys; l != NULL; l = l->next)
        if (!g_hash_table_contains(listed, l->data))
            ak_found_object(found, AK_FAULT_OBJECT_MISSING, l->data,
                            "the verification of %s saw it, the archive does not have it", made);
}

void ak_memory_begin(AkMemory *memory, const AkVerifyConfig *config, const GPtrArray *entries,
                     const GPtrArray *seals, AkFoundList *found)
{
    g_autoptr(GHashTable) listed = NULL;
    g_autoptr(AkSha256) sha = NULL;

    *memory = (AkMemory){.ledger = config->ledger, .is_well = TRUE};
    if (memory->ledger == NULL)
        return;
    memory->old = memory->ledger->tree;
    memory->old_made_usec = memory->ledger->made_usec;
    sha = ak_sha256_new();
    ak_tree_root(&memory->old, sha, memory->old_root);
    listed = g_hash_table_new(g_str_hash, g_str_equal);
    add_keys(listed, entries);
    add_keys(listed, seals);
    check_listed(memory, listed, found);
    memory->ledger->made_usec = config->now_usec != 0 ? config->now_usec : g_get_real_time();
}

void ak_memory_resume(AkMemory *memory)
{
    memory->is_old_seen = TRUE;
}

void ak_memory_check_root(AkMemory *memory, const AkTree *tree, const guint8 root[AK_SHA256_LEN],
                          AkSegmentCheck *check)
{
    char made[AK_TIME_MAX];

    if (memory->ledger == NULL || tree->size != memory->old.size)
        return;
    memory->is_old_seen = TRUE;
    if (CRYPTO_memcmp(root, memory->old_root, AK_SHA256_LEN) == 0)
        return;
    memory->is_well = FALSE;
    format_made(memory, made);
    ak_found_object(&check->found, AK_FAULT_TREE_INCONSISTENT, check->entry->key,
                    "the tree of its size had another root in the verification of %s", made);
}

void ak_memory_move(AkMemory *memory, const AkTree *tree, const AkCursor *head)
{
    memory->is_well &= tree != NULL && tree->size == (guint64)(head->index + 1);
    if (memory->ledger == NULL || !memory->is_well || tree->size < memory->ledger->tree.size)
        return;
    memory->ledger->tree = *tree;
    memory->ledger->head = *head;
}

void ak_memory_add(AkMemory *memory, const AkSegmentCheck *check)
{
    if (memory->ledger != NULL)
        ak_remember_object(memory->ledger, check);
}

void ak_memory_end(AkMemory *memory, const AkTree *tree, AkFoundList *found)
{
    char made[AK_TIME_MAX];

    if (memory->ledger == NULL || memory->is_old_seen || tree == NULL)
        return;
    format_made(memory, made);
    if (tree->size < memory->old.size)
        ak_found_object(found, AK_FAULT_OBJECT_MISSING, NULL,
                        "the verification of %s saw %" G_GUINT64_FORMAT
                        " events, the archive ends after %" G_GUINT64_FORMAT,
                        made, memory->old.size, tree->size);
    else if (memory->old.size > 0)
        ak_found_object(found, AK_FAULT_TREE_INCONSISTENT, NULL,
                        "the verification of %s saw a segment end before index %" G_GUINT64_FORMAT
                        ", now none does",
                        made, memory->old.size);
}

void ak_remember_object(AkLedger *ledger, const AkSegmentCheck *check)
{
    const AkCatalogEntry *entry = check->entry;
    const AkLedgerObject *known = ak_ledger_find(ledger, entry->key);
    AkLedgerObject object = {.key = entry->key,
                             .version = entry->version,
                             .size = entry->size,
                             .modified_usec = entry->modified_usec,
                             .n_faults = ak_found_count_faults(&check->found)};

    /* What was read once is never forgotten: later bytes have to be the same. */
    if (check->has_object && check->known_read_usec == 0) {
        memcpy(object.sha256, check->object_sha256, AK_SHA256_LEN);
    } else if (known != NULL) {
        object.read_usec = known->read_usec;
        memcpy(object.sha256, known->sha256, AK_SHA256_LEN);
    }
    if (check->has_object)
        object.read_usec = ledger->made_usec;
    ak_ledger_set(ledger, &object);
}
