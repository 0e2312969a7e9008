#include "chain/number.h"

#include "chain/decimal.h"
#include "chain/numeral.h"
#include "chain/text_block.h"

#include <float.h>
#include <math.h>

double ak_number_parse(const char *text, gsize len)
{
    AkNumeral numeral = ak_numeral_read(text, len);
    double value = ak_numeral_nearest(&numeral, text, len);

    return numeral.is_negative ? -value : value;
}

gsize ak_number_format(double value, char out[AK_NUMBER_MAX])
{
    double size = fabs(value);

    g_assert(isfinite(value));
    if (size < 0x1p53 && size == (double)(guint64)size)
        return ak_decimal_put(value < 0, ak_decimal_strip((guint64)size, 0), out);
    return ak_decimal_put(value < 0, ak_decimal_shortest(size), out);
}

/* The parts of a number as the grammar of RFC 8259 §6 cuts it. */
typedef struct {
    const char *text;
    const char *whole; /* after the sign */
    gsize n_whole;
    const char *fraction; /* after the point */
    gsize n_fraction;
    gboolean has_exponent;
    const char *end; /* NULL: no number */
} Parts;

/* With few branches: whether a number has a sign or a fraction is hard to predict. */
static Parts scan(const char *text)
{
    Parts parts = {.text = text, .whole = text + (*text == '-')};
    const char *at = ak_text_skip_digits(parts.whole);
    gsize is_zero = *parts.whole == '0', has_point = *at == '.';

    parts.n_whole = (gsize)(at - parts.whole);
    /* after a leading zero none may follow, else as many as there are */
    if (parts.n_whole == 0 || parts.n_whole - 1 > is_zero - 1)
        return parts;
    parts.fraction = at + has_point;
    at = ak_text_skip_digits(parts.fraction);
    parts.n_fraction = (gsize)(at - parts.fraction);
    if (parts.n_fraction < has_point)
        return parts;
    if (*at == 'e' || *at == 'E') {
        const char *digits = at + 1 + (at[1] == '-' || at[1] == '+');

        at = ak_text_skip_digits(digits);
        if (at == digits)
            return parts;
        parts.has_exponent = TRUE;
    }
    parts.end = at;
    return parts;
}

/* TRUE when the number is its own canonical form, as can be seen without working out its value. */
static gboolean is_verbatim(const Parts *parts)
{
    if (parts->has_exponent || parts->n_whole + parts->n_fraction > DBL_DIG)
        return FALSE;
    if (parts->n_fraction == 0)
        return *parts->whole != '0' || parts->text == parts->whole;
    /* no zero at the end, and not below 0.000001 */
    return parts->end[-1] != '0' &&
           (*parts->whole != '0' || memcmp(parts->fraction, "000000", 6) != 0);
}

/* Up to AK_DECIMAL_DIGITS digits, eight at once: neighbours become pairs, pairs fours. */
static guint64 read_digits(const char *text, gsize n)
{
    const guint64 even_pairs = G_GUINT64_CONSTANT(0x000000ff000000ff);
    guint64 value = 0;

    for (;; text += 8, n -= 8) {
        guint n_now = (guint)MIN(n, 8);
        guint64 digits;

        memcpy(&digits, text, sizeof digits);
        digits = GUINT64_FROM_LE(digits) - G_GUINT64_CONSTANT(0x3030303030303030);
        /* zeros move in before the digits, and what follows them moves out */
        digits = digits << (32 - 4 * n_now) << (32 - 4 * n_now);
        digits = digits * 10 + (digits >> 8);
        digits = ((digits & even_pairs) * (100 + (G_GUINT64_CONSTANT(1000000) << 32)) +
                  (digits >> 16 & even_pairs) * (1 + (G_GUINT64_CONSTANT(10000) << 32))) >>
                 32;
        value = value * ak_decimal_powers[n_now] + digits;
        if (n <= 8)
            return value;
    }
}

static AkNumeral read_numeral(const Parts *parts)
{
    AkNumeral numeral = {.is_negative = parts->text != parts->whole};
    /* 0.00… has one digit more than it needs */
    gsize n_digits = parts->n_whole + parts->n_fraction - (*parts->whole == '0');

    if (parts->has_exponent || n_digits > AK_DECIMAL_DIGITS)
        return ak_numeral_read(parts->text, (gsize)(parts->end - parts->text));
    numeral.digits =
        read_digits(parts->whole, parts->n_whole) * ak_decimal_powers[parts->n_fraction] +
        read_digits(parts->fraction, parts->n_fraction);
    numeral.exponent = -(gint64)parts->n_fraction;
    numeral.scale = (gint64)parts->n_fraction;
    return numeral;
}

/* A double keeps DBL_DIG digits apart: within them the shortest decimal is the one written. */
static gboolean is_short(AkDecimal decimal)
{
    int top = decimal.exponent + DBL_DIG - 1;

    return decimal.digits < 1000000000000000 && decimal.exponent >= DBL_MIN_10_EXP &&
           top <= DBL_MAX_10_EXP - 1;
}

/* The shortest decimal of the double nearest to @numeral. FALSE when there is no such double. */
static gboolean shorten(const AkNumeral *numeral, const char *text, gsize len, AkDecimal *out,
                        gboolean *is_same)
{
    AkDecimal written = {0, 0};
    double value;

    *out = written;
    *is_same = numeral->digits == 0;
    if (*is_same)
        return TRUE;
    if (ABS(numeral->exponent) < 1000)
        written = ak_decimal_strip(numeral->digits, (int)numeral->exponent);
    if (written.digits != 0 && !numeral->is_cut && is_short(written)) {
        *out = written;
        *is_same = TRUE;
        return TRUE;
    }
    value = ak_numeral_nearest(numeral, text, len);
    if (isinf(value))
        return FALSE;
    if (value != 0)
        *out = ak_decimal_shortest(value);
    *is_same = !numeral->is_cut && written.digits != 0 && out->digits == written.digits &&
               out->exponent == written.exponent;
    return TRUE;
}

/* TRUE when the digits of @numeral, which are @shortest's, stand as ECMAScript would lay them out.
 */
static gboolean is_laid_out(const AkNumeral *numeral, AkDecimal shortest)
{
    int point = shortest.exponent + (int)ak_decimal_count(shortest.digits);

    return !numeral->has_exponent && shortest.digits != 0 && -6 < point && point <= 21;
}

gsize ak_number_canonical(const char *text, const char **end, char out[AK_NUMBER_MAX],
                          gboolean *is_lossy, gboolean *is_reshaped)
{
    Parts parts = scan(text);
    AkNumeral numeral;
    AkDecimal shortest;
    gboolean is_same;
    gsize len;

    *end = parts.end;
    if (parts.end == NULL)
        return 0;
    len = (gsize)(parts.end - text);
    if (is_verbatim(&parts)) {
        memcpy(out, text, AK_NUMBER_MAX);
        return len;
    }
    numeral = read_numeral(&parts);
    if (!shorten(&numeral, text, len, &shortest, &is_same))
        return 0;
    if (!is_same) {
        *is_lossy = TRUE;
    } else if (numeral.scale != MAX(0, -shortest.exponent)) {
        *is_reshaped = TRUE;
    } else if (is_laid_out(&numeral, shortest)) {
        memcpy(out, text, AK_NUMBER_MAX);
        return len;
    }
    return ak_decimal_put(numeral.is_negative, shortest, out);
}
