#!/usr/bin/env python3
"""Print audit payloads as PostgreSQL's jsonb prints them, one a line: payloads.py COUNT [SEED].

70 % are below 0.6 KB, 25 % of 1 to 4 KB, 5 % of 8 to 16 KB, 1.6 KB on average; nested, with
Unicode, doubles, integers, identifiers and times.
"""
import random
import sys
import uuid
from decimal import Decimal

WORDS = ("approve audit balance budget cancel claim contract create customer déjà delete deploy "
         "export grant invoice ledger limit login naïve order policy prüfen refund region reject "
         "review rotate schedule session settle straße transfer update verify 東京 監査 счёт договор "
         "проверка ✓ 😀").split()
KEYS = ("id actor action amount attempts balance before after changes client createdAt currency "
        "customerId details device duration error flags geo host ip items kind latitude longitude "
        "limits message method name note origin outcome path policyId price quantity rate ratio "
        "reason region requestId resource risk role score session source status tags target "
        "tenant total type unit updatedAt userAgent value version weight zone").split()


def key_order(key):
    """jsonb keeps keys by length, then by bytes."""
    data = key.encode()
    return len(data), data


def quote(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


class Payloads:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def sentence(self, longest):
        words = [self.random.choice(WORDS) for _ in range(self.random.randint(1, longest))]
        text = " ".join(words)
        if self.random.random() < 0.05:
            text += ': "' + self.random.choice(WORDS) + '"\n'
        return quote(text)

    def number(self):
        kind = self.random.random()
        if kind < 0.35:
            return str(self.random.randrange(10 ** self.random.randint(1, 7)))
        if kind < 0.55:
            return format(Decimal(self.random.randrange(1, 10**6) * 10 + 1).scaleb(-3), "f")
        # numeric prints no exponent
        value = self.random.choice((1, 100, 1e-3)) * self.random.uniform(-1, 1)
        return format(Decimal(repr(value)), "f")

    def time(self):
        r = self.random.randrange
        return f'"2025-{r(1, 13):02}-{r(1, 29):02}T{r(24):02}:{r(60):02}:{r(60):02}.{r(1000):03}Z"'

    def scalar(self):
        kind = self.random.random()
        if kind < 0.35:
            return self.sentence(8)
        if kind < 0.65:
            return self.number()
        if kind < 0.75:
            return quote(str(uuid.UUID(int=self.random.getrandbits(128), version=4)))
        if kind < 0.85:
            return self.time()
        if kind < 0.9:
            return quote(self.random.randbytes(32).hex())
        return self.random.choice(("true", "false", "null"))

    def value(self, size, depth):
        if depth == 0 or size < 60 or self.random.random() < 0.3:
            return self.scalar()
        if self.random.random() < 0.3:
            if self.random.random() < 0.3:
                return "[" + ", ".join(self.number() for _ in range(min(size // 12, 20))) + "]"
            return self.fill("[", "]", size, depth, lambda _: "")
        return self.object(size, depth)

    def object(self, size, depth):
        keys = self.random.sample(KEYS, len(KEYS))
        return self.fill("{", "}", size, depth, lambda n: keys[n] if n < len(keys) else f"key{n}")

    def fill(self, opening, closing, size, depth, name):
        parts, length = [], 2
        while length < size:
            key = name(len(parts))
            part = self.value(min(size - length, max(size // 3, 60)), depth - 1)
            parts.append((key, part))
            length += len(key) + len(part.encode()) + 6
        if opening == "[":
            return "[" + ", ".join(part for _, part in parts) + "]"
        parts.sort(key=lambda pair: key_order(pair[0]))
        return "{" + ", ".join(f'"{key}": {part}' for key, part in parts) + "}"

    def payload(self):
        kind = self.random.random()
        if kind < 0.7:
            size = self.random.randint(200, 600)
        elif kind < 0.95:
            size = self.random.randint(1000, 4000)
        else:
            size = self.random.randint(8000, 16000)
        return self.object(size, 5)


def main():
    payloads = Payloads(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    for _ in range(int(sys.argv[1])):
        sys.stdout.write(payloads.payload() + "\n")


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    main()
