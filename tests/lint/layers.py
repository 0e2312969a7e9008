#!/usr/bin/env python3
"""Includes between the rooms of src/ follow layers.txt."""
import re
import sys

import tree

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)


def allowed():
    edges = {}
    for line in tree.read("tests/lint/layers.txt").splitlines():
        if line and not line.startswith("#"):
            room, rooms = line.split(":")
            edges[room] = {room, *rooms.split()}
    return edges


def main():
    edges = allowed()
    found = []
    for name in tree.files("src/*.c", "src/*.h"):
        parts = name.split("/")
        room = parts[1] if len(parts) > 2 else parts[1].split(".")[0]
        for match in INCLUDE.finditer(tree.read(name)):
            target = match.group(1)
            place = f"{name}:{tree.read(name).count(chr(10), 0, match.start()) + 1}"
            if "/" not in target and not (tree.ROOT / name).with_name(target).exists():
                continue  # generated, beside the object file
            if "/" not in target:
                found.append(f"{place}: include '{target}' by its room: \"room/{target}\"")
            elif target.split("/")[0] not in edges.get(room, set()):
                found.append(f"{place}: {room} must not include '{target}' (tests/lint/layers.txt)")
    return tree.report(found)


if __name__ == "__main__":
    sys.exit(main())
