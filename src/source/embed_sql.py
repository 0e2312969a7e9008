"""Writes a C header with one string per SQL file: embed_sql.py OUT FILE..."""
import pathlib
import sys


def c_lines(text):
    for line in text.splitlines():
        escaped = line.replace("\\", "\\\\").replace('"', '\\"')
        yield f'    "{escaped}\\n"'


def main(out, files):
    parts = ["/* Made from sql/ by embed_sql.py. */\n"]
    for path in map(pathlib.Path, files):
        name = f"ak_sql_{path.parent.name}_{path.stem}"
        body = "\n".join(c_lines(path.read_text(encoding="utf-8")))
        parts.append(f"static const char {name}[] =\n{body};\n")
    pathlib.Path(out).write_text("\n".join(parts), encoding="utf-8")


main(sys.argv[1], sys.argv[2:])
