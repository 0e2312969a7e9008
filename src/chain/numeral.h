#ifndef AK_CHAIN_NUMERAL_H
#define AK_CHAIN_NUMERAL_H

#include <glib.h>

/* Inside number parsing; everyone else includes chain/number.h. A JSON number as it was written. */
typedef struct {
    guint64 digits;  /* the first significant ones, AK_DECIMAL_DIGITS at most */
    gint64 exponent; /* value = digits · 10^exponent, but for what was cut off */
    gint64 scale;    /* fraction digits when printed without exponent, as PostgreSQL does */
    gboolean is_cut; /* digits other than zero were cut off */
    gboolean is_negative;
    gboolean has_exponent;
} AkNumeral;

/* @text is a number by the grammar of RFC 8259 §6. */
AkNumeral ak_numeral_read(const char *text, gsize len);

/* The size of the nearest double; @text is what @numeral was read from. May be infinite. */
double ak_numeral_nearest(const AkNumeral *numeral, const char *text, gsize len);

#endif
