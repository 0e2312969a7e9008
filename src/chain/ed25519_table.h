#ifndef AK_CHAIN_ED25519_TABLE_H
#define AK_CHAIN_ED25519_TABLE_H

#include "chain/ed25519_point.h"
#include "chain/ed25519_scalar.h"

/*
 * Every multiple d * 512^i of one point that a signed digit can ask for, about 0.9 MB: multiplying
 * the point by a scalar is then one addition a digit and no doubling.
 */
typedef struct AkPointTable AkPointTable;

AkPointTable *ak_point_table_new(const AkPoint *point);
void ak_point_table_free(AkPointTable *table);

/* The table of the base point of RFC 8032 §5.1, built at first use and kept. Thread safe. */
const AkPointTable *ak_point_table_base(void);

/* @out = a * A + b * B, of tables @a_table and @b_table. */
void ak_point_table_mul_two(AkPoint *out, const AkPointTable *a_table, const AkScalar *a,
                            const AkPointTable *b_table, const AkScalar *b);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkPointTable, ak_point_table_free)

#endif
