#!/usr/bin/env python3
"""Write powers.c: 10^k as 128-bit significands, rounded up, for AK_POWER_MIN <= k <= AK_POWER_MAX."""
import sys
from fractions import Fraction

FIRST, LAST = -330, 324


def significand(k):
    """The least integer g with 10^k <= g * 2^e, where 2^127 <= g < 2^128."""
    value = Fraction(10) ** k
    e = value.numerator.bit_length() - value.denominator.bit_length() - 127
    if value / Fraction(2) ** e >= 2**128:
        e += 1
    if value / Fraction(2) ** e < 2**127:
        e -= 1
    g = -(-value // Fraction(2) ** e)
    assert 2**127 <= g < 2**128
    return g


with open(sys.argv[1], "w", encoding="ascii") as out:
    out.write('#include "chain/decimal.h"\n\n')
    out.write("const AkPower ak_powers[AK_POWER_MAX - AK_POWER_MIN + 1] = {\n")
    for power in range(FIRST, LAST + 1):
        g = significand(power)
        out.write(f"    {{0x{g >> 64:016x}, 0x{g & (2**64 - 1):016x}}}, /* {power} */\n")
    out.write("};\n")
