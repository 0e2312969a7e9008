/*
 * A key as signed notes write it, a newline, a note: the key is read or refused with a reason and
 * written as it was read; a note that its witness cosigned is no longer so with another first byte.
 */
#include "fuzz.h"

#include "tree/checkpoint.h"

static gboolean is_cosigned(AkView note, const AkNoteKey *key)
{
    g_autoptr(GError) error = NULL;
    guint64 seconds;
    gboolean is_good = ak_checkpoint_verify_cosignature(note, key, &seconds, &error);

    if (is_good == (error != NULL))
        g_error("good with an error, or refused without");
    return is_good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *end = size > 0 ? memchr(data, '\n', size) : NULL;
    gsize len = end != NULL ? (gsize)(end - (const char *)data) : size;
    g_autofree char *text = g_strndup((const char *)data, len), *again = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(AkNoteKey) key = ak_note_key_parse(text, &error);
    g_auto(AkBuf) note = {0};

    if ((key == NULL) != (error != NULL))
        g_error("a key with an error, or none without");
    if (key == NULL || end == NULL)
        return 0;
    again = ak_note_key_text(key);
    if (strcmp(again, text) != 0)
        g_error("a key with another spelling");
    ak_buf_append(&note, end + 1, size - len - 1);
    if (!is_cosigned(ak_buf_view(&note), key))
        return 0;
    note.data[0] ^= 1;
    if (is_cosigned(ak_buf_view(&note), key))
        g_error("cosigned with another first byte");
    return 0;
}
