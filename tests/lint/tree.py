"""The files of the tree as the lint checks see them, and C text without comments and strings."""
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def files(*patterns):
    """Paths (relative, sorted) of tracked and new files that match the glob patterns."""
    out = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z", "--", *patterns],
        cwd=ROOT, check=True, capture_output=True, text=True).stdout
    names = sorted(set(out.split("\0")) - {""})
    return [name for name in names if (ROOT / name).is_file()]


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def blank(match):
    text = match.group()
    if text[0] in "\"'":
        return text[0] + text[-1]
    return " " + "\n" * text.count("\n")


def code(name):
    """C source with comments blanked and literals emptied; line numbers stay."""
    return TOKEN.sub(blank, read(name))


def report(found):
    for line in found:
        print(line)
    return 1 if found else 0
