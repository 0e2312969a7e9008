#ifndef AK_CHAIN_ED25519_FIELD_H
#define AK_CHAIN_ED25519_FIELD_H

#include <glib.h>

/*
 * Integers modulo p = 2^255 - 19 in five limbs of 51 bits, for public data (not constant-time).
 * A "tight" element has limbs below 2^51 + 2^14: what multiplying, squaring, carrying and decoding
 * give. Sums and differences are not carried; each function says what it takes.
 */
typedef struct {
    guint64 limb[5];
} AkFe;

__extension__ typedef unsigned __int128 AkUint128;

#define AK_FE_MASK (((guint64)1 << 51) - 1)
#define AK_FE_ZERO ((AkFe){{0}})
#define AK_FE_ONE ((AkFe){{1}})

/* a + b, limb by limb. */
static inline void ak_fe_add(AkFe *out, const AkFe *a, const AkFe *b)
{
    for (int i = 0; i < 5; i++)
        out->limb[i] = a->limb[i] + b->limb[i];
}

/* a - b + 4p, for @b of limbs below 2^53 - 76 (a sum of two tight elements fits). */
static inline void ak_fe_sub(AkFe *out, const AkFe *a, const AkFe *b)
{
    const guint64 low = 0x1fffffffffffb4, high = 0x1ffffffffffffc;

    out->limb[0] = a->limb[0] + low - b->limb[0];
    for (int i = 1; i < 5; i++)
        out->limb[i] = a->limb[i] + high - b->limb[i];
}

/* Makes any element of limbs below 2^60 tight. */
static inline void ak_fe_carry(AkFe *fe)
{
    guint64 *v = fe->limb;

    for (int i = 0; i < 4; i++) {
        v[i + 1] += v[i] >> 51;
        v[i] &= AK_FE_MASK;
    }
    v[0] += 19 * (v[4] >> 51);
    v[4] &= AK_FE_MASK;
}

/* Five columns of a product, each below 2^115, to a tight element. */
static inline void ak_fe_reduce_columns(AkFe *out, AkUint128 c0, AkUint128 c1, AkUint128 c2,
                                        AkUint128 c3, AkUint128 c4)
{
    guint64 first;

    c1 += (guint64)(c0 >> 51);
    c2 += (guint64)(c1 >> 51);
    c3 += (guint64)(c2 >> 51);
    c4 += (guint64)(c3 >> 51);
    first = ((guint64)c0 & AK_FE_MASK) + 19 * (guint64)(c4 >> 51); /* 2^255 = 19 mod p */
    out->limb[0] = first & AK_FE_MASK;
    out->limb[1] = ((guint64)c1 & AK_FE_MASK) + (first >> 51);
    out->limb[2] = (guint64)c2 & AK_FE_MASK;
    out->limb[3] = (guint64)c3 & AK_FE_MASK;
    out->limb[4] = (guint64)c4 & AK_FE_MASK;
}

/* a * b, for limbs below 2^54. Inline: a verification is some four hundred of these. */
static inline void ak_fe_mul(AkFe *out, const AkFe *a, const AkFe *b)
{
    const guint64 a0 = a->limb[0], a1 = a->limb[1], a2 = a->limb[2], a3 = a->limb[3],
                  a4 = a->limb[4];
    const guint64 b0 = b->limb[0], b1 = b->limb[1], b2 = b->limb[2], b3 = b->limb[3],
                  b4 = b->limb[4];
    const guint64 w1 = 19 * b1, w2 = 19 * b2, w3 = 19 * b3, w4 = 19 * b4;
    typedef AkUint128 W;

    ak_fe_reduce_columns(out, (W)a0 * b0 + (W)a1 * w4 + (W)a2 * w3 + (W)a3 * w2 + (W)a4 * w1,
                         (W)a0 * b1 + (W)a1 * b0 + (W)a2 * w4 + (W)a3 * w3 + (W)a4 * w2,
                         (W)a0 * b2 + (W)a1 * b1 + (W)a2 * b0 + (W)a3 * w4 + (W)a4 * w3,
                         (W)a0 * b3 + (W)a1 * b2 + (W)a2 * b1 + (W)a3 * b0 + (W)a4 * w4,
                         (W)a0 * b4 + (W)a1 * b3 + (W)a2 * b2 + (W)a3 * b1 + (W)a4 * b0);
}

/* a * a, for limbs below 2^54. */
static inline void ak_fe_square(AkFe *out, const AkFe *a)
{
    const guint64 a0 = a->limb[0], a1 = a->limb[1], a2 = a->limb[2], a3 = a->limb[3],
                  a4 = a->limb[4];
    const guint64 d0 = 2 * a0, d1 = 2 * a1, w3 = 19 * a3, w4 = 19 * a4;
    typedef AkUint128 W;

    ak_fe_reduce_columns(
        out, (W)a0 * a0 + (W)d1 * w4 + (W)(2 * a2) * w3, (W)d0 * a1 + (W)(2 * a2) * w4 + (W)a3 * w3,
        (W)d0 * a2 + (W)a1 * a1 + (W)(2 * a3) * w4, (W)d0 * a3 + (W)d1 * a2 + (W)a4 * w4,
        (W)d0 * a4 + (W)d1 * a3 + (W)a2 * a2);
}

/* The low 255 bits of @bytes, little-endian; values from p on are taken modulo p. */
void ak_fe_decode(AkFe *out, const guint8 bytes[32]);

/* The one encoding below p, little-endian, top bit clear. @fe: limbs below 2^60. */
void ak_fe_encode(guint8 out[32], const AkFe *fe);

gboolean ak_fe_is_zero(const AkFe *fe);

/* Lowest bit of the encoding: the "sign" of RFC 8032 §5.1.2. */
gboolean ak_fe_is_odd(const AkFe *fe);

/* 1 / a; 0 for 0. @a: limbs below 2^54. */
void ak_fe_invert(AkFe *out, const AkFe *a);

/* a ^ ((p - 5) / 8), the exponent of RFC 8032 §5.1.3. @a: limbs below 2^54. */
void ak_fe_pow_p58(AkFe *out, const AkFe *a);

#endif
