#ifndef AK_UTIL_VIEW_H
#define AK_UTIL_VIEW_H

#include <glib.h>
#include <string.h>

/*
 * Borrowed bytes, not NUL-terminated. data == NULL means "absent" (SQL NULL), which differs from
 * empty. Whoever hands out a view says how long it stays valid.
 */
typedef struct {
    const char *data;
    gsize len;
} AkView;

#define AK_VIEW_NULL ((AkView){NULL, 0})
#define AK_VIEW(literal) ((AkView){"" literal, sizeof(literal) - 1})

static inline AkView ak_view(const char *data, gsize len)
{
    return (AkView){data, len};
}

static inline AkView ak_view_str(const char *string)
{
    return (AkView){string, string != NULL ? strlen(string) : 0};
}

static inline gboolean ak_view_equal(AkView a, AkView b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* NULL or empty. */
static inline gboolean ak_view_is_blank(AkView view)
{
    return view.data == NULL || view.len == 0;
}

#endif
