#include "chain/ed25519_field.h"

#include <string.h>

/*
 * Inversion by division steps (Bernstein and Yang, "Fast constant-time gcd computation and modular
 * inversion", 2019), here in variable time: twice as fast as the power p - 2.
 *
 * f = p and g = a become ±1 and 0 by steps that look at their low bits only. So 62 steps at a time
 * are gathered in a matrix of words, which is then applied to all of f and g, divided by 2^62, and
 * to d and e, for which f = d * a and g = e * a modulo p, but for a power of two.
 */
enum { LIMBS = 5, STEPS = 62 };

#define LIMB_MASK (((guint64)1 << STEPS) - 1)

__extension__ typedef __int128 Int128;

/* A signed number, its last limb with the sign. */
typedef struct {
    gint64 limb[LIMBS];
} Number;

/* (f, g) becomes (u f + v g, q f + r g) / 2^62; absolute sums of a row are at most 2^62. */
typedef struct {
    gint64 u, v, q, r;
} Matrix;

static void number_decode(Number *out, const guint8 bytes[32])
{
    guint64 w[4];

    memcpy(w, bytes, sizeof w);
    for (int i = 0; i < 4; i++)
        w[i] = GUINT64_FROM_LE(w[i]);
    out->limb[0] = (gint64)(w[0] & LIMB_MASK);
    out->limb[1] = (gint64)((w[0] >> 62 | w[1] << 2) & LIMB_MASK);
    out->limb[2] = (gint64)((w[1] >> 60 | w[2] << 4) & LIMB_MASK);
    out->limb[3] = (gint64)((w[2] >> 58 | w[3] << 6) & LIMB_MASK);
    out->limb[4] = (gint64)(w[3] >> 56);
}

static gboolean number_is_zero(const Number *number)
{
    gint64 all = 0;

    for (int i = 0; i < LIMBS; i++)
        all |= number->limb[i];
    return all == 0;
}

/*
 * The matrix of 62 steps from the low words @f (odd) and @g. @eta is minus the paper's delta; while
 * it is not negative, multiples of f may clear low bits of g without an exchange of the two.
 */
static int gather_steps(Matrix *out, int eta, guint64 f, guint64 g)
{
    guint64 u = 1, v = 0, q = 0, r = 1;
    int left = STEPS;

    for (;;) {
        int zeros = __builtin_ctzll(g | ~(guint64)0 << left);
        guint64 multiple;

        g >>= zeros;
        u <<= zeros;
        v <<= zeros;
        eta -= zeros;
        left -= zeros;
        if (left == 0)
            break;
        if (eta < 0) {
            guint64 old_f = f, old_u = u, old_v = v;

            eta = -eta;
            f = g, g = -old_f;
            u = q, q = -old_u;
            v = r, r = -old_v;
        }
        /* f (f^2 - 2) is -1/f modulo 64 */
        multiple = g * f * (f * f - 2) & (((guint64)1 << MIN(MIN(eta + 1, left), 6)) - 1);
        g += f * multiple;
        q += u * multiple;
        r += v * multiple;
    }
    *out = (Matrix){(gint64)u, (gint64)v, (gint64)q, (gint64)r};
    return eta;
}

static void apply_to_numbers(const Matrix *m, Number *f, Number *g)
{
    Int128 sum_f = 0, sum_g = 0;

    for (int i = 0; i < LIMBS; i++) {
        gint64 fi = f->limb[i], gi = g->limb[i];

        sum_f += (Int128)m->u * fi + (Int128)m->v * gi;
        sum_g += (Int128)m->q * fi + (Int128)m->r * gi;
        if (i > 0) { /* the lowest limbs are zero now: that is the division */
            f->limb[i - 1] = (gint64)((guint64)sum_f & LIMB_MASK);
            g->limb[i - 1] = (gint64)((guint64)sum_g & LIMB_MASK);
        }
        sum_f >>= STEPS;
        sum_g >>= STEPS;
    }
    f->limb[LIMBS - 1] = (gint64)sum_f;
    g->limb[LIMBS - 1] = (gint64)sum_g;
}

/* |a| and a * x = |a| * out. */
static guint64 magnitude(AkFe *out, gint64 a, const AkFe *x)
{
    const AkFe zero = AK_FE_ZERO;

    *out = *x;
    if (a >= 0)
        return (guint64)a;
    ak_fe_sub(out, &zero, x);
    return -(guint64)a;
}

/* a * x + b * y, for |a| + |b| <= 2^62 and tight elements. */
static AkFe combine(gint64 a, const AkFe *x, gint64 b, const AkFe *y)
{
    AkFe left, right, out;
    guint64 na = magnitude(&left, a, x), nb = magnitude(&right, b, y);
    AkUint128 sum = 0;

    for (int i = 0; i < 5; i++) {
        sum += (AkUint128)na * left.limb[i] + (AkUint128)nb * right.limb[i];
        out.limb[i] = (guint64)sum & AK_FE_MASK;
        sum >>= 51;
    }
    sum = 19 * sum + out.limb[0]; /* 2^255 = 19 mod p */
    out.limb[0] = (guint64)sum & AK_FE_MASK;
    out.limb[1] += (guint64)(sum >> 51);
    ak_fe_carry(&out);
    return out;
}

void ak_fe_invert(AkFe *out, const AkFe *a)
{
    static const Number prime = {
        {0x3fffffffffffffed, 0x3fffffffffffffff, 0x3fffffffffffffff, 0x3fffffffffffffff, 0x7f}};
    /* 2^-62 */
    static const AkFe unscale = {
        {0x7fffffffffffe, 0x7ffffffffffff, 0x7ffffffffffff, 0x21affffffffff, 0xd79435e50d79}};
    const AkFe zero = AK_FE_ZERO;
    AkFe d = zero, e = AK_FE_ONE;
    Number f = prime, g;
    guint8 bytes[32];
    int eta = -1, rounds = 0;

    ak_fe_encode(bytes, a);
    number_decode(&g, bytes);
    for (; !number_is_zero(&g); rounds++) {
        Matrix m;
        AkFe old_d = d;

        eta = gather_steps(&m, eta, (guint64)f.limb[0], (guint64)g.limb[0]);
        apply_to_numbers(&m, &f, &g);
        d = combine(m.u, &old_d, m.v, &e);
        e = combine(m.q, &old_d, m.r, &e);
    }
    for (; rounds > 0; rounds--)
        ak_fe_mul(&d, &d, &unscale);
    if (f.limb[LIMBS - 1] < 0) /* f is -1 */
        ak_fe_sub(&d, &zero, &d);
    ak_fe_carry(&d);
    *out = d;
}
