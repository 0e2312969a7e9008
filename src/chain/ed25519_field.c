#include "chain/ed25519_field.h"

#include <string.h>

static guint64 load64(const guint8 *bytes)
{
    guint64 word;

    memcpy(&word, bytes, sizeof word);
    return GUINT64_FROM_LE(word);
}

static void store64(guint8 *bytes, guint64 word)
{
    word = GUINT64_TO_LE(word);
    memcpy(bytes, &word, sizeof word);
}

void ak_fe_decode(AkFe *out, const guint8 bytes[32])
{
    guint64 w0 = load64(bytes), w1 = load64(bytes + 8), w2 = load64(bytes + 16),
            w3 = load64(bytes + 24);

    out->limb[0] = w0 & AK_FE_MASK;
    out->limb[1] = (w0 >> 51 | w1 << 13) & AK_FE_MASK;
    out->limb[2] = (w1 >> 38 | w2 << 26) & AK_FE_MASK;
    out->limb[3] = (w2 >> 25 | w3 << 39) & AK_FE_MASK;
    out->limb[4] = (w3 >> 12) & AK_FE_MASK;
}

/* Brings a tight value to the one below p: subtracts p when adding 19 reaches bit 255. */
static void freeze(AkFe *fe)
{
    guint64 *v = fe->limb;
    guint64 carry = 19;

    for (int i = 0; i < 5; i++)
        carry = (v[i] + carry) >> 51;
    carry *= 19;
    for (int i = 0; i < 5; i++) {
        v[i] += carry;
        carry = v[i] >> 51;
        v[i] &= AK_FE_MASK; /* the last carry is the 2^255 that goes with p */
    }
}

void ak_fe_encode(guint8 out[32], const AkFe *fe)
{
    AkFe value = *fe;
    const guint64 *v = value.limb;

    ak_fe_carry(&value);
    ak_fe_carry(&value); /* now below 2^255 + 2^14, so that one subtraction of p is enough */
    freeze(&value);
    store64(out, v[0] | v[1] << 51);
    store64(out + 8, v[1] >> 13 | v[2] << 38);
    store64(out + 16, v[2] >> 26 | v[3] << 25);
    store64(out + 24, v[3] >> 39 | v[4] << 12);
}

gboolean ak_fe_is_zero(const AkFe *fe)
{
    guint8 bytes[32];
    guint8 all = 0;

    ak_fe_encode(bytes, fe);
    for (gsize i = 0; i < sizeof bytes; i++)
        all |= bytes[i];
    return all == 0;
}

gboolean ak_fe_is_odd(const AkFe *fe)
{
    guint8 bytes[32];

    ak_fe_encode(bytes, fe);
    return bytes[0] & 1;
}

static void square_times(AkFe *out, const AkFe *a, int count)
{
    ak_fe_square(out, a);
    for (int i = 1; i < count; i++)
        ak_fe_square(out, out);
}

/* @out = a^(2^250 - 1); @a11 = a^11, which inversion needs too. */
static void pow_250_ones(AkFe *out, AkFe *a11, const AkFe *a)
{
    AkFe a9, ones5, ones10, ones20, ones50, ones100, t;

    ak_fe_square(&t, a);
    square_times(&a9, &t, 2);
    ak_fe_mul(&a9, &a9, a);
    ak_fe_mul(a11, &a9, &t);
    ak_fe_square(&t, a11);
    ak_fe_mul(&ones5, &t, &a9); /* a^31: exponents of n one bits from here on */
    square_times(&t, &ones5, 5);
    ak_fe_mul(&ones10, &t, &ones5);
    square_times(&t, &ones10, 10);
    ak_fe_mul(&ones20, &t, &ones10);
    square_times(&t, &ones20, 20);
    ak_fe_mul(&t, &t, &ones20);
    square_times(&t, &t, 10);
    ak_fe_mul(&ones50, &t, &ones10);
    square_times(&t, &ones50, 50);
    ak_fe_mul(&ones100, &t, &ones50);
    square_times(&t, &ones100, 100);
    ak_fe_mul(&t, &t, &ones100);
    square_times(&t, &t, 50);
    ak_fe_mul(out, &t, &ones50);
}

void ak_fe_pow_p58(AkFe *out, const AkFe *a)
{
    AkFe ones250, a11;

    pow_250_ones(&ones250, &a11, a);
    square_times(&ones250, &ones250, 2);
    ak_fe_mul(out, &ones250, a); /* (p - 5) / 8 = (2^250 - 1) * 4 + 1 */
}
