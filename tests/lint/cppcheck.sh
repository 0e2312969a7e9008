#!/bin/sh
# Defects that cppcheck sees; not its opinions on style.
set -eu
cd "$(dirname "$0")/../.."
cppcheck --quiet --error-exitcode=1 -j 2 --std=c11 --library=gtk --inline-suppr \
    --enable=warning,performance,portability \
    --suppress=unknownMacro --suppress=missingInclude --suppress=nullPointerOutOfMemory \
    --template='{file}:{line}: {id}: {message}' -I src src
