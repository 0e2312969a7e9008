#include "chain/numeral.h"

#include "chain/decimal.h"

#include <math.h>
#include <string.h>

enum {
    LARGEST_EXPONENT = 308,      /* 1e309 is above every double */
    SMALLEST_EXPONENT = -343,    /* 9999999999999999999e-344 rounds to zero */
    EXPONENT_CLAMP = 1000000000, /* further than any text that fits in memory can shift back */
    SIGNIFICAND_BITS = 53
};

static gint64 read_exponent(const char *text, const char *end)
{
    gboolean is_negative = *text == '-';
    gint64 exponent = 0;

    for (text += *text == '-' || *text == '+'; text < end; text++)
        exponent = MIN(exponent * 10 + (*text - '0'), EXPONENT_CLAMP);
    return is_negative ? -exponent : exponent;
}

AkNumeral ak_numeral_read(const char *text, gsize len)
{
    const char *end = text + len;
    AkNumeral numeral = {.is_negative = *text == '-'};
    gint64 n_fraction = 0, n_cut = 0, exponent = 0;
    gboolean in_fraction = FALSE;
    guint n_digits = 0;

    for (text += numeral.is_negative; text < end; text++) {
        guint digit = (guint)(*text - '0');

        if (*text == '.') {
            in_fraction = TRUE;
            continue;
        }
        if (digit > 9) {
            exponent = read_exponent(text + 1, end);
            numeral.has_exponent = TRUE;
            break;
        }
        n_fraction += in_fraction;
        if (n_digits < AK_DECIMAL_DIGITS) {
            numeral.digits = numeral.digits * 10 + digit;
            n_digits += numeral.digits != 0;
        } else {
            n_cut++;
            numeral.is_cut |= digit != 0;
        }
    }
    numeral.exponent = exponent - n_fraction + n_cut;
    numeral.scale = MAX(0, n_fraction - exponent);
    return numeral;
}

static double make_double(guint64 significand, int exponent)
{
    guint64 bits = (significand & ~((guint64)1 << (SIGNIFICAND_BITS - 1))) |
                   (guint64)(exponent + 1075) << (SIGNIFICAND_BITS - 1);
    double value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

/*
 * digits · 10^exponent by one multiplication with the 128-bit power. The power is rounded up by
 * less than one in its last place, so the true product lies within 2^64 below the 192-bit one.
 * FALSE when rounding hangs on those bits, or the result is not a normal double.
 */
static gboolean multiply(guint64 digits, int exponent, double *out)
{
    AkPower power = ak_powers[exponent - AK_POWER_MIN];
    int shift = __builtin_clzll(digits);
    AkU128 low, high, half, rest;
    guint64 significand;
    int n_dropped, binary;

    digits <<= shift;
    low = (AkU128)power.low * digits;
    high = (AkU128)power.high * digits + (guint64)(low >> 64);
    n_dropped = 128 - SIGNIFICAND_BITS - !(high >> 127);
    half = (AkU128)1 << (n_dropped - 1);
    rest = high & (2 * half - 1);
    if (rest + 1 >= half && rest <= half + 1)
        return FALSE;
    /* no tie is left, so that half a unit more rounds, without a branch that nobody can foretell */
    significand = ((guint64)(high >> (n_dropped - 1)) + 1) >> 1;
    binary = ak_power_log2(exponent) - 127 - shift + 64 + n_dropped;
    if (significand >> SIGNIFICAND_BITS != 0) {
        significand >>= 1;
        binary++;
    }
    if (binary < -1074)
        return FALSE;
    *out = binary <= 971 ? make_double(significand, binary) : (double)INFINITY;
    return TRUE;
}

/* Exact for any input, slow: for the few numbers that lie next to the middle of two doubles. */
static double parse_exactly(const char *text, gsize len)
{
    char small[128];

    if (len < sizeof small) {
        memcpy(small, text, len);
        small[len] = '\0';
        return fabs(g_ascii_strtod(small, NULL));
    } else {
        g_autofree char *copy = g_strndup(text, len);

        return fabs(g_ascii_strtod(copy, NULL));
    }
}

double ak_numeral_nearest(const AkNumeral *numeral, const char *text, gsize len)
{
    double value, above;
    int exponent;

    if (numeral->digits == 0 || numeral->exponent < SMALLEST_EXPONENT)
        return 0;
    if (numeral->exponent > LARGEST_EXPONENT)
        return (double)INFINITY;
    exponent = (int)numeral->exponent;
    if (exponent >= AK_POWER_MIN && multiply(numeral->digits, exponent, &value) &&
        (!numeral->is_cut || (multiply(numeral->digits + 1, exponent, &above) && above == value)))
        return value;
    return parse_exactly(text, len);
}
