#include "chain/link.h"

void ak_link_copy(AkView hash, char out[AK_LINK_SIZE])
{
    gsize len = MIN(hash.len, AK_LINK_SIZE - 1);

    for (gsize i = 0; i < len; i++)
        out[i] = g_ascii_tolower(hash.data[i]);
    out[len] = '\0';
    if (strspn(out, "0") == AK_LINK_SIZE - 1)
        out[0] = '\0';
}

void ak_id_copy(AkView id, char out[37])
{
    gsize len = MIN(id.len, 36);

    if (len > 0)
        memcpy(out, id.data, len);
    out[len] = '\0';
}

void ak_cursor_move(AkCursor *cursor, const AkEvent *event)
{
    cursor->index = (gint64)event->index;
    ak_id_copy(event->id, cursor->id);
    ak_link_copy(event->hash, cursor->hash);
}
