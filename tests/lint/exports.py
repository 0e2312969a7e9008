#!/usr/bin/env python3
"""What a header of src/ offers is used outside its module; the public library is exempt."""
import collections
import re
import sys

import tree

PUBLIC = ("src/chain/", "src/tree/")
NAME = re.compile(r"\bak_\w+")
DECLARED = re.compile(r"\b(ak_\w+)\s*(?:\(|\[|;)")


def main():
    uses = collections.defaultdict(collections.Counter)
    names = tree.files("*.c", "*.h")
    for name in names:
        for match in NAME.finditer(tree.code(name)):
            uses[match.group()][name] += 1
    found = []
    for header in names:
        if not header.startswith("src/") or not header.endswith(".h") or header.startswith(PUBLIC):
            continue
        source = header[:-2] + ".c"
        for name in sorted(set(DECLARED.findall(tree.code(header)))):
            others = set(uses[name]) - {header, source}
            if not others and uses[name][header] < 2:
                found.append(f"{header}: '{name}' is used by no other file: make it static")
    return tree.report(found)


if __name__ == "__main__":
    sys.exit(main())
