#ifndef AK_CHAIN_DECIMAL_H
#define AK_CHAIN_DECIMAL_H

#include <glib.h>

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

/* The shortest decimal that reads back as @value (finite, above zero), the closest of them. */
AkDecimal ak_decimal_shortest(double value);

#endif
