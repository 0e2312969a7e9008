#ifndef AK_CHAIN_ED25519_SCALAR_H
#define AK_CHAIN_ED25519_SCALAR_H

#include <glib.h>

/*
 * Integers below L = 2^252 + 27742317777372353535851937790883648493, the order of the base point,
 * in four 64-bit words, lowest first. Not constant-time.
 */
typedef struct {
    guint64 word[4];
} AkScalar;

/* FALSE when the little-endian value is L or more (RFC 8032 §5.1.7: such an S is refused). */
gboolean ak_scalar_decode(AkScalar *out, const guint8 bytes[32]);

/* A little-endian 512-bit value modulo L. */
void ak_scalar_reduce(AkScalar *out, const guint8 bytes[64]);

/*
 * Digits of @scalar to the base 512, each -255..256, except the last: 0..512, so that 28 digits
 * hold the 253 bits of L - 1.
 */
enum { AK_SCALAR_DIGIT_BITS = 9, AK_SCALAR_DIGITS = 28 };

void ak_scalar_digits(gint16 out[AK_SCALAR_DIGITS], const AkScalar *scalar);

#endif
