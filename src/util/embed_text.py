"""Writes a C header with one string per text file: embed_text.py OUT PREFIX FILE..."""
import pathlib
import sys


def c_lines(text):
    for line in text.splitlines():
        escaped = line.replace("\\", "\\\\").replace('"', '\\"')
        yield f'    "{escaped}\\n"'


def main(out, prefix, files):
    parts = ["/* Made by embed_text.py. */\n"]
    for path in map(pathlib.Path, files):
        name = f"{prefix}_{path.parent.name}_{path.stem}".lower()
        body = "\n".join(c_lines(path.read_text(encoding="utf-8")))
        parts.append(f"static const char {name}[] =\n{body};\n")
    pathlib.Path(out).write_text("\n".join(parts), encoding="utf-8")


main(sys.argv[1], sys.argv[2], sys.argv[3:])
