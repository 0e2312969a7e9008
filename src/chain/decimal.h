#ifndef AK_CHAIN_DECIMAL_H
#define AK_CHAIN_DECIMAL_H

#include "chain/number.h"

/* Inside number formatting and parsing; everyone else includes chain/number.h. */

__extension__ typedef unsigned __int128 AkU128;

/* 10^k rounded up to 128 significant bits; the first bit is always set. See gen_powers.py. */
typedef struct {
    guint64 high;
    guint64 low;
} AkPower;

enum { AK_POWER_MIN = -330, AK_POWER_MAX = 324 };

extern const AkPower ak_powers[AK_POWER_MAX - AK_POWER_MIN + 1];

/* floor(log2(10^k)), right for |k| <= 1233. */
static inline int ak_power_log2(int k)
{
    return (k * 1741647) >> 19;
}

/* digits · 10^exponent, without trailing zeros in digits; zero is 0 · 10^0. */
typedef struct {
    guint64 digits;
    int exponent;
} AkDecimal;

static inline AkDecimal ak_decimal_strip(guint64 digits, int exponent)
{
    while (digits != 0 && digits % 10 == 0) {
        digits /= 10;
        exponent++;
    }
    return (AkDecimal){digits, digits != 0 ? exponent : 0};
}

/* 10^0 to 10^19, the largest that fits 64 bits. */
enum { AK_DECIMAL_DIGITS = 19 };

extern const guint64 ak_decimal_powers[AK_DECIMAL_DIGITS + 1];

/* Digits of @value, at least one. */
static inline guint ak_decimal_count(guint64 value)
{
    /* log10(2) is about 1233 / 4096 */
    guint n = ((64 - (guint)__builtin_clzll(value | 1)) * 1233) >> 12;

    return n + (n == 0 || value >= ak_decimal_powers[n]);
}

/* The shortest decimal that reads back as @value (finite, above zero), the closest of them. */
AkDecimal ak_decimal_shortest(double value);

/* Writes it as Number::toString lays it out (ECMA-262 §6.1.6.1.20); returns the length. */
gsize ak_decimal_put(gboolean is_negative, AkDecimal decimal, char out[AK_NUMBER_MAX]);

#endif
