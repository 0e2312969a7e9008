#include "chain/ed25519_scalar.h"

#include <string.h>

__extension__ typedef unsigned __int128 Uint128;

static const guint64 order[4] = {0x5812631a5cf5d3ed, 0x14def9dea2f79cd6, 0, 0x1000000000000000};

/* L - 2^252: modulo L, 2^252 * x is -order_tail * x. */
static const guint64 order_tail[2] = {0x5812631a5cf5d3ed, 0x14def9dea2f79cd6};

enum { WORDS = 8 };

static void load_words(guint64 *words, const guint8 *bytes, gsize count)
{
    memcpy(words, bytes, count * sizeof *words);
    for (gsize i = 0; i < count; i++)
        words[i] = GUINT64_FROM_LE(words[i]);
}

static gboolean is_below_order(const guint64 word[4])
{
    for (int i = 3; i >= 0; i--) {
        if (word[i] != order[i])
            return word[i] < order[i];
    }
    return FALSE;
}

gboolean ak_scalar_decode(AkScalar *out, const guint8 bytes[32])
{
    load_words(out->word, bytes, 4);
    return is_below_order(out->word);
}

/* Splits @value at bit 252 into @low (four words) and @high (the rest, five words). */
static void split(const guint64 value[WORDS], guint64 low[4], guint64 high[5])
{
    for (int i = 0; i < 4; i++) {
        low[i] = value[i];
        high[i] = value[i + 3] >> 60 | value[i + 4] << 4;
    }
    low[3] &= ~(guint64)0 >> 4;
    high[4] = value[7] >> 60;
}

/* @out = order_tail * @value, which must fit. */
static void mul_tail(guint64 out[WORDS], const guint64 value[5])
{
    memset(out, 0, WORDS * sizeof *out);
    for (int j = 0; j < 2; j++) {
        Uint128 carry = 0;

        for (int i = 0; i < 5; i++) {
            carry += (Uint128)order_tail[j] * value[i] + out[i + j];
            out[i + j] = (guint64)carry;
            carry >>= 64;
        }
        out[j + 5] = (guint64)carry;
    }
}

/* a += b; the carry out is dropped (two's complement). */
static void add_words(guint64 a[4], const guint64 b[4])
{
    Uint128 carry = 0;

    for (int i = 0; i < 4; i++) {
        carry += (Uint128)a[i] + b[i];
        a[i] = (guint64)carry;
        carry >>= 64;
    }
}

/* a -= b; returns TRUE when that borrowed. */
static gboolean sub_words(guint64 a[4], const guint64 b[4])
{
    guint64 borrow = 0;

    for (int i = 0; i < 4; i++) {
        Uint128 difference = (Uint128)a[i] - b[i] - borrow;

        a[i] = (guint64)difference;
        borrow = (guint64)(difference >> 64) & 1;
    }
    return borrow != 0;
}

void ak_scalar_reduce(AkScalar *out, const guint8 bytes[64])
{
    guint64 value[WORDS], low[4][4], high[5];

    /* x = a0 + 2^252 (..) = a0 - tail * (..), three times over: a0 - a1 + a2 - a3 */
    load_words(value, bytes, WORDS);
    for (int i = 0; i < 3; i++) {
        split(value, low[i], high);
        mul_tail(value, high);
    }
    memcpy(low[3], value, sizeof low[3]); /* below 2^132: the third quotient has six bits */
    add_words(low[0], low[2]);            /* below 2^253 */
    if (sub_words(low[0], low[1]))
        add_words(low[0], order);
    if (sub_words(low[0], low[3]))
        add_words(low[0], order);
    while (!is_below_order(low[0]))
        (void)sub_words(low[0], order);
    memcpy(out->word, low[0], sizeof out->word);
}

void ak_scalar_digits(gint16 out[AK_SCALAR_DIGITS], const AkScalar *scalar)
{
    const int half = 1 << (AK_SCALAR_DIGIT_BITS - 1);
    int carry = 0;

    for (int i = 0; i < AK_SCALAR_DIGITS; i++) {
        int bit = i * AK_SCALAR_DIGIT_BITS, word = bit / 64, shift = bit % 64;
        guint64 bits = scalar->word[word] >> shift;
        int digit;

        if (shift > 64 - AK_SCALAR_DIGIT_BITS && word < 3)
            bits |= scalar->word[word + 1] << (64 - shift);
        if (i == AK_SCALAR_DIGITS - 1) { /* 2^252 of L - 1 stays in here; nothing carries then */
            out[i] = (gint16)((int)bits + carry);
            return;
        }
        digit = (int)(bits & (2 * half - 1)) + carry;
        carry = digit > half;
        out[i] = (gint16)(digit - (carry ? 2 * half : 0));
    }
}
