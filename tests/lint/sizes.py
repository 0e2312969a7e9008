#!/usr/bin/env python3
"""Files of at most 800 lines (a word of warning above 400), functions of at most 100."""
import ast
import sys

import tree

FILE_MAX, FILE_WARN, FUNCTION_MAX = 800, 400, 100


def c_functions(text):
    """(name line, length). The formatter puts a function's braces alone in the first column."""
    start = None
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line.startswith("}") and start is not None:
            yield lines[start - 2].strip(), start, number - start + 1
            start = None


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node.lineno, node.end_lineno - node.lineno + 1


def main():
    found = []
    for name in tree.files("*.c", "*.h", "*.py", "*.mjs", "scripts/*"):
        text = tree.read(name)
        count = text.count("\n")
        if count > FILE_MAX:
            found.append(f"{name}: {count} lines, at most {FILE_MAX}: split by what they are about")
        elif count > FILE_WARN and name.startswith("src/"):
            print(f"warning: {name}: {count} lines, {FILE_WARN} are usual")
        functions = {".c": c_functions, ".py": python_functions}.get(name[name.rfind("."):])
        for title, line, length in functions(text) if functions else ():
            if length > FUNCTION_MAX:
                found.append(f"{name}:{line}: '{title}' has {length} lines, at most {FUNCTION_MAX}")
    return tree.report(found)


if __name__ == "__main__":
    sys.exit(main())
