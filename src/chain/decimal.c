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

const guint64 ak_decimal_powers[AK_DECIMAL_DIGITS + 1] = {1,
                                                          10,
                                                          100,
                                                          1000,
                                                          10000,
                                                          100000,
                                                          1000000,
                                                          10000000,
                                                          100000000,
                                                          1000000000,
                                                          10000000000,
                                                          100000000000,
                                                          1000000000000,
                                                          10000000000000,
                                                          100000000000000,
                                                          1000000000000000,
                                                          10000000000000000,
                                                          100000000000000000,
                                                          1000000000000000000,
                                                          10000000000000000000u};

/* Exactly @n digits of @value. */
static char *put_digits(char *out, guint64 value, guint n)
{
    for (guint i = n; i > 0; i--) {
        out[i - 1] = (char)('0' + value % 10);
        value /= 10;
    }
    return out + n;
}

static char *put_zeros(char *out, guint n)
{
    memset(out, '0', n);
    return out + n;
}

static char *put_exponent(char *out, int exponent)
{
    guint size = (guint)ABS(exponent);

    *out++ = 'e';
    *out++ = exponent < 0 ? '-' : '+';
    return put_digits(out, size, ak_decimal_count(size));
}

/* ECMA-262's names: k digits, the decimal point after the n-th. */
gsize ak_decimal_put(gboolean is_negative, AkDecimal decimal, char out[AK_NUMBER_MAX])
{
    guint k = ak_decimal_count(decimal.digits);
    int n = decimal.exponent + (int)k;
    char *at = out;

    if (decimal.digits == 0) {
        *out = '0';
        return 1;
    }
    if (is_negative)
        *at++ = '-';
    if ((int)k <= n && n <= 21) {
        at = put_zeros(put_digits(at, decimal.digits, k), (guint)n - k);
    } else if (-6 < n && n <= 0) {
        *at++ = '0';
        *at++ = '.';
        at = put_digits(put_zeros(at, (guint)-n), decimal.digits, k);
    } else {
        guint n_whole = 0 < n && n <= 21 ? (guint)n : 1;

        /* one place too far right; then the whole part moves back over the point's place */
        (void)put_digits(at + 1, decimal.digits, k);
        for (guint i = 0; i < n_whole; i++)
            at[i] = at[i + 1];
        at[n_whole] = '.';
        at += k > n_whole ? k + 1 : k;
        if (n_whole != (guint)n)
            at = put_exponent(at, n - 1);
    }
    return (gsize)(at - out);
}
