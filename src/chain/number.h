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

/* What follows a number that ak_number_canonical() reads has to be readable this far. */
enum { AK_NUMBER_PADDING = 40 };

/*
 * The JSON number at @text as ak_number_format() prints ak_number_parse() of it. The number ends
 * at the first byte that cannot belong to it, *@end; NULL when there is no number (RFC 8259 §6).
 * Returns the length written, or 0 when there is none or it overflows a double. Sets the flags,
 * and never clears them: @is_lossy when the output is another decimal value than the text;
 * @is_reshaped when it is the same value, but PostgreSQL's numeric would print another scale for
 * it (1.50, 10e-1). What is in @out behind the length is undefined.
 */
gsize ak_number_canonical(const char *text, const char **end, char out[AK_NUMBER_MAX],
                          gboolean *is_lossy, gboolean *is_reshaped);

#endif
