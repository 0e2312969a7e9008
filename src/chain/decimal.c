#include "chain/decimal.h"

#include <string.h>

/*
 * Schubfach (Giulietti, "The Schubfach way to render doubles", 2020): scale the value and the
 * bounds of its rounding interval by a power of ten so that the interval is between 2 and 20 wide;
 * then the shortest decimal is one of the two multiples of ten beside the scaled value if it lies
 * inside, else one of the two integers beside it.
 */

enum { FRACTION_BITS = 52, EXPONENT_BIAS = 1075, MAX_EXPONENT = 2047 };

typedef struct {
    guint64 lower; /* bounds and value, scaled, in quarters; the last bit is sticky */
    guint64 value;
    guint64 upper;
} Scaled;

/* floor(log10(2^e)), or of 3/4 · 2^e: right for |e| <= 1500. */
static int log10_of_power(int e, gboolean is_three_quarters)
{
    return (e * 1262611 - (is_three_quarters ? 524031 : 0)) >> 22;
}

/* The top 64 of the 192 bits of power · factor; any lower bit that is set sets the last one. */
static guint64 multiply_to_odd(AkPower power, guint64 factor)
{
    AkU128 low = (AkU128)power.low * factor;
    AkU128 high = (AkU128)power.high * factor + (guint64)(low >> 64);

    return (guint64)(high >> 64) | ((guint64)high > 1);
}

static Scaled scale(guint64 significand, int e, int k, gboolean is_narrow_below)
{
    AkPower power = ak_powers[-k - AK_POWER_MIN];
    int shift = e + ak_power_log2(-k) + 1;
    guint64 value = 4 * significand;

    return (Scaled){multiply_to_odd(power, (value - 2 + is_narrow_below) << shift),
                    multiply_to_odd(power, value << shift),
                    multiply_to_odd(power, (value + 2) << shift)};
}

static AkDecimal choose(Scaled scaled, int k, gboolean is_even)
{
    /* the bounds themselves round to the value only when its significand is even */
    guint64 lower = scaled.lower + !is_even;
    guint64 upper = scaled.upper - !is_even;
    guint64 whole = scaled.value / 4;
    guint64 tens = whole / 10;
    guint64 middle = 4 * whole + 2;
    gboolean is_floor_inside, is_ceiling_inside;

    if (whole >= 10) {
        is_floor_inside = lower <= 40 * tens;
        is_ceiling_inside = 40 * tens + 40 <= upper;
        if (is_floor_inside != is_ceiling_inside)
            return ak_decimal_strip(tens + (guint64)is_ceiling_inside, k + 1);
    }
    is_floor_inside = lower <= 4 * whole;
    is_ceiling_inside = 4 * whole + 4 <= upper;
    if (is_floor_inside == is_ceiling_inside)
        is_ceiling_inside = scaled.value > middle || (scaled.value == middle && (whole & 1) != 0);
    return ak_decimal_strip(whole + (guint64)is_ceiling_inside, k);
}

AkDecimal ak_decimal_shortest(double value)
{
    const guint64 hidden = (guint64)1 << FRACTION_BITS;
    gboolean is_narrow_below;
    guint64 bits, fraction;
    int biased, k;

    memcpy(&bits, &value, sizeof bits);
    fraction = bits & (hidden - 1);
    biased = (int)(bits >> FRACTION_BITS) & MAX_EXPONENT;
    g_assert(biased != MAX_EXPONENT && bits != 0);
    /* below a power of two doubles lie twice as dense */
    is_narrow_below = fraction == 0 && biased > 1;
    if (biased != 0)
        fraction |= hidden;
    else
        biased = 1;
    k = log10_of_power(biased - EXPONENT_BIAS, is_narrow_below);
    return choose(scale(fraction, biased - EXPONENT_BIAS, k, is_narrow_below), k,
                  (fraction & 1) == 0);
}
