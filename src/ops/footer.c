#include "ops/footer.h"

enum { FOOTER_GUESS = 256 * 1024 };

gboolean ak_footer_read(AkStore *store, const char *key, const char *version, AkBuf *tail,
                        AkFooter *footer, GError **error)
{
    g_auto(AkObject) object = {0};
    gsize need = FOOTER_GUESS;

    if (!ak_store_head(store, key, version, &object, error))
        return FALSE;
    for (;;) {
        gsize wanted = MIN(need, object.size);

        ak_buf_truncate(tail, 0);
        if (!ak_store_get(store, key, version, object.size - wanted, wanted, wanted, tail, error))
            return FALSE;
        if (ak_footer_parse(ak_buf_view(tail), object.size, footer, &need, error))
            return TRUE;
        if (need <= wanted) /* an error */
            return FALSE;
    }
}
