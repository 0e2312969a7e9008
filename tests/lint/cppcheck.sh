#!/bin/sh
# Defects that cppcheck sees; not its opinions on style, nor leaks and escaping addresses: it does
# not follow g_autoptr and g_steal_pointer, the compilers and the sanitizers do.
set -eu
cd "$(dirname "$0")/../.."
cppcheck --quiet --error-exitcode=1 -j 2 --std=c11 --library=gtk --inline-suppr \
    --enable=warning,performance,portability \
    --suppress=memleak --suppress=leakNoVarFunctionCall \
    --suppress=autoVariables --suppress=returnDanglingLifetime \
    --suppress=unknownMacro --suppress=missingInclude --suppress=nullPointerOutOfMemory \
    --template='{file}:{line}: {id}: {message}' -I src src
