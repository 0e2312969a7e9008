#ifndef AK_CHAIN_NUMBER_H
#define AK_CHAIN_NUMBER_H

#include <glib.h>

/* Longest output: "-1.2345678901234567e-308" and the like. */
enum { AK_NUMBER_MAX = 32 };

/*
 * ECMAScript's Number::toString(10) of a finite @value into @out, without NUL: the shortest digits
 * that read back as the same double, the closest of them, in ECMAScript's layout (ECMA-262
 * §6.1.6.1.20). -0 is "0". Returns the length.
 */
gsize ak_number_format(double value, char out[AK_NUMBER_MAX]);

/*
 * The double nearest to a JSON number (RFC 8259 grammar, already checked), ties to even, whatever
 * the locale. Overflow gives an infinity, which callers refuse.
 */
double ak_number_parse(const char *text, gsize len);

/*
 * A JSON number (grammar already checked) as ak_number_format() prints ak_number_parse() of it.
 * Returns the length, or 0 when it overflows a double. Sets the flags, and never clears them:
 * @is_lossy when the output is another decimal value than @text; @is_reshaped when it is the same
 * value, but PostgreSQL's numeric would print another scale for it (1.50, 10e-1).
 */
gsize ak_number_canonical(const char *text, gsize len, char out[AK_NUMBER_MAX], gboolean *is_lossy,
                          gboolean *is_reshaped);

#endif
