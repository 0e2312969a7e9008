#ifndef AK_UTIL_ORDERED_H
#define AK_UTIL_ORDERED_H

#include <glib.h>

/* Work on many items at a time whose results are taken in order, with a bounded number in between.
 */
typedef struct {
    guint threads; /* 0: number of processors */
    gpointer data;
    /* The next item; NULL with *error unset: that was the last. On the caller's thread. */
    gpointer (*next)(gpointer data, GError **error);
    /* Works on it, on any thread. What fails is kept in the item. */
    void (*run)(gpointer item);
    /* Its result, in the order of next(), on the caller's thread. */
    gboolean (*take)(gpointer item, gpointer data, GError **error);
    void (*free)(gpointer item);
} AkOrdered;

/* FALSE with the first error of next() or take(); nothing is left running. */
gboolean ak_ordered_run(const AkOrdered *ordered, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
