#include "chain/ed25519_table.h"

enum {
    HALF = 1 << (AK_SCALAR_DIGIT_BITS - 1), /* multiples 1..HALF of each window's unit */
    LAST = 2 * HALF,                        /* but of the last one 1..LAST */
    ENTRIES = (AK_SCALAR_DIGITS - 1) * HALF + LAST,
};

struct AkPointTable {
    AkAffine entries[ENTRIES]; /* window i begins at i * HALF */
};

AkPointTable *ak_point_table_new(const AkPoint *point)
{
    AkPointTable *table = g_new(AkPointTable, 1);
    g_autofree AkPoint *multiples = g_new(AkPoint, LAST);
    AkPoint unit = *point;

    for (gsize i = 0; i < AK_SCALAR_DIGITS; i++) {
        gsize count = i < AK_SCALAR_DIGITS - 1 ? HALF : LAST;

        multiples[0] = unit;
        for (gsize k = 1; k < count; k++) {
            multiples[k] = multiples[k - 1];
            ak_point_add(&multiples[k], &unit);
        }
        ak_point_to_affine(table->entries + i * HALF, multiples, count);
        unit = multiples[HALF - 1];
        ak_point_double(&unit);
    }
    return table;
}

void ak_point_table_free(AkPointTable *table)
{
    g_free(table);
}

const AkPointTable *ak_point_table_base(void)
{
    /* y = 4/5, x even (RFC 8032 §5.1) */
    static const guint8 base[32] = {
        0x58, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
        0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
        0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
    };
    static AkPointTable *table;

    if (g_once_init_enter(&table)) {
        AkPointTable *built;
        AkPoint point;

        if (!ak_point_decode(&point, base))
            g_error("the base point does not decode");
        built = ak_point_table_new(&point);
        g_once_init_leave(&table, built);
    }
    return table;
}

static inline const AkAffine *entry_of(const AkPointTable *table, gsize window, int digit)
{
    return &table->entries[window * HALF + (gsize)(digit < 0 ? -digit : digit) - 1];
}

/* The entries of two sums are all known beforehand: fetching them early hides the memory. */
static void prefetch(const AkPointTable *table, const gint16 digits[AK_SCALAR_DIGITS])
{
    for (gsize i = 0; i < AK_SCALAR_DIGITS; i++) {
        if (digits[i] != 0) {
            const AkAffine *entry = entry_of(table, i, digits[i]);

            __builtin_prefetch(entry);
            __builtin_prefetch((const char *)(entry + 1) - 1);
        }
    }
}

static inline void add_digit(AkPoint *sum, const AkPointTable *table, gsize window, int digit)
{
    if (digit != 0)
        ak_point_add_affine(sum, entry_of(table, window, digit), digit < 0);
}

void ak_point_table_mul_two(AkPoint *out, const AkPointTable *a_table, const AkScalar *a,
                            const AkPointTable *b_table, const AkScalar *b)
{
    gint16 a_digits[AK_SCALAR_DIGITS], b_digits[AK_SCALAR_DIGITS];

    ak_scalar_digits(a_digits, a);
    ak_scalar_digits(b_digits, b);
    prefetch(a_table, a_digits);
    prefetch(b_table, b_digits);
    *out = AK_POINT_NEUTRAL;
    for (gsize i = 0; i < AK_SCALAR_DIGITS; i++) {
        add_digit(out, a_table, i, a_digits[i]);
        add_digit(out, b_table, i, b_digits[i]);
    }
}
