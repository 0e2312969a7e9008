#!/bin/sh
# C files are as clang-format 14 lays them out (other versions differ in details).
set -eu
cd "$(dirname "$0")/../.."
format=$(command -v clang-format-14 || command -v clang-format)
found=$(git ls-files -co --exclude-standard -z -- '*.c' '*.h' |
    xargs -0 -r "$format" --dry-run --ferror-limit=1 2>&1 | grep -E '^[^ ]+:[0-9]+:[0-9]+: ' || true)
[ -z "$found" ] || { echo "$found"; exit 1; }
