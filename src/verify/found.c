#include "verify/found.h"

#include <stdarg.h>

typedef struct {
    AkFaultCode code;
    const char *where; /* static */
    gint64 index;
    char *id;
    char *key;
    char *detail;
} Found;

static const char *const sentences[AK_FAULT_N_CODES] = {
    [AK_FAULT_HASH_MISMATCH] =
        "the hash is not SHA-256 of the canonical payload and the previous hash",
    [AK_FAULT_SIGNATURE_INVALID] = "the signature is not the signer's over the hash",
    [AK_FAULT_SIGNATURE_MISSING] = "the event carries no signature, the policy asks for one",
    [AK_FAULT_SIGNER_UNKNOWN] = "the signer is not in the registry",
    [AK_FAULT_SIGNER_NOT_VALID_AT_TIME] = "the signer was not valid at the event's time",
    [AK_FAULT_PAYLOAD_NOT_CANONICALISABLE] = "the payload has no canonical form",
    [AK_FAULT_PAYLOAD_LOSSY_NUMBER] =
        "a number has more digits than a double: the hash cannot see all of them",
};

static void free_found(gpointer data)
{
    Found *found = data;

    g_free(found->id);
    g_free(found->key);
    g_free(found->detail);
    g_free(found);
}

void ak_found_clear(AkFoundList *list)
{
    g_clear_pointer(&list->items, g_ptr_array_unref);
}

static Found *add(AkFoundList *list, AkFaultCode code, const char *where, const char *key)
{
    Found *found = g_new0(Found, 1);

    if (list->items == NULL)
        list->items = g_ptr_array_new_with_free_func(free_found);
    found->code = code;
    found->where = where;
    found->index = -1;
    found->key = g_strdup(key);
    g_ptr_array_add(list->items, found);
    return found;
}

void ak_found_object(AkFoundList *list, AkFaultCode code, const char *key, const char *format, ...)
{
    Found *found = add(list, code, "archive", key);
    va_list args;

    va_start(args, format);
    found->detail = g_strdup_vprintf(format, args);
    va_end(args);
}

static Found *add_event(AkFoundList *list, AkFaultCode code, const char *where,
                        const AkEvent *event, const char *key)
{
    Found *found = add(list, code, where, key);

    found->index = (gint64)event->index;
    found->id = g_strndup(event->id.data, event->id.len);
    return found;
}

void ak_found_event(AkFoundList *list, AkFaultCode code, const char *where, const AkEvent *event,
                    const char *key, const char *format, ...)
{
    Found *found = add_event(list, code, where, event, key);
    va_list args;

    va_start(args, format);
    found->detail = g_strdup_vprintf(format, args);
    va_end(args);
}

void ak_found_faults(AkFoundList *list, AkFaultSet faults, const char *where, const AkEvent *event,
                     const char *key)
{
    for (guint code = 0; faults != 0; code++, faults >>= 1)
        if ((faults & 1) != 0)
            add_event(list, (AkFaultCode)code, where, event, key)->detail =
                g_strdup(sentences[code]);
}

const char *ak_found_first(const AkFoundList *list, AkFaultCode code)
{
    for (guint i = 0; list->items != NULL && i < list->items->len; i++) {
        const Found *found = g_ptr_array_index(list->items, i);

        if (found->code == code)
            return found->detail;
    }
    return NULL;
}

guint ak_found_count_faults(const AkFoundList *list)
{
    guint count = 0;

    for (guint i = 0; list->items != NULL && i < list->items->len; i++)
        count += !ak_fault_is_notice(((const Found *)g_ptr_array_index(list->items, i))->code);
    return count;
}

void ak_found_report(AkFoundList *list, const AkVerifyConfig *config, AkVerifyReport *report)
{
    for (guint i = 0; list->items != NULL && i < list->items->len; i++) {
        const Found *found = g_ptr_array_index(list->items, i);
        AkFinding finding = {found->code, found->where, found->index,
                             found->id,   found->key,   found->detail};

        report->faults[found->code]++;
        if (ak_fault_is_notice(found->code))
            report->n_notices++;
        else
            report->n_faults++;
        config->on_finding(&finding, config->data);
    }
    ak_found_clear(list);
}
