#include "verify/ledger.h"

static void free_object(gpointer data)
{
    AkLedgerObject *object = data;

    g_free(object->key);
    g_free(object->version);
    g_free(object);
}

AkLedger *ak_ledger_new(const char *origin)
{
    AkLedger *ledger = g_new0(AkLedger, 1);

    ledger->origin = g_strdup(origin);
    ledger->head = AK_CURSOR_START;
    ledger->source = AK_CURSOR_START;
    ledger->source_ts_usec = G_MININT64;
    ledger->seals.next_day = G_MININT64;
    ledger->objects = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_object);
    return ledger;
}

void ak_ledger_free(AkLedger *ledger)
{
    if (ledger == NULL)
        return;
    g_free(ledger->origin);
    g_hash_table_unref(ledger->objects);
    g_free(ledger);
}

const AkLedgerObject *ak_ledger_find(const AkLedger *ledger, const char *key)
{
    return g_hash_table_lookup(ledger->objects, key);
}

void ak_ledger_set(AkLedger *ledger, const AkLedgerObject *object)
{
    AkLedgerObject *copy = g_memdup2(object, sizeof *object);

    copy->key = g_strdup(object->key);
    copy->version = g_strdup(object->version);
    (void)g_hash_table_replace(ledger->objects, copy->key, copy);
}

void ak_ledger_cover(const AkLedger *ledger, gint64 since_usec, guint64 *out_covered,
                     guint64 *out_total)
{
    GHashTableIter iter;
    gpointer value;

    *out_covered = *out_total = 0;
    g_hash_table_iter_init(&iter, ledger->objects);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const AkLedgerObject *object = value;

        *out_total += object->size;
        if (object->read_usec > 0 && object->read_usec >= since_usec)
            *out_covered += object->size;
    }
}
