#ifndef AK_CHAIN_ED25519_POINT_H
#define AK_CHAIN_ED25519_POINT_H

#include "chain/ed25519_field.h"

/* A point of edwards25519, extended coordinates (RFC 8032 §5.1.4): x = X/Z, y = Y/Z, xy = T/Z. */
typedef struct {
    AkFe x, y, z, t;
} AkPoint;

/*
 * A point as an operand of additions, Z = 1: y - x, y + x and 2dxy, tight. The two sums stand in an
 * array because the negated point is the one that has them swapped.
 */
typedef struct {
    AkFe sum[2]; /* y - x, y + x */
    AkFe xy2d;
} AkAffine;

#define AK_POINT_NEUTRAL ((AkPoint){AK_FE_ZERO, AK_FE_ONE, AK_FE_ONE, AK_FE_ZERO})

/*
 * RFC 8032 §5.1.3 as OpenSSL 3 reads it: y from p on is taken modulo p, and x = 0 with the sign bit
 * set is x = 0. FALSE when there is no such point.
 */
gboolean ak_point_decode(AkPoint *out, const guint8 bytes[32]);

/* RFC 8032 §5.1.2. */
void ak_point_encode(guint8 out[32], const AkPoint *point);

void ak_point_negate(AkPoint *point);
void ak_point_double(AkPoint *point);
void ak_point_add(AkPoint *point, const AkPoint *other);

/* @count points to operands, with one inversion for all. */
void ak_point_to_affine(AkAffine *out, const AkPoint *points, gsize count);

/* point += entry, or -= when @is_negative. Complete: no pair of points is an exception. */
static inline void ak_point_add_affine(AkPoint *point, const AkAffine *entry, gboolean is_negative)
{
    AkFe a, b, c, d, e, h, fg[2];

    ak_fe_sub(&a, &point->y, &point->x);
    ak_fe_mul(&a, &a, &entry->sum[is_negative]);
    ak_fe_add(&b, &point->y, &point->x);
    ak_fe_mul(&b, &b, &entry->sum[!is_negative]);
    ak_fe_mul(&c, &point->t, &entry->xy2d);
    ak_fe_add(&d, &point->z, &point->z);
    ak_fe_sub(&e, &b, &a);
    ak_fe_add(&h, &b, &a);
    ak_fe_sub(&fg[is_negative], &d, &c); /* the sign of c decides which of the two is which */
    ak_fe_add(&fg[!is_negative], &d, &c);
    ak_fe_mul(&point->x, &e, &fg[0]);
    ak_fe_mul(&point->y, &fg[1], &h);
    ak_fe_mul(&point->z, &fg[0], &fg[1]);
    ak_fe_mul(&point->t, &e, &h);
}

#endif
