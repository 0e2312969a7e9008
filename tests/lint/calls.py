#!/usr/bin/env python3
"""Calls that house style bans, each with what to use instead."""
import re
import sys

import tree

BANNED = {
    "strcpy": "g_strlcpy or an AkBuf",
    "strcat": "an AkBuf",
    "strncpy": "g_strlcpy",
    "strncat": "an AkBuf",
    "sprintf": "g_snprintf or ak_buf_append_printf",
    "vsprintf": "g_vsnprintf or ak_buf_append_printf",
    "strtok": "g_strsplit or a view",
    "atoi": "g_ascii_string_to_unsigned",
    "atol": "g_ascii_string_to_signed",
    "gets": "fgets",
    "gmtime": "util/time.h",
    "localtime": "util/time.h",
    "system": "g_spawn_sync",
    "popen": "g_spawn_sync",
}
CALL = re.compile(r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\(")
GOTO = re.compile(r"\bgoto\b")
MEMCMP = re.compile(r"(?<!\w)memcmp\s*\(([^;]*);")
DIGEST = re.compile(r"hash|digest|sha|root|leaf|signature|mac\b", re.I)


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def check(name):
    text = tree.code(name)
    for match in CALL.finditer(text):
        call = match.group(1)
        yield f"{name}:{line_of(text, match.start())}: {call}: use {BANNED[call]}"
    for match in GOTO.finditer(text):
        yield f"{name}:{line_of(text, match.start())}: goto: return early, free with g_autoptr"
    if name.startswith("src/"):
        for match in MEMCMP.finditer(text):
            if DIGEST.search(match.group(1)):
                line = line_of(text, match.start())
                yield f"{name}:{line}: memcmp on a digest: use CRYPTO_memcmp"


def main():
    return tree.report([line for name in tree.files("*.c", "*.h") for line in check(name)])


if __name__ == "__main__":
    sys.exit(main())
