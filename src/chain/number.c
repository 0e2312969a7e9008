#include "chain/number.h"

#include "chain/decimal.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum {
    DIGITS_MAX = 19,             /* decimal digits that always fit 64 bits */
    EXACT_POWER = 22,            /* the largest power of ten that a double holds exactly */
    LARGEST_EXPONENT = 308,      /* 1e309 is above every double */
    SMALLEST_EXPONENT = -343,    /* 9999999999999999999e-344 rounds to zero */
    EXPONENT_CLAMP = 1000000000, /* further than any text that fits in memory can shift back */
    SIGNIFICAND_BITS = 53
};

/* A JSON number as it was written. */
typedef struct {
    guint64 digits; /* the first significant ones, DIGITS_MAX at most */
    guint n_digits;
    gint64 n_cut;    /* digits after those, in front of the exponent */
    gint64 exponent; /* value = digits · 10^exponent, but for what was cut off */
    gint64 scale;    /* fraction digits when printed without exponent, as PostgreSQL does */
    gboolean is_cut; /* digits other than zero were cut off */
    gboolean is_negative;
    gboolean has_exponent;
} Source;

static gint64 read_exponent(const char *text, const char *end)
{
    gboolean is_negative = *text == '-';
    gint64 exponent = 0;

    for (text += *text == '-' || *text == '+'; text < end; text++)
        exponent = MIN(exponent * 10 + (*text - '0'), EXPONENT_CLAMP);
    return is_negative ? -exponent : exponent;
}

static gboolean is_eight_digits(const char *text)
{
    const guint64 sixes = G_GUINT64_CONSTANT(0x0606060606060606);
    const guint64 threes = G_GUINT64_CONSTANT(0x3030303030303030);
    const guint64 upper_halves = G_GUINT64_CONSTANT(0xf0f0f0f0f0f0f0f0);
    guint64 bytes;

    memcpy(&bytes, text, sizeof bytes);
    return (bytes & upper_halves) == threes && ((bytes + sixes) & upper_halves) == threes;
}

/* Eight digits at once: neighbours become pairs, pairs fours, fours the number. */
static guint64 read_eight(const char *text)
{
    const guint64 even_pairs = G_GUINT64_CONSTANT(0x000000ff000000ff);
    guint64 digits;

    memcpy(&digits, text, sizeof digits);
    digits = GUINT64_FROM_LE(digits) - G_GUINT64_CONSTANT(0x3030303030303030);
    digits = digits * 10 + (digits >> 8);
    return ((digits & even_pairs) * (100 + (G_GUINT64_CONSTANT(1000000) << 32)) +
            (digits >> 16 & even_pairs) * (1 + (G_GUINT64_CONSTANT(10000) << 32))) >>
           32;
}

/* Adds digits up to @end or the first other character; returns where that is. */
static const char *read_digits(Source *source, const char *text, const char *end)
{
    if (source->digits == 0) {
        while (text < end && *text == '0')
            text++;
    }
    for (; end - text >= 8 && source->n_digits <= DIGITS_MAX - 8; text += 8) {
        if (!is_eight_digits(text))
            break;
        source->digits = source->digits * 100000000 + read_eight(text);
        source->n_digits += 8;
    }
    for (; text < end && (guchar)(*text - '0') < 10; text++) {
        guint digit = (guint)(*text - '0');

        if (source->n_digits < DIGITS_MAX) {
            source->digits = source->digits * 10 + digit;
            source->n_digits++;
        } else {
            source->n_cut++;
            source->is_cut |= digit != 0;
        }
    }
    return text;
}

static Source read_source(const char *text, gsize len)
{
    const char *end = text + len;
    Source source = {.is_negative = *text == '-'};
    gint64 n_fraction = 0, exponent = 0;

    text = read_digits(&source, text + source.is_negative, end);
    if (text < end && *text == '.') {
        const char *fraction = text + 1;

        text = read_digits(&source, fraction, end);
        n_fraction = text - fraction;
    }
    if (text < end) {
        exponent = read_exponent(text + 1, end);
        source.has_exponent = TRUE;
    }
    source.exponent = exponent - n_fraction + source.n_cut;
    source.scale = MAX(0, n_fraction - exponent);
    return source;
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
    significand = (guint64)(high >> n_dropped) + (rest > half);
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

/* The absolute value. */
static double to_double(const Source *source, const char *text, gsize len)
{
    static const double exact[EXACT_POWER + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    double value, above;
    int exponent;

    if (source->digits == 0 || source->exponent < SMALLEST_EXPONENT)
        return 0;
    if (source->exponent > LARGEST_EXPONENT)
        return (double)INFINITY;
    exponent = (int)source->exponent;
#if FLT_EVAL_METHOD == 0
    /* both operands are exact, so the one operation rounds correctly (Clinger 1990) */
    if (source->digits >> SIGNIFICAND_BITS == 0 && !source->is_cut && ABS(exponent) <= EXACT_POWER)
        return exponent < 0 ? (double)source->digits / exact[-exponent]
                            : (double)source->digits * exact[exponent];
#endif
    if (exponent >= AK_POWER_MIN && multiply(source->digits, exponent, &value) &&
        (!source->is_cut || (multiply(source->digits + 1, exponent, &above) && above == value)))
        return value;
    return parse_exactly(text, len);
}

double ak_number_parse(const char *text, gsize len)
{
    Source source = read_source(text, len);
    double value = to_double(&source, text, len);

    return source.is_negative ? -value : value;
}

static guint count_digits(guint64 value)
{
    static const guint64 powers[DIGITS_MAX + 1] = {1,
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
    /* log10(2) is about 1233 / 4096 */
    guint n = ((64 - (guint)__builtin_clzll(value | 1)) * 1233) >> 12;

    return n + (n == 0 || value >= powers[n]);
}

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
    return put_digits(out, size, count_digits(size));
}

/* The steps of Number::toString: k digits, the decimal point after the n-th (ECMA-262). */
static gsize put_decimal(gboolean is_negative, AkDecimal decimal, char *const out)
{
    guint k = count_digits(decimal.digits);
    int n = decimal.exponent + (int)k;
    char *at = out;

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

gsize ak_number_format(double value, char out[AK_NUMBER_MAX])
{
    double size = fabs(value);

    g_assert(isfinite(value));
    if (value == 0) {
        out[0] = '0';
        return 1;
    }
    if (size < 0x1p53 && size == (double)(guint64)size)
        return put_decimal(value < 0, ak_decimal_strip((guint64)size, 0), out);
    return put_decimal(value < 0, ak_decimal_shortest(size), out);
}

/* A double keeps DBL_DIG digits apart: within them the shortest decimal is the one written. */
static gboolean is_short(AkDecimal decimal)
{
    int top = decimal.exponent + DBL_DIG - 1;

    return decimal.digits < 1000000000000000 && decimal.exponent >= DBL_MIN_10_EXP &&
           top <= DBL_MAX_10_EXP - 1;
}

/* The shortest decimal of the double nearest to @source. FALSE when there is no such double. */
static gboolean shorten(const Source *source, const char *text, gsize len, AkDecimal *out,
                        gboolean *is_same)
{
    AkDecimal written = {0, 0};
    double value;

    *out = written;
    *is_same = source->digits == 0;
    if (*is_same)
        return TRUE;
    if (ABS(source->exponent) < 1000)
        written = ak_decimal_strip(source->digits, (int)source->exponent);
    if (written.digits != 0 && !source->is_cut && is_short(written)) {
        *out = written;
        *is_same = TRUE;
        return TRUE;
    }
    value = to_double(source, text, len);
    if (isinf(value))
        return FALSE;
    if (value != 0)
        *out = ak_decimal_shortest(value);
    *is_same = !source->is_cut && written.digits != 0 && out->digits == written.digits &&
               out->exponent == written.exponent;
    return TRUE;
}

/* TRUE when the digits of @source, which are @shortest's, stand as ECMAScript would lay them out.
 */
static gboolean is_laid_out(const Source *source, AkDecimal shortest)
{
    int point = shortest.exponent + (int)count_digits(shortest.digits);

    return !source->has_exponent && shortest.digits != 0 && -6 < point && point <= 21;
}

gsize ak_number_canonical(const char *text, gsize len, char out[AK_NUMBER_MAX], gboolean *is_lossy,
                          gboolean *is_reshaped)
{
    Source source = read_source(text, len);
    AkDecimal shortest;
    gboolean is_same;

    if (!shorten(&source, text, len, &shortest, &is_same))
        return 0;
    if (!is_same)
        *is_lossy = TRUE;
    else if (source.scale != MAX(0, -shortest.exponent))
        *is_reshaped = TRUE;
    else if (is_laid_out(&source, shortest)) {
        memcpy(out, text, len);
        return len;
    }
    if (shortest.digits == 0) {
        out[0] = '0';
        return 1;
    }
    return put_decimal(source.is_negative, shortest, out);
}
