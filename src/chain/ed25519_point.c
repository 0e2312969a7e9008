#include "chain/ed25519_point.h"

static const AkFe curve_d = {
    {0x34dca135978a3, 0x1a8283b156ebd, 0x5e7a26001c029, 0x739c663a03cbb, 0x52036cee2b6ff}};
static const AkFe curve_2d = {
    {0x69b9426b2f159, 0x35050762add7a, 0x3cf44c0038052, 0x6738cc7407977, 0x2406d9dc56dff}};
static const AkFe sqrt_minus_one = {
    {0x61b274a0ea0b0, 0xd5a5fc8f189d, 0x7ef5e9cbd0c60, 0x78595a6804c9e, 0x2b8324804fc1d}};

static void negate(AkFe *fe)
{
    AkFe zero = AK_FE_ZERO;

    ak_fe_sub(fe, &zero, fe);
    ak_fe_carry(fe);
}

/* x with x^2 = u / v, either sign; FALSE when there is none. RFC 8032 §5.1.3, steps 2 and 3. */
static gboolean sqrt_ratio(AkFe *x, const AkFe *u, const AkFe *v)
{
    AkFe v3, uv3, check;

    ak_fe_square(&v3, v);
    ak_fe_mul(&v3, &v3, v);
    ak_fe_mul(&uv3, u, &v3);
    ak_fe_mul(x, &uv3, &v3);
    ak_fe_mul(x, x, v);
    ak_fe_pow_p58(x, x);
    ak_fe_mul(x, x, &uv3); /* u v^3 (u v^7)^((p-5)/8) */

    ak_fe_square(&check, x);
    ak_fe_mul(&check, &check, v);
    ak_fe_sub(&v3, &check, u);
    if (ak_fe_is_zero(&v3))
        return TRUE;
    ak_fe_add(&v3, &check, u);
    ak_fe_mul(x, x, &sqrt_minus_one);
    return ak_fe_is_zero(&v3);
}

gboolean ak_point_decode(AkPoint *out, const guint8 bytes[32])
{
    AkFe one = AK_FE_ONE, u, v;

    ak_fe_decode(&out->y, bytes);
    ak_fe_square(&u, &out->y);
    ak_fe_mul(&v, &u, &curve_d);
    ak_fe_sub(&u, &u, &one);
    ak_fe_carry(&u);
    ak_fe_add(&v, &v, &one);
    if (!sqrt_ratio(&out->x, &u, &v))
        return FALSE;
    if (ak_fe_is_odd(&out->x) != bytes[31] >> 7)
        negate(&out->x);
    out->z = one;
    ak_fe_mul(&out->t, &out->x, &out->y);
    return TRUE;
}

void ak_point_encode(guint8 out[32], const AkPoint *point)
{
    AkFe inverse, x, y;

    ak_fe_invert(&inverse, &point->z);
    ak_fe_mul(&x, &point->x, &inverse);
    ak_fe_mul(&y, &point->y, &inverse);
    ak_fe_encode(out, &y);
    out[31] |= (guint8)(ak_fe_is_odd(&x) << 7);
}

void ak_point_negate(AkPoint *point)
{
    negate(&point->x);
    negate(&point->t);
}

/* RFC 8032 §5.1.4, doubling, with all four intermediate signs turned. */
void ak_point_double(AkPoint *point)
{
    AkFe a, b, c, e, f, g, h;

    ak_fe_square(&a, &point->x);
    ak_fe_square(&b, &point->y);
    ak_fe_square(&c, &point->z);
    ak_fe_add(&c, &c, &c);
    ak_fe_add(&h, &a, &b);
    ak_fe_add(&e, &point->x, &point->y);
    ak_fe_square(&e, &e);
    ak_fe_sub(&e, &e, &h); /* 2xy */
    ak_fe_sub(&g, &b, &a);
    ak_fe_carry(&g);
    ak_fe_sub(&f, &c, &g);
    ak_fe_mul(&point->x, &e, &f);
    ak_fe_mul(&point->y, &g, &h);
    ak_fe_mul(&point->z, &f, &g);
    ak_fe_mul(&point->t, &e, &h);
}

/* RFC 8032 §5.1.4, addition. */
void ak_point_add(AkPoint *point, const AkPoint *other)
{
    AkFe a, b, c, d, e, f, g, h, t;

    ak_fe_sub(&a, &point->y, &point->x);
    ak_fe_sub(&t, &other->y, &other->x);
    ak_fe_mul(&a, &a, &t);
    ak_fe_add(&b, &point->y, &point->x);
    ak_fe_add(&t, &other->y, &other->x);
    ak_fe_mul(&b, &b, &t);
    ak_fe_mul(&c, &point->t, &other->t);
    ak_fe_mul(&c, &c, &curve_2d);
    ak_fe_mul(&d, &point->z, &other->z);
    ak_fe_add(&d, &d, &d);
    ak_fe_sub(&e, &b, &a);
    ak_fe_sub(&f, &d, &c);
    ak_fe_add(&g, &d, &c);
    ak_fe_add(&h, &b, &a);
    ak_fe_mul(&point->x, &e, &f);
    ak_fe_mul(&point->y, &g, &h);
    ak_fe_mul(&point->z, &f, &g);
    ak_fe_mul(&point->t, &e, &h);
}

static void to_affine(AkAffine *out, const AkPoint *point, const AkFe *inverse)
{
    AkFe x, y;

    ak_fe_mul(&x, &point->x, inverse);
    ak_fe_mul(&y, &point->y, inverse);
    ak_fe_sub(&out->sum[0], &y, &x);
    ak_fe_carry(&out->sum[0]);
    ak_fe_add(&out->sum[1], &y, &x);
    ak_fe_carry(&out->sum[1]);
    ak_fe_mul(&out->xy2d, &x, &y);
    ak_fe_mul(&out->xy2d, &out->xy2d, &curve_2d);
}

void ak_point_to_affine(AkAffine *out, const AkPoint *points, gsize count)
{
    AkFe product = AK_FE_ONE, inverse, one;

    /* Montgomery's trick; the products of all Z before each wait in xy2d. */
    for (gsize i = 0; i < count; i++) {
        out[i].xy2d = product;
        ak_fe_mul(&product, &product, &points[i].z);
    }
    ak_fe_invert(&inverse, &product);
    for (gsize i = count; i-- > 0;) {
        ak_fe_mul(&one, &inverse, &out[i].xy2d);
        ak_fe_mul(&inverse, &inverse, &points[i].z);
        to_affine(&out[i], &points[i], &one);
    }
}
